# match.awk -- has a terminal printed what the text says?
#
# stdin is what it has printed and nobody has asked about, and "\001" to mark
# the end. $EXPECTED is the line of the text. In it "…" stands for anything; a
# number that the file $KNOWN lists as "NUMBER ?", or that follows "127.0.0.1:",
# is any number. What it turns out to be is added to $KNOWN, and from then on it
# is that one. The default selector may have another name on this system, and
# columns another width.
# Exit status 0: yes; 3: yes, the beginning of a line (a prompt); 1: no;
# 2: there is not enough yet.

BEGIN {
    known_file = ENVIRON["KNOWN"]
    while ((getline line < known_file) > 0) {
        split(line, pair, " ")
        known[pair[1]] = pair[2]
    }
    close(known_file)
    expected = plain(ENVIRON["EXPECTED"])
    status = 2
}

NR == 1 { first = $0 }
NR == 2 { status = same(expected, plain(first), "") ? 0 : 1; exit }

END {
    if (NR == 1 && first != "\001" &&
        same(expected, plain(substr(first, 1, length(first) - 1)), ""))
        status = 3
    if (status == 0 || status == 3)
        for (number in found)
            print number, found[number] >> known_file
    exit status
}

function plain(text)
{
    gsub(/[ \t]+/, " ", text)
    sub(/ $/, "", text)
    gsub(/(Epoll|Kqueue|Devpoll)Selector/, "DefaultSelector", text)
    return text
}

# passed: what stands before wanted.
function same(wanted, text, passed,    i, number, got, literal)
{
    if (wanted == "")
        return text == ""
    if (index(wanted, "…") == 1) {
        wanted = substr(wanted, length("…") + 1)
        for (i = 1; i <= length(text) + 1; i++)
            if (same(wanted, substr(text, i), ""))
                return 1
        return 0
    }
    number = leading_number(wanted)
    if (number != "") {
        got = leading_number(text)
        return got != "" && same_number(number, got, passed) &&
            same(substr(wanted, length(number) + 1),
                 substr(text, length(got) + 1), passed number)
    }
    literal = leading_words(wanted)
    return index(text, literal) == 1 &&
        same(substr(wanted, length(literal) + 1),
             substr(text, length(literal) + 1), passed literal)
}

function leading_number(text)
{
    return match(text, /^[0-9]+/) ? substr(text, 1, RLENGTH) : ""
}

# The text up to the next number or "…".
function leading_words(text,    at)
{
    at = index(text, "…")
    if (at > 0)
        text = substr(text, 1, at - 1)
    if (match(text, /[0-9]/))
        text = substr(text, 1, RSTART - 1)
    return text
}

function same_number(wanted, got, passed)
{
    if (wanted in found)
        return got == found[wanted]
    if (wanted in known && known[wanted] != "?")
        return got == known[wanted]
    if (wanted in known || passed ~ /127\.0\.0\.1:$/) {
        found[wanted] = got
        return 1
    }
    return got == wanted
}

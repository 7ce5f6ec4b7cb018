# terms.awk -- is every word of appendix E linked where it first stands?
#
# Prints "LINE|PROBLEM" for each word, the problem empty if there is none.
#
# A word is an anchor such as <a id="w-exit-status"></a>. The first link to it must
# not come after the first place where the word itself stands, in the singular or
# the plural ("exit statuses"), in prose: not in code, a heading, another link or a
# picture. A place belongs to the longest word there: "event loop" is no "event".
# Appendix E, and what is before the first heading of a line "## ", are part of the
# text; only E's own rows do not count.

BEGIN {
    special = "`[^`]*`|<code>[^<]*</code>|<[!\\/a-z][^>]*>|!?\\[[^]]*\\]\\([^)]*\\)"
}

/^```/ { end_of_paragraph(); fenced = !fenced; next }
fenced { next }
/^#/ { end_of_paragraph(); appendix = /^## E\./; next }
/^[ \t]*$/ { end_of_paragraph(); next }
{
    if (paragraph == "")
        first = FNR
    paragraph = paragraph $0 "\n"
}

END {
    end_of_paragraph()
    for (name in anchor)
        add_forms(name)
    find_terms()
    for (name in anchor) {
        if (!(name in linked))
            print anchor[name] "|no link to #" name
        else if (name in stands && stands[name] < linked[name])
            print at[stands[name]] "|here stands '" shown[name] \
                "' first, and is no link to #" name
        else
            print anchor[name] "|"
    }
}

# Takes the paragraph apart: words, and what is none.
function end_of_paragraph(    text, it)
{
    text = paragraph
    paragraph = ""
    while (match(text, special)) {
        it = substr(text, RSTART, RLENGTH)
        add_words(substr(text, 1, RSTART - 1))
        text = substr(text, RSTART + RLENGTH)
        add_special(it)
    }
    add_words(text)
    add("|")
}

function add(word) { token[++tokens] = word; at[tokens] = first }

function add_special(it,    target)
{
    if (it ~ /^<a id="w-/) {
        gsub(/^<a id="|".*/, "", it)
        anchor[it] = first
    } else if (it ~ /\]\(#w-/ && !appendix) {
        target = it
        gsub(/.*\]\(#|\).*/, "", target)
        add("|")
        if (!(target in linked))
            linked[target] = tokens
    } else if (it !~ /^</ || it ~ /^<code>/)
        add("|")
    first += gsub(/\n/, "", it)
}

# A hyphen parts words; any other sign that is no blank parts phrases.
function add_words(text,    i, count, piece)
{
    gsub(/\*/, "", text)
    gsub(/-/, " ", text)
    gsub(/\n/, " \n ", text)
    gsub(/[][!"#$%&'()+,.\/:;<=>?@\\^`{|}~]+/, " | ", text)
    count = split(tolower(text), piece, /[ \t]+/)
    for (i = 1; i <= count; i++)
        if (piece[i] == "\n")
            first++
        else if (piece[i] != "" && !appendix)
            add(piece[i])
}

function add_forms(name,    form)
{
    form = substr(name, 3)
    gsub(/-/, " ", form)
    term[form] = term[form "s"] = term[form "es"] = name
    if (form ~ /y$/)
        term[substr(form, 1, length(form) - 1) "ies"] = name
}

function find_terms(    i, j, phrase, longest)
{
    for (i = 1; i <= tokens; i++) {
        phrase = ""
        longest = 0
        for (j = i; j < i + 4 && j <= tokens; j++) {
            phrase = phrase (j > i ? " " : "") token[j]
            if (phrase in term)
                longest = j
            if (longest == j)
                found = phrase
        }
        if (!longest)
            continue
        if (!(term[found] in stands)) {
            stands[term[found]] = i
            shown[term[found]] = found
        }
        i = longest
    }
}

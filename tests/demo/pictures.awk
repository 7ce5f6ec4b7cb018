# pictures.awk -- prints what is wrong with a picture that svg.awk has drawn.
#
#   awk -f pictures.awk FILE.svg
#
# Its words must be large enough where it is 360 points wide, stand inside it and
# not upon each other; all are told in words, too; and what is read must be seen,
# on light and on dark ground. How wide words are depends on the reader's font:
# here it is a wide one.

BEGIN { dark = 0 }

function fault(what) { print FILENAME ":" FNR ": " what }

function attribute(name) {
    if (!match($0, " " name "=\"[^\"]*\"")) return ""
    return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
}

function content(    words) {
    words = $0
    gsub(/<[^>]*>/, "", words)
    gsub(/&[a-z]*;/, "&", words) # one sign each
    gsub(/&[a-z]*;/, "_", words)
    return words
}

/^<svg/ {
    split(attribute("viewBox"), view, " ")
    if (view[3] != 360) fault("it is " view[3] " units wide, not 360")
    if (attribute("role") != "img") fault("it does not say that it is an image")
    if (attribute("aria-labelledby") != "title story") fault("it does not say where its words are")
}
/^<title id="title">/ { if (length(content()) > 9) told++ }
/^<desc id="story">/ { if (length(content()) > 40) told++ }

# -- words ---------------------------------------------------------------------

/^<text/ {
    size = attribute("font-size") + 0
    anchor = attribute("text-anchor")
    class = attribute("class")
    x = attribute("x") + 0
    wide = length(content()) * size * (class ~ /bold|code/ ? 0.62 : 0.56)
    count++
    words[count] = content()
    left[count] = anchor == "end" ? x - wide : anchor == "middle" ? x - wide / 2 : x
    right[count] = left[count] + wide
    high[count] = attribute("y") - 0.75 * size
    low[count] = attribute("y") + 0.22 * size
    if (size < 12) fault("'" words[count] "' is too small: " size)
    if (left[count] < 4 || right[count] > 356 || high[count] < 4 || low[count] > view[4] - 4)
        fault("'" words[count] "' leaves the picture")
    for (i = 1; i < count; i++)
        if (left[i] < right[count] && left[count] < right[i] && high[i] < low[count] && high[count] < low[i])
            fault("'" words[count] "' lies upon '" words[i] "'")
}

# -- colours -------------------------------------------------------------------

/^@media \(prefers-color-scheme: dark\)/ { dark = 1 }
/^}/ { dark = 0 }
/^\.[a-z-]* {/ {
    name = substr($1, 2)
    styled[dark, name]
    if (match($0, /fill: #[0-9a-f]*/)) fill[dark, name] = substr($0, RSTART + 7, 6)
    if ($0 ~ /: #/) coloured[name]
}
/class="/ {
    parts = split(attribute("class"), part, " ")
    for (i = 1; i <= parts; i++) used[part[i]]
}

function light_of(colour,    i, c, sum) {
    for (i = 1; i <= 5; i += 2) {
        c = ((index("0123456789abcdef", substr(colour, i, 1)) - 1) * 16 + index("0123456789abcdef", substr(colour, i + 1, 1)) - 1) / 255
        c = c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ^ 2.4
        sum += c * (i == 1 ? 0.2126 : i == 3 ? 0.7152 : 0.0722)
    }
    return sum + 0.05
}

# As the Web Content Accessibility Guidelines ask: 4.5 to 1.
function must_be_seen(name, upon, dark,    ratio) {
    ratio = light_of(fill[dark, name]) / light_of(fill[dark, upon])
    if (ratio < 1) ratio = 1 / ratio
    if (ratio < 4.5) fault("words in " name " are hard to see upon " upon (dark ? " in the dark" : "") sprintf(": %.1f", ratio))
}

END {
    if (count < 5) fault("it has hardly a word")
    if (told != 2) fault("it is not told in words: title and story")
    for (name in used) {
        if (!((0, name) in styled)) fault("nobody says what " name " looks like")
        if (name in coloured && !((1, name) in styled)) fault("nobody says what " name " looks like in the dark")
    }
    for (dark = 0; dark <= 1; dark++) {
        split("ink quiet green red", names, " ")
        for (i = 1; i <= 4; i++) must_be_seen(names[i], "ground", dark)
        must_be_seen("ink", "sleep", dark)
        must_be_seen("quiet", "sleep", dark)
        must_be_seen("on-ink", "ink", dark)
    }
}

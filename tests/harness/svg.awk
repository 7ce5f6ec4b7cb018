# svg.awk -- what all pictures in SVG have in common: the card, its colours, words.
#
#   awk -f tests/harness/svg.awk -f tests/demo/conversation.awk FILE >02.svg
#
# A picture is 360 units wide, as a telephone is, and no word in it is smaller
# than 12 of them. It stands on a ground of its own, light or dark as the reader
# has chosen, so that it can be read wherever it is shown. Words are text, and
# what is seen is told in words for those who do not see it. Each element is one
# line, which pictures.awk reads.

function svg_begin() {
    WIDTH = 360
    MARGIN = 16
    body = ""
}

function put(element) { body = body element "\n" }

# What anybody may have typed becomes text that SVG can hold.
function escaped(words) {
    gsub(/[^ -~]/, "?", words)
    gsub(/&/, "\\&amp;", words)
    gsub(/</, "\\&lt;", words)
    gsub(/>/, "\\&gt;", words)
    gsub(/"/, "\\&quot;", words)
    return words
}

function cut(words, most) {
    return length(words) > most ? substr(words, 1, most - 3) "..." : words
}

# Words at the left of x, around it, or behind it: anchor is end, middle, start.
function text(x, y, size, anchor, class, words) {
    put(sprintf("<text x=\"%g\" y=\"%g\" font-size=\"%g\" text-anchor=\"%s\" class=\"%s\">%s</text>",
                x, y, size, anchor, class, escaped(words)))
}

# Lines of words that fit between the margins, in a font that is wide. Returns
# where the next line would be.
function paragraph(y, size, class, words,    word, count, i, line, room) {
    room = int((WIDTH - 2 * MARGIN) / (0.56 * size))
    count = split(words, word, " ")
    for (i = 1; i <= count; i++) {
        if (line != "" && length(line " " word[i]) > room) {
            text(MARGIN, y, size, "start", class, line)
            y += 1.4 * size
            line = ""
        }
        line = line (line == "" ? "" : " ") word[i]
    }
    text(MARGIN, y, size, "start", class, line)
    return y + 1.4 * size
}

function line(x1, y1, x2, y2, class) {
    put(sprintf("<line x1=\"%g\" y1=\"%g\" x2=\"%g\" y2=\"%g\" class=\"%s\"/>", x1, y1, x2, y2, class))
}

function box(x, y, width, height, radius, class) {
    put(sprintf("<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" rx=\"%g\" class=\"%s\"/>",
                x, y, width, height, radius, class))
}

function dot(x, y, radius, class) {
    put(sprintf("<circle cx=\"%g\" cy=\"%g\" r=\"%g\" class=\"%s\"/>", x, y, radius, class))
}

function path(d, class) { put(sprintf("<path d=\"%s\" class=\"%s\"/>", d, class)) }

# From x1 to x2, where its head is.
function arrow(x1, x2, y, class,    back) {
    back = x2 > x1 ? -6 : 6
    path(sprintf("M%g %gH%gM%g %gL%g %gL%g %g", x1, y, x2, x2 + back, y - 4, x2, y, x2 + back, y + 4), class)
}

# The name of the picture, and below it that of a program. Returns where the rest
# may begin. (From a stage's folder a command comes by common/stage.mk.)
function heading(y, words, program) {
    sub(/^sh -c 'cd .* && exec "\$0" "\$@"' /, "", program)
    text(MARGIN, y, 16, "start", "ink bold", toupper(substr(words, 1, 1)) substr(words, 2))
    text(MARGIN, y + 19, 12, "start", "quiet code", cut(program, 45))
    return y + 36
}

# What is said below all, and the end of the picture.
function svg_end(y, words, class, title, story,    height) {
    line(MARGIN, y, WIDTH - MARGIN, y, "rule")
    height = int(paragraph(y + 22, 14, class, words))
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"",
           WIDTH, height, 1.25 * WIDTH, 1.25 * height
    print " role=\"img\" aria-labelledby=\"title story\">"
    print "<title id=\"title\">" escaped(title) "</title>"
    print "<desc id=\"story\">" escaped(story) "</desc>"
    print "<style>"
    colours("", "#ffffff #1f2328 #59636e #d1d9e0 #ddf4ff #54aeff #1a7f37 #cf222e #9a6700 #0969da")
    colours("@media (prefers-color-scheme: dark) ", "#0d1117 #f0f6fc #9198a1 #3d444d #132a44 #388bfd #3fb950 #ff7b72 #d29922 #58a6ff")
    print "text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif; }"
    print ".code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; }"
    print ".thick { stroke-width: 2; }"
    print ".wide { stroke-width: 5; }"
    print ".dashed { stroke-dasharray: 4 4; }"
    print ".bold { font-weight: 600; }"
    print ".halo { paint-order: stroke; stroke-width: 4; stroke-linejoin: round; }"
    print "line, path { fill: none; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }"
    print "</style>"
    printf "<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"12\" class=\"ground\"/>\n", WIDTH - 1, height - 1
    printf "%s</svg>\n", body
}

# A colour for the ground, for what is read, for what is quiet, for rules, for
# who sleeps, and for green, red, yellow and blue.
function colours(when, list,    c) {
    split(list, c, " ")
    if (when != "") print when "{"
    print ".ground { fill: " c[1] "; stroke: " c[4] "; }"
    print ".on-ink { fill: " c[1] "; }"
    print ".hollow { fill: " c[1] "; stroke: " c[2] "; stroke-width: 1.5; }"
    print ".ink { fill: " c[2] "; }"
    print ".quiet { fill: " c[3] "; }"
    print ".sleep { fill: " c[5] "; stroke: " c[6] "; }"
    print ".under-way { fill: " c[6] "; }"
    print ".asks { fill: none; stroke: " c[8] "; }"
    print ".green { fill: " c[7] "; }"
    print ".red { fill: " c[8] "; }"
    print ".yellow { fill: " c[9] "; }"
    print ".blue { fill: " c[10] "; }"
    print ".halo { stroke: " c[1] "; }"
    print ".rule { stroke: " c[4] "; stroke-width: 1; }"
    print ".ink-line { stroke: " c[2] "; }"
    print ".quiet-line { stroke: " c[3] "; }"
    print ".green-line { stroke: " c[7] "; }"
    print ".red-line { stroke: " c[8] "; }"
    print ".yellow-line { stroke: " c[9] "; }"
    print ".blue-line { stroke: " c[10] "; }"
    print ".wake { stroke: " c[6] "; }"
    if (when != "") print "}"
}

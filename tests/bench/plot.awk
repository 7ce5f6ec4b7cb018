# plot.awk -- a plot for the terminal: our backends, both axes logarithmic.
BEGIN { COLUMNS = 61; LINES = 17 }
$1 != section || ($3 !~ / selector$/ && $3 !~ /^none/) { next }
!($3 in known) { known[$3]; names[++count] = $3 }
{
    n = ++points[$3]
    x[$3, n] = log($4)
    y[$3, n] = log($6)
    if (!any++) { left = right = x[$3, n]; low = high = y[$3, n] }
    if (x[$3, n] > right) right = x[$3, n]
    if (x[$3, n] < left) left = x[$3, n]
    if (y[$3, n] > high) high = y[$3, n]
    if (y[$3, n] < low) low = y[$3, n]
}

function column(v) { return int((v - left) / (right - left) * (COLUMNS - 1) + 0.5) }
function line(v) { return int((v - bottom) / (top - bottom) * (LINES - 1) + 0.5) }

function draw(who, mark,    n, c, from, to) {
    for (n = 1; n < points[who]; n++) {
        from = column(x[who, n])
        to = column(x[who, n + 1])
        for (c = from; c <= to; c++)
            cell[c, line(y[who, n] + (y[who, n + 1] - y[who, n]) * (c - from) / (to - from))] = mark
    }
}

function round_down(v) { return int(v / log(10) - (v < 0)) * log(10) }

END {
    if (count == 0 || right == left) exit
    bottom = round_down(low)
    top = round_down(high) + log(10)
    legend = ""
    for (i = 1; i <= count; i++) {
        split(names[i], part, " ")
        mark = part[1] == "none" ? "." : toupper(substr(part[1], 1, 1))
        legend = legend "  " mark " " (part[1] == "none" ? "no wait" : part[1])
        draw(names[i], mark)
    }
    print "\n  microseconds per event:" legend
    for (l = LINES - 1; l >= 0; l--) {
        text = ""
        for (c = 0; c < COLUMNS; c++) text = text (((c, l) in cell) ? cell[c, l] : " ")
        sub(/ +$/, "", text)
        tick = ""
        for (v = bottom; v <= top + 0.01; v += log(10))
            if (line(v) == l) tick = sprintf("%g", exp(v) / 1000)
        printf "%8s |%s\n", tick, text
    }
    text = sprintf("%*s", COLUMNS, "")
    gsub(/ /, "-", text)
    printf "%8s +%s\n", "", text
    axis = sprintf("%*s", COLUMNS + 8, "")
    for (v = 0; v <= right + 0.01; v += log(10))
        if (v >= left - 0.01) {
            c = column(v)
            tick = sprintf("%d", exp(v) + 0.5)
            axis = substr(axis, 1, c) tick substr(axis, c + 1 + length(tick))
        }
    sub(/ +$/, "", axis)
    printf "%10s%s  %s\n", "", axis, label
}

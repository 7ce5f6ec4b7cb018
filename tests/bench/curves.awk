# curves.awk -- the picture of a benchmark, from its bench.tsv; svg.awk draws.
#
#   awk -f tests/harness/svg.awk -f tests/bench/curves.awk bench.tsv >bench.svg
#
# Two fields, both axes logarithmic: an event beside idle descriptors, and when
# more and more of a thousand come at once. Lines are by hand, dots the selector.

BEGIN {
    FS = "\t"
    LEFT = 56
    RIGHT = 340
    HEIGHT = 168
    colour["select"] = "red"
    colour["poll"] = "yellow"
    colour["epoll"] = "blue"
    colour["kqueue"] = "green"
    svg_begin()
}

$1 == "machine" { machine = $2 }
($1 == "idle" || $1 == "active") && $5 == "ns/event" {
    split($3, name, " ")
    how = name[1] == "none" ? "none" : name[1] " " name[2]
    point[$1, how, ++points[$1, how]] = $4 " " $6 / 1000
    if (name[1] in colour && !(name[1] in known)) {
        known[name[1]]
        backends[++count] = name[1]
    }
    extend($1, $4, $6 / 1000)
}

function extend(section, n, cost) {
    if (!(section in fewest) || n < fewest[section]) fewest[section] = n
    if (n > most[section]) most[section] = n
    if (!(section in cheapest) || cost < cheapest[section]) cheapest[section] = cost
    if (cost > dearest[section]) dearest[section] = cost
}

# The decade below and above.
function below(n,    decade) {
    for (decade = 1; decade > n; decade /= 10) continue
    for (; decade * 10 <= n; decade *= 10) continue
    return decade
}
function above(n) { return below(n) == n ? n : 10 * below(n) }

function x_of(section, n) {
    return LEFT + (RIGHT - LEFT) * log(n / fewest[section]) / log(most[section] / fewest[section])
}
function y_of(section, cost) {
    return top + HEIGHT * log(highest / cost) / log(highest / lowest)
}

function draw_grid(section,    decade) {
    for (decade = lowest; decade <= highest * 1.01; decade *= 10) {
        line(LEFT, y_of(section, decade), RIGHT, y_of(section, decade), "rule")
        text(LEFT - 8, y_of(section, decade) + 4, 12, "end", "quiet", decade "")
    }
    for (decade = above(fewest[section]); decade <= most[section]; decade *= 10) {
        line(x_of(section, decade), top, x_of(section, decade), top + HEIGHT, "rule")
        text(x_of(section, decade), top + HEIGHT + 17, 12, decade == most[section] ? "end" : "middle", "quiet", decade "")
    }
}

function draw_curve(section, how, class, is_line,    i, p, d, x, y) {
    for (i = 1; i <= points[section, how]; i++) {
        split(point[section, how, i], p, " ")
        x = x_of(section, p[1])
        y = y_of(section, p[2])
        if (is_line) d = d sprintf("%s%.1f %.1f", i == 1 ? "M" : "L", x, y)
        else dot(x, y, 3, class)
    }
    if (is_line && d != "") path(d, class)
}

function draw_field(section, y, words, axis,    i) {
    text(MARGIN, y, 14, "start", "ink bold", words)
    text(MARGIN, y + 18, 12, "start", "quiet", "microseconds per event")
    top = y + 32
    lowest = below(cheapest[section])
    highest = above(dearest[section])
    draw_grid(section)
    # select and poll cost the same: the first is wide, so that both are seen.
    draw_curve(section, "none", "quiet-line dashed", 1)
    for (i = 1; i <= count; i++) draw_curve(section, backends[i] " by", colour[backends[i]] "-line " (i == 1 ? "wide" : "thick"), 1)
    for (i = 1; i <= count; i++) draw_curve(section, backends[i] " selector", colour[backends[i]], 0)
    text(RIGHT, top + HEIGHT + 34, 12, "end", "quiet", axis)
    return top + HEIGHT + 62
}

# What the colours mean, in the order of the backends.
function draw_key(y,    i, x) {
    x = MARGIN
    for (i = 1; i <= count; i++) {
        line(x, y - 4, x + 22, y - 4, colour[backends[i]] "-line thick")
        dot(x + 11, y - 4, 3, colour[backends[i]])
        text(x + 28, y, 13, "start", "ink", backends[i])
        x += 42 + 8 * length(backends[i])
    }
    line(x, y - 4, x + 22, y - 4, "quiet-line dashed")
    text(x + 28, y, 13, "start", "ink", "no wait")
    return y + 20
}

# A point of the first field in words.
function cost(backend, i,    p) {
    split(point["idle", backend " by", i], p, " ")
    return sprintf("%.1f beside %d", p[2], p[1])
}

function story(    i, s, b) {
    for (i = 1; i <= count; i++) {
        b = backends[i]
        s = s (i == 1 ? "" : ", ") b " " cost(b, 1) " and " cost(b, points["idle", b " by"])
    }
    return "Microseconds for one event beside so many idle descriptors: " s "."
}

END {
    if (count == 0) exit 1
    text(MARGIN, 32, 16, "start", "ink bold", "What one event costs")
    y = paragraph(52, 12, "quiet", machine)
    y = draw_key(y + 12)
    text(MARGIN, y, 13, "start", "quiet", "Lines: the bare calls. Dots: our selector.")
    y = draw_field("idle", y + 32, "Others are idle", "idle descriptors beside it")
    y = draw_field("active", y, "Others are active too", "active at once, of 1000")
    said = "select and poll look through all descriptors, each time. epoll is told once, and does not care how many are idle."
    if (!("epoll" in known)) said = "select and poll look through all descriptors, each time."
    svg_end(y - 10, said, "ink", "What one event costs", said " " story())
}

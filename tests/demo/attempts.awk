# attempts.awk -- the picture of stage 04: three peers, and who tries to connect;
# time goes to the right. It reads what `demo 04 FILE` has written; svg.awk draws.
#
# What is decided before the silent peer is given up is decided at once. Other
# times are rounded down to steps of 25 ms, so another run draws the same.

BEGIN {
    FS = "\t"
    STEP = 25      # ms
    PER_MS = 0.4   # units
    LEFT = 22
    MOST_MS = 800
    tell["silent"] = "never replies"
    tell["closed"] = "nobody listens there"
    tell["open"] = "somebody does"
    svg_begin()
}

$1 == "picture" {
    program[++part] = $4 == "" ? $2 : $4
    title[part] = $3
    sub(/,? for the silent .*/, "", title[part])
}
$1 == "unexpected" && unexpected == "" { unexpected = $2 }
$1 == "event" { note(part, $2, $3, $4, $5) }

function rounded(ms) { return int(ms / STEP) * STEP }

# "! " has a label: what the program has said, and after how long.
function note(part, ms, peer, mark, label) {
    if (!((part, peer) in began)) {
        peers[part]++
        name[part, peers[part]] = peer
        began[part, peer] = rounded(ms)
    }
    if (substr(mark, 1, 1) != "!") return
    decided[part, peer] = rounded(ms)
    exact[part, peer] = ms
    sub(/^ /, "", label)
    sub(/!? after .*/, "", label)
    result[part, peer] = label
}

function x_of(ms) { return LEFT + ms * PER_MS }

function is_open(part, peer) { return result[part, peer] == "connected" }

# In words, when that was.
function after(part, peer) {
    if (peer != "silent" && exact[part, peer] < exact[1, "silent"]) return "at once"
    return "after " decided[part, peer] " ms"
}

function outcome(part, peer) {
    if (result[part, peer] == "") return "not decided"
    return result[part, peer] " " after(part, peer)
}

function draw_grid(from, to,    ms) {
    for (ms = 0; ms < MOST_MS; ms += 250) {
        text(x_of(ms), from - 8, 12, ms == 0 ? "start" : "middle", "quiet", ms (ms == 0 ? " ms" : ""))
        line(x_of(ms), from, x_of(ms), to, "rule")
    }
}

# A bar as long as it was under way, and what came of it. Returns where the next
# lane begins.
function draw_lane(part, peer, y,    colour, end) {
    colour = is_open(part, peer) ? "green" : "red"
    end = x_of(ends(part, peer))
    text(LEFT + 8, y, 14, "start", "ink bold halo", peer)
    text(LEFT + 68, y, 13, "start", "quiet halo", tell[peer])
    y += 16
    if (end > LEFT) box(LEFT, y - 2.5, end - LEFT, 5, 2.5, "under-way")
    else end = LEFT + 13
    dot(LEFT, y, 5, "hollow")
    dot(end, y, 5.5, colour)
    if (end > WIDTH / 2) text(end, y += 21, 13, "end", colour " bold halo", outcome(part, peer))
    else text(end + 11, y + 4.5, 13, "start", colour " bold halo", outcome(part, peer))
    return y + 31
}

# When it was decided, as far as there is room to show it.
function ends(part, peer) {
    if (after(part, peer) == "at once") return 0
    return result[part, peer] == "" || decided[part, peer] > MOST_MS ? MOST_MS : decided[part, peer]
}

# What the program does until the silent peer, who is first, is given up.
function draw_program(part, y) {
    box(LEFT, y, x_of(ends(part, name[part, 1])) - LEFT, 26, 5, part == 1 ? "sleep" : "asks")
    text(LEFT + 8, y + 17, 13, "start", part == 1 ? "ink" : "red",
         part == 1 ? "the program sleeps" : "asks: connected now? and now? ...")
    return y + 46
}

function told(part,    i, s) {
    for (i = 1; i <= peers[part]; i++)
        s = s (i == 1 ? "" : "; ") name[part, i] " (" tell[name[part, i]] "): " outcome(part, name[part, i])
    return s "."
}

# The lines of the grid lie below what is drawn upon them.
function draw_part(part, y,    i, top, below) {
    top = heading(y, title[part], program[part]) + 14
    below = body
    body = ""
    y = top + 20
    for (i = 1; i <= peers[part]; i++) y = draw_lane(part, name[part, i], y)
    y = draw_program(part, y - 8)
    drawn = body
    body = below
    draw_grid(top, y - 20)
    body = body drawn
    return y
}

END {
    if (part < 2 || peers[1] == 0 || peers[2] == 0) exit 1
    y = draw_part(1, 32)
    y = draw_part(2, y + 14)
    said = "Nobody waits for the silent peer. Who asks without a pause learns no sooner, and keeps a processor busy."
    if (unexpected != "") said = "Not as the lesson says: " unexpected
    svg_end(y - 6, said, unexpected == "" ? "ink" : "red", "Stage 04: " title[1],
            said " " program[1] ": " told(1) " " program[2] ": " told(2))
}

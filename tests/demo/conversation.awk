# conversation.awk -- a picture of stages 01 to 03: A, the server, B; time goes
# down. It reads what `demo STAGE FILE` has written; svg.awk draws.
#
# What is told by the order of the events is the same in each run: who waits is
# whoever sees others do something between a line and its answer. The pauses from
# what one client does to what one does next are rounded down to the steps of
# 25 ms of which the script of the demo is made. So another run draws the same,
# unless somebody was held up for a whole step.

BEGIN {
    FS = "\t"
    STEP = 25     # ms
    PER_MS = 0.28 # units, and no picture is longer than MOST of them
    MOST = 700
    LANE["A"] = 108
    LANE["B"] = 250
    LEFT = 142
    RIGHT = 216
    TOP = 108
    lesson["01"] = "B waits %s, until A leaves: the server sleeps in recv(), and nobody but A can wake it."
    lesson["02"] = "A is still there, and B is answered at once: select() watches both and wakes for anyone."
    lesson["03"] = "For A and B it is as in 02. New is the inside: with each socket the selector keeps the function to call."
    svg_begin()
}

$1 == "picture" { program = $2; title = $3; command = $4; stage = substr($2, 1, 2) }
$1 == "unexpected" { unexpected = $2 }
$1 == "event" && $3 != "server" { note($2, $3, $4, $5) }
$1 == "event" && $3 == "server" { sleeps($2, $5) }

function rounded(ms) { return int(ms / STEP) * STEP }

function note(ms, who, mark, label) {
    count++
    exact[count] = ms
    actor[count] = who
    does[count] = substr(mark, 1, 1)
}

function sleeps(ms, call) {
    woke++
    woke_at[woke] = ms
    then_in[woke] = call
}

# When that is in the picture: so many steps after what a client did last.
function drawn(ms,    i, at, then) {
    for (i = 1; i <= count && exact[i] <= ms; i++)
        if (does[i] != "!") {
            at += rounded(exact[i] - then)
            then = exact[i]
        }
    return at + rounded(ms - then)
}

# A server that wakes twice in a step has slept in the last call for long.
function tell_time(    i, at) {
    for (i = 1; i <= count; i++) time[i] = drawn(exact[i])
    for (i = 1; i <= woke; i++) {
        at = drawn(woke_at[i])
        if (naps == 0 || at != nap_at[naps]) naps++
        nap_at[naps] = at
        nap_in[naps] = then_in[i]
    }
}

function swap(array, i,    kept) {
    kept = array[i]
    array[i] = array[i - 1]
    array[i - 1] = kept
}

# The rows come one after the other.
function sort(    i, j) {
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && exact[j] < exact[j - 1]; j--) {
            swap(exact, j)
            swap(actor, j)
            swap(does, j)
        }
}

function y_of(ms) { return TOP + (ms - start) * PER_MS }

# -- what it means ------------------------------------------------------------

# Pairs each line with its answer: asked[i] is the first line that event i
# answers, answer[i] the other way round, 0: there was none.
function pair(    i, who, open) {
    for (i = 1; i <= count; i++) {
        who = actor[i]
        if (does[i] == "?" && !open[who]) open[who] = i
        else if (does[i] == "?") again[i] = 1
        else if (does[i] == "!" && open[who]) {
            asked[i] = open[who]
            answer[open[who]] = i
            open[who] = 0
        }
    }
    for (who in open)
        if (open[who]) never[open[who]] = 1
}

function waits(i) { return never[i] || (answer[i] && answer[i] > i + 1) }

function words_for(i) {
    if (does[i] == "+") return "connects"
    if (does[i] == "?") return again[i] ? "asks again" : "asks"
    if (does[i] == "!") return "answered"
    if (does[i] == "x") return "leaves"
    return "closed"
}

function told(i) {
    if (does[i] == "!") return "is answered" (waits(asked[i]) ? " after " time[i] - time[asked[i]] " ms" : " at once")
    if (words_for(i) == "closed") return "is closed by the server"
    return words_for(i)
}

function story(    i, s) {
    for (i = 1; i <= count; i++)
        s = s (i == 1 ? "" : actor[i] == actor[i - 1] ? ", " : "; ") (actor[i] == actor[i - 1] ? "" : actor[i] " ") told(i)
    return s "."
}

# -- how it looks -------------------------------------------------------------

function word(who, y, class, words) {
    if (y < lowest[who] + 13) y = lowest[who] + 13
    lowest[who] = y
    if (who == "A") text(LANE[who] - 10, y, 13, "end", class, words)
    else text(LANE[who] + 10, y, 13, "start", class, words)
}

# An answer at once stands right below its question.
function place(i) {
    if (does[i] == "!" && asked[i] && !waits(asked[i])) return y_of(time[asked[i]]) + 10
    return y_of(time[i])
}

function draw_grid(    ms) {
    text(36, TOP - 16, 12, "end", "quiet", "ms")
    for (ms = int((start + 249) / 250) * 250; ms <= end; ms += 250) {
        text(36, y_of(ms) + 4, 12, "end", "quiet", ms "")
        line(44, y_of(ms), WIDTH - MARGIN, y_of(ms), "rule")
    }
}

# A long name is broken behind its underscore. The middle of the longest sleep is
# where there is most room.
function name_sleep(from, to, call,    part, i, best, y) {
    for (i = from; i < to; i++)
        if (!best || nap_at[i + 1] - nap_at[i] > nap_at[best + 1] - nap_at[best]) best = i
    if (call == "" || (nap_at[best + 1] - nap_at[best]) * PER_MS < 13) return
    y = y_of((nap_at[best] + nap_at[best + 1]) / 2) + 4
    if (length(call) > 10 && (i = index(call, "_")) > 0) {
        text((LEFT + RIGHT) / 2, y - 15, 12, "middle", "quiet", "sleeps in")
        text((LEFT + RIGHT) / 2, y, 12, "middle", "ink code", substr(call, 1, i))
        text((LEFT + RIGHT) / 2, y + 14, 12, "middle", "ink code", substr(call, i + 1))
        return
    }
    if ((nap_at[best + 1] - nap_at[best]) * PER_MS > 36) {
        text((LEFT + RIGHT) / 2, y - 8, 12, "middle", "quiet", "sleeps in")
        y += 8
    }
    text((LEFT + RIGHT) / 2, y, 12, "middle", "ink code", call)
}

# The server, from one call to the next; a line in it is where it wakes.
function draw_server(    i, first) {
    nap_at[1] = start
    nap_at[naps + 1] = end
    for (first = 1; first <= naps; first = i) {
        for (i = first + 1; i <= naps && nap_in[i] == nap_in[first]; i++)
            continue
        box(LEFT, y_of(nap_at[first]) + 1, RIGHT - LEFT, (nap_at[i] - nap_at[first]) * PER_MS - 2, 5, "sleep")
        for (j = first + 1; j < i; j++) line(LEFT, y_of(nap_at[j]), RIGHT, y_of(nap_at[j]), "wake")
        name_sleep(first, i, nap_in[first])
    }
}

function lane_end(who,    i) {
    for (i = count; i > 0; i--)
        if (actor[i] == who && (does[i] == "x" || does[i] == " ")) return y_of(time[i])
    return y_of(end)
}

function draw_lanes(    i) {
    for (i = 1; i <= count; i++)
        if (does[i] == "+")
            line(LANE[actor[i]], y_of(time[i]), LANE[actor[i]], lane_end(actor[i]), "quiet-line")
}

# From the first line to its answer.
function draw_wait(i,    until, who, x, y) {
    who = actor[i]
    until = never[i] ? lane_end(who) : place(answer[i])
    x = LANE[who]
    box(x - 3.5, y_of(time[i]), 7, until - y_of(time[i]), 3.5, "red")
}

# In the longest pause between the words of that client while it waits.
function draw_wait_words(i,    k, last, until, best, at, who) {
    who = actor[i]
    last = time[i]
    for (k = i + 1; k <= count + 1; k++)
        if (k > count || actor[k] == who) {
            until = k > count ? end : time[k]
            if (until - last > best) { best = until - last; at = last }
            if (k > count || k == answer[i] || does[k] == "x") break
            last = until
        }
    if (best * PER_MS < 60) return
    at = y_of(at + best / 2)
    text(LANE[who] + (who == "A" ? -10 : 10), at, 13, who == "A" ? "end" : "start", "red bold halo", "waits")
    text(LANE[who] + (who == "A" ? -10 : 10), at + 17, 15, who == "A" ? "end" : "start", "red bold halo",
         never[i] ? "in vain" : time[answer[i]] - time[i] " ms")
}

function draw_event(i,    x, y, who, near) {
    who = actor[i]
    x = LANE[who]
    y = place(i)
    near = who == "A" ? LEFT - 3 : RIGHT + 3
    if (does[i] == "?") {
        arrow(x, near, y, waits(i) || again[i] ? "red-line" : "ink-line")
        dot(x, y, 4, "ink")
    } else if (does[i] == "!") {
        arrow(near, x + (who == "A" ? 6 : -6), y, "green-line")
        dot(x, y, 4.5, "green")
    } else if (does[i] == "+") {
        dot(x, y, 4, "hollow")
    } else {
        path(sprintf("M%g %gl8 8m0 -8l-8 8", x - 4, y - 4), "ink-line")
    }
    word(who, y + 4, does[i] == "!" ? "green bold halo" : "ink halo", words_for(i))
}

function head(who) {
    dot(LANE[who], TOP - 20, 13, "ink")
    text(LANE[who], TOP - 15, 14, "middle", "on-ink bold", who)
}

END {
    if (count == 0) exit 1
    sort()
    tell_time()
    pair()
    start = time[1] - 75
    end = time[count] + 75
    if ((end - start) * PER_MS > MOST) PER_MS = MOST / (end - start)
    if (command != "") title = "in place of stage " stage
    heading(32, title, command == "" ? program : command)
    draw_grid()
    head("A")
    head("B")
    text((LEFT + RIGHT) / 2, TOP - 15, 14, "middle", "ink bold", "server")
    draw_server()
    draw_lanes()
    for (i = 1; i <= count; i++) if (waits(i)) draw_wait(i)
    for (i = 1; i <= count; i++) draw_event(i)
    for (i = 1; i <= count; i++) if (waits(i)) { draw_wait_words(i); waited = time[answer[i]] - time[i] " ms" }
    said = sprintf(lesson[stage], waited)
    if (command != "") said = waited == "" ? "B is answered at once, while A is connected." : "B waits " waited ", until A leaves."
    if (unexpected != "") said = "Not as the lesson says: " unexpected
    svg_end(y_of(end) + 18, said, unexpected == "" ? "ink" : "red", command == "" ? "Stage " stage ": " title : command ", " title, said " In order: " story())
}

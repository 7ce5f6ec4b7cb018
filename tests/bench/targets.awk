# targets.awk -- what was aimed at, and what came of it. A target that is missed
# is a reason to look closer, on an idle machine; it is not an error.
$1 == "idle" && $3 ~ /selector/ {
    split($3, part, " ")
    if (!(part[1] in worst) || $9 > worst[part[1]]) { worst[part[1]] = $9; at[part[1]] = $4 }
}
$1 == "register" && $3 == "selector" { calls[$2] = $9 }
$5 == "more" { more[$4 " " $2] = $6 }
$1 == "server" && $3 == "stage 03" && $5 == "CPU ns" && $2 ~ /^clients,/ && $4 == 50 { cpu[$2] = $9 }
$3 == "stage 03" && $5 == "bytes each" { bytes = $6 }
$1 == "syscalls" { made[$2, $3] = made[$2, $3] $5 " " $6 "; " }

function check(text, value, limit) {
    if (value == "" || value == "-") return
    if (!printed++) print "\n== Targets\n"
    printf "  %-6s %-60s %5s <= %s\n", (value <= limit + 0 ? "ok" : "MISSED"), text, (value >= 10 ? sprintf("%.0f", value) : value), limit
}

function same(what, a, b) {
    if (made[what, a] == "") return
    printf "  %-6s %s\n", (made[what, a] == made[what, b] ? "ok" : "MISSED"), "system calls per " what ": the same as by hand"
}

END {
    for (b in worst) check("one event, " b " against by hand, worst at " at[b], worst[b], 1.05)
    check("register against epoll_ctl", calls["times register"], 1.15)
    check("modify", calls["times modify"], 1.05)
    check("unregister", calls["times unregister"], 1.10)
    for (w in cpu) check("CPU per request, 50 " w, cpu[w], 1.03)
    for (w in more) check("more instructions: " w, more[w], w ~ /request/ ? 120 : w ~ / 100 active/ ? 40 : 100)
    check("bytes of memory per idle connection", bytes, 64)
    same("event", "by hand", "selector")
    same("request", "by hand", "stage 03")
    same("connection", "by hand", "stage 03")
}

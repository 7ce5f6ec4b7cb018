# table.awk -- tables for the terminal, from the rows in bench.tsv.
#
# Fields: section, what, who, x, unit, median, quartiles, ratio. mode=curve: a
# line for each x, a column for each who. mode=rows: a table for each what and x
# with a line for each who and a column for each unit.
$1 != section { next }
$2 == "missing" { if (!missed[$3]++) missing = missing " " $3; next }

{ group = mode == "curve" ? $4 : $4 SUBSEP $2 }
!(group in seen) { seen[group]; groups[++group_count] = group; title[group] = $4 " " $2; if ($4 == 1) sub(/clients/, "client", title[group]) }
!($3 in known) { known[$3]; names[++name_count] = $3 }
!((group, $5) in units) { units[group, $5]; unit[group, ++unit_count[group]] = $5 }
{ value[group, $3, $5] = $6; has[group, $3] }
$9 != "-" { ratio[group, $3, $5] = $9; compared[$3]; compared[group, $5] }

function number(n) {
    if (n == "") return "."
    if (n >= 1000 || n == int(n)) return sprintf("%.0f", n)
    return sprintf((n >= 100 ? "%.1f" : (n >= 10 ? "%.2f" : "%.3f")), n)
}

function times(r) { return r == "" ? "" : sprintf("x%.2f", r) }

function curve(    g, i, who, part) {
    printf "%7s", "N"
    for (i = 1; i <= name_count; i++) {
        split(names[i], part, " ")
        who = names[i] ~ /selector/ ? "ours" : part[1] == "none" ? "no wait" : part[1]
        printf "%8s", who
        if (names[i] in compared) printf "%6s", ""
    }
    print ""
    for (g = 1; g <= group_count; g++) {
        printf "%7s", groups[g]
        for (i = 1; i <= name_count; i++) {
            n = value[groups[g], names[i], "ns/event"]
            printf "%8s", (n == "" ? "." : number(n / 1000))
            if (names[i] in compared) printf "%6s", times(ratio[groups[g], names[i], "ns/event"])
        }
        print ""
    }
    print "\"select\" is select() by hand, \"ours\" the selector over it, x its ratio to by hand;"
    print "\"no wait\" is write and read alone, without any loop."
}

# Where two lines cross, as straight lines between logarithms.
function crossing(a, b,    g, x, d, last_x, last_d) {
    for (g = 1; g <= group_count; g++) {
        x = groups[g]
        d = log(value[x, a, "ns/event"] / value[x, b, "ns/event"])
        if (g > 1 && last_d > 0 && d <= 0)
            return exp(log(last_x) + (log(x) - log(last_x)) * last_d / (last_d - d))
        last_x = x
        last_d = d
    }
    return 0
}

function rows(    g, i, u, group) {
    for (g = 1; g <= group_count; g++) {
        group = groups[g]
        printf "\n%s\n%-20s", title[group], ""
        for (u = 1; u <= unit_count[group]; u++) {
            print_right(unit[group, u], unit[group, u])
            if ((group, unit[group, u]) in compared) printf "%7s", ""
        }
        print ""
        for (i = 1; i <= name_count; i++)
            if ((group, names[i]) in has) row(group, names[i])
    }
}

# Right-justified in the column of a unit.
function print_right(text, of) {
    printf "%" (length(of) > 9 ? length(of) + 2 : 11) "s", text
}

function row(group, who,    u) {
    printf "  %-18s", short(who)
    for (u = 1; u <= unit_count[group]; u++) {
        print_right(number(value[group, who, unit[group, u]]), unit[group, u])
        if ((group, unit[group, u]) in compared) printf "%7s", times(ratio[group, who, unit[group, u]])
    }
    print ""
}

# "libev libev" -> "libev"
function short(who,    part) {
    split(who, part, " ")
    return part[1] == part[2] ? part[1] : who
}

END {
    if (mode == "curve") curve(); else rows()
    if (section == "active" && ("poll by hand" in known) && ("epoll by hand" in known)) {
        at = crossing("poll by hand", "epoll by hand")
        if (at > 0) printf "poll by hand costs less than epoll from about %.0f of 1000 on.\n", at
    }
    if (missing != "") print "not found:" missing
}

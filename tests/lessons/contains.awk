# contains.awk PART WHOLE -- do the lines of PART stand in WHOLE, without a gap?
# Blanks at the end of a line do not count: editors remove them, diff adds them.
# Exit status 0 if so. Otherwise prints the line at which the best attempt ends.

{ sub(/[ \t]+$/, "") }
FNR == NR { part[++wanted] = $0; next }
{ whole[++lines] = $0 }

END {
    for (start = 1; start <= lines; start++) {
        for (n = 0; n < wanted && whole[start + n] == part[n + 1]; n++)
            ;
        if (n == wanted && wanted > 0)
            exit 0
        if (n > best)
            best = n
    }
    print part[best + 1]
    exit 1
}

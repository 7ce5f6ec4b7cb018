# notes.awk -- are the notes named at most five times before appendix A?
#
# After words.awk. Prints "LINE|PROBLEM", the problem empty if there is none. "Note
# 2", "a note", "the notes'" count, in headings, too; to "note that" does not.

/^```/ { fenced = !fenced }
/^## A\./ { exit }
fenced { next }
{
    count = split(prose($0), word, " ")
    for (i = 1; i <= count; i++) {
        if (word[i] == "notes" || last == "note" && word[i] ~ /^[0-9]/ ||
            word[i] == "note" && last ~ /^(a|the|this|that|each|every|first)$/) {
            named++
            lines = lines " " FNR
        }
        last = word[i]
    }
}

END {
    print "1|" (named <= 5 ? "" : "the notes are named " named \
        " times before appendix A, not 5; lines" lines)
}

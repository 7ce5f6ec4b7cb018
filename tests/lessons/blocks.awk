# blocks.awk -- takes LESSONS.md apart.
#
# Writes each fenced block to a file of its own in the directory `into`, and for
# each a line "NUMBER|LINE|LESSON > PART|KIND|ARGUMENTS" to stdout. KIND is the
# first word of the HTML comment in the line before the fence.

/^```/ {
    fenced = !fenced
    if (fenced) {
        file = sprintf("%s/%03d", into, ++blocks)
        printf "" > file
        kind = marker
        sub(/ .*/, "", kind)
        sub(/^[^ ]* ?/, "", marker)
        printf "%03d|%d|%s|%s|%s\n", blocks, FNR, where(), kind, marker
    } else {
        close(file)
    }
    marker = ""
    next
}
fenced { print > file; next }

/^## / { lesson = $0; part = "" }
/^### / { part = $0 }
{ marker = "" }
/^<!-- .* -->$/ { marker = substr($0, 6, length($0) - 9) }

function where(text)
{
    text = lesson (part == "" ? "" : " > " part)
    gsub(/[#|] ?#*/, "", text)
    gsub(/^ +/, "", text)
    return text
}

# names.awk -- every name of the repository that LESSONS.md uses.
#
# Prints "LINE|KIND|NAME" for each file, make target, make variable, selector,
# function and program option in `code` and in fenced blocks. "mine" is the
# reader's own program, and "nonsense" a selector that is not meant to exist.

/^```/ { fenced = !fenced; next }
/^<!-- / { next }
fenced { names($0); next }
{
    count = split($0, piece, "`")
    for (i = 2; i <= count; i += 2)
        names(piece[i])
}

function names(text)
{
    each("file", text, "", "(0[1-4]_[a-z_]+|common|tests)(/[A-Za-z0-9_.-]*[A-Za-z0-9_])*")
    each("target", text, "make ", "make [a-z][a-z0-9-]*([.][0-9]+)?")
    each("variable", text, "", "(PORT|TARGETS|SERVER|UPPER|CLIENT|CONNECT|BUSY|CC|CFLAGS)=")
    each("selector", text, "SELECTOR=", "SELECTOR=[a-z]+")
    each("function", text, "", "(selector|socket|program|deadline)_[a-z_]+")
    each("option", text, "", "0[1-4]_[a-z_]+/[a-z]+ -[a-zA-Z]")
}

function each(kind, text, before, pattern,    name)
{
    while (match(text, pattern)) {
        name = substr(text, RSTART + length(before), RLENGTH - length(before))
        if (name !~ /\/mine|^nonsense/)
            print FNR "|" kind "|" name
        text = substr(text, RSTART + RLENGTH)
    }
}

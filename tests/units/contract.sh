#!/bin/sh
# contract.sh -- is the list of rules whole, and does it agree with PYTHON.md?
#
# `contract.sh number` numbers the rules anew, after one has come in between.
#
# The rules are numbered from 1 on. Every row that one names is in PYTHON.md;
# every row there is named by a rule, or says why by none. make contract runs
# this, as a part of make test; CONTRACT and ROWS are others to check.

set -u
unset CDPATH
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")" || exit 1
if [ "${1:-}" = number ]; then
    awk 'match($0, /ITEM\([0-9]+/) {
        $0 = substr($0, 1, RSTART + 4) ++rules substr($0, RSTART + RLENGTH)
    }
    { print }' selector/contract.h >selector/numbered &&
        cat selector/numbered >selector/contract.h && rm selector/numbered
    exit
fi
awk '
function complain(what)
{
    print what
    failed = 1
}

FNR == NR && match($0, /ITEM\([0-9]+, "[^"]*"/) {
    split(substr($0, RSTART, RLENGTH), piece, /[(," ]+/)
    if (piece[2] != ++rules)
        complain("rule " piece[2] " stands in place of rule " rules)
    for (i = 3; i in piece && piece[i] != ""; i++)
        named[piece[i]] = named[piece[i]] " " rules
}

FNR != NR && match($0, /^\| [A-Z][0-9]+ \|/) {
    rows++
    row = substr($0, 3, RLENGTH - 4)
    if (row in seen)
        complain("row " row " is there twice")
    seen[row] = 1
    without = /no rule: /
    if (row in named && without)
        complain("row " row " says that it has no rule, but:" named[row])
    if (!(row in named) && !without)
        complain("row " row ": no rule names it, and it does not say why")
}

END {
    for (row in named)
        if (!(row in seen))
            complain("no row " row ", which is named by rule" named[row])
    if (rules == 0 || rows == 0)
        complain("nothing was found")
    print "contract.sh: " rules " rules, " rows " rows"
    exit failed
}' "${CONTRACT:-selector/contract.h}" "${ROWS:-PYTHON.md}"

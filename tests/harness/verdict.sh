# shellcheck shell=sh
# verdict.sh -- what the tests in shell share.
#
#   . tests/harness/verdict.sh
#
# $tmp is a folder that goes when the script does, $out a file in it for what a
# command printed last, $asked (where a script sets it) what that command was.
#
#   check WHAT COMMAND...   that must be true; if not, here is what was printed
#   verdict                 at the end: how many were; status 1 if one was not,
#                           or if nothing was examined

LC_ALL=C
export LC_ALL
script=${0##*/}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/${script%.sh}.XXXXXX") || exit 1
out=$tmp/out
: >"$out"
asked='' passed=0 failed=0
at_end() { :; } # what a script has to do then
trap 'at_end; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

check() {
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$script: $what; ${asked:+$asked }printed:"
        sed 's/^/    /; 30q' "$out"
    fi
}

verdict() {
    echo "$script: $passed passed, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
}

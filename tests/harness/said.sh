# shellcheck shell=sh
# said.sh -- for scripts that check what a command says, and what it leaves.
#
#   . tests/harness/said.sh
#
# With all that verdict.sh has. The command's output is in the file $out, its
# status in $status.

set -u
unset CDPATH
# shellcheck source=tests/harness/verdict.sh
. tests/harness/verdict.sh
status=0

# hear COMMAND...: what it says.
hear() {
    asked="$* has"
    "$@" >"$out" 2>&1 </dev/null
    status=$?
}

# As one long line: where a line was folded does not matter.
says() { tr '\n' ' ' <"$out" | tr -s ' ' | grep -q -e "$1"; }
says_not() { ! says "$1"; }
is() { [ "$status" -eq "$1" ]; }

nap() { sleep 0.05 2>/dev/null || sleep 1; }

# living GREP-ARGUMENTS...: processes with that in their command lines.
# shellcheck disable=SC2009 # not every system has pgrep
living() { ps -A -o pid=,args= | grep "$@" | grep -v grep; }

# until_so COMMAND...: at the most for some ten seconds.
until_so() {
    tries=0
    until "$@" || [ $((tries += 1)) -ge 200 ]; do
        nap
    done
    "$@"
}

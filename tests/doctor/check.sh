#!/bin/sh
# check.sh -- does the doctor notice what is missing, and say what helps?
#
# With a PATH in which one tool after the other is not to be found. make
# doctor-check runs this, as a part of make test; CC and MAKE are the compiler
# and the make.

set -u
unset CDPATH
cd "$(dirname "$0")/../.." >/dev/null || exit 1
. tests/harness/verdict.sh

# A folder with all that is in PATH, from which tools can be taken.
bin=$tmp/bin
hidden=$tmp/hidden
mkdir "$bin" "$hidden"
(IFS=:; for dir in $PATH; do ln -s "$dir"/* "$bin"; done) 2>/dev/null

hide() {
    for tool in "$@"; do
        [ ! -e "$bin/$tool" ] || mv "$bin/$tool" "$hidden"
    done
}

unhide() { mv "$hidden"/* "$bin" 2>/dev/null; }

# The doctor looks there, too.
is_root_s() { [ -e "/usr/sbin/$1" ] || [ -e "/sbin/$1" ]; }

# doctor [ARGUMENTS...]: its status is in $status.
doctor() {
    PATH=$bin sh tests/doctor/doctor.sh "$@" >"$out" 2>&1 </dev/null
    status=$?
}

# helps PACKAGE,...: one of them is in the command, which may have two lines.
helps() {
    sed 's/\\$//' "$out" | tr -d '\n' |
        grep -q -E "install.* ($(echo "$1" | tr , '|'))"
}
says() { grep -q -e "$1" "$out"; }
is() { [ "$status" -eq "$1" ]; }
fits() {
    [ "$(wc -l <"$out")" -le 24 ] &&
        awk 'length > 80 { long = 1 } END { exit long }' "$out"
}

doctor
whole=$status
check "it is one screen" fits
sed '/^Lessons/q' "$out" | grep '^  ' | grep -v -E '^  (ok|--|no) ' >"$tmp/unmarked"
check "every line has its mark" [ ! -s "$tmp/unmarked" ]
while read -r mark name package tools; do
    ! is_root_s "${tools%% *}" || continue
    # shellcheck disable=SC2086 # names
    hide $tools
    doctor
    check "without $tools it is one screen" fits
    check "without $tools" says "^  $mark .*$name"
    check "without $tools it says what helps" helps "$package"
    if [ "$mark" = no ]; then
        check "without $tools lessons 0 to 4 cannot be done" is 1
    else
        check "without $tools the status is as before" is "$whole"
    fi
    case $name in
    compiler) ;;
    Check) doctor need check
        check "it says so to the tests" says 'need Check.*helps: make setup' ;;
    *) doctor need "$name"
        check "it says so to who needs $name" says "no $name.*helps: ." ;;
    esac
    unhide
done <<END
no compiler gcc,cc ${CC:-cc} gcc clang
no Check check pkg-config
no nc netcat,nmap-ncat,openbsd-netcat nc
-- strace strace strace
-- python3 python python3
-- ss iproute,lsof ss lsof
-- man man man
-- lsof lsof lsof
-- valgrind valgrind valgrind
-- pandoc pandoc pandoc
END
hide id pandoc brew
printf '#!/bin/sh\necho 1000\n' >"$bin/id"
chmod +x "$bin/id"
doctor need pandoc
check "who is not root is told to use sudo, or to be root" \
    says "sudo \|as root: \|system's packages"
hide sudo
doctor need pandoc
check "without sudo it is for root" says "as root: \|system's packages"
hide strace
printf '#!/bin/sh\necho "strace: ptrace: Operation not permitted" >&2\nexit 1\n' >"$bin/strace"
chmod +x "$bin/strace"
doctor
check "a strace that may not look is no use" says '^  -- *strace .*not allowed'
check "nor is it in the way" is "$whole"
verdict

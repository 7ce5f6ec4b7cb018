#!/bin/sh
# lessons.sh -- is what LESSONS.md says true?
#
# In front of every fenced block stands an HTML comment that says what it is:
#
#   <!-- FILE -->         stands in that file, word for word and without a gap
#   <!-- diff A B -->     a part, without a gap, of what `diff -u A B` prints
#   <!-- save FILE -->    a program of the reader's, for the sessions after it
#   <!-- run -->          a session, see below; `run on Linux` only there and
#                         with glibc, which words errors in its own way;
#                         `run any 123 456`: these numbers stand for any
#   <!-- not run: WHY --> a session that cannot be carried out everywhere
#   <!-- drawing -->      nothing to check
#
# A session is carried out in a copy of the repository:
#
#   T1$ command           typed at the shell of terminal 1
#   T1> text              typed into the program that runs there
#   T1^C                  the program is interrupted
#   T1| text              what that terminal prints next; "…" is anything,
#                         alone in its line the rest of the output
#   # text                a remark
#   $ command             in a session of one terminal; other lines are output
#
# Servers get port 0; the port in the text then stands for the real one, and a
# number after 127.0.0.1: for whatever port the system chose. ss and lsof in
# terminal 4 look on from outside: they are asked again until they show what the
# text says. Where a tool such as nc is missing, what needs it is skipped.
#
# Checked besides: `$ command` → `output` in tables; the names of files, functions,
# make targets, variables and options; and what text.sh says of the text.
#
# make test runs this. O is where the programs were built, as for make, and
# LESSONS another text to check.

set -u
unset CDPATH
LC_ALL=C
export LC_ALL
unset SELECTOR
# Leaks are the business of other tests, and cannot be looked for under strace.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
# The interpreter itself: a wrapper in front of it may be slow.
interpreter=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null)
PATH=${interpreter:+${interpreter%/*}:}$PATH
root=$(cd "$(dirname "$0")/../.." && pwd)
text=${LESSONS:-$root/LESSONS.md}
parts=$root/tests/lessons
tmp=$(mktemp -d "${TMPDIR:-/tmp}/lessons.XXXXXX") || exit 1
copy=$tmp/copy
known=$tmp/known
passed=0 failed=0
# shellcheck source=/dev/null
. "$parts/session.sh"

cleanup() {
    for n in 1 2 3 4; do
        interrupt $n
    done
    cd / && rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# fail LINE WHERE REASON
fail() {
    failed=$((failed + 1))
    echo "LESSONS.md:$1: $2: $3"
}

# skip REASON
skip() {
    echo "$1" >>"$tmp/skipped"
}

# A line for each reason, however many checks it has kept us from.
tell_skipped() {
    [ ! -f "$tmp/skipped" ] || sort "$tmp/skipped" | uniq -c |
        while read -r count reason; do
            echo "checks skipped: $count, as $reason"
        done
}

# With what was built in place, and over it what was built under $O.
make_copy() {
    mkdir -p "$copy/tests/bench" "$tmp/blocks"
    mkfifo "$tmp/keys.1" "$tmp/keys.2" "$tmp/keys.3" "$tmp/keys.4"
    cd "$root" && cp -Rp 0[1-4]_* common Makefile "$copy" &&
        cp tests/bench/table.awk tests/bench/measured.tsv "$copy/tests/bench"
    [ -z "${O:-}" ] || { cd "$O" && cp -Rp 0[1-4]_* common "$copy"; }
    cd "$copy" || exit 1
    [ -x 04_nonblocking_connect/connect ] && return
    echo "The programs are not built. This builds them: make"
    exit 1
}

# missing FILE: does it need what is not here? The reason is in $why.
missing() {
    for tool in nc ss lsof strace python3 bash; do
        grep -q -E "(^|[ (\`])$tool " "$1" || continue
        command -v $tool >/dev/null && continue
        why=$(sh "$root/tests/doctor/doctor.sh" need $tool)
        return 0
    done
    why="this nc has no -N"
    if grep -q 'nc -N' "$1"; then
        nc -h 2>&1 | grep -q 'NnrS' || return 0
    fi
    why="strace is not allowed to work here"
    if grep -q 'strace ' "$1"; then
        strace -o "$tmp/trace" true 2>/dev/null || return 0
    fi
    why="this is not Linux"
    grep -q -E 'Epoll|/proc/' "$1" && [ "$(uname)" != Linux ]
}

# -- blocks -------------------------------------------------------------------

# check_part PART WHOLE
check_part() {
    differs=$(awk -f "$parts/contains.awk" "$1" "$2") && return
    why="not in $3: $differs"
    return 1
}

check_diff() {
    (cd "$root" && diff -u "$2" "$3") | tail -n +3 >"$tmp/diff"
    check_part "$1" "$tmp/diff" "diff -u $2 $3"
}

check_session() {
    numbers=${2#*any }
    [ "$numbers" != "$2" ] || numbers=
    play "$1" "$numbers"
}

# Why a block cannot be checked here: block KIND ARGUMENTS.
unable() {
    case $2/$3 in
    'run/on Linux'*)
        why="this is not Linux with glibc"
        grep -q GLIBC_ 01_blocking/server || return 0
        missing "$1"
        ;;
    run/*) missing "$1" ;;
    diff/*)
        why="this diff is not GNU's"
        ! diff --version 2>/dev/null | grep -q GNU
        ;;
    *) false ;;
    esac
}

# check BLOCK KIND ARGUMENTS
check() {
    why=
    case $2 in
    run) check_session "$1" "$3" ;;
    save) cp "$1" "$copy/$3" ;;
    diff) check_diff "$1" "${3% *}" "${3#* }" ;;
    drawing | not) ;;
    '') why="no comment before this block says what it is"; false ;;
    *) why="no such file: $2"; [ -f "$root/$2" ] &&
        check_part "$1" "$root/$2" "$2" ;;
    esac
}

check_blocks() {
    awk -v into="$tmp/blocks" -f "$parts/blocks.awk" "$text" >"$tmp/index"
    while IFS='|' read -r number line where kind arguments <&8; do
        block=$tmp/blocks/$number
        if unable "$block" "$kind" "$arguments"; then
            skip "$why"
        elif check "$block" "$kind" "$arguments"; then
            passed=$((passed + 1))
        else
            fail "$line" "$where" "$why"
        fi
    done 8<"$tmp/index"
}

# -- `$ command` → `output` ---------------------------------------------------

check_proofs() {
    : >"$known"
    awk -f "$parts/proofs.awk" "$text" >"$tmp/proofs"
    while IFS= read -r line <&8 && IFS= read -r command <&8 &&
        IFS= read -r expected <&8; do
        printf '%s\n' "$command" >"$tmp/proof"
        if missing "$tmp/proof"; then
            skip "$why"
            continue
        fi
        got=$(sh -c "$command" 2>&1 </dev/null | sed -n '$p')
        if printf '%s\n\001\n' "$got" |
            EXPECTED=$expected KNOWN=$known awk -f "$parts/match.awk"; then
            passed=$((passed + 1))
        else
            fail "$line" "$command" "expected: $expected, got: $got"
        fi
    done 8<"$tmp/proofs"
}

# -- names, and the text --------------------------------------------------------

# exists KIND NAME
exists() {
    case $1 in
    file) # the last: a session makes it, which may have been skipped
        [ -e "$root/$2" ] || [ -f "$root/$2.c" ] || [ -e "$copy/$2" ] ||
            [ -f "$copy/$2.c" ] ||
            grep -q -E "^(T[1-4])?[\$] (sed .*>|cp .* )${2%.c}[.]c\$" "$text"
        ;;
    target)
        case $2 in
        *.*) [ -f "$root/tests/exercises/${2#*-}/about" ] && set -- "$1" "${2%%-*}-%" ;;
        esac
        cat "$root/Makefile" "$root"/tests/*.mk "$root"/tests/*/*.mk |
            grep -q -E "^([^#:=]* )?$2( [^:=]*)?:"
        ;;
    variable)
        grep -q -E "(\\$\(|[ #\"])${2%=}[=)\"]" "$root/Makefile" \
            "$root"/tests/*.mk "$root"/tests/*/*.mk "$root"/tests/harness/*.c
        ;;
    selector) grep -q "name = \"$2\"" "$root"/common/*_selector.c ;;
    function)
        grep -q -E "(^|[^a-z_])$2([^a-z_]|$)" "$root"/common/*.h \
            "$root"/common/*.c
        ;;
    option) "./${2% -*}" -h | grep -q -e "${2##* }" || [ "${2##* }" = -h ] ;;
    esac
}

check_names() {
    awk -f "$parts/names.awk" "$text" | sort -t'|' -k2 -u >"$tmp/list"
    while IFS='|' read -r line kind name <&8; do
        if exists "$kind" "$name"; then
            passed=$((passed + 1))
        else
            fail "$line" "$kind" "$name"
        fi
    done 8<"$tmp/list"
}

check_text() {
    sh "$parts/text.sh" >"$tmp/said"
    sed '$d' "$tmp/said"
    passed=$((passed + $(sed -n '$s/ passed.*//p' "$tmp/said")))
    failed=$((failed + $(sed -n '$s/.* \([0-9]*\) failed/\1/p' "$tmp/said")))
}

# Of the programs of the copy none may be running any more (Linux tells).
check_leftovers() {
    [ -e /proc/self/exe ] || return 0
    # shellcheck disable=SC2012 # readlink of several is not POSIX
    left=$(ls -l /proc/[0-9]*/exe 2>/dev/null | sed -n "s|.* -> $copy/||p")
    if [ -z "$left" ]; then
        passed=$((passed + 1))
    else
        fail 1 "still running when its session is over" "$left"
    fi
}

make_copy
check_blocks
check_leftovers
check_proofs
check_names
check_text
tell_skipped
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]

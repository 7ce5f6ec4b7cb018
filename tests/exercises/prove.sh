#!/bin/sh
# prove.sh -- is an exercise one? prove.sh NUMBER; prove.sh sum NUMBER...
#
# The starter must be red for the reason that tests/exercises/NUMBER/about
# names, our solution green (and in the stage's suite turn exactly those tests
# red that are named there), each typical wrong answer red with its message. No
# check may take five seconds. Everything that a student is shown must be there.
#
# The rule in exercises.mk sets COMPILE, COMMON, LIBS, TRACED, CHECK and SUITES.

set -u
LC_ALL=C
export LC_ALL
room=tests/exercises

# shellcheck source=/dev/null
. tests/harness/about.sh

if [ "$1" = sum ]; then
    shift
    sum_up build/exercises/proof "$@"
    exit
fi

number=$1
about=$room/$number/about
work=build/exercises/proof/$number
passed=0 failed=0
rm -rf "$work" && mkdir -p "$work" || exit 1

fail() {
    failed=$((failed + 1))
    printf 'exercise %s: %s\n' "$number" "$*"
    [ ! -s "$work/output" ] || sed 's/^/    | /' "$work/output"
    : >"$work/output"
}

pass() { passed=$((passed + 1)); }

# -- what a student is shown ---------------------------------------------------

check_texts() {
    for text in title lesson minutes look suite red question hint why; do
        count=$(field "$number" $text | grep -c .)
        wanted=1
        [ $text != hint ] || wanted=3
        if [ "$count" = $wanted ]; then pass; else
            fail "'$text' stands $count times in $about, not $wanted times"
        fi
    done
    title=$(field "$number" title)
    if [ ${#title} -le 50 ]; then pass; else # the column that `make learn` has for it
        fail "the title has ${#title} characters, more than 50: $title"
    fi
    if grep -q "<a id=\"$(field "$number" lesson)\"></a>" LESSONS.md; then pass; else
        fail "LESSONS.md has no place '$(field "$number" lesson)'"
    fi
    comment=$(sed '/\*\//q' "$starter")
    lines=$(printf '%s\n' "$comment" | wc -l)
    if [ "$lines" -le 10 ]; then pass; else
        fail "the first comment of $starter has $lines lines"
    fi
    case $comment in
    *"make ex-$number"*) pass ;;
    *) fail "the first comment of $starter does not say: make ex-$number" ;;
    esac
    if grep -q "^$(cksum <"$starter") $starter\$" $room/starters.sums; then pass; else
        fail "$room/starters.sums has another checksum for $starter (it is: $(cksum <"$starter"))"
    fi
}

# -- programs ------------------------------------------------------------------

# A variant is a stage of its own: $work/VARIANT/server.c and exercises/NAME.c.

# build VARIANT [FLAGS]
build() {
    into=$work/$1/exercises/$name
    # shellcheck disable=SC2086
    $COMPILE ${2:-} "$into.c" $COMMON $LIBS -o "$into" >"$work/output" 2>&1 ||
        { fail "$1 does not compile"; return 1; }
}

# variant NAME DIFF: the starter with that change; if the diff begins with
# "from: solution", our solution with it; if with "of: server.c", the starter
# beside a stage's program with that change.
variant() {
    changed=$work/$1/exercises/$name.c
    from=$starter
    mkdir -p "$work/$1/exercises"
    cp "${starter%/*}"/../*.c "$work/$1"
    if [ -n "${2:-}" ]; then
        ! grep -q '^from: solution$' "$2" || from=$work/solution/exercises/$name.c
        of=$(sed -n 's/^of: *//p;/^--- /q' "$2")
        [ -z "$of" ] || changed=$work/$1/$of
    fi
    cp "$from" "$work/$1/exercises/$name.c" || return 1
    [ -z "${2:-}" ] || patch -s "$changed" <"$2" >"$work/output" 2>&1 ||
        { fail "$2 does not fit"; return 1; }
}

# check VARIANT: plays the check; its output in $work/output.
check() {
    into=$work/$1/exercises/$name
    $CHECK "$number" "$into" "$into.c" >"$work/output" 2>&1
}

expect_red() { # VARIANT TEXT
    if check "$1"; then
        fail "$1 is green"
    elif [ -n "$2" ] && tr '\n' ' ' <"$work/output" | tr -s ' ' | grep -q -F -e "$2"; then
        pass
    else
        fail "$1 is red, but its check does not say: $2"
    fi
}

# What the stage's suite says of our solution. Its patience is cut to three
# seconds, for the sake of the tests that are meant to wait in vain.
check_suite() {
    suite=$(field "$number" suite)
    [ "$suite" != none ] || return 0
    [ "$suite" != green ] || suite=
    stage=${starter%%_*}
    case $number in
    3h.*) as=UPPER ;;
    4.*) as=CONNECT ;;
    *) as=SERVER ;;
    esac
    (
        export "$as=$work/solution/exercises/$name" CK_RUN_SUITE="$stage"
        export O='' WRAPPER='' ALL=1 CK_TIMEOUT_MULTIPLIER=0.15
        for one in $SUITES; do "./$one"; done
    ) >"$work/output" 2>&1
    grep -q 'Checks: [1-9]' "$work/output" ||
        { fail "the stage's suite has not run"; return; }
    red=$(sed -n 's/^RED *//p' "$work/output" | sort -u | tr '\n' ' ')
    wanted=$(echo "$suite" | tr -s ' ' '\n' | sort -u | tr '\n' ' ')
    if [ "${red% }" = "${wanted# }" ] || [ "$red" = "$wanted" ]; then pass; else
        fail "the stage's suite turns '$red' red, not '$wanted'"
    fi
}

check_programs() {
    variant starter && build starter -Werror && expect_red starter "$(field "$number" red)"
    variant solution "$room/$number/solution.diff" && build solution -Werror || return
    # With more patience, which costs whoever is right no time.
    if (CK_TIMEOUT_MULTIPLIER=0.5 && export CK_TIMEOUT_MULTIPLIER && check solution); then
        pass
    else
        fail "our solution is red"
    fi
    check_suite
    wrongs=0
    for diff in "$room/$number"/wrong-*.diff; do
        wrong=${diff##*/} wrong=${wrong%.diff}
        variant "$wrong" "$diff" && build "$wrong" "-O0 -g0" &&
            expect_red "$wrong" "$(sed -n 's/^expect: *//p;/^--- /q' "$diff")"
        wrongs=$((wrongs + 1))
    done
    if [ $wrongs -ge 2 ]; then pass; else fail "there are $wrongs wrong answers, not two"; fi
}

for starter in 0?_*/exercises/"$number"_*.c; do
    [ -f "$starter" ] || fail "there is no starter"
done
name=${starter##*/} name=${name%.c}
: >"$work/output"
check_texts
check_programs
echo "$passed $failed" >"$work/result"
echo "exercise $number: $passed passed, $failed failed"
[ $failed -eq 0 ]

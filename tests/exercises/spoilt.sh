#!/bin/sh
# spoilt.sh -- does prove.sh notice when an exercise does not fit any more?
#
# In a copy of exercise 0.1 one thing after the other is changed as somebody
# could do by hand: the starter, the solution, a wrong answer, a text, the check.
# Each time prove.sh must turn red, and say what is the matter.
#
# Beside what prove.sh needs, the rule in exercises.mk sets COMPILE_CHECK,
# LINK_CHECK, CHECK_LIBS and OBJECTS, the rest of the check.

# copy.sh sets root, room, number, starter, copy; none has a blank but root.
# shellcheck disable=SC2034,SC2086,SC2154

set -u
# shellcheck source=/dev/null
. tests/exercises/copy.sh
about=$room/$number/about
solution=$room/$number/solution.diff
wrong=$room/$number/wrong-other-words.diff
SUITES=
export SUITES

again() {
    fresh
    rm "$room/$number/wrong-length-of-before.diff" # it takes two seconds
}

is_given() { # the starter is changed on purpose
    printf '%s %s\n' "$(cksum <$starter)" "$starter" >$room/starters.sums
}

# red WHAT WORDS: prove.sh must say so.
red() {
    if sh $room/prove.sh $number >said 2>&1; then
        failed=$((failed + 1))
        echo "spoilt.sh: $1, and prove.sh is green"
    elif grep -qF -e "$2" said; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "spoilt.sh: $1, and prove.sh does not say: $2"
        sed 's/^/    /' said
    fi
}

again
if sh $room/prove.sh $number >said 2>&1; then passed=1; else
    failed=1
    echo "spoilt.sh: nothing is changed, and prove.sh is red"
    sed 's/^/    /' said
fi

again
change $starter 's/Outside/Behind/'
red "the starter is changed" "starters.sums has another checksum"

again
patch -s $starter <$solution
is_given
red "the starter is solved" "starter is green"

again
change $starter 's/int server_socket = program/int unused, server_socket = program/'
is_given
red "the starter compiles with a warning" "starter does not compile"

again
change $solution 's/^+\(.*\)Good day/+\1Good night/'
red "the solution gives another reply" "our solution is red"

again
change $solution 's/^-\(.*\)Hello/-\1Bye/'
red "the solution belongs to another starter" "solution.diff does not fit"

again
change $wrong 's/Good Day/Good day/'
red "a wrong answer is right" "wrong-other-words is green"

again
change $about '/^hint: Count/,/^why/{/^why/!d;}'
red "a hint is missing" "'hint' stands 2 times"

again
change $about 's/^lesson: .*/lesson: l0x/'
red "the lesson has another name" "LESSONS.md has no place 'l0x'"

# The check itself, compiled anew.
spoil_check() { # SED
    again
    cp "$root/$room/lesson0.c" lesson0.c && change lesson0.c "$1"
    # shellcheck disable=SC2086
    (cd "$root" && $COMPILE_CHECK -c "$copy/it/lesson0.c" -o "$copy/it/lesson0.o" &&
        $LINK_CHECK "$copy/it/lesson0.o" $OBJECTS $CHECK_LIBS -o "$copy/it/check") ||
        failed=$((failed + 1))
    CHECK=$copy/it/check
}

spoil_check '/must_be(a, /d'
red "the check asks for nothing" "starter is green"

spoil_check 's/letter by letter/word by word/'
red "the check says something else" "its check does not say: Compare the two letter by letter"

spoil_check 's/good_day\[\] = "Good day/good_day[] = "Good evening/'
red "the check wants another reply" "our solution is red"

sum "exercises changed by hand"

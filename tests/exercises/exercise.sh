#!/bin/sh
# exercise.sh -- make learn, ex-N, hint-N, solution-N, again-N.
#
#   exercise.sh learn|sums, exercise.sh ex|hint|solution|again NUMBER,
#   exercise.sh meant PROGRAM...
#
# A starter 0?_*/exercises/NUMBER_NAME.c is edited where it lies. What belongs
# to it is in tests/exercises/NUMBER/:
#
#   about          "field: text" (further lines of a text are indented):
#                  title, lesson (its anchor), minutes, look (the first command
#                  to look with), suite (of the stage: "green", the tests that
#                  the solved exercise is meant to turn red, or "none"), red (a
#                  part of what the starter's check says), question, three
#                  times hint, why (what the solution does)
#   solution.diff  from the starter to our solution
#   wrong-*.diff   from the starter to a typical wrong answer; behind "expect:"
#                  at its top a part of what the check must say ("from:
#                  solution" there: from our solution to that answer; "of:
#                  server.c": the stage's own program was changed)
#
# What is known of the student's answers is in build/exercises, with the
# checksum of the file it was said of: a file that was changed since is open
# again. `make clean` leaves it, because it was not built.

set -u
LC_ALL=C
export LC_ALL
room=tests/exercises
state=build/exercises

shown=0
# shellcheck source=/dev/null
. tests/harness/about.sh

# All of them, in the order of the course: 1.2, then 1h.1 (lesson 1½), then 2.1.
numbers() {
    for about in "$room"/*/about; do
        about=${about%/about}
        say "${about##*/}"
    done | awk -F. '{ print 100 * ($1 + ($1 ~ /h/ ? .5 : 0)) + $2, $0 }' |
        sort -n | sed 's/.* //'
}

# The starter of an exercise, whether it is there or not.
source_of() {
    for file in 0?_*/exercises/"$1"_*.c; do
        [ -f "$file" ] && say "$file" && return
    done
    starter=$(awk -v number="/exercises/$1_" 'index($3, number) { print $3 }' \
        "$room/starters.sums")
    [ -n "$starter" ] && say "$starter"
}

sum_of() { cksum <"$1"; }
pristine_sum() { awk -v file="$1" '$3 == file { print $1, $2 }' "$room/starters.sums"; }

# What is known of NUMBER: solved, red, changed, open or missing.
status_of() {
    file=$(source_of "$1") || return
    [ -f "$file" ] || { say missing && return; }
    sum=$(sum_of "$file")
    known=
    [ ! -f "$state/$1.said" ] || read -r known <"$state/$1.said"
    case $known in
    "solved $sum") say solved ;;
    "red $sum") say red ;;
    *) if [ "$sum" = "$(pristine_sum "$file")" ]; then say open; else say changed; fi ;;
    esac
}

remember() { # NUMBER WORD
    mkdir -p "$state" && say "$2 $(sum_of "$file")" >"$state/$1.said"
}

# Whether a copy of a starter is that starter as it is given now.
is_pristine() { # COPY STARTER
    [ -f "$1" ] && [ "$(sum_of "$1")" = "$(pristine_sum "$2")" ]
}

# Starters as they were, for `again`.
keep_pristine() {
    for one in 0?_*/exercises/*.c; do
        [ -f "$one" ] || continue
        is_pristine "$state/starters/$one" "$one" && continue
        is_pristine "$one" "$one" || continue
        mkdir -p "$state/starters/${one%/*}" && cp "$one" "$state/starters/$one"
    done
}

# Prints the starter as it was: kept, or in the history of git.
pristine() { # FILE
    if is_pristine "$state/starters/$1" "$1"; then
        cat "$state/starters/$1"
        return
    fi
    git rev-list HEAD -- "$1" 2>/dev/null | while read -r commit; do
        sum=$(git show "$commit:$1" 2>/dev/null | cksum)
        [ "$sum" = "$(pristine_sum "$1")" ] && say "$commit" && break
    done | {
        read -r commit && git show "$commit:$1"
    }
}

next_one() {
    for n in $(numbers); do
        [ "$(status_of "$n")" = solved ] || { say "$n" && return; }
    done
    return 1
}

say_next() {
    if n=$(next_one); then
        say "Next: make ex-$n   $(field "$n" title), $(source_of "$n")" | wrapped
    else
        say "That was all of them."
    fi
}

# -- the commands --------------------------------------------------------------

learn() {
    last=
    for n in $(numbers); do
        [ "${n%.*}" = "$last" ] || say "Lesson ${n%.*}" | sed 's/h$/½/'
        last=${n%.*}
        case $(status_of "$n") in
        solved) mark='done' ;;
        red) mark='red: not right yet' ;;
        changed) mark='changed, not checked yet' ;;
        missing) mark="missing: make again-$n" ;;
        *) mark="open, $(field "$n" minutes) minutes" ;;
        esac
        printf '  %-5s %-50s %s\n' "$n" "$(field "$n" title)" "$mark"
    done
    say
    say_next
}

# A header may be blamed for what stands before its #include; a source in
# common/ is not the student's.
say_what_is_not_built() {
    theirs=$(sed -n 's/^\(common\/[^: ]*\.c\):[0-9].*error.*/\1/p' \
        "$state/compiler" | sed 1q)
    if [ -n "$theirs" ]; then
        say "$theirs does not compile, and is no part of the exercise. Was it changed? git diff $theirs"
    elif grep -q '^[^: ]*\.[ch]:[0-9].*error' "$state/compiler"; then
        say "It does not compile. Begin with the first line that says error; a warning can wait."
    elif grep -qi undefined "$state/compiler"; then
        say "It compiles, but the linker does not find a function that it calls (undefined): is its name right, and is it written?"
    else
        say "It compiles, but it was not linked: the last lines say why."
    fi | wrapped
}

ex() { # NUMBER
    program=${file%.c}
    say "Exercise $1: $(field "$1" title)   ($file)"
    mkdir -p "$state"
    ${MAKE:-make} -s --no-print-directory "$program" 2>"$state/compiler"
    built=$?
    cat "$state/compiler" >&2
    if [ $built -ne 0 ]; then
        remember "$1" red
        say_what_is_not_built
        return 1
    fi
    if "$room/check" "$1" "./$program" "$file" >"$state/output" 2>&1; then
        remember "$1" solved
        say
        ! grep -q 'warning:' "$state/compiler" ||
            say "The check finds nothing wrong, but look at the warning above."
        say "Right. A question to answer for yourself: $(field "$1" question)" |
            wrapped
        say "Ours, to compare: make solution-$1"
        say_next
        return
    fi
    remember "$1" red
    wrapped <"$state/output"
    say
    say "  Read:  LESSONS.md#$(field "$1" lesson)"
    say "  Look:  $(field "$1" look)"
    say "  Stuck: make hint-$1"
    [ "$(sum_of "$file")" != "$(pristine_sum "$file")" ] ||
        say "This is the starter as it is given: it begins red."
    return 1
}

hint() { # NUMBER
    next_hint "$1"
    say "Hint $shown of 3: $(field "$1" hint | sed -n "${shown}p")" | wrapped
    [ "$shown" -lt 3 ] || say "(That was the last one. Ours: make solution-$1 FORCE=1)"
}

solution() { # NUMBER
    if [ "$(status_of "$1")" != solved ] && [ "${FORCE:-}" != 1 ]; then
        say "Not yet: $1 is not solved. make hint-$1 helps; FORCE=1 shows it all the same."
        return 1
    fi
    field "$1" why | wrapped
    say
    sed -n '/^--- /,$p' "$room/$1/solution.diff"
}

again() { # NUMBER
    if is_pristine "$file" "$file"; then
        say "$file is the starter."
        return
    fi
    mkdir -p "$state"
    if ! pristine "$file" >"$state/starter" || [ ! -s "$state/starter" ]; then
        say "The starter is neither in build/ nor in the history of git. It is in a fresh copy of the repository."
        return 1
    fi
    if [ ! -f "$file" ]; then
        mkdir -p "${file%/*}" && cp "$state/starter" "$file" &&
            say "$file is there again: the starter."
        return
    fi
    n=1
    while [ -e "$file.$n" ]; do n=$((n + 1)); done
    cp -p "$file" "$file.$n" && cat "$state/starter" >"$file"
    say "$file is the starter again. What was there: $file.$n"
}

# For whoever changes a starter: what $room/starters.sums must be.
sums() {
    for n in $(numbers); do
        one=$(source_of "$n") && say "$(sum_of "$one") $one"
    done
}

# What the stage's tests say of solved exercises, for whoever gives one to them.
meant() { # PROGRAM...
    for program; do
        number=${program##*/} number=${number%%_*}
        case $program in
        *exercises/*_*) suite=$(field "$number" suite) ;;
        *) continue ;;
        esac
        case $suite in
        green) ;;
        none) say "Exercise $number is something else than its stage: make ex-$number checks it." ;;
        *) say "Exercise $number, solved, is meant to turn these red: $suite" | wrapped ;;
        esac
    done
}

command=$1
number=${2:-}
keep_pristine
if [ "$command" = meant ]; then
    shift
    meant "$@"
elif [ "$command" = learn ] || [ "$command" = sums ]; then
    "$command"
elif [ -z "$number" ]; then
    say "Which exercise? make $command-2.1 for example; make learn lists them."
    exit 2
elif file=$(source_of "$number") && [ -f "$room/$number/about" ]; then
    if [ ! -f "$file" ] && [ "$command" != again ]; then
        say "$file is missing: make again-$number"
        exit 1
    fi
    "$command" "$number"
else
    say "There is no exercise $number. These there are: $(numbers | paste -sd ' ' -)" |
        wrapped
    exit 2
fi

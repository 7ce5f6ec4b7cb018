#!/bin/sh
# student.sh -- do make learn, ex, hint, solution and again what they say?
#
# Played with a copy of exercise 0.1, by somebody who goes wrong on the way. What
# was edited must never be lost, and what is said of a file must be true of it.

# copy.sh sets root, room, starter; none has a blank but root.
# shellcheck disable=SC2086,SC2154

set -u
# shellcheck source=/dev/null
. tests/exercises/copy.sh

# The rule of exercises.mk, for one program: the last argument.
fresh
cat >builds <<'END'
for program; do :; done
exec $COMPILE "$program.c" $COMMON $LIBS -o "$program"
END
cat >$room/check <<'END'
exec $CHECK "$@"
END
chmod +x $room/check
MAKE="sh ./builds" FORCE=
export MAKE FORCE

asks() { # COMMAND NUMBER
    asked=$*
    sh $room/exercise.sh "$@" >said 2>&1 </dev/null
    status=$?
}

# hears STATUS WORDS...: so it must end, and say all of that.
hears() {
    wanted=$1 missing=
    shift
    for words; do
        grep -qF -e "$words" said || missing=$words
    done
    if [ $status -eq "$wanted" ] && [ -z "$missing" ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "student.sh: make $asked ends with $status, not $wanted, or does not say: $missing"
    sed 's/^/    /' said
}

# holds WHAT COMMAND...
holds() {
    what=$1
    shift
    if "$@"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "student.sh: after make $asked: $what"
    fi
}

asks learn
hears 0 "open, 5 minutes" "Next: make ex-0.1"
asks ex 0.1
hears 1 'expected "Good day, World\n", got "Hello World\n"' "Stuck: make hint-0.1" \
    "This is the starter as it is given"
asks learn
hears 0 "red: not right yet"

for n in 1 2 3 1; do
    asks hint 0.1
    hears 0 "Hint $n of 3"
done
asks solution 0.1
hears 1 "Not yet: 0.1 is not solved"
holds "the solution is shown" sh -c '! grep -q "Good day, World" said'
FORCE=1 asks solution 0.1
hears 0 '"Good day, World\n", 16'

# A wrong turn, and one that is not checked.
change $starter 's/Hello World.n", 12/Good Day, World\\n", 16/'
asks learn
hears 0 "changed, not checked yet"
asks ex 0.1
hears 1 "Compare the two letter by letter"
holds "it is said to be the starter" sh -c '! grep -q "as it is given" said'
asks again 0.1
hears 0 "is the starter again. What was there: $starter.1"
holds "what was edited is lost" grep -q "Good Day" $starter.1
holds "it is not the starter" cmp -s $starter "$root/$starter"
asks again 0.1
hears 0 "$starter is the starter."
holds "it was kept twice" test ! -e $starter.2

change $starter 's/int server_socket = /int server_socket == /'
asks ex 0.1
hears 1 "It does not compile. Begin with the first line that says error"
asks again 0.1
hears 0 "What was there: $starter.2"
holds "what was kept before is overwritten" grep -q "Good Day" $starter.1

# The right one, and what becomes of it.
change $starter 's/Hello World.n", 12/Good day, World\\n", 16/'
asks ex 0.1
hears 0 "Right. A question to answer for yourself" "That was all of them."
asks learn
hears 0 "done"
asks solution 0.1
hears 0 '"Good day, World\n", 16'
change $starter 's/Before recv/before recv/'
asks learn
hears 0 "changed, not checked yet"

rm $starter
asks learn
hears 0 "missing: make again-0.1"
asks ex 0.1
hears 1 "$starter is missing: make again-0.1"
asks again 0.1
hears 0 "$starter is there again"
holds "it is not the starter" cmp -s $starter "$root/$starter"

asks ex 9.9
hears 2 "There is no exercise 9.9. These there are: 0.1"
asks ex
hears 2 "Which exercise?"

sum "what a student is told"

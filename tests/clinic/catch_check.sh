#!/bin/sh
# catch_check.sh -- is every check judged fairly, good, poor and mischievous?
#
# And is nothing left of any? With a broken_server of its own, so that it is
# known whose the processes are. make catch-check runs this, as a part of make
# test; $O and $CLINIC are where things were built.

cd "$(dirname "$0")/../.." >/dev/null || exit 1
. tests/harness/said.sh
unset LIMIT
# A busy machine takes its time, and whoever is not answered waits to the end.
PATIENCE=${PATIENCE:-4}
export PATIENCE
# What a script leaves behind is known by this.
mark=10000$$

cp "${CLINIC}broken_server" "${CLINIC}guest" "${CLINIC}catch" "$tmp"
broken=$tmp/broken_server

theirs() { living -e "$broken" -e "sleep $mark"; }

# Who is killed takes a moment to be gone.
nobody_lives() { [ -z "$(theirs)" ]; }
nobody_is_left() {
    until_so nobody_lives && return
    theirs >>"$out"
    return 1
}

# judge SECONDS SCRIPT: what is said of it, with so many seconds for each server.
judge() {
    hear "$tmp/catch" -j 32 -l "$1" "$broken" "$2"
    asked="$2 has"
}

# script NAME: it is what stands in stdin.
script() {
    cat >"$tmp/$1"
    chmod +x "$tmp/$1"
}

# -- the list -----------------------------------------------------------------

asked='the list of faults has'
"$broken" 2>&1 | sed -n 's/^  //p' | grep -vx -e none -e keeps-32-kib |
    sort >"$tmp/faults"
"$tmp/catch" -n | sort | diff - "$tmp/faults" >"$out"
check "every fault of broken_server is in it, and no other" [ ! -s "$out" ]
check "and there are many" [ "$(wc -l <"$tmp/faults")" -ge 30 ]

# -- guest ---------------------------------------------------------------------

"$broken" none 0 >"$tmp/port" 2>/dev/null &
server=$!
at_end() { kill "$server" 2>/dev/null; }
has_port() { grep -q 127.0.0.1: "$tmp/port"; }
until_so has_port
port=$(sed -n 's/.*127.0.0.1:\([0-9]*\).*/\1/p' "$tmp/port")

# guest WORD...: to that server, what it says and how it ends.
guest() { hear "$tmp/guest" "$port" "$@"; }

guest come say 'x\n' hear finish end leave
check "is served, and leaves" is 0
guest come say x hear hear
check "nothing comes" says 'guest, at "hear": expected "Hello World.n", got nothing'
check "so it ends" is 1
guest come end
check "the server does not close by itself" says 'expected the server to close'
guest times 3 come say x next hear first hear alone say y hear
check "three, and then one" is 0
guest come run false
check "a command that fails" says 'expected this to succeed with 1 connections'
guest times 1200 come
check "more than the usual number of descriptors" is 0
guest hear
check "nobody is there" says '"hear": nobody is connected, "come" must stand'
guest come dance
check "no such word" says 'it does not know that word.*usage: guest PORT'
check "which is a wrong command" is 2
guest come say
check "nothing behind it" says '"say": something must follow'
guest times come
check "no number" says '"times": a number must follow'
kill "$server"
wait "$server" 2>/dev/null

# -- what the repository has ---------------------------------------------------

judge 60 tests/clinic/reference.sh
caught=$(sed -n 's/^accepts 3 of 3 good servers; catches \([0-9]*\) of.*/\1/p' "$out")
check "accepts all good servers, catches at least 25" [ "${caught:-0}" -ge 25 ]
check "ends well" is 0
check "leaves nobody" nobody_is_left

judge 60 tests/clinic/first.sh
check "accepts all, catches few" says 'accepts 3 of 3 good servers; catches [2-5] of 26'
check "a hint for each that is missed" \
    says 'starves connect and say nothing; another one must be answered'
check "so few are not enough" is 1
check "and it is said how many are" says 'As soon as it catches 18 this command'
check "what is not played is named" says 'Not played.*echo-loses-bytes, takes-a-recv-for-a-message, no-reuseaddr'

# The hints are to be taken at their word. Whoever asks while the server still has
# bytes of the one who left may be answered before it ends; the next is not.
script stops <<'END'
#!/bin/sh
guest $1 come run "kill -STOP $2" send 20000 leave run "kill -CONT $2" &&
    guest $1 times 2 come say x hear
END
judge 10 "$tmp/stops"
check "stops it, and catches" says 'catches dies-of-sigpipe'
check "the other one, too" says 'catches dies-of-epipe'

# -- poor ones ------------------------------------------------------------------

judge 10 true
check "a command is a check too; it accepts all" says 'accepts 3 of 3 good'
check "and catches none" says 'catches 0 of 26'
check "that is told" says 'It says yes to every server, however sick'
check "and not well" is 1

judge 10 false
check "no is counted for nothing" says 'accepts 0 of 3 good servers; catches: not counted'
check "that is told" says 'It says no to every good server, so its no means'
check "the sick are not asked" says_not 'catches starves'
check "and not well" is 1

script fussy <<'END'
#!/bin/sh
[ "$(ps -o args= -p "$2" | grep -c 02_select)" -eq 0 ] || { echo no such; exit 3; }
END
judge 10 "$tmp/fussy"
check "a no to one of the good" says 'accepts 2 of 3 good servers; catches: not'
check "which one, how, and what it printed" \
    says 'Look first at 02_select_loop/server (exit status 3). It has printed: no such'

script hangs <<END
#!/bin/sh
sh -c 'sleep $mark' &
setsid sleep $mark 2>/dev/null &
sleep $mark
END
judge 1 "$tmp/hangs"
check "hangs, and that is told" says 'It does not come to an end with a good server'
check "and for how long" says 'no answer within 1 s'
check "leaves nobody" nobody_is_left

# It is quick with the good, and hangs when there is something to say.
script hesitates <<END
#!/bin/sh
guest \$1 come say x hear || sleep $mark
END
PATIENCE=1 judge 3 "$tmp/hesitates"
check "hangs with some of the sick" says 'accepts 3 of 3 good'
check "and that is no no" says 'waits-for-lines (no answer within 3 s)'
check "and told" says 'With [1-9] of the sick it came to no end, and who hangs'
check "leaves nobody" nobody_is_left

script leaves <<END
#!/bin/sh
guest \$1 times 50 come next run 'exec sleep $mark' &
setsid sleep $mark >/dev/null 2>&1 &
guest \$1 come say x hear
END
PATIENCE=1 judge 10 "$tmp/leaves"
check "leaves processes and connections, is judged" says 'accepts 3 of 3 good'
check "and told" says 'With [0-9]* of the servers it left processes behind'
check "leaves nobody" nobody_is_left

judge 10 "$tmp/absent.sh"
check "a file that is not there" says "there is no file $tmp/absent.sh"
check "is a wrong command" is 2
echo 'exit 0' >"$tmp/mine.py"
judge 10 "$tmp/mine.py"
check "a file that may not be executed" says 'may not be executed.*chmod +x'
check "what could read it" says "SCRIPT=\"python3 $tmp/mine.py\""
judge 10 ''
check "no script: how to use it" says 'usage: make catch SCRIPT=mine.sh'
echo 'exit 0' >"$tmp/mine.sh"
judge 10 "$tmp/mine.sh"
check "a .sh is for sh" says 'accepts 3 of 3 good'
printf '#!/usr/bin/awk -f\nBEGIN { exit ARGV[1] == "" }\n' >"$tmp/read.sh"
judge 10 "$tmp/read.sh"
check "a .sh is for whom its first line names" says 'accepts 3 of 3 good'
(cd "$tmp" && chmod +x mine.sh && "$tmp/catch" "$broken" mine.sh) >"$out" 2>&1
check "a name needs no slash" says './mine.sh: 3 good servers'

script talks <<END
#!/bin/sh
yes 'much ado' | head -c 300000
printf '\033[2Jthe end\n'
exit 1
END
judge 10 "$tmp/talks"
check "prints a lot, only the end is shown" [ "$(wc -c <"$out")" -lt 3000 ]
check "and what a terminal would obey is not" says_not "$(printf '\033')"
check "but told" says '?.2Jthe end'
script babbles <<END
#!/bin/sh
yes "much ado"
END
judge 1 "$tmp/babbles"
check "prints without an end" says 'It does not come to an end'

script unfound <<'END'
#!/bin/sh
no_such_command
END
judge 10 "$tmp/unfound"
check "a command that is not found" says 'Exit status 127 is neither yes nor no'
check "which one" says 'no_such_command'
script forbidden <<'END'
#!/bin/sh
exit 126
END
judge 10 "$tmp/forbidden"
check "what may not be executed" says 'Exit status 126 is neither yes nor no'
script crashes <<'END'
#!/bin/sh
kill -SEGV $$
END
judge 10 "$tmp/crashes"
check "crashes" says 'killed by a signal is neither yes nor no: it has crashed'
check "how" says 'Look first at .*(killed by signal 11'

script partly <<'END'
#!/bin/sh
guest $1 come say x hear || kill -SEGV $$
END
PATIENCE=1 judge 10 "$tmp/partly"
check "crashes with some of the sick: no catch" says 'waits-for-lines (killed by signal 11'
check "and told" says 'it has crashed or not found a command'

# -- nobody listens any more ----------------------------------------------------

# It dies when it prints, in the midst of starting others.
asked='catch with a reader who has gone has'
for lines in 1 4 6 8 10 12; do
    "$tmp/catch" -j 6 "$broken" tests/clinic/first.sh 2>&1 </dev/null | sed "${lines}q" >"$out"
done
check "leaves nobody" nobody_is_left
"$tmp/catch" "$broken" true 2>"$out" </dev/null >&-
check "and ends, with no stdout at all" [ $? -eq 1 ]
check "leaves nobody" nobody_is_left

# -- somebody ends it -----------------------------------------------------------

# The good are accepted at once; the first of the sick takes its time, and so
# does the tenth, when those between have been judged: two are played at a time.
script slow <<END
#!/bin/sh
guest \$1 come say x hear || exit 1
case \$(ps -o args= -p \$2 | sed "s/ [0-9]*\$//") in *starves|*leaks-descriptors) sleep $mark;; esac
END

two_sleep() { [ "$(theirs | grep -c "sleep $mark")" -ge 2 ]; }

# end_by SIGNAL: as soon as the script sleeps twice.
end_by() {
    asked="slow, ended by SIG$1 has"
    "$tmp/catch" -j 2 -l 60 "$broken" "$tmp/slow" >"$out" 2>&1 </dev/null &
    pid=$!
    until_so two_sleep
    kill "-$1" $pid
    wait $pid 2>/dev/null
    status=$?
}

end_by TERM
check "tells what was found" says 'Interrupted; that is what was found until then'
check "what lies behind somebody who takes long, too" \
    says 'misses never-closes'
check "and counts it" says 'accepts 3 of 3 good servers; catches [0-9]* of'
check "and who it was" is 143
check "leaves nobody" nobody_is_left
end_by KILL
check "was killed" is 137
check "leaves nobody" nobody_is_left

verdict

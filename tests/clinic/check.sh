#!/bin/sh
# check.sh -- does the clinic say what is so, and the sick server nothing?
#
# The commands are carried out with a state of their own: what the student has
# cured is not touched. prove.sh has the rest.
# shellcheck disable=SC2016 # what is said to others is not for this shell

set -u
LC_ALL=C
export LC_ALL
unset CASE ANSWER PORT RUN MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
room=tests/clinic
built=${O:-build/}clinic
passed=0 failed=0 group=''
tmp=$(mktemp -d "${TMPDIR:-/tmp}/clinic.XXXXXX") || exit 1
state=$tmp/state
CLINIC_STATE=$state
export CLINIC_STATE
out=$tmp/out

# shellcheck source=/dev/null
. tests/harness/about.sh

cleanup() {
    [ -z "$group" ] || kill -KILL "-$group" 2>/dev/null
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# check WHAT COMMAND...
check() {
    what=$1
    shift
    if "$@"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        say "clinic: $what; the last that was printed:"
        sed 's/^/    | /' "$out"
    fi
}

# ask WORD=VALUE... COMMAND: as make would; its exit status is in $status.
ask() {
    for word; do :; done
    (
        for setting; do
            case $setting in *=*) export "${setting?}" ;; esac
        done
        sh "$room/clinic.sh" "$word"
    ) >"$out" 2>&1 </dev/null
    status=$?
}

# In what was printed, however it was wrapped.
says() { tr -s ' \n' '  ' <"$out" | grep -q -F -e "$1"; }
says_not() { ! says "$1"; }
ends_with() { [ "$status" -eq "$1" ]; }
is() { [ "$1" = "$2" ]; }

cases=$(for about in "$room"/*/about; do
    about=${about%/about}
    say "${about##*/}"
done | sort -n)
others=$(for about in "$room"/no-case/*/about; do
    about=${about%/about}
    say "${about#"$room/"}"
done)
names=$(for n in $cases $others; do field "$n" name; done)

# text CASE NAME: as it is shown, without the brackets around a command.
text() { field "$1" "$2" | tr -d '[]'; }

# -- what is written down ------------------------------------------------------

texts() {
    for text in title name what complaint ours against lesson cure well; do
        check "case $1 has one '$text'" is "$(field "$1" $text | grep -c .)" 1
    done
    check "case $1 has three hints" is "$(field "$1" hint | grep -c .)" 3
    check "case $1 says how it looks" [ -n "$(field "$1" sick)" ]
    check "only the last hint of case $1 has commands" \
        is "$(field "$1" hint | grep -n '`' | cut -d: -f1)" 3
    check "broken_server has the fault of case $1" \
        [ -n "$(sh "$room/clinic.sh" fault "$1")" ]
    check "the lesson of case $1 is there" \
        grep -q "<a id=\"$(field "$1" lesson)\"></a>" LESSONS.md
    field "$1" lines >"$tmp/lines"
    check "case $1 shows lines of ours" [ -s "$tmp/lines" ]
    while read -r file _ text; do
        check "$file has the line of case $1: $text" grep -q -F -e "$text" "$file"
    done <"$tmp/lines"
    whole_commands "$1"
    check "strace is given a moment in case $1" gives_a_moment "$1"
    say "$(field "$1" complaint) $(field "$1" title)" >"$out"
    check "the complaint of case $1 does not name the fault" \
        says_not "$(field "$1" name)"
}

# What a terminal would break in two is in brackets, or in grave accents.
whole_commands() {
    for text in complaint hint against cure $(sed -n 's/^\(against-[^:]*\):.*/\1/p' "$room/$1/about"); do
        field "$1" "$text"
    done | sed -e 's/\[[^]]*\]//g' -e 's/`[^`]*`//g' >"$out"
    check "no command of $1 stands in the open" \
        eval '! grep -e 127.0.0.1 -e /dev/zero -e sport "$out"'
}

# Pasted as one block, a strace in the background has not attached yet when the
# next line is done.
gives_a_moment() {
    sh "$room/clinic.sh" commands "$1" | awk '
        traces && $0 != "sleep 1" { exit found = 1 }
        { traces = /strace.*&$/ }
        END { exit found + 0 }'
}

# commands_are_whole TEXT: each in brackets in it was printed in one line.
commands_are_whole() {
    say "$1" | tr '[' '\n' | sed -n 's/\].*//p' | while IFS= read -r command; do
        grep -q -F -e "$command" "$out" || return
    done
}

diagnosis_without_case() {
    for text in name what against ours well; do
        check "$1 has one '$text'" is "$(field "$1" $text | grep -c .)" 1
    done
    for text in sick others; do
        check "$1 has '$text'" [ -n "$(field "$1" $text)" ]
    done
    check "$1 has commands" [ -n "$(sh "$room/clinic.sh" commands "$1")" ]
    check "broken_server has the fault of $1" [ -n "$(sh "$room/clinic.sh" fault "$1")" ]
    whole_commands "$1"
}

# -- what is judged ------------------------------------------------------------

judgement() {
    for answer in $names; do
        [ "$answer" != "$(field "$1" name)" ] || continue
        ask CASE="$1" ANSWER="$answer" cure
        said=$(text "$1" "against-$answer")
        other=$(grep -l -x "name: $answer" "$room"/*/about "$room"/no-case/*/about)
        other=${other%/about}
        check "case $1 is not $answer" ends_with 1
        check "case $1 says what speaks against $answer" \
            says "Case $1 is something else. ${said:-$(text "${other#"$room/"}" against)}"
        said=$(field "$1" "against-$answer")
        check "case $1 folds no command against $answer" \
            commands_are_whole "${said:-$(field "${other#"$room/"}" against)}"
    done
    for turn in 1 2 3; do
        ask CASE="$1" sick-hint
        check "hint $turn of case $1 folds no command" \
            commands_are_whole "$(field "$1" hint | sed -n "${turn}p")"
    done
    check "wrong answers leave case $1 open" [ ! -e "$state/$1.cured" ]
    ask CASE="$1" ANSWER="$(field "$1" name)" cure
    check "case $1 is $(field "$1" name)" ends_with 0
    check "and that is said" says "Right: $(field "$1" what)."
    check "with the lesson" says "LESSONS.md#$(field "$1" lesson)"
    while read -r file _ text; do
        at=$(grep -n -F -e "$text" "$file" | cut -d: -f1 | sed 1q)
        check "and with line $at of $file" says "$file:$at "
    done <<END
$(field "$1" lines)
END
}

state_tells_no_lies() {
    first=$(say "$cases" | sed -n 1p) second=$(say "$cases" | sed -n 2p)
    rm -rf "$state"
    ask sick-list
    check "nothing is cured at first" says_not "cured: "
    check "the first is next" says "Next: make sick CASE=$first "
    ask CASE="$first" ANSWER="$(field "$first" name)" cure
    ask CASE="$first" ANSWER="$(field "$second" name)" cure
    ask sick-list
    check "a right answer stays right" says "cured: $(field "$first" name)"
    check "the second is next" says "Next: make sick CASE=$second "
    say "$(field "$second" name)" >"$state/$first.cured"
    ask sick-list
    check "what was said of another fault does not count" says_not "cured: "
    for n in $cases; do
        field "$n" name >"$state/$n.cured"
    done
    ask sick
    check "make sick says when all are cured" says "All are cured."
    for turn in 1 2 3 1; do
        ask CASE="$second" sick-hint
        check "hint $turn comes in its turn" says "Hint $turn of 3:"
    done
    ask CASE="$second" PORT=6000 sick-hint
    ask CASE="$second" PORT=6000 sick-hint
    check "a command has the port that is in use" says "127.0.0.1/6000"
    check "and it is said what PID is" says "(PID is the number of its process;"
}

what_is_wrong_is_told() {
    for command in cure sick-hint; do
        ask "$command"
        check "make $command without a case" says "Which case? make $command CASE="
        check "ends with 2" ends_with 2
    done
    for command in sick cure sick-hint; do
        ask CASE=99 "$command"
        check "make $command with a case that is not there" says "These there are: 1 2 3"
        check "ends with 2" ends_with 2
    done
    ask CASE=1 cure
    check "cure without an answer" says "make cure CASE=1 ANSWER=name; make sick-list"
    ask CASE=1 ANSWER=flu cure
    check "an answer that is none" says "There is no diagnosis 'flu'. make sick-list"
    check "ends with 2" ends_with 2
}

# -- what the sick server gives away -------------------------------------------

# Its functions, and those that it calls.
functions() { nm "$1" | sed -n 's/.* [TtU] //p' | sort; }

is_silent() {
    for name in $names; do
        ! grep -a -q -i -e "$name" \
            -e "$(say "$name" | tr '-' '_')" "$1" || return
    done
}
says_no_fault() {
    sh "$room/clinic.sh" fault "$1" >"$tmp/fault"
    ! grep -a -q -i -f "$tmp/fault" "$built/$1/sick"
}

program() {
    check "the program of case $1 has no diagnosis in it" is_silent "$built/$1/sick"
    check "nor the name of its fault" says_no_fault "$1"
    command -v nm >/dev/null || return 0
    check "and its functions are those of a healthy one" \
        is "$(functions "$built/$1/sick")" "$(functions "$built/none/sick")"
}

# A terminal sends SIGINT to all of a process group. What a shell puts into the
# background is in ours, and ignores that signal.
leader='setpgrp; $SIG{INT} = "DEFAULT"; exec @ARGV or exit 127'

# start CASE: as the student does, in a process group of its own.
start() {
    cat >"$tmp/run" <<'END'
echo $$ >"$0.pid.new" && mv "$0.pid.new" "$0.pid"
exec "$@"
END
    rm -f "$tmp/run.pid"
    : >"$out"
    perl -e "$leader" "${MAKE:-make}" -s --no-print-directory sick CASE="$1" \
        PORT=0 O="${O:-}" RUN="sh $tmp/run" >"$out" 2>&1 </dev/null &
    group=$!
    tries=0
    until grep -q '^Listening on' "$out" || [ $tries -ge 6000 ]; do
        tries=$((tries + 1))
        sleep 0.01 2>/dev/null || sleep 1
    done
    pid=$(cat "$tmp/run.pid")
}

running() {
    start "$1"
    check "make sick has the complaint of case $1" \
        says "$(text "$1" complaint | sed 's/5000/0/g')"
    check "and its commands are whole" commands_are_whole "$(field "$1" complaint | sed 's/5000/0/g')"
    check "and how to look at it" says "make watch SERVER=$built/$1/sick"
    check "what is printed has no diagnosis in it" is_silent "$out"
    check "and the number of its process" says "Its process has the number $pid."
    cp "$out" "$tmp/sick.out"
    ask CASE="$1" PORT=0 sick-hint
    ask CASE="$1" PORT=0 sick-hint
    ask CASE="$1" PORT=0 sick-hint
    check "which hints name" says "strace -p $pid"
    check "and need no other word for" says_not "PID"
    cp "$tmp/sick.out" "$out"
    if [ -r "/proc/$pid/environ" ]; then
        cat "/proc/$pid/cmdline" "/proc/$pid/environ" "/proc/$pid/comm" >"$tmp/process"
        check "nor has what the system knows of the process" is_silent "$tmp/process"
    fi
    if [ "${2:-}" = INT ]; then kill -INT "-$group"; else kill "$pid"; fi
    wait "$group"
    group=''
    check "that is not a failure" says_not '***'
    check "nothing is left of its number" [ ! -e "$state/$1-0.pid" ]
    if [ "${2:-}" = INT ]; then
        check "Ctrl-C is its end" says_not "It has ended by itself"
    else
        check "its end is told" says "It has ended by itself, with status 143."
    fi
}

for n in $others; do
    diagnosis_without_case "$n"
done
for n in $cases; do
    texts "$n"
    judgement "$n"
    program "$n"
done
check "no two cases have the same diagnosis" \
    [ -z "$(say "$names" | sort | uniq -d)" ]
state_tells_no_lies
what_is_wrong_is_told
if command -v perl >/dev/null; then
    running "$(say "$cases" | sed -n 4p)"
    running "$(say "$cases" | sed -n 2p)" INT
else
    say "clinic: make sick itself was skipped, there is no perl here"
fi

mkdir -p "$built/proof/words" && echo "$passed $failed" >"$built/proof/words/result"
[ $failed -eq 0 ]

#!/bin/sh
# prove.sh -- do the commands of a case's last hint show what it says?
#
#   prove.sh NUMBER           on the sick server they do, on ours they do not
#   prove.sh NUMBER answers   they do not on the servers of the other cases either,
#                             and what "others" promises is seen there (or the
#                             case says something else against it)
#   prove.sh sum NUMBER...
#
# The commands are taken from the hint as it is shown; only the port, the process
# and the program are others. Nothing of the outcome depends on how quick they
# are, but for a machine that leaves a server no time at all for seconds: so what
# does not come out is tried three times.

set -u
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
room=tests/clinic
built=${O:-build/}clinic

# shellcheck source=/dev/null
. tests/harness/about.sh

if [ "$1" = sum ]; then
    shift
    sum_up "$built/proof" "$@"
    exit
fi

number=$1
what=${2:-}
work=$built/proof/$number$what
passed=0 failed=0 server=''
rm -rf "$work" && mkdir -p "$work" || exit 1
work=$(cd "$work" && pwd)

cleanup() { [ -z "$server" ] || kill -KILL "$server" 2>/dev/null; }
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    printf 'case %s: %s\n' "$number" "$*"
    [ ! -s "$work/output" ] || sed 's/^/    | /' "$work/output"
}

# -- what this machine lacks ---------------------------------------------------

lacks() {
    commands=$(sh "$room/clinic.sh" commands "$number")
    for tool in nc ss strace lsof bash timeout; do
        case " $commands" in
        *[!a-z]$tool\ *) command -v "$tool" >/dev/null || { say "no $tool"; return; } ;;
        esac
    done
    case $commands in
    *'nc -N'*) nc -h 2>&1 </dev/null | grep -q -e '-[a-zA-Z]*N' ||
        { say "no nc that knows -N"; return; } ;;
    esac
    case $commands in
    *strace*)
        sleep 5 >/dev/null &
        sleeper=$! tries=0
        : >"$work/tried"
        strace -p $sleeper >/dev/null 2>"$work/tried" &
        until grep -q . "$work/tried" || [ $tries -ge 300 ]; do
            tries=$((tries + 1))
            nap
        done
        kill $! $sleeper 2>/dev/null
        grep -q attached "$work/tried" || { say "no right to strace -p"; return; } ;;
    esac
    return 1
}

# -- the commands, on a server ---------------------------------------------------

nap() { sleep 0.01 2>/dev/null || sleep 1; }

# start PROGRAM: its port in $port. It has as few descriptors as the sick ones.
start() {
    : >"$work/log"
    # shellcheck disable=SC3045 # every sh here has it
    (ulimit -n 20 && exec "$1" 0) >"$work/log" 2>&1 &
    server=$!
    port='' tries=0
    while [ -z "$port" ] && [ $tries -lt 6000 ]; do
        nap
        tries=$((tries + 1))
        port=$(sed -n 's/^Listening on 127.0.0.1:\([0-9]*\).*/\1/p' "$work/log")
    done
    [ -n "$port" ]
}

# Where something is traced in the background, it is before the next command.
script() { # PROGRAM
    # shellcheck disable=SC2016 # that is for the other shell
    say 'attached() { n=0; until grep -q attached "$0.out" || [ $n -ge 1000 ]; do n=$((n + 1)); sleep 0.01 2>/dev/null || sleep 1; done; }'
    sh "$room/clinic.sh" commands "$number" | while IFS= read -r line; do
        say "$line"
        case $line in *strace*-p*\&) case $line in *'|'*) ;; *) say attached ;; esac ;; esac
    done | sed -e "s/5000/$port/g" -e "s/PID/$server/g" \
        -e "s|build/clinic/[0-9]*/sick|$1|g"
    say wait
}

# carry_out PROGRAM: in $work/output what they print.
carry_out() {
    if ! start "$1"; then
        cp "$work/log" "$work/output"
        return 1
    fi
    script "$1" >"$work/script"
    : >"$work/script.out"
    (cd "$work" && exec timeout 15 sh "$work/script") >"$work/script.out" 2>&1 </dev/null
    state=$(ps -o stat= -p "$server")
    kill -KILL "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=''
    ends_of "$work/script.out" >"$work/output"
    case $state in '' | Z*) ;; *) say "(the server lives)" >>"$work/output" ;; esac
}

# Who spins under strace prints megabytes: a line again and again is one, and of
# many the first and the last will do.
ends_of() {
    uniq "$1" >"$1.once"
    if [ "$(wc -l <"$1.once")" -le 2000 ]; then cat "$1.once"; else
        sed 1000q "$1.once"
        tail -n 1000 "$1.once"
    fi
}

# matches PATTERN: whether the output, read as one record, does; "!": whether it
# does not. An awk that fails has said neither.
matches() {
    { echo; cat "$work/output"; } | PATTERN=${1#!} awk '
        BEGIN { RS = "\001" }
        $0 ~ ENVIRON["PATTERN"] { found = 1 }
        END { exit found ? 10 : 11 }'
    found=$?
    case $found in
    10 | 11) ;;
    *) say "case $number: awk has failed with $found"; exit 1 ;;
    esac
    case $1 in !*) [ $found -eq 11 ] ;; *) [ $found -eq 10 ] ;; esac
}

shows() { # FIELD
    field "$number" "$1" >"$work/patterns"
    while IFS= read -r pattern; do
        matches "$pattern" || return 1
    done <"$work/patterns"
}

shows_symptom() { shows sick; }

is_well() { matches "$(field "$number" well)" && ! shows_symptom; }
is_otherwise() { ! shows_symptom && shows others; }

# prove PROGRAM TEST: the test comes true, of three times once.
prove() {
    for _ in 1 2 3; do
        carry_out "$1" && "$2" && return
    done
    return 1
}

absolute() { case $1 in /*) say "$1" ;; *) say "$PWD/$1" ;; esac; }

if why=$(lacks); then
    say "case $number: skipped, there is $why here"
    [ "$what" = answers ] || echo "0 0" >"$work/result"
    exit 0
fi
if [ "$what" = answers ]; then
    name=$(field "$number" name)
    for about in "$room"/*/about; do
        other=${about%/about} other=${other##*/}
        [ "$other" != "$number" ] || continue
        [ -z "$(field "$other" "against-$name")" ] || continue
        if prove "$(absolute "$built/$other/sick")" is_otherwise; then pass; else
            fail "case $other is not as $name has it in 'against', and has no against-$name"
        fi
    done
else
    if prove "$(absolute "$built/$number/sick")" shows_symptom; then pass; else
        fail "the commands of the last hint do not show it"
    fi
    ours=$(field "$number" ours)
    if prove "$(absolute "${O:-}$ours")" is_well; then pass; else
        fail "they do not show that $ours is well"
    fi
fi
echo "$passed $failed" >"$work/result"
[ $failed -eq 0 ]

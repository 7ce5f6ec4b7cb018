# session.sh -- carries out the sessions of LESSONS.md; part of lessons.sh.
#
# Terminal N (1 to 4) prints to the file $tmp/out.N, of which the first usedN
# bytes have been compared with the text. The process in it is pidN, which reads
# what the descriptor N + 3 writes into the pipe $tmp/keys.N. statusN is the
# exit status of the last one. staysN is set if it runs until somebody ends it.
# Failures leave the reason in $why.
# shellcheck disable=SC2034,SC2154 # variables of lessons.sh, and of eval

pid1='' pid2='' pid3='' pid4=''
patience=500 # times 20 ms or so: how long to wait for what should come at once

nap() {
    sleep 0.01 2>/dev/null || sleep 1
}

# get NAME N: the variable NAMEN, in $value.
get() {
    eval "value=\${$1$2:-}"
}

running() {
    get pid "$1"
    [ -n "$value" ] && kill -0 "$value" 2>/dev/null
}

reap() {
    get pid "$1"
    [ -n "$value" ] || return 0
    wait "$value" 2>/dev/null
    eval "status$1=$? pid$1="
    eval "exec $(($1 + 3))>&-"
}

interrupt() {
    get pid "$1"
    [ -z "$value" ] || kill "$value" 2>/dev/null
    reap "$1"
}

wait_for_end() {
    tries=0
    while running "$1"; do
        tries=$((tries + 1))
        [ $tries -lt $patience ] || { why="T$1 does not end"; return 1; }
        nap
    done
    reap "$1"
}

# What terminal N has printed and nobody has compared.
unread() {
    get used "$1"
    tail -c +$((value + 1)) "$tmp/out.$1"
}

nothing_unread() {
    snapshot "$1"
    rest=$(sed 1q "$tmp/now")
    why="T$1 also prints: $rest"
    [ -z "$rest" ]
}

# -- what a session can say ---------------------------------------------------

# launch N COMMAND
launch() {
    : >"$tmp/out.$1"
    eval "used$1=0 prompted$1= stays$1="
    command=$2
    case $command in
    'make '*) command="make O= ${command#make }" ;;
    *' | '*) ;;
    'bash -c '*) command="exec $command" ;;
    */server* | */functions* | */upper* | */quiet | */client\ * | nc\ *)
        eval "stays$1=yes"
        command="exec env $command"
        ;;
    0[1-4]_*/*) command="exec env $command" ;; # or only the shell would be ended
    esac
    sh -c "$command" <"$tmp/keys.$1" >>"$tmp/out.$1" 2>&1 \
        3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
    eval "pid$1=$!"
    eval "exec $(($1 + 3))>\"\$tmp/keys.$1\""
}

# start N COMMAND: when the one before has ended and has printed nothing more.
start() {
    if [ -f "$tmp/out.$1" ]; then
        wait_for_end "$1" && nothing_unread "$1" || return
    fi
    get status "$1"
    launch "$1" "$(printf '%s\n' "$2" | sed "s/\\\$?/${value:-0}/" |
        KNOWN=$known awk -f "$parts/ports.awk")"
}

# A copy of what is unread, without the end of a line that began with a prompt.
snapshot() {
    unread "$1" >"$tmp/now"
    get prompted "$1"
    [ -n "$value" ] && [ -s "$tmp/now" ] || return 0
    eval "prompted$1="
    [ -z "$(sed 1q "$tmp/now")" ] || return 0
    get used "$1"
    eval "used$1=$((value + 1))"
    unread "$1" >"$tmp/now"
}

# matches N TEXT: 0 yes, 1 no, 2 not enough there yet.
matches() {
    { cat "$tmp/now"; printf '\001\n'; } |
        EXPECTED=$2 KNOWN=$known awk -f "$parts/match.awk"
    found=$?
    case $found in
    0) taken=$(sed 1q "$tmp/now" | wc -c) ;;
    3) taken=$(wc -c <"$tmp/now") ;;
    *) return $found ;;
    esac
    get used "$1"
    eval "used$1=$((value + taken)) prompted$1=${found#0}"
}

# expect N TEXT: waits until it is there.
expect() {
    tries=0
    while :; do
        ended=yes
        running "$1" && ended=
        snapshot "$1"
        matches "$1" "$2"
        case $? in
        0) return 0 ;;
        1) break ;;
        esac
        tries=$((tries + 1))
        if [ -n "$ended" ] || [ $tries -ge $patience ]; then
            break
        fi
        nap
    done
    got=$(sed 1q "$tmp/now")
    why="T$1: expected: $2, got: ${got:-nothing}"
    return 1
}

# The rest of the output, whatever it is.
expect_rest() {
    wait_for_end "$1" || return
    get used "$1"
    eval "used$1=$((value + $(unread "$1" | wc -c)))"
}

# look N COMMAND FILE: until the output is that of FILE. The kernel may need a
# moment for what the others have just done.
look() {
    attempts=0
    until start "$1" "$2" && expect_lines "$1" "$3" && wait_for_end "$1" &&
        nothing_unread "$1"; do
        attempts=$((attempts + 1))
        [ $attempts -lt 50 ] || return 1
        interrupt "$1"
        rm -f "$tmp/out.$1"
        nap
    done
}

expect_lines() {
    while IFS= read -r wanted <&3; do
        expect "$1" "$wanted" || return
    done 3<"$2"
}

# -- a session ----------------------------------------------------------------

# step N LINE
step() {
    rest_of_line=${2#????}
    case $2 in
    '#'*) ;;
    T[1-4]'$ '*) start "$1" "$rest_of_line" ;;
    T[1-4]'> '*)
        printf '%s\n' "$rest_of_line" >&$(($1 + 3))
        ;;
    T[1-4]'^C') interrupt "$1" ;;
    T[1-4]'| …') expect_rest "$1" ;;
    T[1-4]'|') expect "$1" '' ;;
    T[1-4]'| '*) expect "$1" "$rest_of_line" ;;
    *) why="not a line of a session: $2"; false ;;
    esac
}

# The lines after the command of a look, as long as they are its output.
lines_of_look() {
    awk -v from="$1" 'NR > from { if (!/^T4\|/) exit; print substr($0, 5) }' \
        "$tmp/session"
}

steps() {
    line_number=0 skip_to=0
    while IFS= read -r said <&9; do
        line_number=$((line_number + 1))
        [ $line_number -gt $skip_to ] || continue
        n=${said#T}
        n=${n%"${n#?}"}
        case $said in
        'T4$ ss '* | 'T4$ lsof '*)
            lines_of_look $line_number >"$tmp/wanted"
            skip_to=$((line_number + $(wc -l <"$tmp/wanted")))
            look 4 "${said#????}" "$tmp/wanted" || return
            ;;
        *) step "$n" "$said" || return ;;
        esac
    done 9<"$tmp/session"
}

# Who was to end must have ended, and nobody may have printed anything more.
all_said() {
    for n in 1 2 3 4; do
        [ -f "$tmp/out.$n" ] || continue
        get stays "$n"
        [ -n "$value" ] || wait_for_end "$n" || return
        nothing_unread "$n" || return
    done
}

# A session of one terminal, in the notation of several.
normalise() {
    if grep -q '^T1\$ ' "$1"; then
        cat "$1"
    else
        sed -e '/^# /b' -e '/^\$ /s//T1$ /' -e t -e 's/^/T1| /' "$1"
    fi
}

# play FILE NUMBERS: NUMBERS stand for any.
play() {
    rm -f "$tmp"/out.*
    : >"$known"
    for number in $2; do
        echo "$number ?" >>"$known"
    done
    normalise "$1" >"$tmp/session"
    status1='' status2='' status3='' status4=''
    steps && all_said
    played=$?
    reason=$why
    for n in 1 2 3 4; do
        interrupt "$n"
    done
    why=$reason
    return $played
}

#!/bin/sh
# count.sh -- counts instructions and system calls; a part of run.sh.
#
# Counts do not depend on what else the machine does. Everything is run twice,
# for SHORT and for LONG events, and the difference taken, which is free of what
# happens once, at the start and at the end. Kernel instructions are not counted.

# shellcheck disable=SC2154 # what is not set here is set in run.sh

SHORT=1000
LONG=6000

callgrind="valgrind --tool=callgrind --callgrind-out-file=/dev/null"

can_count_instructions() {
    have valgrind ||
        perf stat -e instructions:u true 2>&1 | grep -q '[0-9] *instructions'
}

row() { # SECTION WHAT WHO X UNIT VALUE
    printf '%s\t%s\t%s\t%s\t%s\t%s\t-\t-\t-\n' "$@" >>"$tsv"
}

# -- instructions ---------------------------------------------------------------

instructions_of() { # COMMAND...
    if have valgrind; then
        $callgrind "$@" 2>&1 | awk '/Collected/ { print $4 }'
    else
        perf stat -x, -e instructions:u "$@" 2>&1 |
            awk -F, '/instructions/ { print $1 }'
    fi
}

# The server runs under valgrind, its clients do not.
instructions_of_server() { # PROGRAM IDLE REQUESTS
    "${dir}load" -c 1 -i "$2" -n "$3" "x=$callgrind $1" 2>&1 |
        awk '/Collected/ { print $4 }'
}

# What each needs, and how many more the second one needs.
rows_of_instructions() { # WHAT X EVENTS WHO1 SHORT1 LONG1 WHO2 SHORT2 LONG2
    echo "$3 $5 $6 $8 $9" | awk '{
        a = ($3 - $2) / $1; b = ($5 - $4) / $1
        printf "%.1f %.1f %.1f\n", a, b, b - a }' >"${dir}counts"
    read -r first second more <"${dir}counts"
    rm -f "${dir}counts"
    row instructions "$1" "$4" "$2" instructions "$first"
    row instructions "$1" "$7" "$2" instructions "$second"
    row instructions "$1" "$7" "$2" "more" "$more"
}

count_events() { # IDLE ACTIVE
    progress "counting instructions: $1 idle, $2 active"
    rows_of_instructions "idle descriptors, $2 active: one event" \
        "$1" $((($2) * (LONG - SHORT))) \
        "by hand" "$(instructions_of "${dir}bench" count epoll "by hand" "$1" "$2" $SHORT)" \
        "$(instructions_of "${dir}bench" count epoll "by hand" "$1" "$2" $LONG)" \
        selector "$(instructions_of "${dir}bench" count epoll selector "$1" "$2" $SHORT)" \
        "$(instructions_of "${dir}bench" count epoll selector "$1" "$2" $LONG)"
}

count_requests() { # IDLE
    progress "counting instructions: requests beside $1 idle connections"
    rows_of_instructions "idle connections: one request" \
        "$1" $((LONG - SHORT)) \
        "by hand" "$(instructions_of_server "$program_by_hand" "$1" $SHORT)" \
        "$(instructions_of_server "$program_by_hand" "$1" $LONG)" \
        "stage 03" "$(instructions_of_server "$program_03" "$1" $SHORT)" \
        "$(instructions_of_server "$program_03" "$1" $LONG)"
}

# -- system calls ---------------------------------------------------------------

# From two tables of strace -c: one row for each call that is made per event.
rows_of_calls() { # WHAT WHO
    awk -v events=$((LONG - SHORT)) '
        $4 !~ /^[0-9]+$/ || $NF == "total" { next }
        FNR == NR { short[$NF] = $4; next }
        $4 > short[$NF] { printf "%s %.3g\n", $NF, ($4 - short[$NF]) / events }
    ' "${dir}short" "${dir}long" | sort | while read -r call n; do
        row syscalls "$1" "$2" 1 "$call" "$n"
    done
    rm -f "${dir}short" "${dir}long"
}

count_event_calls() { # WHO
    progress "counting system calls: events, $1"
    strace -c -o "${dir}short" "${dir}bench" count epoll "$1" 500 1 $SHORT
    strace -c -o "${dir}long" "${dir}bench" count epoll "$1" 500 1 $LONG
    rows_of_calls event "$1"
}

count_server_calls() { # WHAT WHO PROGRAM [OPTION]
    progress "counting system calls: ${1}s, $2"
    "${dir}load" -c 1 ${4+"$4"} -n $SHORT "x=strace -c $3 2>${dir}short"
    "${dir}load" -c 1 ${4+"$4"} -n $LONG "x=strace -c $3 2>${dir}long"
    rows_of_calls "$1" "$2"
}

# The row of 0 is there to be seen: there is no other.
count_unchanged_calls() {
    strace -c -o "${dir}short" "${dir}bench" unchanged $SHORT
    strace -c -o "${dir}long" "${dir}bench" unchanged $LONG
    rows_of_calls "modify to the same events" selector
    row syscalls "modify to the same events" selector 1 "any other" 0
}

count_all_calls() {
    count_event_calls "by hand"
    count_event_calls selector
    count_server_calls request "by hand" "$program_by_hand"
    count_server_calls request "stage 03" "$program_03"
    count_server_calls connection "by hand" "$program_by_hand" -k
    count_server_calls connection "stage 03" "$program_03" -k
    count_unchanged_calls
}

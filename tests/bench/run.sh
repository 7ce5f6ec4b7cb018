#!/bin/sh
# run.sh -- runs the whole benchmark: make bench, make bench-quick.
#
#   run.sh [-q] DIRECTORY/
#
# DIRECTORY/ holds the programs and gets the results: bench.tsv, everything that
# was measured, and bench.svg, the picture. Tables and plots appear on the terminal
# as they are ready. What needs a tool or a library that is not here is left out,
# and named in the end. The exit status is 1 if a program of the benchmark failed,
# which it does when an answer was wrong; to be slow is not wrong. measured.tsv
# beside this file is a copy of what one run left in DIRECTORY/, for LESSONS.md to
# show; make pictures draws measured.svg from it.
set -u
LC_ALL=C
export LC_ALL

quick=
if [ "${1-}" = -q ]; then
    quick=-q
    shift
fi
dir=$1
here=tests/bench
tsv=${dir}bench.tsv
failed=0
missing=

have() { command -v "$1" >/dev/null 2>&1; }

miss() { missing="$missing
  $*"; }

progress() { # WHAT: over itself; nothing wipes it out
    if [ -t 2 ]; then printf '\r\033[K%s' "$*" >&2; fi
}

# shellcheck source=tests/bench/count.sh
. "$here/count.sh"

machine() {
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)
    [ -n "$cpu" ] || cpu=$(sysctl -n machdep.cpu.brand_string 2>/dev/null)
    [ -n "$cpu" ] || cpu=$(sysctl -n hw.model 2>/dev/null)
    if grep -q '^flags.* hypervisor' /proc/cpuinfo 2>/dev/null; then
        cpu="$cpu (virtual machine)"
    fi
    echo "$(getconf _NPROCESSORS_ONLN) x ${cpu:-$(uname -m)}," \
        "$(uname -s) $(uname -r | cut -d. -f1,2)," \
        "$(${CC:-cc} --version 2>/dev/null | head -1), ${CFLAGS-}," \
        "$(date +%Y-%m-%d)"
}

# Runs COMMAND; its rows go to the file, with the name of the section in front.
section() { # NAME COMMAND...
    name=$1
    shift
    if ! "$@" >"${dir}rows"; then
        failed=1
        echo "run.sh: this failed: $*" >&2
    fi
    sed "s/^/$name	/" "${dir}rows" >>"$tsv"
    rm -f "${dir}rows"
}

table() { # NAME TITLE [MODE]
    progress ""
    printf '\n== %s\n' "$2"
    awk -F'\t' -v section="$1" -v mode="${3-rows}" -f $here/table.awk "$tsv"
}

plot() { # NAME LABEL
    awk -F'\t' -v section="$1" -v label="$2" -f $here/plot.awk "$tsv"
}

: >"$tsv" || exit 1
printf 'machine\t%s\n' "$(machine)" | tee -a "$tsv" | cut -f2
echo "Load before the start:$(uptime | sed 's/.*average[s]*://')." \
    "Above 0.2 something else is measured too."

# -- loops ----------------------------------------------------------------------

section idle "${dir}bench" $quick idle
table idle "One event beside N idle descriptors, in microseconds" curve
plot idle "idle descriptors"
section active "${dir}bench" $quick active
table active "N of 1000 descriptors active at once, microseconds per event" curve
section cascade "${dir}bench" $quick cascade
table cascade "Pipe cascade: who gets a byte passes it on"
section register "${dir}bench" $quick calls
table register "Register, modify, unregister"

# -- servers --------------------------------------------------------------------

program_03=${O-}03_selectors_callbacks/server
program_by_hand=${dir}server_by_hand
stage_03="stage 03=$program_03"
stage_02="stage 02=${O-}02_select_loop/server"
upper="upper=${O-}03_selectors_callbacks/upper"
by_hand=
if $program_by_hand -h >/dev/null 2>&1; then
    by_hand="by hand=$program_by_hand"
else
    miss "epoll: no server by hand to compare with"
fi
python=
if have python3; then
    python="Python=python3 $here/server.py"
else
    miss "python3"
fi

# The one by hand comes first: it is the reference. Stage 02 sits out where there
# are more descriptors than select() can watch.
# shellcheck disable=SC2317 # section calls it
load() { # OPTION...
    "${dir}load" "$@" ${by_hand:+"$by_hand"} ${stage_02:+"$stage_02"} \
        "$stage_03" ${python:+"$python"}
}

if [ -n "$quick" ]; then
    clients="1 50"
    idle=500
    set -- -r 3 -m 30
else
    clients="1 50 900"
    idle=9000
    set -- -r 21 -m 60
fi
for n in $clients; do
    section server load "$@" -c "$n"
done
section server load -k -c 50 -r 5
stage_02=
section server load "$@" -c 50 -i $idle
section server "${dir}load" -r 0 -i $idle -e "HELLO WORLD" "$upper"
table server "The server; every reply was compared"

section connects "${dir}connects" $quick
table connects "Stage 04: peers that answer after a second, or never"

# -- counts ---------------------------------------------------------------------

if [ -n "$quick" ]; then
    miss "counts of instructions and system calls: they are in make bench"
elif [ -z "$by_hand" ]; then
    miss "counts of instructions and system calls: they need epoll"
else
    if can_count_instructions; then
        count_events 500 1
        count_events 5000 1
        count_events 500 100
        count_events 5000 100
    else
        miss "valgrind or perf, to count instructions"
    fi
    if have valgrind; then
        count_requests 0
        count_requests 9000
    else
        miss "valgrind, to count the instructions of a request"
    fi
    table instructions "Instructions of the program itself"
    if have strace; then
        count_all_calls
        table syscalls "System calls, counted by strace"
    else
        miss "strace, to count system calls"
    fi
fi

# -- the end --------------------------------------------------------------------

progress ""
[ -n "$quick" ] || awk -F'\t' -f $here/targets.awk "$tsv"
awk -f tests/harness/svg.awk -f $here/curves.awk "$tsv" >"${dir}bench.svg" &&
    printf '\nThe picture: %s\n' "${dir}bench.svg"
echo "All figures: $tsv"
[ -z "$missing" ] || echo "Left out, because not here:$missing"
exit $failed

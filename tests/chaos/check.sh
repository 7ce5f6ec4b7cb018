#!/bin/sh
# check.sh -- what chaos says to whoever names something wrong, or ends it.
#
# make chaos begins with this; $O and $CHAOS are where things were built.

cd "$(dirname "$0")/../.." >/dev/null || exit 1
. tests/harness/said.sh
unset SERVER UPPER CLIENT CONNECT BUSY RATES
EMULATED=$CHAOS
export EMULATED
case $CHAOS in /*) ;; *) CHAOS=./$CHAOS ;; esac

cp "${O}02_select_loop/server" "$tmp/mine"
nobody_lives() { [ -z "$(living -e "$tmp/mine")" ]; }

chaos() { "${CHAOS}chaos_run" -l "${CHAOS}chaos.so" "$@"; }

# with COMMAND ARGUMENTS...: chaos with that as SERVER=.
with() {
    SERVER=$1
    export SERVER
    shift
    hear chaos "$@"
    asked="chaos with SERVER=$SERVER $* has"
    unset SERVER
}

# -- a wrong name ----------------------------------------------------------------

with "$tmp/absent"
check "no such file" says "there is no file $tmp/absent"
check "it is a wrong command" is 2
with "sh mine.sh"
check "no single program" says 'must be a file that was compiled'
with "$tmp/mine -x" 02
check "nor one with arguments" says 'must be a file that was compiled'
with "$tmp/mine" 04
check "another stage's program" says 'chaos-04 has no such program.*04 CONNECT='
hear chaos nonsense
check "none of ours" says 'no program "nonsense".*01_blocking/server'
check "which there are" says '04_nonblocking_connect/busy'
hear chaos -s 1,x
check "no seeds" says 'seeds cannot be "1,x"'
check "what they can be" says 'SEEDS=1-200 or 1,5,9-12'

# -- one's own -------------------------------------------------------------------

with "$tmp/mine" -s 1-2 02
check "it is examined" says "ok $tmp/mine seeds 1-2: .* short reads"
check "and nothing else" says '2 passed, 0 failed'
check "it says how long it takes" says '2 runs, [0-9]* at a time: about [0-9]* s'

printf '#!/bin/sh\necho 127.0.0.1:1\nexec sleep 100\n' >"$tmp/deaf"
chmod +x "$tmp/deaf"
with "$tmp/deaf" -j 1 -s 1-20 02
check "it stops after three failures" says '(3 of 20 seeds; ALL=1 goes on'
check "and counts them" says '0 passed, 3 failed'
check "how to see one again" says "make chaos-02 SERVER=$tmp/deaf SEED=1"
check "it is red" is 1
with "$tmp/deaf" -a -j 1 -s 1-5 02
check "or goes on" says '0 passed, 5 failed'

# -- somebody ends it --------------------------------------------------------------

one_runs() { ! nobody_lives; }

asked='chaos, ended by SIGINT has'
SERVER=$tmp/mine "${CHAOS}chaos_run" -l "${CHAOS}chaos.so" -j 1 -s 1-300 02 \
    >"$out" 2>&1 </dev/null &
pid=$!
until_so one_runs
kill -INT $pid
wait $pid
status=$?
check "what is not played is counted" says 'interrupted; not finished: [1-9][0-9]* runs'
check "nothing has failed" says ' 0 failed'
check "it says by what" is 130
check "nobody is left" until_so nobody_lives

verdict

#!/bin/sh
# check.sh -- what torture says to whoever names something wrong, or ends it.
#
# make torture-check runs this, as a part of make test; $O and $TORTURE are where
# things were built.

cd "$(dirname "$0")/../.." >/dev/null || exit 1
. tests/harness/said.sh
unset SERVER UPPER

# A server of our own, so that it is known whose it is; and no file is in the
# way of the others.
cp "${O}02_select_loop/server" "$tmp/mine"
case $TORTURE in /*) ;; *) TORTURE=$PWD/$TORTURE ;; esac
torture=${TORTURE}torture
alone=$tmp/folder
mkdir "$alone" && cd "$alone" || exit 1

nobody_lives() { [ -z "$(living -e "$tmp/mine")" ]; }

# -- a wrong name --------------------------------------------------------------

# with COMMAND: torture with that as SERVER=.
with() {
    SERVER=$1
    export SERVER
    hear "$torture" -r 'second client'
    unset SERVER
    asked="torture with SERVER=$1 has"
}

with "$tmp/absent"
check "no such file" says "there is no file $tmp/absent"
check "what a name looks like" says 'for example SERVER=02_select_loop/mine'
check "it is a wrong command" is 2
with 02_select_loop/absent
check "a program of a stage" says 'nor a 02_select_loop/absent.c to build it'
with "$tmp"
check "a folder" says 'is a folder'
echo 'int main' >mine.c
with ./mine.c
check "a source" says 'is the source. Name the program.*SERVER=./mine$\|SERVER=./mine '
echo 'import socket' >mine.py
with ./mine.py
check "no right to execute it" says 'chmod +x ./mine.py'
check "or what reads it" says 'SERVER="python3 ./mine.py"'
with mine.py
check "no slash" says 'SERVER=./mine.py'
with no-such-command
check "no command" says 'there is no command and no file no-such-command'
with 'echo I am no server'
check "no port" says 'expected a line with 127.0.0.1:PORT.*got "I am no server 0'
check "what it must do" says 'must keep this contract'
with "$tmp/mine"
check "a right one" says 'second client, first idle ok.*1 passed, 0 failed'
check "it is done" is 0

# -- rows ----------------------------------------------------------------------

asked='rows has'
hear "$torture" -r 'no such row' 02
check "no such row" says 'no case is called "no such row"'
check "which there are" says 'a client that never reads 200 silent'
check "it is a wrong command" is 2
SERVER=$tmp/mine hear "$torture" -r 'NEVER reads'
check "a part of a name is enough" says 'never reads ok.*1 passed, 0 failed'
check "it says how long it takes" says '1 case, [0-9]* at a time: about 2 seconds'
hear "$torture" 04
check "no such stage" says 'no servers of stage 04; 01, 02 and 03 have some'

# -- somebody ends it ------------------------------------------------------------

first_row_is_there() { says 'nobody comes *ok'; }

asked='torture, ended by SIGINT has'
SERVER=$tmp/mine "$torture" -j 1 >"$out" 2>&1 </dev/null &
pid=$!
until_so first_row_is_there
kill -INT $pid
wait $pid
status=$?
check "what was found is shown" first_row_is_there
check "and the rest counted" says 'interrupted; not played: [1-9][0-9]* of'
check "nothing has failed" says ', 0 failed'
check "it says by what" is 130
check "nobody is left" until_so nobody_lives

verdict

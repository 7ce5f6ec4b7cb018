#!/bin/sh
# commands.sh -- what make says and does, for those who type it.
#
# In a copy of the sources in which nothing is built: a reader's program beside a
# stage may be broken here, and nobody's files are in danger. make commands runs
# this, as a part of make test. $MAKE is the make to examine.
# shellcheck disable=SC2016 # what is said to others is not for this shell

set -u
unset CDPATH
make=${MAKE:-make}
# What was said to the make above us is not for the one that is examined.
unset MAKE MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES O V PORT SELECTOR STAGE
unset SERVER UPPER CLIENT CONNECT BUSY TOLD_EMPTY RUN WRAPPER CK_RUN_SUITE CK_RUN_CASE
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/harness/verdict.sh"
copy=$tmp/copy
group=''

at_end() {
    [ -z "$group" ] || kill -KILL "-$group" 2>/dev/null
    cd /
}

nap() {
    sleep 0.01 2>/dev/null || sleep 1
}

# ask FOLDER ARGUMENTS...: make with these in that folder; its exit status is in
# $status. What a check finds wrong is said with what was asked.
ask() {
    folder=$1
    shift
    asked="make $* in $folder"
    (cd "$copy/$folder" && "$make" CFLAGS=-O0 "$@") >"$out" 2>&1 </dev/null
    status=$?
}

says() { grep -qE -e "$1" "$out"; }
says_not() { ! says "$1"; }
succeeds() { [ $status -eq 0 ]; }
fails() { [ $status -ne 0 ] && says '\*\*\*'; }
is_once() { [ "$(grep -c -e "$1" "$out")" -eq 1 ]; }
exists() { [ -e "$copy/$1" ]; }

make_copy() {
    mkdir "$copy" && cd "$root" &&
        cp -Rp 0[1-4]_* common tests Makefile "$copy" && cd "$copy" || exit 1
    find 0*/exercises -type f ! -name '*.c' -exec rm -f {} +
    find . -type f \( -name '*.[od]' -o -perm -100 ! -name '*.*' \) \
        -exec rm -f {} +
    find 0*/exercises -type f ! -name '*.c' -exec rm -f {} +
    rm -f 0*/mine.c
    find . -type f | sort >"$tmp/sources"
}

# -- what is printed ----------------------------------------------------------

short_lines() {
    ask . V=1
    check "V=1 shows the commands" says '-Wall.*-c 02_select_loop/server.c -o'
    check "and no short lines" says_not '^CC '
    rm 02_select_loop/server 02_select_loop/server.o
    ask .
    check "a line says what is compiled" says '^CC 02_select_loop/server.o$'
    check "a line says what is linked" says '^LD 02_select_loop/server$'
    check "the command itself is not shown" says_not '-Wall|-o '
    rm 02_select_loop/server 02_select_loop/server.o
    ask . -s
    check "make -s says nothing" says_not .
    ask . -j2 tests/programs/test_servers
    check "nor are those of the tests" says_not '-Wall|-o '
}

# -- Ctrl-C -------------------------------------------------------------------

# A terminal sends SIGINT to all of a process group. What a shell puts into the
# background is in ours, and ignores that signal.
leader='setpgrp; $SIG{INT} = "DEFAULT"; exec @ARGV or exit 127'

# start FOLDER TARGET: until the server listens, at the most for ten seconds.
start() {
    asked="make $2 in $1, ended by Ctrl-C"
    : >"$out"
    (cd "$copy/$1" && exec perl -e "$leader" "$make" "$2" PORT=0) >"$out" 2>&1 &
    group=$!
    tries=0
    until says '^ *Listening on' || [ $tries -eq 500 ]; do
        tries=$((tries + 1))
        nap
    done
}

interrupt() {
    kill -INT "-$group"
    tries=0
    while kill -0 "-$group" 2>/dev/null && [ $tries -lt 500 ]; do
        tries=$((tries + 1))
        nap
    done
    kill -KILL "-$group" 2>/dev/null && alive=yes || alive=
    wait
    group=
}

ends_well() { # FOLDER TARGET
    start "$1" "$2"
    check "the server runs" says '^ *Listening on'
    interrupt
    check "Ctrl-C is no error" says_not '\*\*\*'
    check "nobody is left" [ -z "$alive" ]
}

runs() {
    if ! command -v perl >/dev/null; then
        echo "checks of Ctrl-C skipped: there is no perl here"
        return
    fi
    ends_well . run-02
    check "the program is named" says '^\./02_select_loop/server 0$'
    ends_well 02_select_loop run
    ends_well . watch-02
    ends_well 02_select_loop watch
    start . run-01
    port=$(sed -n 's/^Listening on 127.0.0.1:\([0-9]*\).*/\1/p' "$out")
    mv "$out" "$out.01"
    ask . run-02 "PORT=${port:-none}"
    check "a port that is taken is an error" fails
    check "and said to be" says 'Address already in use'
    interrupt
}

bad_ports() {
    ask . run-02 PORT=nonsense
    check "a wrong port is an error" fails
    ask 02_select_loop run PORT=nonsense
    check "a wrong port is an error in the folder too" fails
}

# -- a stage's own folder -----------------------------------------------------

folder() {
    ask 01_blocking test CK_RUN_CASE='01 server'
    check "make test asks of the stage" says '^100%: Checks: [1-9]'
    check "make has nothing to add" says_not 'make.*:'
    ask 01_blocking test CK_RUN_CASE='02 server'
    check "make test asks of no other stage" says_not 'Checks: [1-9]'
    echo 'exec ./server "$@"' >"$copy/01_blocking/what's mine"
    ask 01_blocking test-01 SERVER="sh 'what'\\''s mine'" CK_RUN_CASE='01 server'
    check "SERVER= is a command as typed there" succeeds
    rm "$copy/01_blocking/what's mine"
    ask 01_blocking test SERVER=false CK_RUN_CASE='01 server'
    check "a SERVER that is none fails" fails
    ask 02_select_loop demo SERVER=./server SVG=mine.svg
    check "make demo shows a stage" says '^02_select_loop/server: a loop around'
    check "SERVER= in its place" says "shown in its place: sh -c 'cd 02_select"
    check "the drawing lies where it was wanted" exists 02_select_loop/mine.svg
    rm -f "$copy/02_select_loop/mine.svg"
    ask . -n test-02 SERVER=
    check "an empty SERVER= is told" says '^SERVER= is empty, so this is about our own'
    check "and once" is_once '= is empty'
    ask 01_blocking help SERVER=
    check "in a folder, too" says '^SERVER= is empty, so this is about our own'
    ask . -n test-02
    check "but not what was not given" says_not 'is empty'
    ask 02_select_loop watch SERVER=false
    check "make watch watches what is given" says 'false.* has ended: exit status 1$'
    ask 04_nonblocking_connect watch CONNECT='echo this is'
    check "make watch is that of connect in 04" says '^ *this is$'
    ask 03_selectors_callbacks watch-upper UPPER=false
    check "there is upper to watch, too" says ' has ended: exit status 1$'
    ask 01_blocking -n torture SERVER=./server
    check "make torture asks of the stage and the program here" \
        says 'torture-01 SERVER=.*cd 01_blocking'
    ask 01_blocking -n chaos SERVER=./server
    check "make chaos too, by the program's name" says "chaos-01 SERVER='01_blocking/server'"
    ask 01_blocking -n catch SCRIPT=./check.sh
    check "a check is found here" says "catch SCRIPT='01_blocking/check.sh'"
    ask 01_blocking help
    check "make help is passed on" says 'make run-02'
    ask 01_blocking clean
    check "make clean removes programs" eval '! exists 01_blocking/server'
    check "of this stage only" exists 02_select_loop/server
    ask 01_blocking
    check "make builds them" exists 01_blocking/functions
}

# -- a program of the reader's ------------------------------------------------

mine() {
    echo 'int main(void) { return broken' >"$copy/02_select_loop/mine.c"
    ask .
    check "a broken mine.c does not stop make" succeeds
    ask . test-02 CK_RUN_CASE='02 server'
    check "nor the tests" succeeds
    ask . -n demo suites lessons torture
    check "nor whatever else" eval 'succeeds && says_not select_loop/mine'
    ask . 02_select_loop/mine
    check "its own target fails" fails
    ask 02_select_loop mine
    check "and in its folder" fails
    ask 02_select_loop
    check "and with all that is there" fails

    cp "$copy/02_select_loop/server.c" "$copy/02_select_loop/mine.c"
    ask 02_select_loop
    check "make builds it in its folder" exists 02_select_loop/mine
    rm "$copy/02_select_loop/mine"
    ask . test-02 SERVER=02_select_loop/mine CK_RUN_CASE='02 server'
    check "it is built before it is tested" exists 02_select_loop/mine
    rm "$copy/02_select_loop/mine"
    ask 02_select_loop test SERVER=./mine CK_RUN_CASE='02 server'
    check "and in its folder" succeeds
}

# -- what it is told, and by whom ---------------------------------------------

surroundings() {
    export STAGE=dev SERVER=false CK_RUN_CASE=none RUN=false SVG="$tmp/no.svg"
    ask . test-01
    mv "$out" "$out.test" && tested=$status
    ask . demo-02
    unset STAGE SERVER CK_RUN_CASE RUN SVG
    check "what the shell has for others is not shown by the demo" says_not 'in its place'
    check "nor drawn" [ ! -e "$tmp/no.svg" ]
    mv "$out.test" "$out" && status=$tested
    check "what the shell has for others changes nothing" succeeds
    check "all that there is is examined" says '^100%: Checks: [1-9]'
    ask . test-01 CK_RUN_CASE=none
    check "a case that is none fails" fails
    ask . test-04 SERVER=02_select_loop/server
    check "a program that the stage does not have fails" fails
    check "and it is said which it has" says 'are: CONNECT= BUSY=$'
    ask . suites STAGE=dev
    check "a stage that is none fails" fails
    ask . CC=
    check "no compiler is an error" fails
    ask . CC=nosuchcc
    check "one that is not there, too" fails
    check "and what helps is said" says 'no nosuchcc here; this helps: .*nosuchcc'
    ask . -R -n
    check "make -R has one" succeeds
    ask . CFLAGS=-O1
    check "with other options all is built again" says '^CC common/sockets.o$'
    ask . CFLAGS=-O1
    check "and with the same ones nothing" says_not '^CC '
    ask . test-01 "O=$tmp/elsewhere" CK_RUN_CASE='01 server'
    check "O= may be anywhere" says '^100%: Checks: [1-9]'
    ask . O=/dev/null/here
    check "where nothing can be written, it says what can be done" \
        eval 'fails && says "it can be built: make O=/"'
    mkdir "$tmp/sun"
    printf '#!/bin/sh\necho SunOS\n' >"$tmp/sun/uname"
    chmod +x "$tmp/sun/uname"
    PATH=$tmp/sun:$PATH
    ask . -n CFLAGS=-O2 V=1
    PATH=${PATH#*:}
    check "Solaris' libraries are linked" says '-lsocket -lnsl -o'
    (cd "$copy" && CDPATH=$copy/tests sh tests/units/contract.sh) >"$out" 2>&1
    check "CDPATH leads nobody astray" says '^contract.sh: [1-9]'
}

# -- the text -----------------------------------------------------------------

# lessons.sh with all that is in PATH but python3.
without_python() {
    mkdir "$tmp/bin"
    (IFS=:; for dir in $PATH; do ln -s "$dir"/* "$tmp/bin"; done) 2>/dev/null
    rm -f "$tmp/bin"/python3*
    for line in 1 2 3; do
        printf '<!-- run -->\n```console\n$ python3 -c "print(%s)"\n%s\n```\n' \
            $line $line
    done >"$tmp/text"
    asked="lessons.sh without python3"
    (cd "$copy" && PATH=$tmp/bin LESSONS=$tmp/text \
        sh tests/lessons/lessons.sh) >"$out" 2>&1
    check "skipped checks are one line" [ "$(grep -c python3 "$out")" -eq 1 ]
    check "which counts them" says 'skipped: 3, as there is no python3 here; this helps'
}

make_copy
short_lines
runs
bad_ports
folder
surroundings
mine
without_python
ask . clean
(cd "$copy" && rm 02_select_loop/mine.c &&
    find . -path ./build/exercises -prune -o -type f -print | sort) |
    diff "$tmp/sources" - >"$out"
check "make clean removes all that was made" says_not .
verdict

#!/bin/sh
# reference.sh PORT PID -- is the server on 127.0.0.1:PORT well?
#
# Exit status 0: it is. Otherwise 1, and a line says what was wrong. A check is
# made like this one: each paragraph is somebody who could come to a server, and
# what must hold for him, or for the others. `guest` is who comes; it knows when
# to stop waiting. PID is the number of the server's process: what it uses is
# seen from outside. make catch SCRIPT=tests/clinic/reference.sh tries it.

port=$1 pid=$2

no() {
    echo "no: $*"
    exit 1
}

# Whatever has happened before: the server lives, and a newcomer is answered.
others_go_on() {
    kill -0 "$pid" || no "the server has ended: $*"
    guest "$port" come say hello hear finish end ||
        no "a newcomer is not served: $*"
}

# The state of a process that has nothing to do is S: it sleeps. That of one that
# asks all the time is R, even while another process has the processor.
# shellcheck disable=SC2016 # it is for the sh that runs it
sleeps='tries=0
while [ $((tries += 1)) -lt 40 ]; do
    case $(ps -o state= -p '$pid') in R*) sleep 0.05;; *) exit 0;; esac
done
exit 1'

descriptors() {
    if [ -d "/proc/$pid/fd" ]; then
        set -- "/proc/$pid/fd"/*
        echo $#
    else
        lsof -p "$pid" | wc -l
    fi
}

kibibytes() { ps -o rss= -p "$pid" || echo 0; }

# -- the answer ----------------------------------------------------------------

others_go_on "the first of all"
guest "$port" times 60 come say hello hear ||
    no "60 come, each must get the same answer"
guest "$port" come say x hear || no "one byte without a newline is a request"
guest "$port" come say '\0' hear || no "a NUL is a byte like any other"
guest "$port" come say 'the last words' finish hear end ||
    no "who has finished sending still wants the answer"
guest "$port" come send 500000 finish end || no "half a megabyte at once"
others_go_on "after half a megabyte"

# -- the others ----------------------------------------------------------------

guest "$port" come come say x hear first say x hear ||
    no "the second client waits for the first, who says nothing"
guest "$port" times 150 come say x hear || no "150 at a time"
guest "$port" flood come say x hear ||
    no "nobody is served while somebody does not read"
guest "$port" come say x hear run "$sleeps" ||
    no "it does not sleep while a client says nothing"
guest "$port" come come say x hear leave first say x hear ||
    no "one has left, and the other is not served any more"
sh -c "$sleeps" || no "it does not sleep when its clients have left"

# -- who ends it badly ---------------------------------------------------------

guest "$port" times 20 come reset || no "resets, at once"
others_go_on "after resets"
guest "$port" times 20 come say x reset || no "resets, after a request"
others_go_on "after resets behind a request"
guest "$port" come run "kill -STOP $pid" send 65536 leave run "kill -CONT $pid" ||
    no "many requests of one who leaves at once"
others_go_on "after one who has left at once"
guest "$port" times 20 come send 200000 hear leave ||
    no "to close while answers come"
others_go_on "after clients who have closed while answers came"

# -- the limits ----------------------------------------------------------------

# It may turn somebody away or let him wait, but when the others have left he
# must know. And the first, who has been there all the time, is served.
guest "$port" times 1060 come say x next run "$sleeps" alone over ||
    no "one of very many is neither served nor turned away"
others_go_on "after very many"
guest "$port" times 1160 come say x next run "$sleeps" first say x hear ||
    no "with more clients than it has descriptors"
others_go_on "after more than it has descriptors"

# -- what it leaves behind -----------------------------------------------------

before=$(descriptors)
guest "$port" times 50 come reset
others_go_on "after more resets"
[ "$(descriptors)" -le "$before" ] || no "descriptors stay open"

guest "$port" times 500 come leave
others_go_on "after 500 more"
before=$(kibibytes)
guest "$port" times 1000 come leave
others_go_on "after 1000 more"
[ "$(kibibytes)" -le $((before + 1024)) ] || no "each client costs memory"

# -- signals -------------------------------------------------------------------

for name in WINCH URG CHLD CONT; do
    kill -$name "$pid"
    others_go_on "after the signal $name"
done

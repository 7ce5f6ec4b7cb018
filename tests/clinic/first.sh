#!/bin/sh
# first.sh PORT PID -- a first check: is the server on 127.0.0.1:PORT well?
#
# Exit status 0: it is. This is a beginning, and many a sick server seems well to
# it: make catch SCRIPT=tests/clinic/first.sh says how many, and how one would
# notice them. Copy it, and make it better. What `guest` can do stands at the top
# of tests/clinic/guest.c; PID is the number of the server's process.

guest "$1" come say 'hello\n' hear finish end || exit 1
guest "$1" come say 'hello again' hear finish end || exit 1

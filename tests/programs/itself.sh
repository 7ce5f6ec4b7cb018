#!/bin/sh
# itself.sh -- who connects to a port that nobody listens on does not meet itself.
#
# The kernel may give a connection the very port that it goes to: then both ends
# are the same, and all seems well. In a network of our own with a single port to
# give it always does so. make itself runs this; O is where the programs are.

set -u
. tests/harness/verdict.sh

# alone COMMAND...: in that network
alone() {
    # shellcheck disable=SC2016
    unshare -n sh -c 'ip link set lo up &&
        echo 40000 40000 >/proc/sys/net/ipv4/ip_local_port_range && exec "$@"' \
        sh "$@"
}

if ! alone true >/dev/null 2>&1; then
    echo "skipped: whom a program meets: no network of its own can be made (root may)"
    exit 0
fi
# is_refused PROGRAM
is_refused() {
    # shellcheck disable=SC2086
    alone "${O:-./}"$1 </dev/null >"$out" 2>&1
    [ $? -eq 1 ] && grep -q 'Connection refused' "$out"
}

for program in "04_nonblocking_connect/connect 127.0.0.1:40000" \
    "04_nonblocking_connect/busy 127.0.0.1:40000" \
    "03_selectors_callbacks/client 40000"; do
    check "$program: expected 'Connection refused' and status 1" \
        is_refused "$program"
done
verdict

#!/bin/sh
# itself.sh -- who connects to a port that nobody listens on does not meet itself.
#
# The kernel may give a connection the very port that it goes to: then both ends
# are the same, and all seems well. In a network of our own with a single port to
# give it always does so. make itself runs this; O is where the programs are.

set -u
LC_ALL=C
export LC_ALL
tmp=$(mktemp "${TMPDIR:-/tmp}/itself.XXXXXX") || exit 1
trap 'rm -f "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0

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
for program in "04_nonblocking_connect/connect 127.0.0.1:40000" \
    "04_nonblocking_connect/busy 127.0.0.1:40000" \
    "03_selectors_callbacks/client 40000"; do
    # shellcheck disable=SC2086
    alone "${O:-./}"$program </dev/null >"$tmp" 2>&1
    status=$?
    if [ $status -eq 1 ] && grep -q 'Connection refused' "$tmp"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "itself.sh: $program: expected 'Connection refused' and status 1, got status $status and"
        sed 's/^/    /' "$tmp"
    fi
done
echo "itself.sh: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]

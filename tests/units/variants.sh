#!/bin/sh
# variants.sh -- do the suites pass where a kernel does it in another way?
#
#   variants.sh FOLDER KERNEL...   emulation/kernels.h has what they are
#
# With the suites in that folder. make variants runs this with all of them, make
# test with two. Only what they differ in is examined: accept(), and kqueue.

set -u
LC_ALL=C
export LC_ALL
unset CK_RUN_SUITE CK_RUN_CASE CK_INCLUDE_TAGS CK_EXCLUDE_TAGS
CK_VERBOSITY=normal
export CK_VERBOSITY
folder=$1
shift
tmp=$(mktemp "${TMPDIR:-/tmp}/variants.XXXXXX") || exit 1
trap 'rm -f "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0

# verdict KERNEL SUITE [VARIABLE=VALUE]
verdict() {
    if env STAND_IN="$1" ${3+"$3"} "$folder/$2" >"$tmp" 2>&1 &&
        grep -q '^100%: Checks: [1-9]' "$tmp"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "variants.sh: $2 as on $1; printed was:"
        sed 's/^/    /; 15q' "$tmp"
    fi
}

for kernel in "$@"; do
    verdict "$kernel" units/test_sockets
    verdict "$kernel" units/test_selector BACKEND=kqueue
    verdict "$kernel" fuzz/test_fuzz BACKEND=kqueue
done
echo "variants.sh: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]

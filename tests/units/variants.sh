#!/bin/sh
# variants.sh -- do the suites pass where a kernel does it in another way?
#
#   variants.sh FOLDER KERNEL...   emulation/kernels.h has what they are
#
# With the suites in that folder. make variants runs this with all of them, make
# test with two. Only what they differ in is examined: accept(), and kqueue.

set -u
unset CK_RUN_SUITE CK_RUN_CASE CK_INCLUDE_TAGS CK_EXCLUDE_TAGS
CK_VERBOSITY=normal
export CK_VERBOSITY
folder=$1
shift
. tests/harness/verdict.sh

# passes KERNEL SUITE [VARIABLE=VALUE]
passes() {
    env STAND_IN="$1" ${3+"$3"} "$folder/$2" >"$out" 2>&1 &&
        grep -q '^100%: Checks: [1-9]' "$out"
}

for kernel in "$@"; do
    check "sockets as on $kernel" passes "$kernel" units/test_sockets
    for suite in units/test_selector fuzz/test_fuzz; do
        check "$suite as on $kernel" passes "$kernel" $suite BACKEND=kqueue
    done
done
verdict

#!/bin/sh
# draw.sh -- shows one stage, and draws what was seen: make pictures.
#
#   draw.sh STAGE FILE.svg      O=build/x/ in the environment as for make; SERVER,
#                               CONNECT and BUSY as for the demo
#
# FILE.svg stays as it is if the demo saw something else than the lesson, unless
# that was somebody's own program, which is to be seen as it is.
set -u
LC_ALL=C
export LC_ALL
stage=$1 to=$2
here=tests/demo
tmp=$(mktemp -d "${TMPDIR:-/tmp}/draw.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

how=conversation
[ "$stage" != 04 ] || how=attempts
demo=${O-}tests/demo/demo
case $demo in /*) ;; *) demo=./$demo ;; esac

"$demo" "$stage" "$tmp/seen"
status=$?
if [ $status -ne 0 ] && [ -z "${SERVER-}${CONNECT-}${BUSY-}" ]; then
    echo "$to was not written."
elif awk -f tests/harness/svg.awk -f $here/$how.awk "$tmp/seen" >"$tmp/svg"; then
    cat "$tmp/svg" >"$to" && printf '\n  As a picture: %s\n' "$to" || status=1
else
    echo "There was nothing to be seen: $to was not written."
    status=1
fi
exit $status

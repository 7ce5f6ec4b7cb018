#!/bin/sh
# alone.sh -- a program of one's own compiles with common/ and nothing else.
#
# With one plain command and not our Makefile; where a standard hides what it
# needs, the compiler must say what to add. What is for other systems compiles
# with headers like theirs, without a warning. make alone runs this, as a part
# of make test. $CC is the compiler.

set -u
unset CDPATH
cd "$(dirname "$0")/../.." || exit 1
. tests/harness/verdict.sh
mine=04_nonblocking_connect/connect.c # as if it were a reader's
warnings='-Wall -Wextra -Wconversion -Wno-unused-parameter'
[ "$(uname)" != SunOS ] || libraries='-lsocket -lnsl' # before 2024

# compile OPTIONS AND FILES...
compile() {
    rm -f "$tmp/mine"
    # shellcheck disable=SC2086 # CC may have options
    ${CC:-cc} -Icommon -o "$tmp/mine" "$@" ${libraries:-} >"$out" 2>&1
}

succeeds() { "$@" >>"$out" 2>&1; }
silent() { compile "$@" && [ ! -s "$out" ]; }
says_what_to_add() {
    compile "$@" || grep -q 'error.*add -D_XOPEN_SOURCE=700' "$out"
}

for standard in -std=gnu11 "-std=c11 -D_XOPEN_SOURCE=700" \
    "-std=c11 -D_POSIX_C_SOURCE=200809L"; do
    # shellcheck disable=SC2086 # these are options
    check "cc $standard" silent $standard "$mine" common/*.c
    check "what was compiled with $standard" succeeds "$tmp/mine" -h
done
for source in "$mine" common/*.c; do
    check "cc -std=c11 $source" says_what_to_add -std=c11 -c "$source"
done
for header in common/*.h; do
    echo "#include \"$header\"" >"$tmp/mine.c"
    check "$header alone" silent -std=gnu11 -I. -c "$tmp/mine.c"
done

# other WHAT FILE OPTIONS...: it compiles for another system.
other() {
    what=$1 source=$2
    shift 2
    # shellcheck disable=SC2086 # these are options
    check "$source, $what" silent $warnings -Itests/units/emulation \
        "$@" -c "$source"
}

for standard in -D_XOPEN_SOURCE=700 -D_POSIX_C_SOURCE=200809L; do
    other "BSD, $standard" common/kqueue_selector.c -std=c11 $standard
    # glibc must be asked in its own words for what __EXTENSIONS__ shows.
    other "Solaris, $standard" common/devpoll_selector.c -std=c11 $standard \
        -D_DEFAULT_SOURCE
    other "Solaris' FD_ZERO(), $standard" 02_select_loop/server.c -std=c11 \
        $standard
done
# Its name is for <sys/event.h> only: others would look for more of NetBSD.
cat >"$tmp/netbsd.c" <<'END'
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#define __NetBSD__
#include "kqueue_selector.c"
END
other "NetBSD's types" "$tmp/netbsd.c" -std=c11
other "Solaris, clang" common/devpoll_selector.c -std=c11 -D_DEFAULT_SOURCE \
    -D__EXTENSIONS__=1
cat >"$tmp/mine.c" <<'END'
#include "selector.h"
#include <string.h>
int main(void) { return strcmp(selector_backend_name(0), "epoll") == 0; }
END
check "an epoll that is not Linux's" silent -U__linux__ -std=gnu11 \
    "$tmp/mine.c" common/*.c
check "an epoll that is not Linux's is used" succeeds "$tmp/mine"
verdict

#!/bin/sh
# alone.sh -- a program of one's own compiles with common/ and nothing else.
#
# With one plain command and not our Makefile; where a standard hides what it
# needs, the compiler must say what to add. make alone runs this, as a part of
# make test. $CC is the compiler.

set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/alone.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0

# check WHAT COMMAND...: that must succeed; if not, here is what was printed.
check() {
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "alone.sh: $what; printed was:"
        sed 's/^/    /; 15q' "$tmp/out"
    fi
}

# compile OPTIONS AND FILES...
compile() {
    # shellcheck disable=SC2086 # CC may have options
    ${CC:-cc} -Icommon -o "$tmp/mine" "$@" >"$tmp/out" 2>&1
}

succeeds() { "$@" >>"$tmp/out" 2>&1; }
silent() { compile "$@" && [ ! -s "$tmp/out" ]; }
says_what_to_add() {
    compile "$@" || grep -q 'error.*add -D_XOPEN_SOURCE=700' "$tmp/out"
}

# A server that is its own client.
cat >"$tmp/mine.c" <<'END'
#include "program.h"

#include <unistd.h>

static void greet(int listener, int events, void *data)
{
    char peer[SOCKET_NAME_SIZE];

    socket_sendall(socket_accept(listener, peer), "hello", 5);
}

static void leave(int client, int events, void *data)
{
    char text[5];

    _exit(socket_recv(client, text, sizeof text) == 5 ? 0 : 1);
}

int main(void)
{
    struct selector *sel = program_selector();
    int listener = socket_listen("127.0.0.1", 0);
    struct addrinfo *addresses;
    const struct addrinfo *address;
    struct selector_key key;
    int mask;

    alarm(60);
    if (socket_resolve("127.0.0.1", socket_port(listener), &addresses) != 0)
        program_fail("resolve");
    address = addresses;
    selector_register(sel, listener, EVENT_READ, greet, NULL);
    selector_register(sel, socket_connect(&address), EVENT_READ, leave, NULL);
    freeaddrinfo(addresses);
    while (selector_select(sel, -1) != -1)
        while (selector_next(sel, &key, &mask))
            key.callback(key.fd, mask, key.data);
    program_fail("select");
}
END
for standard in -std=gnu11 "-std=c11 -D_XOPEN_SOURCE=700" \
    "-std=c11 -D_POSIX_C_SOURCE=200809L"; do
    # shellcheck disable=SC2086 # these are options
    check "cc $standard" silent $standard "$tmp/mine.c" common/*.c
    check "a program compiled with $standard" succeeds "$tmp/mine"
done
for source in "$tmp/mine.c" common/*.c; do
    check "cc -std=c11 ${source#"$tmp/"}" says_what_to_add -std=c11 -c "$source"
done
for header in common/*.h; do
    echo "#include \"$header\"" >"$tmp/mine.c"
    check "$header alone" silent -std=gnu11 -I. -c "$tmp/mine.c"
done
echo "alone.sh: $passed passed, $failed failed"
[ $failed -eq 0 ]

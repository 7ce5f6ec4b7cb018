/* 04_nonblocking_connect/busy.c -- the bad example: asking instead of sleeping.
 *
 * connect() does not wait here either, but the program does, in the worst way:
 * it asks "connected now?" over and over. It learns the result no sooner than
 * connect.c, keeps a processor busy until then, and can do nothing else: a
 * second target has to wait for the first.
 */
#include "deadline.h"
#include "program.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Asks until it is decided or the time is up; 0 or -1 and the reason. */
static int ask(int sock, long long deadline, long *asked)
{
    for (*asked = 1; socket_connect_result(sock) == -1; ++*asked) {
        if (errno != EINPROGRESS)
            return -1;
        if (deadline_left_ms(deadline) == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
    }
    return 0;
}

/* Tries one address after the other until one can be connected. */
static bool connect_to(const char *name, int limit_ms)
{
    struct addrinfo *addresses = program_resolve(name);
    long long deadline = deadline_in(limit_ms);
    const struct addrinfo *address = addresses;
    bool is_connected = false;

    while (!is_connected && address != NULL) {
        int sock = socket_connect(&address);
        long asked = 0;

        is_connected = sock != -1 && ask(sock, deadline, &asked) == 0;
        if (is_connected)
            printf("connected! %s\n", name);
        else
            report("%s", name);
        printf("asked %ld times\n", asked);
        if (sock != -1) {
            close(sock);
            address = address->ai_next;
        }
    }
    if (addresses != NULL)
        freeaddrinfo(addresses);
    return is_connected;
}

int main(int argc, char **argv)
{
    int limit_ms;
    int count;
    char **names = program_targets(argc, argv, &count, &limit_ms);
    int failed = 0;

    for (int i = 0; i < count; i++)
        if (!connect_to(names[i], limit_ms))
            failed++;
    return program_end(failed == 0 ? 0 : 1);
}

/* 1h.1_sleep.c -- exercise 1h.1: sleep instead of asking.
 *
 * A copy of busy.c. Let ask() sleep until it is decided or the time is up, so
 * that the program needs less than 1 % of the processor and still notices the
 * answer within 20 ms. The call that can do it is poll(): man 2 poll. The peer
 * of the check answers after one second: at first its queue is full, then it
 * makes room, and the kernel tries again when that second is over.
 *
 *     make ex-1h.1       checks it
 */
#include "deadline.h"
#include "program.h"
#include "sockets.h"

#include <errno.h>
#include <poll.h>
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
    return failed == 0 ? 0 : 1;
}

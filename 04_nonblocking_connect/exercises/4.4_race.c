/* 4.4_race.c -- exercise 4.4: a race of two addresses (RFC 8305).
 *
 * "4.4_race FIRST SECOND": two addresses of one host. Start the first; start
 * the second when the first has failed, or is not connected after 250 ms. Who
 * is connected first has won: print "connected! " and its name, close the other
 * one, then talk(). Exit status 1 if nobody has won when limit_ms are over.
 *
 *     make ex-4.4        checks it
 */
#include "deadline.h"
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { ATTEMPTS = 2, HEAD_START_MS = 250 };

static struct attempt {
    const char *name;
    const struct addrinfo *address;
    int sock; /* -1: it is not under way */
} attempts[ATTEMPTS];

/* Here: the race. */

/* Prints what the winner says, until it closes: the race is over, so this may
 * block. */
static void talk(int sock)
{
    char text[4096];
    ssize_t received;

    fcntl(sock, F_SETFL, 0);
    while ((received = socket_recv(sock, text, sizeof text)) > 0)
        fwrite(text, 1, (size_t)received, stdout);
    close(sock);
}

int main(int argc, char **argv)
{
    int limit_ms;
    int count;
    char **names = program_targets(argc, argv, &count, &limit_ms);
    int winner = -1; /* its socket */

    if (count != ATTEMPTS) {
        fprintf(stderr, "usage: 4.4_race [-t SECONDS] FIRST SECOND\n");
        return 2;
    }
    for (int i = 0; i < ATTEMPTS; i++)
        attempts[i] = (struct attempt){
            .name = names[i], .address = program_resolve(names[i]), .sock = -1};
    /* Here: run it, for limit_ms. */
    if (winner == -1)
        return 1;
    talk(winner);
    return 0;
}

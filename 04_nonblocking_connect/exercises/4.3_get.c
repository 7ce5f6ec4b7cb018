/* 4.3_get.c -- exercise 4.3: ask many web servers at once.
 *
 * For each target: connect, send "GET / HTTP/1.0\r\n\r\n", and as soon as the
 * first line of the answer is whole, print it behind the target's name
 * ("127.0.0.1:80: HTTP/1.0 200 OK") and close. Nobody waits for anybody. Say on
 * stderr who has not answered, at the latest when limit_ms are over.
 *
 *     make ex-4.3        checks it
 */
#include "deadline.h"
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct target {
    const char *name;
    struct addrinfo *addresses;
    const struct addrinfo *address; /* the one to try */
    bool is_answered;               /* its line is printed */
};

/* Here: start(), connected(), what is called when an answer comes, and the
 * event loop. */

static struct target *new_targets(char **names, int count)
{
    struct target *targets = calloc((size_t)count, sizeof *targets);

    if (targets == NULL)
        program_fail("targets");
    for (int i = 0; i < count; i++) {
        targets[i].name = names[i];
        targets[i].addresses = program_resolve(names[i]);
        targets[i].address = targets[i].addresses;
    }
    return targets;
}

/* Returns how many have not answered. */
static int free_targets(struct target *targets, int count)
{
    int failed = 0;

    for (int i = 0; i < count; i++) {
        failed += !targets[i].is_answered;
        if (targets[i].addresses != NULL)
            freeaddrinfo(targets[i].addresses);
    }
    free(targets);
    return failed;
}

int main(int argc, char **argv)
{
    int limit_ms;
    int count;
    char **names = program_targets(argc, argv, &count, &limit_ms);
    struct target *targets = new_targets(names, count);

    /* Here: start them all, and wait for them. */
    return free_targets(targets, count) == 0 ? 0 : 1;
}

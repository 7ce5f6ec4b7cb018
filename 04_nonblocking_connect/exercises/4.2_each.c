/* 4.2_each.c -- exercise 4.2: a time limit for each target.
 *
 * Stage 04, where "-t SECONDS" now holds for the targets behind it, up to the
 * next one: "-t 60 A -t 0.2 B C". Each target has its limit already, but the
 * loop has one for all, the last one's. Change it: each is given up when its
 * own time is over, counted from its start, and the others are waited for.
 *
 *     make ex-4.2        checks it
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
    int limit_ms; /* its own */
    struct addrinfo *addresses;
    const struct addrinfo *address; /* the one being tried ... */
    char where[SOCKET_NAME_SIZE];   /* ... in words */
    bool is_connected;
};

static struct selector *selector;
static struct target *targets;
static int count;

static selector_callback connected;

/* Tries target->address, and the next ones while they fail at once. */
static void start(struct target *target)
{
    int sock = socket_connect(&target->address);

    if (sock == -1) {
        report("%s", target->name);
        return;
    }
    socket_format(target->address->ai_addr, target->address->ai_addrlen,
                  target->where);
    printf("connecting to %s (%s)\n", target->name, target->where);
    if (selector_register(selector, sock, EVENT_WRITE, connected, target) ==
        -1) {
        report("cannot watch %s, descriptor %d", target->name, sock);
        close(sock);
    }
}

static void connected(int sock, int events, void *data)
{
    struct target *target = data;

    if (socket_connect_result(sock) == 0) {
        target->is_connected = true;
        printf("connected! %s (%s)\n", target->name, target->where);
    } else if (errno == EINPROGRESS) {
        return; /* woken for nothing: not decided yet */
    } else {
        report("%s (%s)", target->name, target->where);
    }
    selector_unregister(selector, sock);
    close(sock);
    target->address = target->address->ai_next;
    if (!target->is_connected && target->address != NULL)
        start(target);
}

/* Until nothing is registered any more, but no longer than limit_ms. */
static void event_loop(int limit_ms)
{
    long long deadline = deadline_in(limit_ms);
    struct selector_key key;
    int ready = 1;
    int mask;

    while (ready > 0 && selector_get_map(selector, NULL, 0) > 0) {
        ready = selector_select(selector, deadline_left_ms(deadline));
        while (selector_next(selector, &key, &mask))
            key.callback(key.fd, mask, key.data);
    }
    if (ready == -1)
        program_fail("select");
}

/* Whoever is still registered has not answered in time. */
static void time_out(void)
{
    struct selector_key key;

    while (selector_get_map(selector, &key, 1) > 0) {
        const struct target *target = key.data;

        errno = ETIMEDOUT;
        report("%s (%s)", target->name, target->where);
        selector_unregister(selector, key.fd);
        close(key.fd);
    }
}

/* "-t SECONDS" is no target, but a limit for those behind it. */
static void read_targets(char **arguments)
{
    int limit_ms = 10000;

    for (; *arguments != NULL; arguments++) {
        struct target *target = &targets[count];

        if (strcmp(*arguments, "-t") == 0 && arguments[1] != NULL) {
            limit_ms = (int)(strtod(*++arguments, NULL) * 1000);
            continue;
        }
        target->name = *arguments;
        target->limit_ms = limit_ms;
        target->addresses = program_resolve(*arguments);
        target->address = target->addresses;
        count++;
    }
}

/* Returns how many were not connected. */
static int free_targets(void)
{
    int failed = 0;

    for (int i = 0; i < count; i++) {
        failed += !targets[i].is_connected;
        if (targets[i].addresses != NULL)
            freeaddrinfo(targets[i].addresses);
    }
    free(targets);
    return failed;
}

int main(int argc, char **argv)
{
    program_start(argv);
    selector = program_selector();
    targets = calloc((size_t)argc, sizeof *targets);
    if (targets == NULL)
        program_fail("targets");
    read_targets(argv + 1);
    for (int i = 0; i < count; i++)
        if (targets[i].address != NULL)
            start(&targets[i]);
    if (count > 0)
        event_loop(targets[count - 1].limit_ms);
    time_out();
    selector_close(selector);
    return free_targets() == 0 ? 0 : 1;
}

/* 04_nonblocking_connect/connect.c -- start now, be told later.
 *
 * connect() takes as long as the network does. A non-blocking one only starts
 * (EINPROGRESS); the socket becomes writable as soon as it is decided. Decided,
 * not connected: SO_ERROR tells. Until then the thread is free, here to start
 * the next one: five hundred take as long as the slowest, not as their sum.
 */
#include "deadline.h"
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct target {
    const char *name;
    struct addrinfo *addresses;
    const struct addrinfo *address; /* the one being tried ... */
    char where[SOCKET_NAME_SIZE];   /* ... in words */
    bool is_connected;
};

static struct selector *selector;

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

/* All names are looked up before anything starts: that blocks, and is no part
 * of the time limit. */
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

/* Returns how many were not connected. */
static int free_targets(struct target *targets, int count)
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
    int limit_ms;
    int count;
    char **names = program_targets(argc, argv, &count, &limit_ms);
    struct target *targets;

    selector = program_selector();
    targets = new_targets(names, count);
    for (int i = 0; i < count; i++)
        if (targets[i].address != NULL)
            start(&targets[i]);
    event_loop(limit_ms);
    time_out();
    selector_close(selector);
    return program_end(free_targets(targets, count) == 0 ? 0 : 1);
}

/* 6.1_alarm.c -- exercise 6.1: timers for an event loop.
 *
 * An alarm clock on stage 03: who says "300" is to hear "Hello World" 300 ms
 * later, once. When that is, is written down already; but selector_select()
 * sleeps until somebody says something, so nobody is ever woken. Change it: it
 * sleeps until the earliest alarm, and for ever if there is none.
 *
 *     make ex-6.1        checks it
 */
#include "deadline.h"
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NEVER = -1, LONGEST_MS = 24 * 3600 * 1000 };

struct client {
    int sock;
    long long alarm; /* a deadline, see deadline.h; or NEVER */
    struct client *next;
};

static struct selector *selector;
static struct client *clients; /* all of them, in no order */

static selector_callback accept_connection, set_alarm;

static void accept_connection(int server_socket, int events, void *data)
{
    char peer[SOCKET_NAME_SIZE];
    int client_socket = socket_accept(server_socket, peer);
    struct client *client;

    if (client_socket == -1) {
        if (errno != EAGAIN) /* EAGAIN: nobody was there after all */
            report("accept");
        return;
    }
    printf("Connection from %s\n", peer);
    client = malloc(sizeof *client);
    if (client == NULL || socket_set_nonblocking(client_socket) == -1 ||
        selector_register(selector, client_socket, EVENT_READ, set_alarm,
                          client) == -1) {
        report("cannot watch %s, descriptor %d", peer, client_socket);
        close(client_socket);
        free(client);
        return;
    }
    *client = (struct client){client_socket, NEVER, clients};
    clients = client;
}

/* Unregistered, closed, off the list, freed. */
static void dismiss(struct client *client)
{
    struct client **link = &clients;

    selector_unregister(selector, client->sock);
    close(client->sock);
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    free(client);
}

static void set_alarm(int client_socket, int events, void *data)
{
    struct client *client = data;
    char request[4096];
    ssize_t received = socket_recv(client_socket, request, sizeof request - 1);
    long after_ms;

    if (received == -1 && errno == EAGAIN)
        return; /* nothing was there after all */
    if (received <= 0) {
        dismiss(client);
        return;
    }
    request[received] = '\0';
    after_ms = strtol(request, NULL, 10);
    if (after_ms >= 0 && after_ms <= LONGEST_MS)
        client->alarm = deadline_in((int)after_ms);
}

static void event_loop(void)
{
    struct selector_key key;
    int mask;

    while (selector_select(selector, -1) != -1)
        while (selector_next(selector, &key, &mask))
            key.callback(key.fd, mask, key.data);
    program_fail("select"); /* nothing else ends this loop */
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    selector = program_selector();
    if (socket_set_nonblocking(server_socket) == -1 ||
        selector_register(selector, server_socket, EVENT_READ,
                          accept_connection, NULL) == -1)
        program_fail("cannot watch descriptor %d", server_socket);
    program_announce(server_socket, selector);
    event_loop();
}

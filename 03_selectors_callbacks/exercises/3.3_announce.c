/* 3.3_announce.c -- exercise 3.3: what is typed at the server goes to all.
 *
 * Stage 03 as it is. Let it watch its stdin, too: what is typed there goes to
 * all clients, at once and as it is. selector_map_next() tells who is watched.
 * Whoever does not read is closed, as in send_message(); when stdin ends the
 * server goes on without it. event_loop() stays as it is.
 *
 *     make ex-3.3        checks it
 */
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static struct selector *selector;

static selector_callback accept_connection, send_message;

static void accept_connection(int server_socket, int events, void *data)
{
    char peer[SOCKET_NAME_SIZE];
    int client_socket = socket_accept(server_socket, peer);

    if (client_socket == -1) {
        if (errno != EAGAIN) /* EAGAIN: nobody was there after all */
            report("accept");
        return;
    }
    printf("Connection from %s\n", peer);
    if (socket_set_nonblocking(client_socket) == -1 ||
        selector_register(selector, client_socket, EVENT_READ, send_message,
                          NULL) == -1) {
        report("cannot watch %s, descriptor %d", peer, client_socket);
        close(client_socket);
    }
}

static void send_message(int client_socket, int events, void *data)
{
    char request[4096];
    ssize_t received = socket_recv(client_socket, request, sizeof request);

    if (received > 0) {
        if (socket_sendall(client_socket, "Hello World\n", 12) == 0)
            return;
        report("descriptor %d does not read its replies", client_socket);
    } else if (received == -1) {
        if (errno == EAGAIN) /* nothing was there after all */
            return;
        report("descriptor %d", client_socket);
    }
    /* In this order: after close() the number is given to the next client. */
    selector_unregister(selector, client_socket);
    close(client_socket);
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

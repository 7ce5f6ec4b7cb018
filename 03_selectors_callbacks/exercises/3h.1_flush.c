/* 3h.1_flush.c -- exercise 3h.1: nothing of a reply is lost.
 *
 * The echo in upper case, with a fault: who reads slowly gets replies with
 * holes. Who reads at once hardly ever sees it, and no call reports an error.
 * Where are bytes thrown away? Mend it, so that nobody loses anything, and
 * nobody waits for somebody else.
 *
 *     make ex-3h.1       checks it
 */
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { QUEUE_SIZE = 16 * 1024 }; /* bytes: the memory of one client */

struct connection {
    char peer[SOCKET_NAME_SIZE];
    bool finished; /* the client will send no more */
    size_t start;  /* queue[start .. end - 1] waits to be sent */
    size_t end;
    unsigned char queue[QUEUE_SIZE];
};

static struct selector *selector;

static selector_callback accept_connection, serve;

static struct connection *new_connection(const char *peer)
{
    struct connection *conn = malloc(sizeof *conn); /* no zeros needed */

    if (conn == NULL)
        return NULL;
    snprintf(conn->peer, sizeof conn->peer, "%s", peer);
    conn->finished = false;
    conn->start = conn->end = 0;
    return conn;
}

/* What the connection waits for now; nothing: it is over. */
static int wanted(const struct connection *conn)
{
    bool room = conn->end < QUEUE_SIZE;
    bool queued = conn->start < conn->end;

    return (room && !conn->finished ? EVENT_READ : 0) |
           (queued ? EVENT_WRITE : 0);
}

static void close_connection(int client_socket, struct connection *conn)
{
    printf("closing %s\n", conn->peer);
    selector_unregister(selector, client_socket);
    close(client_socket);
    free(conn);
}

static void accept_connection(int server_socket, int events, void *data)
{
    struct connection *conn;
    char peer[SOCKET_NAME_SIZE];
    int client_socket = socket_accept(server_socket, peer);

    if (client_socket == -1) {
        if (errno != EAGAIN) /* EAGAIN: nobody was there after all */
            report("accept");
        return;
    }
    printf("Connection from %s\n", peer);
    conn = new_connection(peer);
    if (conn == NULL || socket_set_nonblocking(client_socket) == -1 ||
        selector_register(selector, client_socket, wanted(conn), serve, conn) ==
            -1) {
        report("cannot watch %s, descriptor %d", peer, client_socket);
        close(client_socket);
        free(conn);
    }
}

/* Fills the queue as far as it goes. false: the connection has broken. */
static bool receive(int client_socket, struct connection *conn)
{
    unsigned char *room = conn->queue + conn->end;
    ssize_t received = socket_recv(client_socket, room, QUEUE_SIZE - conn->end);

    if (received == -1)
        return errno == EAGAIN;
    if (received == 0)
        conn->finished = true;
    for (ssize_t i = 0; i < received; i++)
        room[i] = (unsigned char)toupper(room[i]);
    conn->end += (size_t)received;
    return true;
}

/* Sends what is queued. false: see receive(). */
static bool flush(int client_socket, struct connection *conn)
{
    size_t queued = conn->end - conn->start;
    ssize_t sent = queued == 0 ? 0
                               : socket_send(client_socket,
                                             conn->queue + conn->start, queued);

    if (sent == -1)
        return errno == EAGAIN;
    conn->start = conn->end = 0;
    return true;
}

static void serve(int client_socket, int events, void *data)
{
    struct connection *conn = data;
    bool works = !(events & EVENT_READ) || receive(client_socket, conn);

    works = works && flush(client_socket, conn);
    if (works && wanted(conn) == 0) {
        close_connection(client_socket, conn); /* all is said and answered */
        return;
    }
    if (!works || selector_modify(selector, client_socket, wanted(conn), serve,
                                  conn) == -1) {
        report("%s", conn->peer);
        close_connection(client_socket, conn);
    }
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

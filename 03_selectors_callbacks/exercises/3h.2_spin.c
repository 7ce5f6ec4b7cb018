/* 3h.2_spin.c -- exercise 3h.2: who has nothing to say is not woken.
 *
 * The echo in upper case. Nothing is lost, nobody waits for somebody else, yet
 * it takes all of a processor as soon as one client is there: each is watched
 * for both events from beginning to end. Let it be watched only for what can
 * be done for it now, at any moment.
 *
 *     make ex-3h.2       checks it
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

/* It will say more, and there is room for it. */
static bool can_receive(const struct connection *conn)
{
    return !conn->finished && conn->end < QUEUE_SIZE;
}

/* Something waits to be sent. */
static bool can_send(const struct connection *conn)
{
    return conn->start < conn->end;
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
        selector_register(selector, client_socket, EVENT_READ | EVENT_WRITE,
                          serve, conn) == -1) {
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

/* Sends as much of the queue as the kernel takes. false: see receive(). */
static bool flush(int client_socket, struct connection *conn)
{
    ssize_t sent = socket_send(client_socket, conn->queue + conn->start,
                               conn->end - conn->start);

    if (sent == -1)
        return errno == EAGAIN;
    conn->start += (size_t)sent;
    if (conn->start == conn->end)
        conn->start = conn->end = 0;
    return true;
}

static void serve(int client_socket, int events, void *data)
{
    struct connection *conn = data;
    bool works = !can_receive(conn) || receive(client_socket, conn);

    works = works && (!can_send(conn) || flush(client_socket, conn));
    if (!works)
        report("%s", conn->peer);
    if (!works || (conn->finished && !can_send(conn)))
        close_connection(client_socket, conn);
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

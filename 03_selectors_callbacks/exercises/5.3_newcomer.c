/* 5.3_newcomer.c -- exercise 5.3: an event that was meant for somebody else.
 *
 * A server with a batch of its own: poll() tells who is ready, the loop calls
 * them in turn. There are two places; whoever comes when both are taken gets
 * the place of who came first, and its number. If that number is still to come
 * in the batch, its event is the old one's, and the newcomer is called. Mend
 * it: nobody is called for what another has done.
 *     make ex-5.3        checks it
 */
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PLACES = 2, NUMBERS = 1024 };

/* The server's socket, then who came first, and so on. */
static struct pollfd watched[1 + PLACES];
static int count;
static selector_callback *callbacks[NUMBERS]; /* NULL: it is not watched */

static selector_callback accept_connection, send_message;

static int watch(int sock, selector_callback *callback)
{
    if (sock >= NUMBERS) {
        errno = EMFILE;
        return -1;
    }
    watched[count++] = (struct pollfd){.fd = sock, .events = POLLIN};
    callbacks[sock] = callback;
    return 0;
}

static void forget(int sock)
{
    int i = 0;

    while (watched[i].fd != sock)
        i++;
    count--;
    memmove(&watched[i], &watched[i + 1],
            (size_t)(count - i) * sizeof *watched);
    callbacks[sock] = NULL;
}

static void accept_connection(int server_socket, int events, void *data)
{
    char peer[SOCKET_NAME_SIZE];
    int client_socket;

    if (count == 1 + PLACES) {
        int first = watched[1].fd;

        printf("descriptor %d makes room\n", first);
        forget(first);
        close(first);
    }
    client_socket = socket_accept(server_socket, peer);
    if (client_socket == -1) {
        if (errno != EAGAIN) /* EAGAIN: nobody was there after all */
            report("accept");
        return;
    }
    printf("Connection from %s, descriptor %d\n", peer, client_socket);
    if (socket_set_nonblocking(client_socket) == -1 ||
        watch(client_socket, send_message) == -1) {
        report("cannot watch %s, descriptor %d", peer, client_socket);
        close(client_socket);
    }
}

static void send_message(int client_socket, int events, void *data)
{
    char request[4096];
    ssize_t received = 0;

    if (!(events & (POLLERR | POLLHUP))) /* else nobody is there to be heard */
        received = socket_recv(client_socket, request, sizeof request);
    if (received > 0) {
        if (socket_sendall(client_socket, "Hello World\n", 12) == 0)
            return;
        report("descriptor %d does not read its replies", client_socket);
    } else if (received == -1) {
        if (errno == EAGAIN) /* nothing was there after all */
            return;
        report("descriptor %d", client_socket);
    }
    printf("descriptor %d has gone\n", client_socket);
    forget(client_socket);
    close(client_socket);
}

/* Fills the batch with those that are ready, in the order in which they came.
 * Returns how many these are. */
static int collect(struct pollfd batch[1 + PLACES])
{
    int ready = 0;

    if (poll(watched, (nfds_t)count, -1) == -1) {
        if (errno != EINTR)
            program_fail("poll");
        return 0;
    }
    for (int i = 0; i < count; i++)
        if (watched[i].revents != 0)
            batch[ready++] = watched[i];
    return ready;
}

static void event_loop(void)
{
    struct pollfd batch[1 + PLACES];

    for (;;) {
        int ready = collect(batch);

        for (int i = 0; i < ready; i++) {
            int sock = batch[i].fd;

            if (callbacks[sock] != NULL) /* it may have been closed since */
                callbacks[sock](sock, batch[i].revents, NULL);
        }
    }
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    if (socket_set_nonblocking(server_socket) == -1 ||
        watch(server_socket, accept_connection) == -1)
        program_fail("cannot watch descriptor %d", server_socket);
    program_announce(server_socket, NULL);
    event_loop();
}

/* 02_select_loop/server.c -- many clients: sleep in one place, select().
 *
 * The two functions no longer wait and no longer know of each other. A list
 * holds the sockets to watch; select() sleeps until one of them is readable;
 * the event loop decides which function to call. Nothing else may sleep, so
 * the sockets are non-blocking: what select() says is a hint, not a promise.
 */
#include "program.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h> /* Solaris makes FD_ZERO() of memset() */
#include <sys/select.h>
#include <unistd.h>

static int to_monitor[FD_SETSIZE];
static int monitored; /* how many there are in to_monitor */

static int monitor(int sock)
{
    if (sock >= FD_SETSIZE) { /* FD_SET() would write past the end of the set */
        errno = EMFILE;
        return -1;
    }
    to_monitor[monitored++] = sock;
    return 0;
}

static void forget(int sock)
{
    int i = 0;

    while (to_monitor[i] != sock)
        i++;
    to_monitor[i] = to_monitor[--monitored];
}

static void accept_connection(int server_socket)
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
        monitor(client_socket) == -1) {
        report("cannot watch %s, descriptor %d", peer, client_socket);
        close(client_socket);
    }
}

static void send_message(int client_socket)
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
    forget(client_socket);
    close(client_socket);
}

/* select(to_monitor, [], []). The list becomes a set of bits, and the answer is
 * written over it: so it is made anew each time. Returns the largest number in
 * it, or -1. */
static int select_readable(fd_set *ready_to_read)
{
    int largest = -1;

    FD_ZERO(ready_to_read);
    for (int i = 0; i < monitored; i++) {
        FD_SET(to_monitor[i], ready_to_read);
        largest = to_monitor[i] > largest ? to_monitor[i] : largest;
    }
    if (select(largest + 1, ready_to_read, NULL, NULL, NULL) != -1)
        return largest;
    FD_ZERO(ready_to_read); /* a signal: nobody is ready */
    return errno == EINTR ? largest : -1;
}

static void event_loop(int server_socket)
{
    fd_set ready_to_read;
    int largest;

    /* Downwards, so that the server's socket, the smallest, comes last: who
     * leaves makes room before the next one comes in. */
    while ((largest = select_readable(&ready_to_read)) != -1)
        for (int sock = largest; sock >= 0; sock--)
            if (FD_ISSET(sock, &ready_to_read)) {
                if (sock == server_socket)
                    accept_connection(sock);
                else
                    send_message(sock);
            }
    program_fail("select"); /* nothing else ends this loop */
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    if (socket_set_nonblocking(server_socket) == -1 ||
        monitor(server_socket) == -1)
        program_fail("cannot watch descriptor %d", server_socket);
    program_announce(server_socket, NULL);
    event_loop(server_socket);
}

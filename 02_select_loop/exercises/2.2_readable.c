/* 2.2_readable.c -- exercise 2.2: collect and sleep.
 *
 * Stage 02 without its select(). Write select_readable(): make a set of the
 * list, sleep until somebody in it can be read, and return the largest number
 * that the event loop has to look at; or -1 if select() has failed, and why is
 * in errno. A signal (kill -USR1) is no failure: it interrupts select(), and
 * nobody is ready.
 *
 *     make ex-2.2        checks it
 */
#include "program.h"
#include "sockets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
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
        if (errno == EAGAIN)
            printf("Nobody was there after all\n");
        else
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
        if (errno == EAGAIN) {
            printf("Nothing was there after all\n");
            return;
        }
        report("descriptor %d", client_socket);
    }
    /* In this order: after close() the number is given to the next client. */
    forget(client_socket);
    close(client_socket);
}

/* Collect and sleep. */
static int select_readable(fd_set *ready_to_read)
{
    /* Here. Until then it sleeps for ever, and watches nobody. */
    FD_ZERO(ready_to_read);
    return pause();
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

/* kill -USR1: whatever sleeps is interrupted. Nothing else is done. */
static void interrupt(int number)
{
    static const char text[] = "Interrupted\n";

    (void)!write(STDOUT_FILENO, text, sizeof text - 1);
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    signal(SIGUSR1, interrupt);
    if (socket_set_nonblocking(server_socket) == -1 ||
        monitor(server_socket) == -1)
        program_fail("cannot watch descriptor %d", server_socket);
    program_announce(server_socket, NULL);
    event_loop(server_socket);
}

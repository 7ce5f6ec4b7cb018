/* 1.1_inner_loop.c -- exercise 1.1: one client, from its first word to its end.
 *
 * Stage 01 without its inner loop: clients are accepted, and nobody listens to
 * them. Write it: print "Before recv()", wait for what the client says, answer
 * "Hello World\n"; again and again, until the client has left or was cut off.
 * And when it has gone something is left to do.
 *
 *     make ex-1.1        checks it
 */
#include "program.h"
#include "sockets.h"

#include <stdio.h>
#include <unistd.h>

static void serve(int server_socket)
{
    for (;;) {
        char peer[SOCKET_NAME_SIZE];
        int client_socket;

        printf("Before accept()\n");
        client_socket = socket_accept(server_socket, peer);
        if (client_socket == -1) {
            report("accept");
            continue;
        }
        printf("Connection from %s\n", peer);

        /* Here: the inner loop. */

        printf("Outside the inner while\n");
        /* Here: what is left to do for this client. */
    }
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    program_announce(server_socket, NULL);
    serve(server_socket);
}

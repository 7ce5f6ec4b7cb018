/* 1.3_number.c -- exercise 1.3: replies with a number.
 *
 * Stage 01. Let each reply say which one it is for this client: its first is
 * "Hello World #1\n", its second "Hello World #2\n", and so on without an end.
 * The next client begins with #1 again.
 *
 *     make ex-1.3        checks it
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

        for (;;) {
            char request[4096];

            printf("Before recv()\n");
            if (socket_recv(client_socket, request, sizeof request) <= 0)
                break; /* 0: the client has left; -1: it was cut off */
            if (socket_sendall(client_socket, "Hello World\n", 12) == -1)
                break;
        }

        printf("Outside the inner while\n");
        close(client_socket);
    }
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    program_announce(server_socket, NULL);
    serve(server_socket);
}

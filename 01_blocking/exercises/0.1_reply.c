/* 0.1_reply.c -- exercise 0.1: another reply.
 *
 * This is a copy of 01_blocking/server.c. Make it answer "Good day, World"
 * instead of "Hello World", with a newline (\n) behind it as before: change the
 * line that sends the reply, and save the file.
 *
 *     make ex-0.1        builds it, and says whether it is right
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

/* 01_blocking/functions.c -- the same server, cut into functions.
 *
 * accept_connection() waits until send_message() returns: one client at a time.
 * To serve two, somebody else must decide when each is called: stage 02.
 */
#include "program.h"
#include "sockets.h"

#include <stdio.h>
#include <unistd.h>

static void send_message(int client_socket);

static void accept_connection(int server_socket)
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
        send_message(client_socket); /* and here it stays */
    }
}

static void send_message(int client_socket)
{
    for (;;) {
        char request[4096];

        printf("Before recv()\n");
        if (socket_recv(client_socket, request, sizeof request) <= 0)
            break;
        if (socket_sendall(client_socket, "Hello World\n", 12) == -1)
            break;
    }
    close(client_socket);
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    program_announce(server_socket, NULL);
    accept_connection(server_socket);
}

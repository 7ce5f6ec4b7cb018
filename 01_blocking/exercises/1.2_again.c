/* 1.2_again.c -- exercise 1.2: a server that can be started again at once.
 *
 * Stage 01, its listener made by hand. If this server is ended while a client
 * is connected, and started again on the same port, then it says for a minute
 * "Address already in use". SO_REUSEADDR is there against that, and has no
 * effect. Mend it. Two servers on one port at a time are still not wanted.
 *
 *     make ex-1.2        checks it
 */
#include "program.h"
#include "sockets.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* The four calls at the start of a server's life. */
static int listen_on(int port)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons((in_port_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (listener == -1)
        program_fail("socket");
    if (bind(listener, (struct sockaddr *)&here, sizeof here) == -1)
        program_fail("cannot listen on 127.0.0.1:%d", port);
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == -1)
        program_fail("SO_REUSEADDR");
    if (listen(listener, SOMAXCONN) == -1)
        program_fail("listen");
    return listener;
}

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
    int server_socket = listen_on(program_port(argc, argv));

    program_announce(server_socket, NULL);
    serve(server_socket);
}

/* 5.1_gone.c -- exercise 5.1: outlive a client that has gone.
 *
 * Stage 01 with a main() of its own: there is no program_start(), so nobody has
 * said what is to become of SIGPIPE. A client that is gone before it has heard
 * the whole answer ends this server, without a word. Mend it: that client is
 * closed, and the next one is served.
 *
 *     make ex-5.1        checks it
 */
#include "program.h"
#include "sockets.h"

#include <stdio.h>
#include <unistd.h>

/* In two pieces, as a header and what belongs to it often are. */
static int send_message(int client_socket)
{
    if (socket_sendall(client_socket, "Hello ", 6) == -1)
        return -1;
    return socket_sendall(client_socket, "World\n", 6);
}

static void serve(int server_socket)
{
    for (;;) {
        char peer[SOCKET_NAME_SIZE];
        char request[4096];
        int client_socket = socket_accept(server_socket, peer);

        if (client_socket == -1) {
            perror("accept");
            continue;
        }
        printf("Connection from %s\n", peer);
        while (socket_recv(client_socket, request, sizeof request) > 0)
            if (send_message(client_socket) == -1)
                break;
        printf("%s has left\n", peer);
        close(client_socket);
    }
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? socket_parse_port(argv[1]) : 5000;
    int server_socket = port == -1 ? -1 : socket_listen("127.0.0.1", port);

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (server_socket == -1) {
        perror("cannot listen");
        return 1;
    }
    program_announce(server_socket, NULL);
    serve(server_socket);
}

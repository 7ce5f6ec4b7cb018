/* 1.4_fork.c -- exercise 1.4: a process for each client.
 *
 * The road that this course does not take: write serve() so that after accept()
 * it calls fork(): the child answers "Hello World\n" while the parent accepts
 * the next one. When a client has left no descriptor of it remains, and no
 * process but for a zombie or two, until the next one comes. When the server
 * is ended its port is free, even if a child is still talking to its client.
 *
 *     make ex-1.4        checks it
 */
#include "program.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void serve(int server_socket)
{
    /* Here: all of it. */
    pause();
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    program_announce(server_socket, NULL);
    serve(server_socket);
}

/* 2.6_from_memory.c -- exercise 2.6: stage 02, written by you.
 *
 * It listens, and that is all. Write the rest, from memory as far as you can:
 * many clients, each chunk of bytes is answered with "Hello World\n", nobody
 * waits for anybody, no client can harm another. common/sockets.h has the
 * calls. Build it up in steps: the check says how far you have come.
 *
 *     make ex-2.6        checks it
 */
#include "program.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <sys/select.h>
#include <unistd.h>

static void event_loop(int server_socket)
{
    /* Here: collect, sleep, dispatch, clean up. */
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    program_announce(server_socket, NULL);
    event_loop(server_socket);
}

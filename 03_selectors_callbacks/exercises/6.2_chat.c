/* 6.2_chat.c -- exercise 6.2: a chat server, from nearly nothing.
 *
 * A client's first line is its name: 1 to 20 bytes, nobody else's; one that it
 * cannot have is answered by a line that begins with "* ". When it has one, all
 * with a name, itself too, hear "* NAME has come". From then on the others hear
 * its lines, "NAME: LINE", and in the end "* NAME has left". Who half-closes is
 * sent what it is owed, and leaves; a last line needs no newline. Nobody waits
 * for a slow reader: 64 KiB wait for it, then it is closed. So is who says more
 * than 1000 bytes in one line. upper.c is a good start. make ex-6.2 checks it.
 */
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <stdio.h>
#include <unistd.h>

static struct selector *selector;

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    selector = program_selector();
    program_announce(server_socket, selector);
    /* Here: everything. */
    pause();
}

/* demo.c -- watch the four stages: who is answered, and when.
 *
 *   make demo
 *
 * Exit status 0: everything went as the lesson says. 1: it did not, and a line
 * that begins with UNEXPECTED says what.
 * A command in DEMO_SERVER_01, DEMO_SERVER_02, DEMO_SERVER_03, DEMO_CONNECT or
 * DEMO_BUSY is shown in place of that program. So you can see your own server
 * in the picture, and that the demo tells a server that starves its clients
 * from one that does not:
 *
 *   DEMO_SERVER_02=01_blocking/server make demo
 */
#include "demo.h"

#include "deadline.h"
#include "program.h"
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_MS = 13000, WIDTH = 79 };

static long long end;      /* when the demo must be over, come what may */
static char surprise[200]; /* of this stage; "": none so far */
static int surprised_stages;

int demo_left_ms(long long deadline)
{
    int left = deadline_left_ms(deadline);
    int left_of_all = deadline_left_ms(end);

    return left < left_of_all ? left : left_of_all;
}

/* The socket if it is connected, otherwise -1 and errno. */
static int connected_or_closed(int sock)
{
    int error;

    if (socket_connect_result(sock) == 0)
        return sock;
    error = errno;
    close(sock);
    errno = error;
    return -1;
}

int demo_connect(int port, int timeout_ms)
{
    struct addrinfo *addresses;
    const struct addrinfo *address;
    struct pollfd fd = {.events = POLLOUT};

    if (socket_resolve("127.0.0.1", port, &addresses) != 0)
        return -1;
    address = addresses;
    fd.fd = socket_connect(&address);
    if (fd.fd != -1) {
        poll(&fd, 1, demo_left_ms(deadline_in(timeout_ms)));
        fd.fd = connected_or_closed(fd.fd);
    }
    freeaddrinfo(addresses);
    return fd.fd;
}

/* -- what is not as the lesson says ---------------------------------------- */

void demo_surprise(const char *what, ...)
{
    va_list arguments;

    if (surprise[0] != '\0')
        return;
    if (deadline_left_ms(end) == 0)
        what = "The demo ran out of time before this could be seen.";
    va_start(arguments, what);
    vsnprintf(surprise, sizeof surprise, what, arguments);
    va_end(arguments);
}

void demo_did_not_start(void)
{
    const char *prefix = getenv("O");
    bool prefixed = prefix != NULL && *prefix != '\0';

    demo_surprise("It did not start. Build it and start the demo at the top of "
                  "the repository: make demo%s%s",
                  prefixed ? " O=" : "", prefixed ? prefix : "");
}

static void print_said(const char *name, const char *said)
{
    if (*said == '\0') {
        demo_say("%s printed nothing.", name);
        return;
    }
    demo_say("%s printed:", name);
    for (size_t length; *said != '\0'; said += length) {
        length = strcspn(said, "\n");
        printf("    | %.*s\n", length < WIDTH - 6 ? (int)length : WIDTH - 6,
               said);
        length += said[length] == '\n';
    }
}

bool demo_as_expected(const char *name, const struct child *child)
{
    if (surprise[0] == '\0')
        return true;
    demo_say("UNEXPECTED in %s: %s", name, surprise);
    print_said(name, child->said);
    surprise[0] = '\0';
    surprised_stages++;
    return false;
}

/* -- words ----------------------------------------------------------------- */

void demo_say(const char *text, ...)
{
    char words[1000];
    int column = 0;
    va_list arguments;

    va_start(arguments, text);
    vsnprintf(words, sizeof words, text, arguments);
    va_end(arguments);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        int length = (int)strlen(word);

        if (column > 0 && column + 1 + length > WIDTH) {
            printf("\n");
            column = 0;
        }
        column += printf(column == 0 ? "  %s" : " %s", word);
    }
    printf("\n");
}

void demo_title(const char *program, const char *instead, const char *title)
{
    const char *command = getenv(instead);

    printf("\n%s: %s\n", program, title);
    if (command != NULL)
        printf("  (shown in its place: %s)\n", command);
}

static void introduce(void)
{
    demo_say("Two clients talk to each of the three servers of this course. A "
             "connects, says a line, then stays connected and says nothing "
             "more. B comes later and has more to say. When is B answered?");
    printf("\n"
           "    + connects   ? says a line   = waits   ! is answered   "
           ". is silent\n"
           "    x leaves     * the server wakes; between: the call it sleeps "
           "in\n");
}

static void conclude(void)
{
    printf("\nWhat next?\n"
           "  make run-01   run this server yourself; then, in two other "
           "terminals,\n"
           "                be A and B: nc 127.0.0.1 5000   (Ctrl-C ends it)\n"
           "  LESSONS.md    the course: how the programs do it, and why\n");
}

int main(int argc, char **argv)
{
    program_start(argv);
    child_dies_with_us();
    end = deadline_in(MOST_MS);
    introduce();
    demo_servers();
    demo_connects();
    conclude();
    if (surprised_stages > 0)
        printf("\nNot as the lesson says: see the lines with UNEXPECTED.\n");
    return surprised_stages > 0 || ferror(stdout) ? 1 : 0;
}

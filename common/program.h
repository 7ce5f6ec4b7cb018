/* program.h -- what every program does before its lesson begins.
 *
 * The command line, the first line on stdout, the words for an error. It is
 * the same everywhere and teaches nothing about sockets, so it is here.
 *
 * What ends a program before its lesson begins (wrong usage, a port that is
 * taken, no such selector) is not the lesson's business: these functions say
 * what there is to say and exit(), as err(3) does. Exit status: 0 after -h, 1
 * for a failure at run time, 2 for wrong usage.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "selector.h"
#include "sockets.h"

/* The compiler compares a format with its arguments, as for printf(). */
#ifdef __GNUC__
#define PROGRAM_FORMAT(rest) __attribute__((format(printf, 1, rest)))
#else
#define PROGRAM_FORMAT(rest)
#endif

/* Prints "server: WHAT: " and what errno means to stderr, and keeps errno.
 * what is a format as for printf(). */
PROGRAM_FORMAT(2) void report(const char *what, ...);

/* The same, and exit(1). */
PROGRAM_FORMAT(2) _Noreturn void program_fail(const char *what, ...);

/* Takes the program's name for report(), sets stdout to line-buffered, so that
 * nothing hides in a pipe, and has SIGPIPE and SIGXFSZ ignored, so that writing
 * to a peer that has gone (EPIPE) or to a log that has grown too large (EFBIG)
 * is an error and not the end of the process. If stdin, stdout or stderr is
 * closed, the descriptor is taken out of circulation, or else the program ends:
 * a socket would get its number, and every print would go there. */
void program_start(char **argv);

/* For the end of main(): status, or 1 if stdout has not taken all that was
 * printed. Then it says so. */
int program_end(int status);

/* program_start(), then for "PROGRAM [PORT]": the port, 5000 if none is
 * given. */
int program_port(int argc, char **argv);

/* program_start(), then for "PROGRAM [-t SECONDS] [HOST[:PORT]]...": the
 * targets ("xkcd.com:80" if there are none), each of the right form, how many
 * they are, and the time limit (10000 if none is given). */
char **program_targets(int argc, char **argv, int *count, int *limit_ms);

/* The addresses of a target, by default at port 80, to be freed with
 * freeaddrinfo(). NULL: there are none, and why was printed. */
struct addrinfo *program_resolve(const char *target);

/* program_port() and socket_listen() there, on 127.0.0.1: the listener.
 * From then on a stdout or stderr that is a pipe or a socket is non-blocking,
 * for every process that shares it, and loses lines when it is full: the
 * server must not wait for whoever reads its log. */
int program_listen(int argc, char **argv);

/* Prints "Listening on 127.0.0.1:PORT" and the command to try; with the name
 * of the selector if there is one. */
void program_announce(int listener, const struct selector *sel);

/* The selector that $SELECTOR names, or the best there is. */
struct selector *program_selector(void);

#endif

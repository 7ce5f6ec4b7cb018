/* program.h -- what every program does before its lesson begins.
 *
 * The command line, the first line on stdout, the words for an error. It is
 * the same everywhere and teaches nothing about sockets, so it is here.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "selector.h"
#include "sockets.h"

/* Prints "server: WHAT: " and what errno means to stderr, and keeps errno.
 * what is a format as for printf(); the attribute has the compiler compare it
 * with the arguments. */
#ifdef __GNUC__
__attribute__((format(printf, 1, 2)))
#endif
void report(const char *what, ...);

/* Takes the program's name for report(), sets stdout to line-buffered, so that
 * nothing hides in a pipe, and has SIGPIPE ignored, so that writing to a peer
 * that has gone is an error (EPIPE) and not the end of the process. If stdin,
 * stdout or stderr is closed, the descriptor is taken out of circulation:
 * otherwise a socket would get its number, and every print would go there. */
void program_start(char **argv);

/* For "PROGRAM [PORT]": the port, 5000 if none is given. -1: the program must
 * end with *exit_status, 0 after -h and 2 after wrong usage; what there is to
 * say has been said. */
int program_port(int argc, char **argv, int *exit_status);

/* program_start(), then for "PROGRAM [-t SECONDS] [HOST[:PORT]]...": the
 * targets up to a NULL ("xkcd.com:80" if there are none), each of the right
 * form, and the time limit (10000 if none is given). NULL: end with
 * *exit_status. */
char **program_targets(int argc, char **argv, int *limit_ms, int *exit_status);

/* The addresses of a target, by default at port 80, to be freed with
 * freeaddrinfo(). NULL: there are none, and why was printed. */
struct addrinfo *program_resolve(const char *target);

/* program_start(), program_port() and socket_listen(). Returns the listener,
 * or -1 and *exit_status as above, 1 if nothing can listen there.
 * From then on a stdout or stderr that is a pipe or a socket is non-blocking,
 * for every process that shares it, and loses lines when it is full: the
 * server must not wait for whoever reads its log. */
int program_listen(int argc, char **argv, int *exit_status);

/* Prints "Listening on 127.0.0.1:PORT" and the command to try; with the name
 * of the selector if there is one. */
void program_announce(int listener, const struct selector *sel);

/* The selector that $SELECTOR names, or the best there is; NULL: the reason
 * was printed. */
struct selector *program_selector(void);

#endif

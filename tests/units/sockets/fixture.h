/* fixture.h -- what the tests of common/sockets.h work with.
 *
 * Each function with what it is for, with what its manual pages say can
 * happen, and with every call below it failing in turn: then the errno must
 * arrive and no descriptor may be left behind. Traffic stays on the loopback
 * interface, on ports that the kernel chooses.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "basics.h"
#include "checks.h"
#include "sockets.h"

#include <kernels.h>
#include <limits.h>

enum { PORT = 5000 }; /* a number in texts: nothing is opened there */

/* Each test is a process of its own: what it leaves open is closed then. */
extern int listener;
extern int ends[2]; /* of a pair or a connection */
extern char peer[SOCKET_NAME_SIZE];

int listen_somewhere(void);
void open_listener(void);

/* A blocking client of it, connected: it waits in the backlog. */
int new_client(void);

/* A client of whoever listens on the first address of this host. */
int connect_to(const char *host, int port);

bool has_ipv6(void);
struct sockaddr_in6 loopback6(int port);

bool is_nonblocking(int fd);

/* The connection was closed by the other side, without a byte. */
void expect_closed(int fd);

/* A signal every millisecond (valgrind would be busy with nothing else). */
void start_signals(void);

/* A call below the one that is tested, and how it fails. */
struct failure {
    const char *function;
    int error;
    int earlier; /* calls of it that succeed */
};

/* A group of tests before each of which there is a listener. */
TCase *case_with_listener(Suite *suite, const char *name);

/* What is in each of the other files. */
void add_deadlines(Suite *suite);
void add_texts(Suite *suite);
void add_listen(Suite *suite);
void add_accept(Suite *suite);
void add_transfer(Suite *suite);
void add_connect(Suite *suite);

#endif

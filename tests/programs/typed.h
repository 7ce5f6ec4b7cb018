/* typed.h -- the ">>>" client, and who talks to it.
 *
 * 03_selectors_callbacks/client, or one of yours: make test-03
 * CLIENT="python3 mine.py". It connects to 127.0.0.1 and the port in its last
 * argument, sends what it reads from stdin and prints what the server sends. It
 * ends with status 0 when the server closes, with 1 when the connection breaks
 * or cannot be made. The end of its input is passed on (shutdown), and replies
 * that come after it are still printed.
 */
#ifndef TYPED_H
#define TYPED_H

#include "harness.h"

/* The client, and the server's end of its connection, which is ours. */
struct child *start_client(int *server);

/* With these as its stdin and stdout; 0: pipes to us. */
struct child *start_client_with(int in, int out, int port);

/* At a port where nobody listens. */
struct child *start_client_refused(void);

/* The server that the client is for. */
struct child *start_upper(void);

/* It is typed, and arrives. */
void type_hello(struct child *client, int server);

#ifndef TYPED_C
#define start_client(...) HERE(start_client, __VA_ARGS__)
#define start_client_with(...) HERE(start_client_with, __VA_ARGS__)
#define start_upper(...) HERE(start_upper, __VA_ARGS__)
#define type_hello(...) HERE(type_hello, __VA_ARGS__)
#endif

#endif

/* clients.h -- clients of a server: sockets on 127.0.0.1, waits bounded. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Non-blocking, and not connected yet. */
int client_socket(void);

int client_connect(int port);

/* With a small receive buffer and small segments, so that few bytes fill all
 * buffers on the way to it. */
int client_connect_small(int port);

/* -1: refused, or nothing was decided until that moment. */
int client_connect_until(int port, long long moment_ms);

/* true: connected; false: refused. */
bool client_try_connect(int port, int *fd);

int client_port(int fd);
void client_send(int fd, const void *data, size_t size);
void client_send_text(int fd, const char *text);
void client_finish_sending(int fd);

/* recv(), waiting until that moment; -1 and ETIMEDOUT: nothing has come. */
ssize_t client_receive(int fd, void *buffer, size_t size, long long moment_ms);

/* Exactly these bytes come next. */
void client_expect(int fd, const void *data, size_t size);
void client_expect_text(int fd, const char *text);

/* The end comes next: the peer has closed, or shut down its writing side. */
void client_expect_end(int fd);

/* The same, or a reset. */
void client_expect_closed(int fd);

/* Sends text, and this reply comes. */
void client_ask(int fd, const char *text, const char *reply);

/* Says that it will send no more, and waits until the server has closed. */
void client_leave(int fd);

/* Nothing has come until now. when: for the message. */
void client_expect_silence(int fd, const char *when);

/* Waits for bytes without reading them. */
void client_expect_readable(int fd);

/* Sends text and waits; true: the reply has come, false: it was closed. Other
 * bytes are a failure. */
bool client_is_answered(int fd, const char *text, const char *reply);

/* RST, not FIN: what a crash or a firewall sends. */
void client_reset(int fd);

/* What recv() has returned, in words. */
const char *client_heard(ssize_t received, const void *bytes);

#endif

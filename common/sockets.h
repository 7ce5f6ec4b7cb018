/* sockets.h -- the few socket calls that every stage needs, right once.
 *
 * Each function is a few system calls and what the manual pages say must
 * be done around them. Python's socket module does the same out of sight.
 *
 * Errors     -1 and errno, which survives the clean-up. EINTR is never
 *            returned: the call is made again (PEP 475).
 * Ownership  Whoever gets a descriptor closes it. It is close-on-exec: a
 *            program that this one starts does not inherit it (PEP 446).
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifndef AI_PASSIVE
#error "POSIX is hidden by -std=c11: add -D_XOPEN_SOURCE=700, or say -std=gnu11"
#endif

enum {
    SOCKET_NAME_SIZE = 80, /* "127.0.0.1:5000", "[fe80::1%eth0]:80" and a NUL */
    SOCKET_HOST_SIZE = 256 /* a host name (253 characters at most) and a NUL */
};

/* -- servers --------------------------------------------------------------- */

/* socket(), setsockopt(SO_REUSEADDR), bind(), listen(): a blocking listener.
 * host is the address of this machine that clients connect to: "127.0.0.1" for
 * clients on it, "0.0.0.0" for all, "::" and "::1" for the same in IPv6; of a
 * name the first address is taken. Port 0 lets the kernel choose one;
 * socket_port() tells which.
 * EADDRINUSE: another socket listens there. EACCES: port < 1024 and not root.
 * EADDRNOTAVAIL: host is no address of this machine, or unknown.
 * EMFILE: not even the one in reserve is left, see socket_accept(). */
int socket_listen(const char *host, int port);

/* The port that a socket is bound to, of IPv4 or IPv6 (else EINVAL). */
int socket_port(int fd);

/* accept(): the next connection, and its address in peer ("127.0.0.1:40000").
 * It is blocking, except that on macOS, the BSDs, Solaris and illumos it is as
 * the listener is.
 * A connection that was reset while it waited in the backlog is passed over
 * (ECONNABORTED).
 * EAGAIN  a non-blocking listener has nobody waiting.
 * EMFILE, ENFILE  no descriptor is left. The newcomer has been closed: left in
 *         the backlog it would keep the listener readable, and the event loop
 *         would spin. For this socket_listen() keeps one descriptor in
 *         reserve, for the whole process, as the limit is the process's: a
 *         high number, if there is one, where nobody looks for clients.
 *         If another process was quicker and took that one (ENFILE), or if
 *         there is no memory (ENOMEM), the newcomer does stay there, and the
 *         loop comes back at once until there is room again.
 * Others from the network (ENETDOWN ...) concern one connection only. */
int socket_accept(int listener, char peer[SOCKET_NAME_SIZE]);

/* -- reading and writing --------------------------------------------------- */

/* From now on EAGAIN instead of sleep: fcntl(O_NONBLOCK). For sockets: it sets
 * this flag and clears the others, which a socket does not use. */
int socket_set_nonblocking(int fd);

/* recv(): how many bytes came, as many as there are and at most size.
 * 0: the peer will send no more (it has closed, or shut down its writing
 * side). EAGAIN: nothing now. ECONNRESET: the peer has gone for good.
 * (Inline: every request of every stage comes through here.) */
static inline ssize_t socket_recv(int fd, void *buffer, size_t size)
{
    ssize_t received;

    do
        received = recv(fd, buffer, size, 0);
    while (received == -1 && errno == EINTR);
    return received;
}

/* send(): how many of the bytes the kernel took; may be fewer than size.
 * EAGAIN: none, its buffer is full. EPIPE, ECONNRESET: the peer has gone. */
ssize_t socket_send(int fd, const void *data, size_t size);

/* send() until all is sent: returns 0. On a non-blocking socket EAGAIN means
 * that a part may have been sent and the kernel's buffer is full. */
int socket_sendall(int fd, const void *data, size_t size);

/* -- clients --------------------------------------------------------------- */

/* Splits "HOST", "HOST:PORT", "[IPV6]", "[IPV6]:PORT" or a bare IPv6 address.
 * *port stays as it is if text names none. EINVAL: text is none of these. */
int socket_parse_target(const char *text, char host[SOCKET_HOST_SIZE],
                        int *port);

/* A decimal number from 0 to 65535 and nothing else, or -1 and EINVAL. */
int socket_parse_port(const char *text);

/* getaddrinfo(): the TCP addresses of a host, in the order in which to try
 * them (RFC 6724: mostly IPv6 first), to be freed with freeaddrinfo().
 * This one blocks, for seconds if a name server is silent.
 * Returns 0, or the error for gai_strerror(); EAI_SYSTEM means errno. */
int socket_resolve(const char *host, int port, struct addrinfo **addresses);

/* socket(), connect() without waiting: starts with *address, goes on along its
 * ai_next where one fails at once, and leaves in *address the one under way.
 * Returns the non-blocking socket; it is writable (EVENT_WRITE) as soon as it
 * is decided, and socket_connect_result() says how.
 * When none is left *address is NULL and errno is the last one's
 * (EADDRNOTAVAIL if there was none to begin with). */
int socket_connect(const struct addrinfo **address);

/* How a connect() that was started has ended: 0, it is connected, or -1.
 * EINPROGRESS   it has not ended yet.
 * ECONNREFUSED  also: it has met itself. A local port that nobody listens on
 *               may be the one that the kernel gives to this very socket.
 * ENOTCONN      the reason was told before: the kernel tells it once.
 * Others        the reason for the failure (SO_ERROR). Close the socket: what
 *               a second connect() on it does differs from system to system. */
int socket_connect_result(int fd);

/* -- both ------------------------------------------------------------------ */

/* "127.0.0.1:80" or "[::1]:80". */
void socket_format(const struct sockaddr *address, socklen_t size,
                   char name[SOCKET_NAME_SIZE]);

#endif

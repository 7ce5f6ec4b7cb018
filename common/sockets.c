/* sockets.c -- the few socket calls that every stage needs, right once. */
#include "sockets.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(int error)
{
    errno = error;
    return -1;
}

/* Closes fd and fails with the errno of before. */
static int give_up(int fd)
{
    int error = errno;

    close(fd);
    return fail(error);
}

/* Portably: SOCK_CLOEXEC, which needs no second call, is not everywhere. */
static int close_on_exec(int fd)
{
    if (fd != -1)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

static int new_socket(const struct addrinfo *address)
{
    return close_on_exec(
        socket(address->ai_family, address->ai_socktype, address->ai_protocol));
}

/* -- servers --------------------------------------------------------------- */

/* Held so that it can be given up when no other descriptor is left: see
 * shed(). The limit is the process's, hence one for the process. */
static int spare = -1;

static int keep_spare(void)
{
    enum { HIGH = 200 };
    int high;

    if (spare != -1)
        return spare;
    spare = close_on_exec(socket(AF_INET, SOCK_STREAM, 0));
    high = spare == -1 ? -1 : fcntl(spare, F_DUPFD_CLOEXEC, HIGH);
    if (high != -1) {
        close(spare);
        spare = high;
    }
    return spare;
}

static int listen_on(const struct addrinfo *address)
{
    int yes = 1;
    int listener = new_socket(address);

    if (listener == -1)
        return -1;
    /* Before bind(), or it has no effect: connections of a former run may
     * linger in TIME_WAIT, and they must not stop us from listening again. */
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ==
            -1 ||
        bind(listener, address->ai_addr, address->ai_addrlen) == -1 ||
        listen(listener, SOMAXCONN) == -1 || keep_spare() == -1)
        return give_up(listener);
    return listener;
}

int socket_listen(const char *host, int port)
{
    struct addrinfo *addresses;
    int listener;
    int error;

    error = socket_resolve(host, port, &addresses);
    if (error != 0)
        return fail(error == EAI_SYSTEM ? errno : EADDRNOTAVAIL);
    listener = listen_on(addresses);
    error = errno;
    freeaddrinfo(addresses);
    errno = error;
    return listener;
}

int socket_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) == -1)
        return -1;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return fail(EINVAL);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    int ready;

    do
        ready = poll(&entry, 1, timeout_ms);
    while (ready == -1 && errno == EINTR);
    return ready == 1;
}

/* Makes room by giving up the spare descriptor, takes the connection that
 * cannot be served, and closes it: the peer learns at once. If it is there:
 * macOS drops whom it has no descriptor for, and another accept() would sleep
 * until somebody else comes. */
static void shed(int listener)
{
    int newcomer = -1;

    if (spare != -1)
        close(spare);
    spare = -1;
    if (is_readable(listener, 0))
        newcomer = accept(listener, NULL, NULL);
    if (newcomer != -1)
        close(newcomer);
}

/* Linux and the BSDs say that there is no descriptor before they look who is
 * there: a blocking listener would come back at once, for nobody, for ever. */
static void wait_for_newcomer(int listener)
{
    if (!(fcntl(listener, F_GETFL) & O_NONBLOCK))
        is_readable(listener, -1);
}

int socket_accept(int listener, char peer[SOCKET_NAME_SIZE])
{
    static bool is_full; /* the last one could not be accepted */
    struct sockaddr_storage address = {0}; /* the BSDs may leave it as it is */
    socklen_t size;
    int client;
    int error;

    if (is_full)
        wait_for_newcomer(listener);
    do {
        size = sizeof address;
        client = accept(listener, (struct sockaddr *)&address, &size);
        error = errno;
    } while (client == -1 && (error == EINTR || error == ECONNABORTED));
    is_full = client == -1 && (error == EMFILE || error == ENFILE);
    if (is_full)
        shed(listener);
    keep_spare();
    if (client == -1)
        return fail(error);
    close_on_exec(client);
    socket_format((struct sockaddr *)&address, size, peer);
    return client;
}

/* -- reading and writing --------------------------------------------------- */

int socket_set_nonblocking(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK);
}

ssize_t socket_send(int fd, const void *data, size_t size)
{
    ssize_t sent;

    do
        sent = send(fd, data, size, 0);
    while (sent == -1 && errno == EINTR);
    return sent;
}

int socket_sendall(int fd, const void *data, size_t size)
{
    const char *rest = data;

    while (size > 0) {
        ssize_t sent = socket_send(fd, rest, size);

        if (sent == -1)
            return -1;
        rest += sent;
        size -= (size_t)sent;
    }
    return 0;
}

/* -- clients --------------------------------------------------------------- */

int socket_parse_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    if (!isdigit((unsigned char)*text) || *end != '\0' || port > 65535)
        return fail(EINVAL);
    return (int)port;
}

/* Where the host ends: at its bracket, at the only colon, or at the end. */
static const char *host_end(const char *text)
{
    const char *colon = strchr(text, ':');

    if (*text == '[')
        return strchr(text, ']');
    if (colon != NULL && strchr(colon + 1, ':') == NULL)
        return colon;
    return text + strlen(text); /* several colons: a bare IPv6 address */
}

int socket_parse_target(const char *text, char host[SOCKET_HOST_SIZE],
                        int *port)
{
    bool bracketed = *text == '[';
    const char *end = host_end(text);
    const char *start = bracketed ? text + 1 : text;
    const char *rest = bracketed && end != NULL ? end + 1 : end;

    if (end == NULL || end == start || end - start >= SOCKET_HOST_SIZE ||
        (*rest != ':' && *rest != '\0'))
        return fail(EINVAL);
    if (*rest == ':') {
        int named_port = socket_parse_port(rest + 1);

        if (named_port == -1)
            return -1;
        *port = named_port;
    }
    memcpy(host, start, (size_t)(end - start));
    host[end - start] = '\0';
    return 0;
}

int socket_resolve(const char *host, int port, struct addrinfo **addresses)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char service[6];

    snprintf(service, sizeof service, "%d", port);
    return getaddrinfo(host, service, &hints, addresses);
}

static int start_connect(const struct addrinfo *address)
{
    int fd = new_socket(address);

    if (fd == -1)
        return -1;
    if (socket_set_nonblocking(fd) == -1)
        return give_up(fd);
    /* An interrupted connect() goes on by itself, like a non-blocking one. */
    if (connect(fd, address->ai_addr, address->ai_addrlen) == -1 &&
        errno != EINPROGRESS && errno != EINTR)
        return give_up(fd);
    return fd;
}

int socket_connect(const struct addrinfo **address)
{
    int fd = -1;

    errno = EADDRNOTAVAIL;
    while (*address != NULL && (fd = start_connect(*address)) == -1)
        *address = (*address)->ai_next;
    return fd;
}

/* A port that nobody listens on can be given to the very socket that connects
 * to it; then both ends of the connection are this one. */
static bool has_met_itself(int fd, const struct sockaddr_storage *peer)
{
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof own;

    return getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
           memcmp(&own, peer, sizeof own) == 0;
}

/* No error is not yet success: a socket still on its way has none either, nor
 * has one whose error was told before. Of these only the former may yet have
 * something to read. */
static int why_not_connected(int fd)
{
    char byte;
    ssize_t received;

    do
        received = recv(fd, &byte, sizeof byte, MSG_PEEK);
    while (received == -1 && errno == EINTR);
    if (received == 0)
        return ENOTCONN;
    return received == -1 && errno != EAGAIN ? errno : EINPROGRESS;
}

int socket_connect_result(int fd)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    int error = 0;
    socklen_t error_size = sizeof error;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) == -1)
        return -1;
    if (error != 0)
        return fail(error);
    if (getpeername(fd, (struct sockaddr *)&peer, &size) == -1)
        return fail(errno == ENOTCONN ? why_not_connected(fd) : errno);
    return has_met_itself(fd, &peer) ? fail(ECONNREFUSED) : 0;
}

/* -- both ------------------------------------------------------------------ */

void socket_format(const struct sockaddr *address, socklen_t size,
                   char name[SOCKET_NAME_SIZE])
{
    char host[64] = "?"; /* an IPv6 address with its interface has up to 62 */
    char port[6] = "?";
    bool ipv6 = address->sa_family == AF_INET6;

    getnameinfo(address, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(name, SOCKET_NAME_SIZE, ipv6 ? "[%s]:%s" : "%s:%s", host, port);
}

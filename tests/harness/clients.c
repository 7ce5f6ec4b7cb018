/* clients.c -- clients of a server: sockets on 127.0.0.1, waits bounded. */
#include "clients.h"

#include "basics.h"
#include "programs.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int client_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    if (fd == -1)
        fail_with("socket: %s", strerror(errno));
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* 0: it is connected, otherwise why not. */
static int connect_error(int fd, int port, long long moment_ms)
{
    struct sockaddr_in address = loopback(port);
    socklen_t size = sizeof(int);
    int error = 0;

    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (!wait_until(moment_ms, fd, POLLOUT))
        return ETIMEDOUT;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

int client_connect_until(int port, long long moment_ms)
{
    int fd = client_socket();

    if (connect_error(fd, port, moment_ms) == 0)
        return fd;
    close(fd);
    return -1;
}

bool client_try_connect(int port, int *fd)
{
    *fd = client_connect_until(port, now_ms() + patience_ms());
    return *fd != -1;
}

static int connected(int fd, int port)
{
    int no_delay = 1;
    int error = connect_error(fd, port, now_ms() + patience_ms());

    if (error != 0)
        fail_with("expected 127.0.0.1:%d to accept a connection, got: %s", port,
                  strerror(error));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
    return fd;
}

int client_connect(int port)
{
    return connected(client_socket(), port);
}

int client_connect_small(int port)
{
    int fd = client_socket();
    /* Still smaller ones overflow and lose segments, and both sides end up
     * waiting for their timers. */
    int window = 8192;
    int segment = 1400;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    return connected(fd, port);
}

int client_port(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    getsockname(fd, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

void client_send(int fd, const void *data, size_t size)
{
    const char *rest = data;
    long long limit = now_ms() + patience_ms();

    while (size > 0) {
        ssize_t sent = send(fd, rest, size, 0);

        if (sent >= 0) {
            rest += sent;
            size -= (size_t)sent;
        } else if (errno != EAGAIN && errno != EINTR) {
            fail_with("client %d: expected to send %zu bytes more, got: %s",
                      client_port(fd), size, strerror(errno));
        } else if (!wait_until(limit, fd, POLLOUT)) {
            fail_with("client %d: expected the server to read, but %zu bytes "
                      "cannot be sent",
                      client_port(fd), size);
        }
    }
}

void client_send_text(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

void client_finish_sending(int fd)
{
    shutdown(fd, SHUT_WR);
}

ssize_t client_receive(int fd, void *buffer, size_t size, long long moment_ms)
{
    ssize_t received;

    while ((received = recv(fd, buffer, size, 0)) == -1 &&
           (errno == EAGAIN || errno == EINTR))
        if (!wait_until(moment_ms, fd, POLLIN)) {
            errno = ETIMEDOUT;
            return -1;
        }
    return received;
}

static ssize_t receive(int fd, void *buffer, size_t size)
{
    return client_receive(fd, buffer, size, now_ms() + patience_ms());
}

const char *client_heard(ssize_t received, const void *bytes)
{
    if (received > 0)
        return quoted(bytes, (size_t)received);
    if (received == 0)
        return "the end of the connection";
    return errno == ETIMEDOUT ? "nothing" : strerror(errno);
}

void client_expect(int fd, const void *data, size_t size)
{
    const char *expected = data;
    size_t done = 0;

    while (done < size) {
        char bytes[4096];
        size_t wanted = size - done < sizeof bytes ? size - done : sizeof bytes;
        ssize_t received = receive(fd, bytes, wanted);

        if (received <= 0 ||
            memcmp(bytes, expected + done, (size_t)received) != 0)
            fail_with("client %d: expected %s, got %s", client_port(fd),
                      quoted(expected + done, size - done),
                      client_heard(received, bytes));
        done += (size_t)received;
    }
}

void client_expect_text(int fd, const char *text)
{
    client_expect(fd, text, strlen(text));
}

void client_expect_end(int fd)
{
    char bytes[256];
    ssize_t received = receive(fd, bytes, sizeof bytes);

    if (received != 0)
        fail_with("client %d: expected the end of the connection, got %s",
                  client_port(fd), client_heard(received, bytes));
}

void client_expect_closed(int fd)
{
    char bytes[256];
    ssize_t received = receive(fd, bytes, sizeof bytes);

    if (received > 0 || (received == -1 && errno == ETIMEDOUT))
        fail_with(
            "client %d: expected the server to close the connection, got %s",
            client_port(fd), client_heard(received, bytes));
}

void client_ask(int fd, const char *text, const char *reply)
{
    client_send_text(fd, text);
    client_expect_text(fd, reply);
}

void client_leave(int fd)
{
    client_finish_sending(fd);
    client_expect_end(fd);
    close(fd);
}

void client_expect_silence(int fd, const char *when)
{
    char bytes[256];
    ssize_t received = recv(fd, bytes, sizeof bytes, MSG_PEEK);

    if (received != -1 || errno != EAGAIN)
        fail_with("client %d: expected no answer %s, got %s", client_port(fd),
                  when, client_heard(received, bytes));
}

void client_expect_readable(int fd)
{
    if (!wait_until(now_ms() + patience_ms(), fd, POLLIN))
        fail_with("client %d: expected a reply, got nothing", client_port(fd));
}

bool client_is_answered(int fd, const char *text, const char *reply)
{
    char byte;
    ssize_t received;

    if (send(fd, text, strlen(text), 0) == -1 &&
        (errno == EPIPE || errno == ECONNRESET))
        return false;
    received = receive(fd, &byte, 1);
    if (received == 1 && byte == *reply) {
        client_expect_text(fd, reply + 1);
        return true;
    }
    if (received == 1 || (received == -1 && errno == ETIMEDOUT))
        fail_with("client %d: expected %s or the end of the connection, got %s",
                  client_port(fd), quoted(reply, strlen(reply)),
                  client_heard(received, &byte));
    return false;
}

void client_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* flows.c -- many bytes to a server and back, each of which can be checked. */
#include "flows.h"

#include "clients.h"
#include "programs.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* It depends on all of seed and place, so that nothing lost, doubled or swapped
 * goes unnoticed. */
unsigned char flow_byte(const struct flow *flow, size_t place)
{
    uint32_t x = ((uint32_t)place + flow->seed * 7919u) * 2654435761u;

    return (unsigned char)((x ^ x >> 15) >> 8);
}

static unsigned char expected_byte(const struct flow *flow, size_t place)
{
    unsigned char byte = flow_byte(flow, place);

    if (flow->expected != NULL)
        return flow->expected(flow, place);
    return byte >= 'a' && byte <= 'z' ? (unsigned char)(byte - 32) : byte;
}

PRINTF_LIKE(4, 5)
static _Noreturn void fail(int fd, const struct flow *flow,
                           enum flow_failure how, const char *format, ...)
{
    char message[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (flow->failed != NULL)
        flow->failed(how, message);
    fail_with("client %d: %s", client_port(fd), message);
}

size_t flow_send(int fd, struct flow *flow)
{
    unsigned char bytes[16384];
    size_t before = flow->sent;

    while (flow->sent < flow->total) {
        size_t size = 0;
        ssize_t sent;

        for (; size < sizeof bytes && flow->sent + size < flow->total; size++)
            bytes[size] = flow_byte(flow, flow->sent + size);
        sent = send(fd, bytes, size, 0);
        if (sent == -1 && (errno == EAGAIN || errno == EINTR))
            break;
        if (sent == -1)
            fail(fd, flow, FLOW_BROKEN,
                 "expected to send byte %zu of %zu, got: %s", flow->sent,
                 flow->total, strerror(errno));
        flow->sent += (size_t)sent;
    }
    return flow->sent - before;
}

static void check(int fd, const struct flow *flow, const unsigned char *bytes,
                  size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char expected = expected_byte(flow, flow->received + i);

        if (bytes[i] != expected)
            fail(fd, flow, FLOW_WRONG,
                 "expected %s as byte %zu that comes back, got %s",
                 quoted(&expected, 1), flow->received + i,
                 quoted(bytes + i, 1));
    }
    if (flow->expected == NULL && flow->received + size > flow->sent)
        fail(fd, flow, FLOW_WRONG, "expected %zu bytes back, got %zu",
             flow->sent, flow->received + size);
}

/* What has come until now; false: nothing. */
static bool receive(int fd, struct flow *flow)
{
    unsigned char bytes[16384];
    ssize_t received = recv(fd, bytes, sizeof bytes, 0);

    if (received == -1 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (received == -1)
        fail(fd, flow, FLOW_BROKEN, "expected byte %zu of %zu, got %s",
             flow->received, flow->total, client_heard(received, bytes));
    flow->ended = received == 0;
    check(fd, flow, bytes, (size_t)received);
    flow->received += (size_t)received;
    return true;
}

size_t flow_receive(int fd, struct flow *flow)
{
    size_t before = flow->received;

    while (flow->received < flow->total && receive(fd, flow))
        if (flow->ended)
            fail(fd, flow, FLOW_BROKEN,
                 "expected byte %zu of %zu, got the end of the connection",
                 flow->received, flow->total);
    return flow->received - before;
}

static void await(int fd, const struct flow *flow)
{
    short events = flow->sent == flow->total ? POLLIN : POLLIN | POLLOUT;

    if (!wait_until(now_ms() + patience_ms(), fd, events))
        fail(fd, flow, FLOW_STUCK,
             "expected byte %zu of %zu, got nothing (%zu were sent)",
             flow->received, flow->total, flow->sent);
}

void flow_finish(int fd, struct flow *flow)
{
    while (flow->received < flow->total)
        if (flow_send(fd, flow) + flow_receive(fd, flow) == 0)
            await(fd, flow);
}

void flow_finish_to_end(int fd, struct flow *flow)
{
    bool told = false;

    while (!flow->ended) {
        bool moved = flow_send(fd, flow) > 0;

        if (!told && flow->sent == flow->total)
            client_finish_sending(fd);
        told = flow->sent == flow->total;
        if (!receive(fd, flow) && !moved)
            await(fd, flow);
    }
}

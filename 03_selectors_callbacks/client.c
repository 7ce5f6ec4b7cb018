/* 03_selectors_callbacks/client.c -- the ">>>" client, on two descriptors.
 *
 * You and the server may both have something to say at any time, so neither may
 * be waited for alone: the loop of a server watches both. A reply ends with a
 * newline, in however many pieces it comes. The end of your input is passed on
 * (half-close): the server answers what it still owes and closes, and so do we.
 */
#include "program.h"
#include "selector.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int server_socket;
    int port;
    bool input_ended;
    bool failed;
    char last_shown; /* '\n', unless the cursor stands in a line */
    size_t start;    /* input[start .. end - 1] is not yet sent */
    size_t end;
    char input[4096];
};

static struct selector *selector;

static selector_callback connected, read_input, converse;

static void prompt(struct client *client)
{
    printf(">>>");
    fflush(stdout);
    client->last_shown = '>';
}

/* Nothing is watched any more: this ends the event loop. */
static void finish(struct client *client, bool failed)
{
    if (client->last_shown != '\n')
        printf("\n");
    client->failed = failed;
    if (failed)
        report("127.0.0.1:%d", client->port);
    else if (!client->input_ended)
        printf("The server has closed the connection\n");
    selector_unregister(selector, client->server_socket);
    selector_unregister(selector, STDIN_FILENO);
}

static void connected(int server_socket, int events, void *data)
{
    struct client *client = data;

    if (socket_connect_result(server_socket) == -1) {
        if (errno != EINPROGRESS)
            finish(client, true);
        return;
    }
    selector_modify(selector, server_socket, EVENT_READ, converse, client);
    selector_register(selector, STDIN_FILENO, EVENT_READ, read_input, client);
    prompt(client);
}

/* One piece of input at a time: the next is read when this one is sent. */
static void read_input(int fd, int events, void *data)
{
    struct client *client = data;
    ssize_t length = read(fd, client->input, sizeof client->input);

    if (length == -1 && (errno == EINTR || errno == EAGAIN))
        return;
    selector_unregister(selector, fd);
    if (length == -1)
        program_fail("stdin");
    if (length == 0) {
        client->input_ended = true;
        shutdown(client->server_socket, SHUT_WR);
        return;
    }
    client->start = 0;
    client->end = (size_t)length;
    selector_modify(selector, client->server_socket, EVENT_READ | EVENT_WRITE,
                    converse, client);
}

static void send_input(struct client *client)
{
    ssize_t sent =
        socket_send(client->server_socket, client->input + client->start,
                    client->end - client->start);

    if (sent == -1) {
        if (errno != EAGAIN)
            finish(client, true);
        return;
    }
    client->start += (size_t)sent;
    if (client->start < client->end)
        return;
    selector_modify(selector, client->server_socket, EVENT_READ, converse,
                    client);
    selector_register(selector, STDIN_FILENO, EVENT_READ, read_input, client);
}

static void print_reply(struct client *client)
{
    char reply[4096];
    ssize_t received = socket_recv(client->server_socket, reply, sizeof reply);

    if (received == -1 && errno == EAGAIN)
        return;
    if (received <= 0) {
        finish(client, received == -1);
        return;
    }
    fwrite(reply, 1, (size_t)received, stdout);
    fflush(stdout); /* a piece without a newline would wait for the next */
    client->last_shown = reply[received - 1];
    if (client->last_shown == '\n' && !client->input_ended)
        prompt(client);
}

static void converse(int server_socket, int events, void *data)
{
    if (events & EVENT_READ)
        print_reply(data);
    else
        send_input(data); /* its turn comes: the loop calls again */
}

static void event_loop(void)
{
    struct selector_key key;
    int mask;

    while (!ferror(stdout) && selector_get_map(selector, NULL, 0) > 0) {
        if (selector_select(selector, -1) == -1)
            program_fail("select");
        while (selector_next(selector, &key, &mask))
            key.callback(key.fd, mask, key.data);
    }
}

static int start_connect(int port)
{
    struct addrinfo *addresses;
    const struct addrinfo *address;
    int sock = -1;

    if (socket_resolve("127.0.0.1", port, &addresses) == 0) {
        address = addresses;
        sock = socket_connect(&address);
        freeaddrinfo(addresses);
    }
    return sock;
}

int main(int argc, char **argv)
{
    struct client client = {.last_shown = '\n',
                            .port = program_port(argc, argv)};

    selector = selector_open("select"); /* stdin may be a file: epoll says no */
    client.server_socket = start_connect(client.port);
    if (selector == NULL || client.server_socket == -1 ||
        selector_register(selector, client.server_socket, EVENT_WRITE,
                          connected, &client) == -1)
        program_fail("cannot connect to 127.0.0.1:%d", client.port);
    event_loop();
    selector_close(selector);
    close(client.server_socket);
    return program_end(client.failed ? 1 : 0);
}

/* servers.c -- programs that listen: on which port, and are they well? */
#include "servers.h"

#include "clients.h"
#include "command.h"
#include "listeners.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number behind the first "127.0.0.1:" in a complete line; 0: none yet. */
static int find_port(const struct stream *out)
{
    static const char address[] = "127.0.0.1:";
    const char *found = out->length == 0 ? NULL : strstr(out->text, address);

    if (found == NULL || strchr(found, '\n') == NULL)
        return 0;
    return (int)strtol(found + sizeof address - 1, NULL, 10);
}

int server_await_port(struct child *child)
{
    long long limit = now_ms() + patience_ms();
    int port = 0;

    while ((port = find_port(&child->out)) == 0 &&
           child_says_more(child, &child->out, limit))
        continue;
    return port;
}

struct child *child_start_on(const struct launch *launch, int port)
{
    char text[12];

    snprintf(text, sizeof text, "%d", port);
    return child_start(launch, ARGS(text));
}

struct child *server_start(const struct launch *launch)
{
    struct child *child = child_start_on(launch, 0);

    child->port = server_await_port(child);
    if (child->port == 0)
        fail_with("expected a line with 127.0.0.1:PORT on the server's stdout, "
                  "got %s",
                  quoted(child->out.text, child->out.length));
    return child;
}

static int free_port(void)
{
    int port;

    close(listener_refusing(&port));
    return port;
}

/* Whoever cannot say where it listens is told, and asked until it does. false:
 * it has ended, somebody else was faster to take the port. */
static bool comes_up(struct child *server)
{
    long long limit = now_ms() + patience_ms();
    int client;

    while (!client_try_connect(server->port, &client)) {
        if (!child_runs(server))
            return false;
        if (now_ms() > limit)
            fail_with("expected %s to listen on %d", server->name,
                      server->port);
        poll(NULL, 0, 1);
    }
    close(client);
    return true;
}

struct child *server_start_unheard(const struct launch *launch)
{
    for (int attempt = 0; attempt < 5; attempt++) {
        int port = free_port();
        struct child *server = child_start_on(launch, port);

        server->port = port;
        if (comes_up(server))
            return server;
        wait_until(0, -1, 0);
        if (!stream_has(&server->err, strerror(EADDRINUSE)))
            fail_with("expected %s to run although nobody hears it",
                      server->name);
        child_free(server);
    }
    fail_with("no port is free");
}

const char server_contract[] =
    "A server in place of ours must keep this contract:\n"
    "  - its last argument is the port, 0 means any free one;\n"
    "  - when it listens it prints a line that contains 127.0.0.1:PORT,\n"
    "    at once (Python: print(..., flush=True));\n"
    "  - it runs until it is killed.\n";

static void give_to_stderr(const char *message)
{
    fprintf(stderr, "%s\n\n%s", message, server_contract);
    exit(1);
}

void server_check_contract(const struct launch *launch)
{
    void (*before)(const char *message) = harness_failed;

    if (!is_replaced(launch->variable))
        return;
    command_must_run(launch_command(launch), launch->variable);
    harness_failed = give_to_stderr;
    child_stop(server_start(launch));
    harness_failed = before;
}

void server_expect_service(struct child *server, const char *text,
                           const char *reply)
{
    int client = client_connect(server->port);

    client_ask(client, text, reply);
    client_leave(client);
}

/* talk.c -- what the suites of the servers do again and again. */
#define TALK_C
#include "talk.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static bool echoes; /* the server of this test */

struct launch launch_for(int i)
{
    echoes = subject_is(&subjects[i], "UPPER");
    return launch_of(&subjects[i], 0);
}

struct child *start_with(int descriptors, int i)
{
    struct launch launch = launch_for(i);

    launch.descriptors = descriptors;
    return server_start(&launch);
}

struct child *start(int i)
{
    return start_with(0, i);
}

const char *reply(const char *in_upper_case)
{
    return echoes ? in_upper_case : HELLO;
}

void converse(int client)
{
    client_ask(client, "hello, World!\n", reply("HELLO, WORLD!\n"));
}

void expect_service(struct child *server)
{
    server_expect_service(server, "hello?\n", reply("HELLO?\n"));
}

void expect_no_harm(struct child *server)
{
    expect_service(server);
    child_stop(server);
}

int fill_up(const struct child *server, int *clients, int count)
{
    int served = 0;

    for (int i = 0; i < count; i++) {
        clients[i] = client_connect(server->port);
        if (client_is_answered(clients[i], "room for me?\n",
                               reply("ROOM FOR ME?\n"))) {
            served++;
        } else {
            close(clients[i]);
            clients[i] = -1;
        }
    }
    return served;
}

bool is_closed_when_deaf(int deaf, int other, int rounds)
{
    enum { FAR_TOO_MUCH = 1024 * 1024 * 1024 };
    static const char bytes[64 * 1024];
    size_t pushed = 0;
    int stalled = 0;

    while (pushed < FAR_TOO_MUCH && stalled < rounds) {
        ssize_t sent = send(deaf, bytes, sizeof bytes, 0);

        if (sent == -1 && errno != EAGAIN)
            return true;
        pushed += sent == -1 ? 0 : (size_t)sent;
        stalled = sent == -1 ? stalled + 1 : 0;
        converse(other);
    }
    return false;
}

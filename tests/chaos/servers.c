/* servers.c -- conversations with servers. */
#include "chaos_run.h"

#include <string.h>
#include <unistd.h>

static int turned_away;

/* Comes until it is answered. */
static int arrive(int port, const char *text, const char *answer)
{
    for (;;) {
        int fd = client_connect(port);

        if (client_is_answered(fd, text, answer))
            return fd;
        close(fd);
        turned_away++;
        expect_reasons(turned_away, "clients were turned away",
                       faults(CHAOS_ECONNABORTED) + faults(CHAOS_EMFILE) +
                           faults(CHAOS_ENOMEM));
    }
}

static const char reply[] = "Hello World\n";

enum { REPLY_SIZE = sizeof reply - 1, EXCHANGES = 3000, MOST_CLIENTS = 40 };

struct talker {
    int fd; /* -1: nobody */
    int left;
    bool patient; /* sends single bytes, so it knows what it is owed */
};

static struct talker talkers[MOST_CLIENTS];
static unsigned long replies;

static void come(struct talker *talker, int port)
{
    talker->fd = arrive(port, "x", reply);
    talker->left = 1 + (int)any(100);
    talker->patient = any(2) == 0;
    replies++;
}

/* Half-closed: what is owed must come, and then the end. */
static void leave_politely(struct talker *talker)
{
    int fd = talker->fd;
    long long limit = now_ms() + patience_ms();
    char bytes[REPLY_SIZE];
    size_t got = 0;
    ssize_t received;

    client_finish_sending(fd);
    while ((received = client_receive(fd, bytes + got, sizeof bytes - got,
                                      limit)) > 0) {
        got += (size_t)received;
        if (memcmp(bytes, reply, got) != 0)
            fail_with("client %d: expected %s, got %s", client_port(fd),
                      quoted(reply, got), quoted(bytes, got));
        replies += got == REPLY_SIZE;
        got %= REPLY_SIZE;
    }
    if (received == -1 || got != 0)
        fail_with("client %d: expected the end after a whole reply, got %s "
                  "after %s",
                  client_port(fd), client_heard(received, bytes),
                  quoted(bytes, got));
    close(fd);
}

static void leave(struct talker *talker)
{
    if (!talker->patient || any(3) == 0)
        leave_politely(talker);
    else if (any(2) == 0)
        client_reset(talker->fd);
    else
        close(talker->fd);
    talker->fd = -1;
}

/* Nobody waits for another's reply before it asks. Some come to be reset. */
static void exchange(int port, int clients)
{
    static const char words[] = "words, words";
    int asked = 1 + (int)any((unsigned)clients);

    for (int i = 0; i < asked; i++)
        if (talkers[i].fd == -1)
            come(&talkers[i], port);
    for (int i = 0; i < asked; i++)
        client_send(talkers[i].fd, words,
                    talkers[i].patient ? 1 : 1 + any(sizeof words - 1));
    for (int i = 0; i < asked; i++) {
        client_expect_text(talkers[i].fd, reply);
        replies++;
        if (--talkers[i].left == 0)
            leave(&talkers[i]);
    }
    if (any(20) == 0)
        client_reset(client_connect(port));
}

static void talk_as(int clients)
{
    struct child *child = start(NULL);

    for (int i = 0; i < clients; i++)
        talkers[i].fd = -1;
    while (replies < EXCHANGES)
        exchange(child->port, clients);
    expect_rest("while its clients say nothing");
    for (int i = 0; i < clients; i++)
        if (talkers[i].fd != -1)
            leave_politely(&talkers[i]);
    if (run->report->received != replies)
        fail_with("the server received %lu times, but sent %lu replies",
                  run->report->received, replies);
    expect_rest("when its clients have left");
    child_stop(child);
}

void talk_alone(void)
{
    talk_as(1);
}

void talk_to_server(void)
{
    talk_as(1 + (int)any(MOST_CLIENTS));
}

/* -- upper ----------------------------------------------------------------- */

enum { MIB = 1024 * 1024 };
enum { FLOWS = 6, FLOW_BYTES = 4 * MIB, FIRST_FLOW_BYTES = 12 * MIB };

struct speaker {
    int fd;
    struct flow flow;
};

/* One after the other as far as it goes; if that is nowhere, waits for one that
 * is not over: it must come forward, whatever the others do. */
static bool converse(struct speaker *speakers)
{
    const struct speaker *waiting = NULL;
    size_t moved = 0;

    for (int i = 0; i < FLOWS; i++) {
        struct speaker *one = &speakers[i];

        moved += flow_send(one->fd, &one->flow);
        moved += flow_receive(one->fd, &one->flow);
        if (one->flow.received < one->flow.total)
            waiting = one;
    }
    if (moved == 0 && waiting != NULL)
        client_expect_readable(waiting->fd);
    return waiting != NULL;
}

/* Others come meanwhile, and go in any order and manner. */
static void come_or_go(int port, int *guest)
{
    if (*guest == -1) {
        *guest = arrive(port, "x", "X");
        return;
    }
    if (any(2) == 0)
        client_reset(*guest);
    else
        client_leave(*guest);
    *guest = -1;
}

void talk_to_upper(void)
{
    enum { GUESTS = 6 };
    int guests[GUESTS] = {-1, -1, -1, -1, -1, -1};
    struct speaker speakers[FLOWS];
    struct child *child = start(NULL);

    for (int i = 0; i < FLOWS; i++) {
        come_or_go(child->port, &guests[i % GUESTS]);
        speakers[i].fd = arrive(child->port, "x", "X");
        speakers[i].flow = (struct flow){
            .seed = any(1000),
            .total = i == 0 ? FIRST_FLOW_BYTES : FLOW_BYTES,
        };
    }
    while (converse(speakers))
        if (any(20) == 0)
            come_or_go(child->port, &guests[any(GUESTS)]);
    expect_rest("while its clients say nothing");
    for (int i = 0; i < FLOWS; i++)
        client_leave(speakers[i].fd);
    for (int i = 0; i < GUESTS; i++)
        if (guests[i] != -1)
            client_leave(guests[i]);
    expect_rest("when its clients have left");
    child_stop(child);
}

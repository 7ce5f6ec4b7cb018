/* resets.c -- clients who end the connection at the wrong moment. */
#include "../case.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static void reset_after_connect(void)
{
    for (int i = 0; i < TIMES; i++)
        client_reset(come("one who resets at once"));
}

static void reset_after_sending(void)
{
    for (int i = 0; i < 3 * TIMES; i++) {
        int client = come("one who sends and resets");

        if (i % 3 > 0)
            serve(client, "one who resets later");
        if (i % 3 < 2)
            say(client, "never mind\n");
        client_reset(client);
    }
}

/* Somebody who has sent more than is answered when the first answer comes. */
static int client_being_answered(void)
{
    static const char question[MIB];
    int client = come("one with 1 MiB");

    (void)!send(client, question, sizeof question, 0);
    if (!wait_until(now_ms() + patience_ms(), client, POLLIN))
        end_with(STUCK, "1 MiB was not answered within %d ms", patience_ms());
    return client;
}

static void reset_while_answered(void)
{
    for (int i = 0; i < TIMES; i++)
        client_reset(client_being_answered());
}

/* The kernel answers replies to a closed connection with a reset, and the next
 * send() with EPIPE, or with SIGPIPE for whoever does not ignore it. */
static void close_with_unread(void)
{
    static const char question[64 * KIB];

    for (int i = 0; i < TIMES; i++) {
        int client = come("one who closes");

        client_send(client, question, sizeof question);
        close(client);
        close(client_being_answered());
    }
}

/* Every now and then somebody waits to be served, so that the server keeps up;
 * sooner if it has dropped somebody, who then has tried again a second later: a
 * backlog can be as short as five. */
static void resets(int count)
{
    enum { A_WHILE_MS = 500, RARELY = 100, OFTEN = 4 };
    int pause = RARELY;

    for (int connected = 0; connected < count; connected++) {
        long long before = now_ms();
        int client = try_to_come();

        if (client == -1)
            break;
        outcome.connected = connected + 1;
        if (now_ms() - before > A_WHILE_MS)
            pause = OFTEN;
        client_reset(client);
        if (connected % pause == 0) {
            client = come("one who comes between resets");
            serve(client, "one who comes between resets");
            leave(client, "one who comes between resets");
        }
    }
}

static void thousand_resets(void)
{
    resets(1000);
}

/* What grows with use has grown by then. Half a KiB lost with each connection
 * is seen. */
static void storm_of_resets(void)
{
    enum { FIRST = 500, ALLOWED_KIB = 512 };
    long before;
    long grown;

    resets(FIRST);
    before = memory_now();
    thousand_resets();
    grown = memory_now() - before;
    if (before != -1 && grown > ALLOWED_KIB)
        expect_no_more_growth(thousand_resets, ALLOWED_KIB, grown);
}

/* A case more: a function above, its row here, as told at struct row. */
const struct row reset_cases[] = {
    {"reset right after connect", reset_after_connect,
     .faults = {{"dies-of-reset", DIES}, {"leaks-descriptors", LEAKS}}},
    {"reset after sending", reset_after_sending,
     .faults = {{"dies-of-reset", DIES}}},
    {"reset while answered", reset_while_answered,
     .faults = {{"dies-of-epipe", DIES}}},
    {"close with unread replies", close_with_unread,
     .faults = {{"dies-of-sigpipe", DIES}, {"dies-of-epipe", DIES}}},
    {"1000 times connect, reset", storm_of_resets, .counts = CONNECTED,
     .faults = {{"leaks-memory", GROWS},
                {"keeps-32-kib", OK},
                {"leaks-descriptors", LEAKS}}},
    {.name = NULL},
};

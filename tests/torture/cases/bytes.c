/* bytes.c -- what is sent, in which pieces, and when the answer is read. */
#include "../case.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void byte_by_byte(void)
{
    int client = come("one who sends byte by byte");

    for (int i = 0; i < 100; i++)
        ask(client, i % 2 == 0 ? "x" : "\n", "one who sends byte by byte");
    leave(client, "one who sends byte by byte");
}

static unsigned char answer_at(const struct flow *flow, size_t place)
{
    char sent = (char)flow_byte(flow, place);
    size_t size = 1;
    const char *reply = reply_to(&sent, &size);

    return (unsigned char)reply[place % size];
}

static void give_up(enum flow_failure how, const char *message)
{
    static const enum verdict verdicts[] = {
        [FLOW_BROKEN] = DROPS, [FLOW_WRONG] = WRONG, [FLOW_STUCK] = STUCK};

    end_with(verdicts[how], "%s", message);
}

static struct flow new_flow(size_t total)
{
    return (struct flow){
        .total = total, .expected = answer_at, .failed = give_up};
}

static void finish(int client, struct flow *flow)
{
    size_t size = 1;
    bool whole;

    reply_to("", &size);
    flow_finish_to_end(client, flow);
    whole = answers_hello() ? flow->received > 0 && flow->received % size == 0
                            : flow->received == flow->total;
    if (!whole)
        end_with(WRONG, "%zu bytes sent, and %zu have come back", flow->sent,
                 flow->received);
    close(client);
}

static void mebibyte_at_once(void)
{
    struct flow flow = new_flow(MIB);

    finish(come("one with 1 MiB"), &flow);
}

/* Nothing more goes while the server sleeps, for longer than TCP takes to send
 * a lost segment again: so it is not because somebody has had no time. */
static bool is_full(int client)
{
    enum { MOMENTS = 15 };
    long long limit = now_ms() + patience_ms();

    for (int i = 0; i < MOMENTS && now_ms() < limit; i += rests_for_a_moment())
        if (wait_until(0, client, POLLOUT))
            return false;
    return true;
}

/* Whoever does not look at what send() returns loses what does not fit into the
 * kernel's buffers. The answers of a hello server always fit. */
static void read_late(void)
{
    struct flow flow = new_flow(answers_hello() ? MIB : 16 * MIB);
    int client = come("one who reads late");

    do
        flow_send(client, &flow);
    while (flow.sent < flow.total && !is_full(client));
    finish(client, &flow);
}

static void ask_bytes(int client, const char *bytes, size_t size)
{
    client_send(client, bytes, size);
    bytes = reply_to(bytes, &size);
    client_expect(client, bytes, size);
}

static void binary(void)
{
    char bytes[256];
    int client = come("one who sends all byte values");

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i; /* a NUL comes first */
    ask_bytes(client, bytes, sizeof bytes);
    ask_bytes(client, "", 1);
    leave(client, "one who has sent all byte values");
}

#ifndef MSG_MORE
#define MSG_MORE 0 /* then the end comes just behind */
#endif

static void half_close(void)
{
    static const char words[] = "the last words\n";

    for (int i = 0; i < TIMES; i++) {
        int client = come("one who finishes sending");

        (void)!send(client, words, strlen(words), MSG_MORE);
        client_finish_sending(client);
        hear(client, words, "one who has finished sending, not reading,");
        leave(client, "one who has finished sending, not reading,");
    }
}

/* Sends until nothing goes any more or the server has closed. With answers of
 * twelve bytes to 4 KiB it takes more than 100 MiB to fill what the kernel has
 * for them. */
static void fill_up(int client)
{
    enum { ENOUGH = 512 * MIB };
    static const char bytes[64 * KIB];
    size_t total = 0;

    while (total < ENOUGH) {
        ssize_t sent = send(client, bytes, sizeof bytes, 0);

        if (sent == -1 && errno != EAGAIN)
            break;
        if (sent == -1 && is_full(client))
            break;
        total += sent == -1 ? 0 : (size_t)sent;
    }
}

/* Not with a reset, that is another case. */
static void read_all_and_leave(int client)
{
    long long limit = now_ms() + patience_ms();
    char bytes[16 * KIB];
    ssize_t received = 1;

    client_finish_sending(client);
    while (received > 0 && wait_until(limit, client, POLLIN))
        received = recv(client, bytes, sizeof bytes, 0);
    close(client);
}

static void never_reads(void)
{
    int deaf = client_connect_small(server->port);
    int other;
    bool waits;

    fill_up(deaf);
    other = come("another client");
    waits = is_kept_waiting(other, "another client");
    expect_rest("although somebody does not read");
    read_all_and_leave(deaf);
    if (waits)
        hear(other, "and me?\n",
             "another client, when the one who does not read has left,");
    leave(other, "another client");
}

/* A case more: a function above, its row here, as told at struct row. */
const struct row byte_cases[] = {
    {"one byte at a time", byte_by_byte,
     .faults = {{"waits-for-lines", STUCK}}},
    {"1 MiB at once", mebibyte_at_once,
     .faults = {{"overruns-its-buffer", DIES},
                {"takes-a-recv-for-a-message", WRONG}}},
    {"megabytes, read late", read_late,
     .faults = {{"echo-loses-bytes", WRONG}}},
    {"binary, NULs in it", binary, .faults = {{"drops-nuls", STUCK}}},
    {"half-close is answered", half_close,
     .faults = {{"no-half-close", DROPS}}},
    {"a client that never reads", never_reads, .holds_up = true,
     .faults = {{"blocks-on-slow-reader", WAITS}, {"starves", WAITS}}},
    {.name = NULL},
};

/* cases.c -- what is done to the programs: the rows of the matrix.
 *
 * A case ends the cell when something is not as it must be. Otherwise it
 * returns, and cell.c looks at what it has left behind.
 */
#include "torture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * KIB, TIMES = 20 };

static void nothing(void)
{
}

/* -- who is served when ---------------------------------------------------- */

static void second_client(void)
{
    int first = come("the first client");
    int second;
    bool waits;

    serve(first, "the first client");
    second = come("the second client");
    waits = is_kept_waiting(second, "the second client");
    serve(first, "the first client, while a second is there,");
    leave(first, "the first client");
    if (waits)
        must(hear(second, "and me?\n", limit_ms()),
             "the second client, after the first has left,");
    leave(second, "the second client");
}

static void one_leaves(void)
{
    for (int i = 0; i < TIMES; i++) {
        int first = come("the first of two");
        int second = come("the second of two");

        serve(first, "the first of two");
        leave(first, "the first of two");
        serve(second, "the other, after one has left,");
        serve(second, "the other, after one has left,");
        leave(second, "the other, after one has left,");
    }
}

/* -- resets ---------------------------------------------------------------- */

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
    if (!wait_until(now_ms() + limit_ms(), client, POLLIN))
        end_with(STUCK, "1 MiB was not answered within %d ms", limit_ms());
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

static int connected_or_none(void)
{
    int client;

    return client_try_connect(server->port, &client) ? client : -1;
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
        int client = connected_or_none();

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

/* What grows with use has grown by then. Half a KiB lost with each connection
 * is seen. */
static void storm_of_resets(void)
{
    enum { FIRST = 500, STORM = 1000, ALLOWED_KIB = 512 };
    long before;
    long grown;

    resets(FIRST);
    before = memory_now();
    resets(STORM);
    grown = memory_now() - before;
    if (before != -1 && grown > ALLOWED_KIB)
        end_with(GROWS, "it uses %ld KiB more than 1000 connections earlier",
                 grown);
}

/* -- bytes ----------------------------------------------------------------- */

static void byte_by_byte(void)
{
    int client = come("one who sends byte by byte");

    for (int i = 0; i < 100; i++)
        must(ask(client, i % 2 == 0 ? "x" : "\n", limit_ms()),
             "one who sends byte by byte");
    leave(client, "one who sends byte by byte");
}

/* Bytes that come back to a client: which they must be is known from their
 * place, so none is stored. */
struct transfer {
    size_t total, sent, received;
    bool ended;
};

static unsigned char byte_at(size_t place)
{
    return (unsigned char)((place * 2654435761U) >> 13);
}

/* As much as goes without waiting. false: nothing. */
static bool transfer_out(int client, struct transfer *transfer)
{
    unsigned char bytes[16 * KIB];
    size_t size = 0;
    ssize_t sent;

    for (; size < sizeof bytes && transfer->sent + size < transfer->total;
         size++)
        bytes[size] = byte_at(transfer->sent + size);
    sent = size == 0 ? 0 : send(client, bytes, size, 0);
    if (sent == -1 && errno != EAGAIN)
        end_with(DROPS, "after %zu of %zu bytes nothing more can be sent: %s",
                 transfer->sent, transfer->total, strerror(errno));
    if (sent <= 0)
        return false;
    transfer->sent += (size_t)sent;
    if (transfer->sent == transfer->total)
        client_finish_sending(client);
    return true;
}

static void check(const struct transfer *transfer, const unsigned char *bytes,
                  size_t size)
{
    size_t hello_size;
    const char *hello = reply_to("", &hello_size);

    for (size_t i = 0; i < size; i++) {
        size_t place = transfer->received + i;
        unsigned char expected = answers_hello()
                                     ? (unsigned char)hello[place % hello_size]
                                     : byte_back(byte_at(place));

        if (bytes[i] != expected)
            end_with(WRONG, "expected %s as byte %zu that comes back, got %s",
                     quoted(&expected, 1), place, quoted(bytes + i, 1));
    }
}

static bool transfer_in(int client, struct transfer *transfer)
{
    unsigned char bytes[16 * KIB];
    ssize_t received = recv(client, bytes, sizeof bytes, 0);

    if (received == -1 && errno != EAGAIN)
        end_with(DROPS, "after %zu bytes had come back: %s", transfer->received,
                 strerror(errno));
    if (received == -1)
        return false;
    if (received == 0)
        transfer->ended = true;
    check(transfer, bytes, (size_t)received);
    transfer->received += (size_t)received;
    return true;
}

static void transfer_rest(int client, struct transfer *transfer)
{
    size_t hello_size;

    reply_to("", &hello_size);
    while (!transfer->ended) {
        bool sending = transfer->sent < transfer->total;
        bool sent = transfer_out(client, transfer);

        if (transfer_in(client, transfer) || sent)
            continue;
        if (!wait_until(now_ms() + limit_ms(), client,
                        sending ? POLLIN | POLLOUT : POLLIN))
            end_with(STUCK,
                     "%zu bytes sent, %zu have come back, then nothing "
                     "happened for %d ms",
                     transfer->sent, transfer->received, limit_ms());
    }
    if (answers_hello() && transfer->received > 0 &&
        transfer->received % hello_size == 0)
        return;
    if (answers_hello() || transfer->received != transfer->total)
        end_with(WRONG, "%zu bytes sent, and %zu have come back",
                 transfer->sent, transfer->received);
}

static void mebibyte_at_once(void)
{
    struct transfer transfer = {.total = MIB};
    int client = come("one with 1 MiB");

    transfer_rest(client, &transfer);
    close(client);
}

/* Nothing more goes while the server sleeps, for longer than TCP takes to send
 * a lost segment again: so it is not because somebody has had no time. */
static bool is_full(int client)
{
    enum { MOMENTS = 15 };
    long long limit = now_ms() + limit_ms();

    for (int i = 0; i < MOMENTS && now_ms() < limit; i += rests_for_a_moment())
        if (wait_until(0, client, POLLOUT))
            return false;
    return true;
}

/* Whoever does not look at what send() returns loses what does not fit into the
 * kernel's buffers. The answers of a hello server always fit. */
static void read_late(void)
{
    struct transfer transfer = {.total = answers_hello() ? MIB : 16 * MIB};
    int client = come("one who reads late");

    do
        while (transfer_out(client, &transfer))
            continue;
    while (transfer.sent < transfer.total && !is_full(client));
    transfer_rest(client, &transfer);
    close(client);
}

static void binary(void)
{
    unsigned char bytes[256];
    unsigned char expected[256];
    size_t size;
    const char *hello = reply_to("", &size);
    int client = come("one who sends all byte values");

    for (int i = 0; i < 256; i++) {
        bytes[i] = (unsigned char)i; /* a NUL comes first */
        expected[i] = byte_back(bytes[i]);
    }
    client_send(client, bytes, sizeof bytes);
    if (answers_hello())
        client_expect(client, hello, size);
    else
        client_expect(client, expected, sizeof expected);
    client_send(client, "", 1);
    client_expect(client, answers_hello() ? hello : "",
                  answers_hello() ? size : 1);
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
        must(hear(client, words, limit_ms()),
             "one who has finished sending, not reading,");
        leave(client, "one who has finished sending, not reading,");
    }
}

/* -- many ------------------------------------------------------------------ */

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
    long long limit = now_ms() + limit_ms();
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
        must(hear(other, "and me?\n", limit_ms()),
             "another client, when the one who does not read has left,");
    leave(other, "another client");
}

/* For one who has not yet noticed all that has come: a moment. */
static void let_it_sleep(void)
{
    enum { TRIES = 20 };

    for (int i = 0; i < TRIES && !rests_for_a_moment(); i++)
        continue;
}

enum { CROWD_MOST = 1100 };
static int crowd[CROWD_MOST]; /* -1: turned away */
static int silent;            /* the first who had no answer, or crowd_size */
static int crowd_size;

/* Whoever has no answer is the last to ask. */
static void crowd_asks(int who)
{
    switch (ask(crowd[who], "room for me?\n", newcomer_ms())) {
    case ANSWERED:
        outcome.served++;
        break;
    case CLOSED_BY_SERVER:
        close(crowd[who]);
        crowd[who] = -1;
        break;
    case UNANSWERED:
        silent = who;
    }
}

/* One after the other, each when the one before is connected and was answered,
 * and those who say nothing only a few at a time: a backlog is no place for a
 * thousand. The first who is not connected is the last to try. */
static void crowd_comes(int count, bool asks)
{
    enum { A_FEW = 50 };

    silent = count;
    outcome.connected = 0;
    outcome.served = asks ? 0 : -1;
    for (crowd_size = 0; crowd_size < count; crowd_size++) {
        crowd[crowd_size] = connected_or_none();
        if (crowd[crowd_size] == -1)
            break;
        outcome.connected++;
        if (asks && silent == count)
            crowd_asks(crowd_size);
        else if (crowd_size % A_FEW == 0)
            let_it_sleep();
    }
    if (silent == count)
        silent = crowd_size;
    if (crowd_size < 2)
        end_with(STUCK, "of many only %d could connect", crowd_size);
}

static void two_hundred_silent(void)
{
    int other;
    bool waits;

    crowd_comes(200, false);
    other = connected_or_none();
    if (other == -1) /* a short backlog */
        other = crowd[--crowd_size];
    waits = is_kept_waiting(other, "one more client");
    expect_rest("with 200 silent clients");
    if (!waits) {
        serve(crowd[0], "the first of the silent");
        serve(crowd[crowd_size - 1], "the last of the silent");
    }
    for (int i = 0; i < crowd_size; i++)
        close(crowd[i]);
    if (waits)
        must(hear(other, "and me?\n", limit_ms()),
             "one more client, when the silent have left,");
    leave(other, "one more client");
}

static const char *words_of(int client, int round)
{
    static char text[400];

    snprintf(text, sizeof text,
             "client %d, round %d: %0300d, 300 digits, and that is all\n",
             client, round, client * 1000 + round);
    return text;
}

static void all_talk_at_once(int round)
{
    for (int i = 0; i < crowd_size; i++)
        say(crowd[i], words_of(i, round));
    for (int i = 0; i < crowd_size; i++)
        must(hear(crowd[i], words_of(i, round), limit_ms()),
             "one of many busy clients");
}

/* Each gets its turn when those before have left. */
static void one_after_the_other(void)
{
    for (int i = silent + 1; i < crowd_size; i++)
        say(crowd[i], "room for me?\n");
    for (int i = 0; i < crowd_size; i++) {
        if (i >= silent)
            must(hear(crowd[i], "room for me?\n", limit_ms()),
                 "one of many, when those before had left,");
        leave(crowd[i], "one of many, when it was answered,");
    }
    had_to_wait("no. %d of %d", silent + 1, crowd_size);
}

static void two_hundred_busy(void)
{
    enum { ROUNDS = 5 };

    crowd_comes(200, true);
    for (int i = 0; i < crowd_size; i++)
        if (crowd[i] == -1)
            end_with(DROPS, "no. %d of 200 was turned away", i + 1);
    if (silent < crowd_size) {
        one_after_the_other();
        return;
    }
    for (int round = 0; round < ROUNDS; round++)
        all_talk_at_once(round);
    for (int i = 0; i < crowd_size; i++)
        leave(crowd[i], "one of many busy clients");
}

static void crowd_goes_on(void)
{
    for (int i = 0; i < silent; i++)
        if (crowd[i] != -1)
            serve(crowd[i], "one who was served before all were there");
}

static void crowd_leaves(int from, int to)
{
    for (int i = from; i < to; i++)
        if (crowd[i] != -1)
            close(crowd[i]);
}

/* One says good-bye, so that the server has seen that all have left. */
static void all_but_the_first_leave(void)
{
    int last = crowd_size - 1;

    while (last > 0 && crowd[last] == -1)
        last--;
    crowd_leaves(1, last);
    if (last > 0)
        leave(crowd[last], "the last of many");
}

static void newcomer_takes_place(void)
{
    int newcomer;

    if (crowd[0] == -1)
        end_with(DROPS, "the first client was turned away");
    leave(crowd[0], "the first of many");
    newcomer = come("a newcomer, when one has left,");
    serve(newcomer, "a newcomer, when one has left,");
    close(newcomer);
}

/* Whoever does not get an answer must get it when the others have left. */
static void silent_is_answered(void)
{
    crowd_leaves(0, silent);
    crowd_leaves(silent + 1, crowd_size);
    must(hear(crowd[silent], "room for me?\n", limit_ms()),
         "one who had no answer, when the others had left,");
    leave(crowd[silent], "one who had no answer, when the others had left,");
}

/* Those for whom there is no room may be turned away, all of them at once. When
 * there was room for enough, they may be left waiting as well. */
static void too_many(int count, int enough, const char *when)
{
    crowd_comes(count, true);
    expect_rest(when);
    crowd_goes_on();
    if (silent == crowd_size) {
        newcomer_takes_place();
        all_but_the_first_leave();
        return;
    }
    silent_is_answered();
    if (outcome.served < enough)
        had_to_wait("no. %d of %d", silent + 1, crowd_size);
}

static void out_of_descriptors(void)
{
    too_many(100, 32, "with no descriptor left");
}

static void eleven_hundred(void)
{
    if (!raise_descriptor_limit())
        end_with(SKIPPED, "ulimit -Hn is too low for 1100 clients");
    too_many(CROWD_MOST, CROWD_MOST, "with 1100 clients come");
}

/* -- signals --------------------------------------------------------------- */

static void stopped_and_continued(void)
{
    int client = come("one who talks to a stopped server");

    serve(client, "one who talks to a server");
    for (int i = 0; i < 5; i++) {
        let_it_sleep();
        child_pause(server);
        say(client, "are you asleep?\n");
        client_expect_silence(client, "from a stopped server");
        child_signal(server, SIGCONT);
        must(hear(client, "are you asleep?\n", limit_ms()),
             "one who talked to a stopped server, when it went on,");
    }
    leave(client, "one who has talked to a stopped server");
}

static void storm_of_signals(void)
{
    static const int harmless[] = {SIGWINCH, SIGURG, SIGCHLD, SIGCONT};
    int client = come("one who talks while signals come");

    for (int i = 0; i < 1000; i++) {
        if (i % 100 < 4)
            let_it_sleep();
        child_signal(server, harmless[i % 4]);
        if (i % 10 == 0)
            serve(client, "one who talks while signals come");
    }
    leave(client, "one who has talked while signals came");
}

/* -- the port -------------------------------------------------------------- */

/* The server is killed, so it is the first to close, and its port is kept by a
 * connection in TIME_WAIT. */
static bool restarts(void)
{
    int client = come("one who is there when the server is killed");
    int port = server->port;

    serve(client, "one who is there when the server is killed");
    child_free(server);
    server = NULL;
    client_expect_closed(client);
    close(client);
    return start_on(port);
}

/* Another program may take the port in between; three times it will not. */
static void restart(void)
{
    for (int attempt = 1; !restarts(); attempt++) {
        if (attempt == 3)
            end_with(STUCK, "started again on its port it says nothing");
        child_free(server);
        server = NULL;
        start_on(0);
    }
}

static void second_server(void)
{
    struct child *second = start_another_on(server->port);
    long long limit = now_ms() + limit_ms();

    while (child_runs(second))
        if (now_ms() > limit)
            end_with(WRONG, "a second server runs on the same port");
        else
            wait_until(now_ms() + 5, -1, 0);
    if (WIFEXITED(second->status) && WEXITSTATUS(second->status) == 0)
        end_with(WRONG, "a second server on the same port ends with status 0");
    child_free(second);
}

/* -- nobody takes its words ------------------------------------------------ */

static void talk_unheard(int in, int out)
{
    start_unheard(in, out);
    for (int i = 0; i < TIMES; i++) {
        int client = come("one whom nobody hears of");

        serve(client, "one whom nobody hears of");
        leave(client, "one whom nobody hears of");
    }
}

/* The listener gets the number of stdin, and the first client that of stdout,
 * if nobody has seen to it. */
static void both_closed(void)
{
    talk_unheard(CLOSED, CLOSED);
}

static void make_pipe(int ends[2])
{
    if (pipe(ends) == -1)
        end_with(LOST, "pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

static void stdout_reader_gone(void)
{
    int ends[2];

    make_pipe(ends);
    close(ends[0]);
    talk_unheard(0, ends[1]);
}

static void stdout_full_pipe(void)
{
    int ends[2];

    make_pipe(ends);
    pipe_fill(ends[1]);
    talk_unheard(0, ends[1]);
}

static void stdout_full_disk(void)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    if (full == -1)
        end_with(SKIPPED, "there is no /dev/full");
    talk_unheard(0, full);
}

/* -- all of them ----------------------------------------------------------- */

#define ROW(name_, ...)                                                        \
    {                                                                          \
        .name = name_, .play = __VA_ARGS__                                     \
    }

const struct row rows[] = {
    ROW("nobody comes", nothing),
    ROW("second client, first idle", second_client, .holds_up = true),
    ROW("one leaves, others go on", one_leaves),
    ROW("reset right after connect", reset_after_connect),
    ROW("reset after sending", reset_after_sending),
    ROW("reset while answered", reset_while_answered),
    ROW("close with unread replies", close_with_unread),
    ROW("1000 times connect, reset", storm_of_resets, .counts = CONNECTED),
    ROW("one byte at a time", byte_by_byte),
    ROW("1 MiB at once", mebibyte_at_once),
    ROW("megabytes, read late", read_late),
    ROW("binary, NULs in it", binary),
    ROW("half-close is answered", half_close),
    ROW("a client that never reads", never_reads, .holds_up = true),
    ROW("200 silent clients", two_hundred_silent, .holds_up = true,
        .counts = CONNECTED),
    ROW("200 busy clients", two_hundred_busy, .holds_up = true,
        .counts = SERVED),
    ROW("64 descriptors, 100 come", out_of_descriptors, .holds_up = true,
        .counts = SERVED, .descriptors = 64),
    ROW("1100 come (FD_SETSIZE)", eleven_hundred, .holds_up = true,
        .counts = SERVED, .descriptors = 1300),
    ROW("stopped and continued", stopped_and_continued),
    ROW("1000 harmless signals", storm_of_signals),
    ROW("restart on the same port", restart),
    ROW("second server, same port", second_server),
    ROW("stdin, stdout closed", both_closed, .unheard = true),
    ROW("stdout: its reader gone", stdout_reader_gone, .unheard = true),
    ROW("stdout: a full pipe", stdout_full_pipe, .unheard = true),
    ROW("stdout: a full disk", stdout_full_disk, .unheard = true),
};

const int row_count = sizeof rows / sizeof *rows;

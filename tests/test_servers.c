/* test_servers.c -- what the clients of the "Hello World" servers see.
 *
 * The servers of the stages 01, 02 and 03, the last with every selector, or one
 * of yours: make test-02 SERVER="python3 mine.py". It must take the port as its
 * last argument (0: any free one), print a line that contains 127.0.0.1:PORT as
 * soon as it listens, and run until it is killed. It answers "Hello World\n" to
 * every chunk it reads. Stage 01 serves one client after the other; from stage
 * 02 on nobody waits for anybody. Nothing that one client does harms another.
 */
#include "harness.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY "Hello World\n"

#define STAGE_03 "03_selectors_callbacks/server"

static const struct subject {
    const char *suite;
    const char *name; /* of the Check case: a label for the reader */
    const char *path;
    const char *selector;
} subjects[] = {
    {"01", "01 server", "01_blocking/server", NULL},
    {"01", "01 functions", "01_blocking/functions", NULL},
    {"02", "02 server", "02_select_loop/server", NULL},
    {"03", "03 server", STAGE_03, NULL}, /* the best there is: epoll, kqueue */
    {"03", "03 server select", STAGE_03, "select"},
    {"03", "03 server poll", STAGE_03, "poll"},
};

enum { SUBJECTS = sizeof subjects / sizeof *subjects };

static struct launch launch_of(int subject)
{
    return (struct launch){.path = subjects[subject].path,
                           .variable = "SERVER",
                           .selector = subjects[subject].selector};
}

static struct child *start(int subject)
{
    struct launch launch = launch_of(subject);

    return server_start(&launch);
}

static void converse(int client)
{
    client_send_text(client, "hello?\n");
    client_expect_text(client, REPLY);
}

/* Leaves and waits until the server has closed its side. */
static void leave(int client)
{
    client_finish_sending(client);
    client_expect_end(client);
    close(client);
}

/* What every test of bad manners ends with. */
static void expect_service(struct child *server)
{
    int client = client_connect(server->port);

    converse(client);
    leave(client);
}

/* -- one client ------------------------------------------------------------ */

START_TEST(every_message_is_answered_with_hello_world)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    client_send_text(client, "one\n");
    client_expect_text(client, REPLY);
    client_send_text(client, "two, without a newline");
    client_expect_text(client, REPLY);
    client_send_text(client, "three\r\n");
    client_expect_text(client, REPLY);
    leave(client);
    child_stop(server);
}
END_TEST

START_TEST(bytes_sent_one_by_one_are_answered_one_by_one)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    for (int i = 0; i < 100; i++) {
        client_send_text(client, "x");
        client_expect_text(client, REPLY);
    }
    leave(client);
    child_stop(server);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_answered_too)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);
    char bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i; /* a NUL comes first */
    client_send(client, bytes, sizeof bytes);
    client_expect_text(client, REPLY);
    client_send(client, "", 1);
    client_expect_text(client, REPLY);
    leave(client);
    child_stop(server);
}
END_TEST

/* Reads to the end; how many replies there were. */
static long count_replies(int client)
{
    long bytes = 0;
    char reply[sizeof REPLY - 1];
    ssize_t received;

    do {
        client_expect_readable(client);
        received = recv(client, reply, 1, 0);
        ck_assert_msg(received >= 0, "expected replies and then the end of the "
                                     "connection, got an error");
        if (received == 1)
            ck_assert_msg(*reply == REPLY[bytes % 12],
                          "expected \"Hello World\\n\" over and over, got %s "
                          "after %ld bytes",
                          quoted(reply, 1), bytes);
        bytes += received;
    } while (received > 0);
    ck_assert_msg(bytes % 12 == 0,
                  "expected whole replies, got %ld bytes, not a multiple of 12",
                  bytes);
    return bytes / 12;
}

START_TEST(a_mebibyte_at_once_is_answered_and_nothing_gets_stuck)
{
    static char mebibyte[1024 * 1024];
    struct child *server = start(_i);
    int client = client_connect(server->port);
    long replies;

    memset(mebibyte, 'm', sizeof mebibyte);
    client_send(client, mebibyte, sizeof mebibyte);
    client_finish_sending(client);
    replies = count_replies(client);
    ck_assert_msg(replies >= 1, "expected at least one reply, got none");
    close(client);
    expect_service(server);
    child_stop(server);
}
END_TEST

START_TEST(a_client_that_has_finished_sending_still_gets_its_reply)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    child_pause(server); /* so that the request and the end wait together */
    client_send_text(client, "the last word\n");
    client_finish_sending(client);
    child_signal(server, SIGCONT);
    client_expect_text(client, REPLY);
    client_expect_end(client);
    close(client);
    child_stop(server);
}
END_TEST

START_TEST(clients_may_leave_without_a_word)
{
    struct child *server = start(_i);

    for (int i = 0; i < 20; i++)
        close(client_connect(server->port));
    for (int i = 0; i < 20; i++)
        leave(client_connect(server->port));
    expect_service(server);
    child_stop(server);
}
END_TEST

/* -- resets ---------------------------------------------------------------- */

enum { TIMES = 20 };

START_TEST(a_reset_right_after_connect_harms_nobody)
{
    struct child *server = start(_i);

    for (int i = 0; i < TIMES; i++)
        client_reset(client_connect(server->port));
    expect_service(server);
    child_stop(server);
}
END_TEST

START_TEST(a_reset_before_the_server_looks_harms_nobody)
{
    struct child *server = start(_i);

    child_pause(server);
    for (int i = 0; i < TIMES; i++) {
        int client = client_connect(server->port);

        if (i % 2 == 0)
            client_send_text(client, "never mind\n");
        client_reset(client);
    }
    child_signal(server, SIGCONT);
    expect_service(server);
    child_stop(server);
}
END_TEST

START_TEST(a_reset_after_a_conversation_harms_nobody)
{
    struct child *server = start(_i);

    for (int i = 0; i < TIMES; i++) {
        int client = client_connect(server->port);

        converse(client);
        client_reset(client);
    }
    expect_service(server);
    child_stop(server);
}
END_TEST

/* Bytes enough for many replies, of which the first is on its way. */
static int client_being_answered(const struct child *server)
{
    static const char question[64 * 1024];
    int client = client_connect(server->port);

    client_send(client, question, sizeof question);
    client_expect_readable(client);
    return client;
}

START_TEST(a_reset_while_being_answered_harms_nobody)
{
    struct child *server = start(_i);

    for (int i = 0; i < TIMES; i++)
        client_reset(client_being_answered(server));
    expect_service(server);
    child_stop(server);
}
END_TEST

/* For the kernel a reset: who closes and has not read all, breaks off. */
START_TEST(a_close_with_unread_replies_harms_nobody)
{
    struct child *server = start(_i);

    for (int i = 0; i < TIMES; i++)
        close(client_being_answered(server));
    expect_service(server);
    child_stop(server);
}
END_TEST

/* The requests are there, the client is gone: the first send() succeeds, a
 * reset comes back, the second send() meets it: EPIPE, and SIGPIPE for whoever
 * does not ignore it. */
START_TEST(replies_to_clients_that_have_gone_harm_nobody)
{
    static const char question[64 * 1024];
    struct child *server = start(_i);

    for (int i = 0; i < TIMES; i++) {
        int client = client_connect(server->port);

        child_pause(server);
        client_send(client, question, sizeof question);
        close(client);
        child_signal(server, SIGCONT);
    }
    expect_service(server);
    child_stop(server);
}
END_TEST

/* -- descriptors ----------------------------------------------------------- */

START_TEST(twenty_clients_come_and_go_and_no_descriptor_is_left_behind)
{
    struct child *server = start(_i);
    int before;

    expect_service(server);
    before = child_descriptors(server);
    for (int i = 0; i < 20; i++) {
        int now;

        expect_service(server);
        now = child_descriptors(server);
        ck_assert_msg(now == before,
                      "expected %d open descriptors as at first, got %d after "
                      "%d clients",
                      before, now, i + 1);
    }
    child_stop(server);
}
END_TEST

/* -- signals --------------------------------------------------------------- */

START_TEST(stopped_and_continued_it_answers_what_has_come_meanwhile)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    converse(client);
    for (int i = 0; i < 5; i++) {
        child_pause(server);
        client_send_text(client, "are you asleep?\n");
        client_expect_silence(client, "from a stopped server");
        child_signal(server, SIGCONT);
        client_expect_text(client, REPLY);
    }
    leave(client);
    expect_service(server);
    child_stop(server);
}
END_TEST

START_TEST(a_storm_of_harmless_signals_disturbs_nobody)
{
    static const int harmless[] = {SIGWINCH, SIGURG, SIGCHLD, SIGCONT};
    struct child *server = start(_i);
    int client = client_connect(server->port);

    for (int i = 0; i < 1000; i++) {
        child_signal(server, harmless[i % 4]);
        if (i % 10 == 0)
            converse(client);
    }
    leave(client);
    expect_service(server);
    child_stop(server);
}
END_TEST

/* -- the port -------------------------------------------------------------- */

/* The side that closes first keeps the connection in TIME_WAIT, with the port.
 * Here it is the server, which is killed. true: it listens there again. */
static bool restarts_on_its_port(const struct launch *launch)
{
    struct child *server = server_start(launch);
    int port = server->port;
    int client = client_connect(port);
    char text[12];
    const char *arguments[] = {text, NULL};
    long long limit = now_ms() + patience_ms();
    bool listens;

    snprintf(text, sizeof text, "%d", port);
    converse(client);
    child_free(server);
    client_expect_closed(client);
    close(client);
    server = child_start(launch, arguments);
    while (!stream_has(&server->out, "127.0.0.1:") && server->out.fd != -1)
        if (!wait_until(limit, -1, 0))
            break;
    listens = stream_has(&server->out, "127.0.0.1:");
    if (listens) {
        server->port = port;
        expect_service(server);
        child_stop(server);
    }
    return listens;
}

/* Another program may get the port in between. Three times it will not. */
START_TEST(it_starts_again_on_its_port_while_old_connections_linger)
{
    struct launch launch = launch_of(_i);

    for (int attempt = 0; attempt < 3; attempt++)
        if (restarts_on_its_port(&launch))
            return;
    fail_with(
        "expected the server to listen again on the port of its former run, "
        "it could not (SO_REUSEADDR, before bind()?)");
}
END_TEST

/* -- stage 01: one after the other ----------------------------------------- */

START_TEST(the_second_client_waits_until_the_first_leaves)
{
    struct child *server = start(_i);
    int first = client_connect(server->port);
    int second;

    converse(first);
    second = client_connect(server->port);
    client_send_text(second, "and me?\n");
    for (int i = 0; i < 10; i++)
        converse(first);
    client_expect_silence(second, "while the first client is there");
    leave(first);
    client_expect_text(second, REPLY);
    leave(second);
    child_stop(server);
}
END_TEST

START_TEST(those_who_wait_are_served_in_the_order_they_came)
{
    struct child *server = start(_i);
    int clients[4];

    for (int i = 0; i < 4; i++) {
        clients[i] = client_connect(server->port);
        client_send_text(clients[i], "my turn?\n");
    }
    for (int i = 0; i < 4; i++) {
        client_expect_text(clients[i], REPLY);
        for (int j = i + 1; j < 4; j++)
            client_expect_silence(clients[j], "before its turn");
        leave(clients[i]);
    }
    child_stop(server);
}
END_TEST

/* -- stages 02 and 03: all at once ----------------------------------------- */

START_TEST(a_second_client_is_served_while_the_first_is_there)
{
    struct child *server = start(_i);
    int silent = client_connect(server->port);
    int first = client_connect(server->port);
    int second = client_connect(server->port);

    for (int i = 0; i < 3; i++) {
        converse(first);
        converse(second);
    }
    leave(first);
    converse(second);
    converse(silent);
    leave(second);
    leave(silent);
    child_stop(server);
}
END_TEST

START_TEST(fifty_clients_are_served_interleaved)
{
    enum { CLIENTS = 50 };
    struct child *server = start(_i);
    int clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_connect(server->port);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CLIENTS; i++)
            client_send_text(clients[i], "all of us\n");
        for (int i = CLIENTS - 1; i >= 0; i--)
            client_expect_text(clients[i], REPLY);
    }
    for (int i = 0; i < CLIENTS; i++) {
        leave(clients[i]);
        if (i + 1 < CLIENTS)
            converse(clients[CLIENTS - 1]);
    }
    child_stop(server);
}
END_TEST

START_TEST(when_one_leaves_the_others_go_on_and_descriptors_stay_the_same)
{
    struct child *server = start(_i);
    int one = client_connect(server->port);
    int other = client_connect(server->port);
    int before;

    converse(one);
    converse(other);
    before = child_descriptors(server);
    for (int round = 0; round < 20; round++) {
        int visitor = client_connect(server->port);
        int now;

        converse(visitor);
        converse(one);
        if (round % 2 == 0)
            leave(visitor);
        else
            client_reset(visitor);
        converse(other); /* twice, so that it has seen the reset, too */
        converse(one);
        converse(other);
        now = child_descriptors(server);
        ck_assert_msg(now == before,
                      "expected %d open descriptors as before, got %d after "
                      "round %d",
                      before, now, round + 1);
    }
    child_stop(server);
}
END_TEST

START_TEST(fifty_resets_at_once_do_not_disturb_a_conversation)
{
    enum { CLIENTS = 50 };
    struct child *server = start(_i);
    int stays = client_connect(server->port);
    int clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect(server->port);
        converse(clients[i]);
    }
    child_pause(server);
    for (int i = 0; i < CLIENTS; i++) {
        client_send_text(clients[i], "bye\n");
        client_reset(clients[i]);
    }
    client_send_text(stays, "what was that?\n");
    child_signal(server, SIGCONT);
    client_expect_text(stays, REPLY);
    converse(stays);
    expect_service(server);
    child_stop(server);
}
END_TEST

/* Sends what goes; false: the connection is closed. */
static bool push(int client, size_t *pushed)
{
    static const char bytes[64 * 1024];
    ssize_t sent = send(client, bytes, sizeof bytes, 0);

    if (sent > 0)
        *pushed += (size_t)sent;
    return sent > 0 || errno == EAGAIN;
}

/* It may be closed (ours does that), or left alone once nothing more fits; the
 * others must not notice. A server that keeps all replies in its memory is let
 * off after ENOUGH. */
START_TEST(a_client_that_never_reads_keeps_nobody_waiting)
{
    enum { ENOUGH = 1024 * 1024 * 1024, STALLED = 100 };
    struct child *server = start(_i);
    int deaf = client_connect_small(server->port);
    int other = client_connect(server->port);
    size_t pushed = 0;
    int stalled = 0;

    while (pushed < ENOUGH && stalled < STALLED) {
        size_t before = pushed;

        if (!push(deaf, &pushed))
            break;
        converse(other);
        stalled = pushed == before ? stalled + 1 : 0;
    }
    for (int i = 0; i < 3; i++)
        converse(other);
    child_expect_idle(server, "although a client does not read");
    close(deaf);
    expect_service(server);
    child_stop(server);
}
END_TEST

/* -- limits ---------------------------------------------------------------- */

/* Connects count clients, talks to each; closes and sets to -1 those that are
 * turned away. How many are served. */
static int fill_up(const struct child *server, int *clients, int count)
{
    int served = 0;

    for (int i = 0; i < count; i++) {
        clients[i] = client_connect(server->port);
        if (client_is_answered(clients[i], "room for me?\n", REPLY)) {
            served++;
        } else {
            close(clients[i]);
            clients[i] = -1;
        }
    }
    return served;
}

static void expect_all_served(const int *clients, int count)
{
    for (int i = 0; i < count; i++)
        if (clients[i] != -1)
            converse(clients[i]);
}

START_TEST(out_of_descriptors_it_turns_newcomers_away_and_sleeps)
{
    enum { LIMIT = 64, CLIENTS = 100, AT_LEAST = 40 };
    struct launch launch = launch_of(_i);
    struct child *server;
    int clients[CLIENTS];
    int served;

    launch.descriptors = LIMIT;
    server = server_start(&launch);
    served = fill_up(server, clients, CLIENTS);
    ck_assert_msg(served >= AT_LEAST && served < LIMIT,
                  "expected between %d and %d clients to be served with %d "
                  "descriptors, got %d",
                  AT_LEAST, LIMIT - 1, LIMIT, served);
    child_expect_idle(server, "with no descriptor left");
    expect_all_served(clients, CLIENTS);
    for (int round = 0; round < 3; round++) {
        leave(clients[round]);
        clients[round] = client_connect(server->port);
        converse(clients[round]);
    }
    expect_all_served(clients, CLIENTS);
    child_stop(server);
}
END_TEST

/* It learns of all of them at once, and must look at the leavers first. */
START_TEST(a_newcomer_gets_the_place_of_one_who_left_just_before)
{
    enum { LIMIT = 64, CLIENTS = 100 };
    struct launch launch = launch_of(_i);
    struct child *server;
    int clients[CLIENTS];
    int newcomer;

    launch.descriptors = LIMIT;
    server = server_start(&launch);
    fill_up(server, clients, CLIENTS);
    child_expect_idle(server, "with no descriptor left");
    child_pause(server);
    for (int i = 0; i < CLIENTS; i++)
        if (clients[i] != -1)
            close(clients[i]);
    newcomer = client_connect(server->port);
    child_signal(server, SIGCONT);
    converse(newcomer);
    close(newcomer);
    child_stop(server);
}
END_TEST

/* select() cannot watch a descriptor that is FD_SETSIZE or larger. The others
 * have no such limit, and serve everybody. */
static bool has_a_limit(int subject)
{
    const char *selector = subjects[subject].selector;

    return is_replaced("SERVER") ||
           strcmp(subjects[subject].suite, "02") == 0 ||
           (selector != NULL && strcmp(selector, "select") == 0);
}

START_TEST(eleven_hundred_clients_are_served_or_turned_away_politely)
{
    enum { CLIENTS = 1100, AT_LEAST = 1000, DESCRIPTORS = 1300 };
    struct launch launch = launch_of(_i);
    static int clients[CLIENTS];
    struct child *server;
    int served;
    int expected;

    if (!raise_descriptor_limit()) {
        skip("eleven hundred clients", "ulimit -Hn is too low");
        return;
    }
    launch.descriptors = DESCRIPTORS;
    server = server_start(&launch);
    served = fill_up(server, clients, CLIENTS);
    expected = has_a_limit(_i) ? AT_LEAST : CLIENTS;
    ck_assert_msg(served >= expected,
                  "expected at least %d of %d clients to be served, got %d",
                  expected, CLIENTS, served);
    for (int i = 0; i < AT_LEAST; i++)
        ck_assert_msg(clients[i] != -1,
                      "expected client %d to be served, it was closed", i);
    expect_all_served(clients, CLIENTS);
    child_expect_idle(server, "with 1100 clients come");
    leave(clients[500]);
    expect_service(server);
    child_stop(server);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

#define ADD(test) tcase_add_loop_test(tc, test, i, i + 1)

static void add_for_every_server(TCase *tc, int i)
{
    ADD(every_message_is_answered_with_hello_world);
    ADD(bytes_sent_one_by_one_are_answered_one_by_one);
    ADD(bytes_that_are_no_text_are_answered_too);
    ADD(a_mebibyte_at_once_is_answered_and_nothing_gets_stuck);
    ADD(a_client_that_has_finished_sending_still_gets_its_reply);
    ADD(clients_may_leave_without_a_word);
    ADD(a_reset_right_after_connect_harms_nobody);
    ADD(a_reset_before_the_server_looks_harms_nobody);
    ADD(a_reset_after_a_conversation_harms_nobody);
    ADD(a_reset_while_being_answered_harms_nobody);
    ADD(a_close_with_unread_replies_harms_nobody);
    ADD(replies_to_clients_that_have_gone_harm_nobody);
    ADD(twenty_clients_come_and_go_and_no_descriptor_is_left_behind);
    ADD(stopped_and_continued_it_answers_what_has_come_meanwhile);
    ADD(a_storm_of_harmless_signals_disturbs_nobody);
    ADD(it_starts_again_on_its_port_while_old_connections_linger);
}

static void add_for_one_after_the_other(TCase *tc, int i)
{
    ADD(the_second_client_waits_until_the_first_leaves);
    ADD(those_who_wait_are_served_in_the_order_they_came);
}

static void add_for_all_at_once(TCase *tc, int i)
{
    ADD(a_second_client_is_served_while_the_first_is_there);
    ADD(fifty_clients_are_served_interleaved);
    ADD(when_one_leaves_the_others_go_on_and_descriptors_stay_the_same);
    ADD(fifty_resets_at_once_do_not_disturb_a_conversation);
    ADD(a_client_that_never_reads_keeps_nobody_waiting);
    ADD(out_of_descriptors_it_turns_newcomers_away_and_sleeps);
    ADD(a_newcomer_gets_the_place_of_one_who_left_just_before);
    ADD(eleven_hundred_clients_are_served_or_turned_away_politely);
}

static void add_subject(Suite *suite, int i)
{
    TCase *tc = tcase_create(subjects[i].name);

    tcase_set_timeout(tc, 120);
    add_for_every_server(tc, i);
    if (strcmp(subjects[i].suite, "01") == 0)
        add_for_one_after_the_other(tc, i);
    else
        add_for_all_at_once(tc, i);
    suite_add_tcase(suite, tc);
}

/* A command in place of ours is examined once per stage. */
static Suite *stage(const char *name)
{
    Suite *suite;

    if (!suite_is_wanted(name) || !is_wanted("SERVER"))
        return NULL;
    suite = suite_create(name);
    for (int i = 0; i < SUBJECTS; i++)
        if (strcmp(subjects[i].suite, name) == 0) {
            add_subject(suite, i);
            if (is_replaced("SERVER"))
                break;
        }
    return suite;
}

int main(void)
{
    Suite *suites[] = {stage("01"), stage("02"), stage("03")};
    struct launch launch = launch_of(0);

    if (suites[0] != NULL || suites[1] != NULL || suites[2] != NULL)
        server_check_contract(&launch);
    return suites_run(suites, 3);
}

/* test_upper.c -- the echo in upper case: nothing lost, nobody kept waiting.
 *
 * 03_selectors_callbacks/upper with every selector, or one of yours: make
 * test-03 UPPER="python3 mine.py". It takes the port as its last argument (0:
 * any free one), prints a line that contains 127.0.0.1:PORT as soon as it
 * listens, and runs until it is killed. ASCII letters come back in upper case,
 * all other bytes as they were. A client that does not read is not closed: it
 * is not read from either, and costs a bounded piece of memory and no time.
 */
#include "harness.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const size_t KIB = 1024;
static const size_t MIB = (size_t)1024 * 1024;

static const struct {
    const char *name;
    struct launch launch;
} subjects[] = {
    {"upper", {.path = "03_selectors_callbacks/upper", .variable = "UPPER"}},
    {"upper select",
     {.path = "03_selectors_callbacks/upper",
      .variable = "UPPER",
      .selector = "select"}},
    {"upper poll",
     {.path = "03_selectors_callbacks/upper",
      .variable = "UPPER",
      .selector = "poll"}},
};

enum { SUBJECTS = sizeof subjects / sizeof *subjects };

static struct child *start(int subject)
{
    return server_start(&subjects[subject].launch);
}

static void converse(int client)
{
    client_send_text(client, "hello, World!\n");
    client_expect_text(client, "HELLO, WORLD!\n");
}

static void leave(int client)
{
    client_finish_sending(client);
    client_expect_end(client);
    close(client);
}

static void expect_service(const struct child *server)
{
    int client = client_connect(server->port);

    converse(client);
    leave(client);
}

/* -- the bytes ------------------------------------------------------------- */

START_TEST(ascii_letters_come_back_in_upper_case_and_all_else_as_it_was)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);
    char sent[256];
    char expected[256];

    for (int i = 0; i < 256; i++) {
        sent[i] = (char)i;
        expected[i] = (char)(i >= 'a' && i <= 'z' ? i - 'a' + 'A' : i);
    }
    client_send(client, sent, sizeof sent);
    client_expect(client, expected, sizeof expected);
    leave(client);
    child_stop(server);
}
END_TEST

START_TEST(bytes_sent_one_by_one_come_back_one_by_one)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    for (int i = 0; i < 100; i++) {
        client_send_text(client, "q");
        client_expect_text(client, "Q");
    }
    leave(client);
    child_stop(server);
}
END_TEST

START_TEST(two_hundred_clients_each_get_their_own_bytes_back)
{
    enum { CLIENTS = 200 };
    struct child *server = start(_i);
    int clients[CLIENTS];
    struct flow flows[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect(server->port);
        flows[i] = (struct flow){.seed = (uint32_t)i, .total = 64 * KIB};
    }
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < CLIENTS; i++) {
            flow_send(clients[i], &flows[i]);
            flow_receive(clients[i], &flows[i]);
        }
    for (int i = CLIENTS - 1; i >= 0; i--)
        flow_finish(clients[i], &flows[i]);
    for (int i = 0; i < CLIENTS; i++)
        leave(clients[i]);
    child_expect_idle(server, "when everybody has left");
    child_stop(server);
}
END_TEST

START_TEST(a_client_that_has_finished_sending_gets_everything_it_is_owed)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    child_pause(server); /* so that the bytes and the end wait together */
    client_send_text(client, "the last words\n");
    client_finish_sending(client);
    child_signal(server, SIGCONT);
    client_expect_text(client, "THE LAST WORDS\n");
    client_expect_end(client);
    close(client);
    child_stop(server);
}
END_TEST

START_TEST(a_client_may_finish_without_a_word)
{
    struct child *server = start(_i);

    for (int i = 0; i < 20; i++)
        leave(client_connect(server->port));
    expect_service(server);
    child_stop(server);
}
END_TEST

/* -- a client that does not read ------------------------------------------- */

/* Sends until nothing more goes: again and again the others are served, and
 * still there is no room. So the server has stopped to read from it. */
static void send_until_full(int client, struct flow *flow, int other)
{
    enum { SURE = 10 };

    for (int full = 0; full < SURE && flow->sent < flow->total; full++) {
        if (flow_send(client, flow) > 0)
            full = 0;
        converse(other);
    }
}

START_TEST(thirty_two_mebibytes_come_back_whole_to_a_client_that_reads_late)
{
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int late = client_connect(server->port);
    struct flow flow = {.seed = 5, .total = 32 * MIB};

    send_until_full(late, &flow, other);
    ck_assert_msg(flow.sent < flow.total,
                  "expected the server to stop reading while its replies are "
                  "not read, it took all %zu bytes",
                  flow.total);
    flow_finish(late, &flow);
    converse(other);
    leave(late);
    leave(other);
    child_expect_idle(server, "when all is delivered");
    child_stop(server);
}
END_TEST

START_TEST(a_client_that_does_not_read_costs_no_time_and_one_queue_of_memory)
{
    enum { CLIENTS = 100, BASE_KIB = 1024, EACH_KIB = 20 };
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int clients[CLIENTS];
    long before;
    long grown;

    converse(other);
    before = child_memory(server);
    for (int i = 0; i < CLIENTS; i++) {
        struct flow flow = {.seed = (uint32_t)i, .total = 32 * MIB};

        clients[i] = client_connect_small(server->port);
        send_until_full(clients[i], &flow, other);
    }
    child_expect_idle(server, "although nobody reads");
    grown = child_memory(server) - before;
    if (before == -1)
        skip("bounded memory", "ps does not tell how much is used");
    else if (grown > BASE_KIB + CLIENTS * EACH_KIB)
        fail_with("expected at most %d KiB more memory for %d clients that do "
                  "not read, got %ld",
                  BASE_KIB + CLIENTS * EACH_KIB, CLIENTS, grown);
    converse(other);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    expect_service(server);
    child_stop(server);
}
END_TEST

/* The end stays readable for ever: whoever goes on asking for EVENT_READ is
 * woken for ever, and whoever closes at the end loses what is queued. How much
 * fits on the way to a client is the system's affair. So each sends a bit more
 * than the one before, and with some of them the server has read to the end
 * and cannot send it all. */
START_TEST(clients_that_have_finished_cost_no_time_and_get_what_they_are_owed)
{
    enum { CLIENTS = 60, STEP = 6 * 1024 };
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int clients[CLIENTS];
    struct flow flows[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect_small(server->port);
        flows[i] =
            (struct flow){.seed = (uint32_t)i, .total = (size_t)i * STEP + 1};
        send_until_full(clients[i], &flows[i], other);
        flows[i].total = flows[i].sent;
        client_finish_sending(clients[i]);
    }
    converse(other);
    child_expect_idle(server, "although clients have finished sending and do "
                              "not read");
    for (int i = 0; i < CLIENTS; i++) {
        flow_finish(clients[i], &flows[i]);
        client_expect_end(clients[i]);
        close(clients[i]);
    }
    converse(other);
    child_stop(server);
}
END_TEST

/* More than one queue, and the end is there before the first byte is read. */
START_TEST(after_an_end_that_comes_with_a_full_queue_all_is_delivered)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);
    struct flow flow = {.seed = 9, .total = 1 * MIB};

    child_pause(server);
    flow_send(client, &flow);
    flow.total = flow.sent;
    client_finish_sending(client);
    child_signal(server, SIGCONT);
    flow_finish(client, &flow);
    client_expect_end(client);
    close(client);
    child_stop(server);
}
END_TEST

/* -- bad manners ----------------------------------------------------------- */

START_TEST(resets_with_a_full_queue_harm_nobody_and_leave_nothing_behind)
{
    enum { TIMES = 10 };
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int before;
    int now;

    converse(other);
    before = child_descriptors(server);
    for (int i = 0; i < TIMES; i++) {
        int client = client_connect_small(server->port);
        struct flow flow = {.seed = (uint32_t)i, .total = 32 * MIB};

        send_until_full(client, &flow, other);
        if (i % 2 == 0)
            client_reset(client);
        else
            close(client); /* with unread replies: a reset as well */
    }
    for (int i = 0; i < 3; i++)
        converse(other);
    now = child_descriptors(server);
    ck_assert_msg(now == before,
                  "expected %d open descriptors as before, got %d", before,
                  now);
    expect_service(server);
    child_stop(server);
}
END_TEST

START_TEST(resets_at_any_time_harm_nobody)
{
    static const char bytes[64 * 1024];
    struct child *server = start(_i);
    int other = client_connect(server->port);

    for (int i = 0; i < 20; i++) {
        int client = client_connect(server->port);

        if (i % 4 > 0)
            converse(client);
        if (i % 4 > 1)
            client_send(client, bytes, sizeof bytes);
        if (i % 4 > 2)
            client_expect_readable(client);
        client_reset(client);
        converse(other);
    }
    expect_service(server);
    child_stop(server);
}
END_TEST

START_TEST(out_of_descriptors_it_turns_newcomers_away_and_sleeps)
{
    enum { LIMIT = 64, CLIENTS = 100 };
    struct launch launch = subjects[_i].launch;
    struct child *server;
    int clients[CLIENTS];
    int served = 0;

    launch.descriptors = LIMIT;
    server = server_start(&launch);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect(server->port);
        if (client_is_answered(clients[i], "me?\n", "ME?\n"))
            served = i + 1;
    }
    ck_assert_msg(served >= 40 && served < LIMIT,
                  "expected the first 40 to %d clients to be served and no "
                  "other, the last one served was %d",
                  LIMIT - 1, served);
    child_expect_idle(server, "with no descriptor left");
    for (int i = 0; i < served; i++)
        converse(clients[i]);
    leave(clients[0]);
    expect_service(server);
    child_stop(server);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

#define ADD(test) tcase_add_loop_test(tc, test, i, i + 1)

static void add_subject(Suite *suite, int i)
{
    TCase *tc = tcase_create(subjects[i].name);

    tcase_set_timeout(tc, 120);
    ADD(ascii_letters_come_back_in_upper_case_and_all_else_as_it_was);
    ADD(bytes_sent_one_by_one_come_back_one_by_one);
    ADD(two_hundred_clients_each_get_their_own_bytes_back);
    ADD(a_client_that_has_finished_sending_gets_everything_it_is_owed);
    ADD(a_client_may_finish_without_a_word);
    ADD(thirty_two_mebibytes_come_back_whole_to_a_client_that_reads_late);
    ADD(a_client_that_does_not_read_costs_no_time_and_one_queue_of_memory);
    ADD(clients_that_have_finished_cost_no_time_and_get_what_they_are_owed);
    ADD(after_an_end_that_comes_with_a_full_queue_all_is_delivered);
    ADD(resets_with_a_full_queue_harm_nobody_and_leave_nothing_behind);
    ADD(resets_at_any_time_harm_nobody);
    ADD(out_of_descriptors_it_turns_newcomers_away_and_sleeps);
    suite_add_tcase(suite, tc);
}

int main(void)
{
    Suite *suite;

    if (!suite_is_wanted("03") || !is_wanted("UPPER"))
        return 0;
    server_check_contract(&subjects[0].launch);
    suite = suite_create("03");
    for (int i = 0; i < (is_replaced("UPPER") ? 1 : SUBJECTS); i++)
        add_subject(suite, i);
    return suites_run(&suite, 1);
}

/* test_many.c -- many clients of a server: one after the other, or all at once.
 *
 * Stage 01 serves one client after the other; from stage 02 on nobody waits for
 * anybody, and there may be as many as there are descriptors. test_servers.c
 * says what a program in place of ours must do.
 */
#include "suites.h"
#include "talk.h"

#include <signal.h>
#include <unistd.h>

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
    client_leave(first);
    client_expect_text(second, HELLO);
    client_leave(second);
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
        client_expect_text(clients[i], HELLO);
        for (int j = i + 1; j < 4; j++)
            client_expect_silence(clients[j], "before its turn");
        client_leave(clients[i]);
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
    client_leave(first);
    converse(second);
    converse(silent);
    client_leave(second);
    client_leave(silent);
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
            client_expect_text(clients[i], reply("ALL OF US\n"));
    }
    for (int i = 0; i < CLIENTS; i++) {
        client_leave(clients[i]);
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

        converse(visitor);
        converse(one);
        if (round % 2 == 0)
            client_leave(visitor);
        else
            client_reset(visitor);
        converse(other); /* twice, so that it has seen the reset, too */
        converse(one);
        converse(other);
        child_expect_descriptors(server, before, "when a visitor had left");
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
    client_expect_text(stays, reply("WHAT WAS THAT?\n"));
    converse(stays);
    expect_no_harm(server);
}
END_TEST

START_TEST(resets_at_any_time_disturb_nobody)
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
    expect_no_harm(server);
}
END_TEST

/* It may be closed (those that say Hello World do that), or left alone once
 * nothing more fits; the others must not notice. */
START_TEST(a_client_that_never_reads_keeps_nobody_waiting)
{
    enum { SURE = 100 };
    struct child *server = start(_i);
    int deaf = client_connect_small(server->port);
    int other = client_connect(server->port);

    is_closed_when_deaf(deaf, other, SURE);
    for (int i = 0; i < 3; i++)
        converse(other);
    child_expect_idle(server, "although a client does not read");
    close(deaf);
    expect_no_harm(server);
}
END_TEST

/* -- limits ---------------------------------------------------------------- */

static void expect_all_served(const int *clients, int count)
{
    for (int i = 0; i < count; i++)
        if (clients[i] != -1)
            converse(clients[i]);
}
#define expect_all_served(...) HERE(expect_all_served, __VA_ARGS__)

/* First come, first served. */
static void expect_first_served(const int *clients, int count)
{
    for (int i = 0; i < count; i++)
        if (clients[i] == -1)
            fail_with("expected the first %d clients to be served, but no. %d "
                      "was closed",
                      count, i + 1);
}
#define expect_first_served(...) HERE(expect_first_served, __VA_ARGS__)

START_TEST(out_of_descriptors_it_turns_newcomers_away_and_sleeps)
{
    enum { LIMIT = 64, CLIENTS = 100, AT_LEAST = 40 };
    struct child *server = start_with(LIMIT, _i);
    int clients[CLIENTS];
    int served = fill_up(server, clients, CLIENTS);

    if (served < AT_LEAST || served >= LIMIT)
        fail_with("expected between %d and %d clients to be served with %d "
                  "descriptors, got %d",
                  AT_LEAST, LIMIT - 1, LIMIT, served);
    expect_first_served(clients, served);
    child_expect_idle(server, "with no descriptor left");
    expect_all_served(clients, CLIENTS);
    for (int round = 0; round < 3; round++) {
        client_leave(clients[round]);
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
    struct child *server = start_with(LIMIT, _i);
    int clients[CLIENTS];
    int newcomer;

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
static bool has_a_limit(const struct subject *subject)
{
    return is_replaced(subject->variable) || subject_is(subject, "02") ||
           subject_is(subject, "select");
}

START_TEST(eleven_hundred_clients_are_served_or_turned_away_politely)
{
    enum { CLIENTS = 1100, AT_LEAST = 1000, DESCRIPTORS = 1300 };
    static int clients[CLIENTS];
    int expected = has_a_limit(&subjects[_i]) ? AT_LEAST : CLIENTS;
    struct child *server;
    int served;

    if (!raise_descriptor_limit()) {
        skip("eleven hundred clients", "ulimit -Hn is too low");
        return;
    }
    server = start_with(DESCRIPTORS, _i);
    served = fill_up(server, clients, CLIENTS);
    if (served < expected)
        fail_with("expected at least %d of %d clients to be served, got %d",
                  expected, CLIENTS, served);
    expect_first_served(clients, AT_LEAST);
    expect_all_served(clients, CLIENTS);
    child_expect_idle(server, "with 1100 clients come");
    client_leave(clients[500]);
    expect_no_harm(server);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

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
    ADD(resets_at_any_time_disturb_nobody);
    ADD(a_client_that_never_reads_keeps_nobody_waiting);
    ADD(out_of_descriptors_it_turns_newcomers_away_and_sleeps);
    ADD(a_newcomer_gets_the_place_of_one_who_left_just_before);
    ADD(eleven_hundred_clients_are_served_or_turned_away_politely);
}

static void add(TCase *tc, int i)
{
    struct launch launch = launch_of(&subjects[i], 0);

    server_check_contract(&launch);
    if (subject_is(&subjects[i], "01"))
        add_for_one_after_the_other(tc, i);
    else
        add_for_all_at_once(tc, i);
}

int main(void)
{
    return suites_run("SERVER UPPER", add);
}

/* test_servers.c -- what the clients of the servers see.
 *
 * The "Hello World" servers of the stages 01, 02 and 03 and the echo in upper
 * case of stage 03, these two with every selector; or yours: make test-02
 * SERVER="python3 mine.py", make test-03 UPPER="...". It must take the port as
 * its last argument (0: any free one), print a line that contains
 * 127.0.0.1:PORT as soon as it listens, and run until it is killed. SERVER
 * answers "Hello World\n" to every chunk it reads, UPPER sends back what it
 * reads with the ASCII letters in upper case. Stage 01 serves one client after
 * the other; from stage 02 on nobody waits for anybody. Nothing that one client
 * does harms another.
 */
#include "harness.h"
#include "suites.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO "Hello World\n"

static bool is_upper; /* the server of this test */

static struct child *start_with(int descriptors, int subject)
{
    struct launch launch = launch_of(&subjects[subject], descriptors);

    is_upper = strcmp(launch.variable, "UPPER") == 0;
    return server_start(&launch);
}

static struct child *start(int subject)
{
    return start_with(0, subject);
}

/* What must come back, of a text that is this in upper case. */
static const char *reply(const char *in_upper_case)
{
    return is_upper ? in_upper_case : HELLO;
}

static void converse(int client)
{
    client_ask(client, "hello, World!\n", reply("HELLO, WORLD!\n"));
}

static void expect_service(struct child *server)
{
    server_expect_service(server, "hello?\n", reply("HELLO?\n"));
}

/* What every test of bad manners ends with. */
static void expect_no_harm(struct child *server)
{
    expect_service(server);
    child_stop(server);
}

/* -- one client ------------------------------------------------------------ */

START_TEST(every_message_is_answered)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    client_ask(client, "one\n", reply("ONE\n"));
    client_ask(client, "two, without a newline",
               reply("TWO, WITHOUT A NEWLINE"));
    client_ask(client, "three\r\n", reply("THREE\r\n"));
    client_leave(client);
    child_stop(server);
}
END_TEST

START_TEST(bytes_sent_one_by_one_are_answered_one_by_one)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    for (int i = 0; i < 100; i++)
        client_ask(client, "x", reply("X"));
    client_leave(client);
    child_stop(server);
}
END_TEST

START_TEST(all_bytes_are_answered_and_only_ascii_letters_have_an_upper_case)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);
    char bytes[256];
    char in_upper_case[256];

    for (int i = 0; i < 256; i++) { /* a NUL comes first */
        bytes[i] = (char)i;
        in_upper_case[i] = (char)(i >= 'a' && i <= 'z' ? i - 'a' + 'A' : i);
    }
    client_send(client, bytes, sizeof bytes);
    client_expect(client, reply(in_upper_case),
                  is_upper ? sizeof in_upper_case : sizeof HELLO - 1);
    client_send(client, "", 1);
    client_expect(client, reply(""), is_upper ? 1 : sizeof HELLO - 1);
    client_leave(client);
    child_stop(server);
}
END_TEST

/* Until the end of the connection; how many there were. */
static int count_replies(int client)
{
    char byte;
    int count = 0;
    ssize_t next;

    client_expect_readable(client);
    while ((next = recv(client, &byte, 1, MSG_PEEK)) == 1) {
        client_expect_text(client, HELLO);
        client_expect_readable(client);
        count++;
    }
    ck_assert_msg(next == 0,
                  "expected replies and then the end of the connection, got "
                  "%d replies and then: %s",
                  count, strerror(errno));
    return count;
}

START_TEST(a_mebibyte_at_once_is_answered_and_nothing_gets_stuck)
{
    static char mebibyte[1024 * 1024];
    struct child *server = start(_i);
    int client = client_connect(server->port);

    memset(mebibyte, 'm', sizeof mebibyte);
    client_send(client, mebibyte, sizeof mebibyte);
    client_finish_sending(client);
    ck_assert_msg(count_replies(client) >= 1,
                  "expected at least one reply, got none");
    close(client);
    expect_no_harm(server);
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
    client_expect_text(client, reply("THE LAST WORD\n"));
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
        client_leave(client_connect(server->port));
    expect_no_harm(server);
}
END_TEST

/* -- resets ---------------------------------------------------------------- */

enum { TIMES = 20 };

START_TEST(a_reset_right_after_connect_harms_nobody)
{
    struct child *server = start(_i);

    for (int i = 0; i < TIMES; i++)
        client_reset(client_connect(server->port));
    expect_no_harm(server);
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
    expect_no_harm(server);
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
    expect_no_harm(server);
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
    expect_no_harm(server);
}
END_TEST

/* For the kernel a reset: who closes and has not read all, breaks off. */
START_TEST(a_close_with_unread_replies_harms_nobody)
{
    struct child *server = start(_i);

    for (int i = 0; i < TIMES; i++)
        close(client_being_answered(server));
    expect_no_harm(server);
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
    expect_no_harm(server);
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
        expect_service(server);
        child_expect_descriptors(server, before, "when one more had left");
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
        client_expect_text(client, reply("ARE YOU ASLEEP?\n"));
    }
    client_leave(client);
    expect_no_harm(server);
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
    client_leave(client);
    expect_no_harm(server);
}
END_TEST

/* -- the port -------------------------------------------------------------- */

/* The side that closes first keeps the connection in TIME_WAIT, with the port.
 * Here it is the server, which is killed. true: it listens there again. */
static bool restarts_on_its_port(int subject)
{
    struct launch launch = launch_of(&subjects[subject], 0);
    struct child *server = start(subject);
    int port = server->port;
    int client = client_connect(port);

    converse(client);
    child_free(server);
    client_expect_closed(client);
    close(client);
    server = child_start_on(&launch, port);
    server->port = port;
    if (server_await_port(server) == 0) {
        child_free(server);
        return false;
    }
    expect_no_harm(server);
    return true;
}

/* Another program may get the port in between. Three times it will not. */
START_TEST(it_starts_again_on_its_port_while_old_connections_linger)
{
    for (int attempt = 0; attempt < 3; attempt++)
        if (restarts_on_its_port(_i))
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
 * nothing more fits; the others must not notice. A server that keeps all
 * replies in its memory is let off after ENOUGH. */
START_TEST(a_client_that_never_reads_keeps_nobody_waiting)
{
    enum { ENOUGH = 1024 * 1024 * 1024, STALLED = 100 };
    static const char bytes[64 * 1024];
    struct child *server = start(_i);
    int deaf = client_connect_small(server->port);
    int other = client_connect(server->port);
    size_t pushed = 0;
    int stalled = 0;

    while (pushed < ENOUGH && stalled < STALLED) {
        ssize_t sent = send(deaf, bytes, sizeof bytes, 0);

        if (sent == -1 && errno != EAGAIN)
            break;
        pushed += sent == -1 ? 0 : (size_t)sent;
        stalled = sent == -1 ? stalled + 1 : 0;
        converse(other);
    }
    for (int i = 0; i < 3; i++)
        converse(other);
    child_expect_idle(server, "although a client does not read");
    close(deaf);
    expect_no_harm(server);
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

static void expect_all_served(const int *clients, int count)
{
    for (int i = 0; i < count; i++)
        if (clients[i] != -1)
            converse(clients[i]);
}

/* First come, first served. */
static void expect_first_served(const int *clients, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_msg(clients[i] != -1,
                      "expected the first %d clients to be served, but no. %d "
                      "was closed",
                      count, i + 1);
}

START_TEST(out_of_descriptors_it_turns_newcomers_away_and_sleeps)
{
    enum { LIMIT = 64, CLIENTS = 100, AT_LEAST = 40 };
    struct child *server = start_with(LIMIT, _i);
    int clients[CLIENTS];
    int served = fill_up(server, clients, CLIENTS);

    ck_assert_msg(served >= AT_LEAST && served < LIMIT,
                  "expected between %d and %d clients to be served with %d "
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
    const char *selector = subject->selector;

    return is_replaced(subject->variable) ||
           strcmp(subject->stage, "02") == 0 ||
           (selector != NULL && strcmp(selector, "select") == 0);
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
    ck_assert_msg(served >= expected,
                  "expected at least %d of %d clients to be served, got %d",
                  expected, CLIENTS, served);
    expect_first_served(clients, AT_LEAST);
    expect_all_served(clients, CLIENTS);
    child_expect_idle(server, "with 1100 clients come");
    client_leave(clients[500]);
    expect_no_harm(server);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add_for_every_server(TCase *tc, int i)
{
    ADD(every_message_is_answered);
    ADD(bytes_sent_one_by_one_are_answered_one_by_one);
    ADD(all_bytes_are_answered_and_only_ascii_letters_have_an_upper_case);
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
    add_for_every_server(tc, i);
    if (strcmp(subjects[i].variable, "SERVER") == 0)
        ADD(a_mebibyte_at_once_is_answered_and_nothing_gets_stuck);
    if (strcmp(subjects[i].stage, "01") == 0)
        add_for_one_after_the_other(tc, i);
    else
        add_for_all_at_once(tc, i);
}

static bool is_server(const struct subject *subject)
{
    return strcmp(subject->variable, "SERVER") == 0 ||
           strcmp(subject->variable, "UPPER") == 0;
}

int main(void)
{
    return suites_run(is_server, add);
}

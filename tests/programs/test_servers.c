/* test_servers.c -- what one client of a server sees, and what it cannot do.
 *
 * The "Hello World" servers of the stages 01, 02 and 03 and the echo in upper
 * case of stage 03, these two with every selector; or yours: make test-02
 * SERVER="python3 mine.py", make test-03 UPPER="...". It must take the port as
 * its last argument (0: any free one), print a line that contains
 * 127.0.0.1:PORT as soon as it listens, and run until it is killed. SERVER
 * answers "Hello World\n" to every chunk it reads, UPPER sends back what it
 * reads with the ASCII letters in upper case. Nothing that one client does
 * harms another.
 */
#include "suites.h"
#include "talk.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
    bool echoes = subject_is(&subjects[_i], "UPPER");
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
                  echoes ? sizeof in_upper_case : sizeof HELLO - 1);
    client_send(client, "", 1);
    client_expect(client, reply(""), echoes ? 1 : sizeof HELLO - 1);
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
    if (next != 0)
        fail_with("expected replies and then the end of the connection, got "
                  "%d replies and then: %s",
                  count, strerror(errno));
    return count;
}
#define count_replies(...) HERE(count_replies, __VA_ARGS__)

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
#define client_being_answered(...) HERE(client_being_answered, __VA_ARGS__)

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
#define restarts_on_its_port(...) HERE(restarts_on_its_port, __VA_ARGS__)

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

/* -- the suites ------------------------------------------------------------ */

static void add(TCase *tc, int i)
{
    struct launch launch = launch_of(&subjects[i], 0);

    server_check_contract(&launch);
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
    if (subject_is(&subjects[i], "SERVER"))
        ADD(a_mebibyte_at_once_is_answered_and_nothing_gets_stuck);
}

int main(void)
{
    return suites_run("SERVER UPPER", add);
}

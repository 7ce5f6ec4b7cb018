/* test_words.c -- what our servers print, and about whom they complain.
 *
 * The words are ours alone, so none of this is asked of a program that replaces
 * one.
 */
#include "suites.h"
#include "talk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* -- what servers print ---------------------------------------------------- */

/* As it is. Of which selector that is the best of the system, it alone knows.
 */
static const char *first_line(const struct child *server)
{
    static char line[120];

    snprintf(line, sizeof line, "%.*s\n", (int)strcspn(server->out.text, "\n"),
             server->out.text);
    return line;
}

START_TEST(the_first_line_names_the_port_and_the_command_to_try)
{
    const struct subject *subject = &subjects[_i];
    struct child *server = start(_i);

    child_expect_stdout(
        server, "Listening on 127.0.0.1:%d%s, try: nc 127.0.0.1 %d\n%s",
        server->port,
        subject_is(subject, "select") ? " with SelectSelector"
        : subject_is(subject, "poll") ? " with PollSelector"
                                      : "",
        server->port, subject_is(subject, "01") ? "Before accept()\n" : "");
    child_stop(server);
}
END_TEST

/* The program sleeps where its last print was; a second client changes
 * nothing. One line got lost when the notes' code was cut into functions. */
START_TEST(the_prints_of_01_show_where_it_sleeps)
{
    const char *outside =
        subject_is(&subjects[_i], "server") ? "Outside the inner while\n" : "";
    struct child *server = start(_i);
    int first = client_connect(server->port);
    int second = client_connect(server->port);
    int first_port = client_port(first);
    int second_port = client_port(second);

    converse(first);
    stream_expect(server, &server->out, "Before recv()\nBefore recv()\n");
    child_expect_stdout(server,
                        "%s"
                        "Before accept()\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Before recv()\n"
                        "Before recv()\n",
                        first_line(server), first_port);
    client_leave(first);
    converse(second);
    client_leave(second);
    child_expect_stdout(server,
                        "%s"
                        "Before accept()\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Before recv()\n"
                        "Before recv()\n"
                        "%s"
                        "Before accept()\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Before recv()\n"
                        "Before recv()\n"
                        "%s"
                        "Before accept()\n",
                        first_line(server), first_port, outside, second_port,
                        outside);
    child_expect_stderr(server, "%s", "");
    child_stop(server);
}
END_TEST

START_TEST(who_comes_is_printed_and_by_upper_who_is_closed)
{
    bool is_upper = subject_is(&subjects[_i], "UPPER");
    struct child *server = start(_i);
    int first = client_connect(server->port);
    int second = client_connect(server->port);
    int first_port = client_port(first);
    int second_port = client_port(second);
    char closing[80] = "";

    if (is_upper)
        snprintf(closing, sizeof closing,
                 "closing 127.0.0.1:%d\nclosing 127.0.0.1:%d\n", second_port,
                 first_port);
    converse(second);
    converse(first);
    client_leave(second);
    client_leave(first);
    child_expect_stdout(server,
                        "%s"
                        "Connection from 127.0.0.1:%d\n"
                        "Connection from 127.0.0.1:%d\n"
                        "%s",
                        first_line(server), first_port, second_port, closing);
    child_expect_stderr(server, "%s", "");
    child_stop(server);
}
END_TEST

START_TEST(a_reset_is_printed_and_a_farewell_is_not)
{
    bool is_upper = subject_is(&subjects[_i], "UPPER");
    struct child *server = start(_i);
    int client = client_connect(server->port);
    int port;

    converse(client);
    client_leave(client);
    child_expect_stderr(server, "%s", "");
    client = client_connect(server->port);
    port = client_port(client);
    converse(client);
    client_reset(client);
    stream_expect(server, &server->err, "%s\n", strerror(ECONNRESET));
    if (is_upper) {
        stream_expect(server, &server->out, "closing 127.0.0.1:%d\n", port);
        child_expect_stderr(server, "upper: 127.0.0.1:%d: %s\n", port,
                            strerror(ECONNRESET));
    } else {
        stream_expect_count(&server->err, "\n", 1);
        stream_expect_count(&server->err, "server: descriptor ", 1);
    }
    child_stop(server);
}
END_TEST

/* If it is not: nothing goes forth or back any more (a lost segment, and TCP
 * waits for its timers), which says nothing about the server. */
static bool is_closed_for_not_reading(const struct child *server, int other)
{
    enum { SURE = 200 };
    int deaf = client_connect_small(server->port);
    bool is_closed = is_closed_when_deaf(deaf, other, SURE);

    close(deaf);
    return is_closed;
}

START_TEST(a_client_that_never_reads_is_closed_and_the_reason_printed)
{
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int attempt = 0;

    while (!is_closed_for_not_reading(server, other))
        if (++attempt == 5)
            fail_with("expected a client that never reads to be closed");
    stream_expect(server, &server->err, "server: descriptor ");
    stream_expect(server, &server->err, " does not read its replies: ");
    converse(other);
    child_stop(server);
}
END_TEST

/* -- limits ---------------------------------------------------------------- */

/* How many of count clients are turned away; the others stay. */
static int turned_away(struct child *server, int count)
{
    static int clients[1050];
    int refused = count - fill_up(server, clients, count);

    wait_until(0, -1, 0);
    return refused;
}
#define turned_away(...) HERE(turned_away, __VA_ARGS__)

START_TEST(out_of_descriptors_it_says_so_once_for_everybody_it_turns_away)
{
    enum { LIMIT = 64, CLIENTS = 100 };
    struct child *server;
    int refused;

    if (is_wrapped()) { /* valgrind turns some away by itself */
        skip("one message for each", "the wrapper has a part in it");
        return;
    }
    server = start_with(LIMIT, _i);
    refused = turned_away(server, CLIENTS);
    child_expect_idle(server, "with no descriptor left");
    wait_until(0, -1, 0);
    if (refused <= CLIENTS - LIMIT)
        fail_with("expected more than %d of %d clients to be turned away, got "
                  "%d",
                  CLIENTS - LIMIT, CLIENTS, refused);
    stream_expect_count(&server->err, strerror(EMFILE), refused);
    stream_expect_count(&server->err, ": accept: ", refused);
    stream_expect_count(&server->err, "\n", refused);
    child_stop(server);
}
END_TEST

/* The listener and the one in reserve leave no room for anybody. Most kernels
 * tell a server that sleeps in accept() so before anybody has come, once. */
START_TEST(without_room_for_one_client_it_says_so_and_goes_on)
{
    enum { TIMES = 3 };
    struct child *server;
    int early;

    if (is_wrapped()) {
        skip("5 descriptors", "the wrapper needs more of them");
        return;
    }
    server = start_with(5, _i);
    for (int i = 0; i < TIMES; i++) {
        int client = client_connect(server->port);

        client_expect_closed(client);
        close(client);
    }
    stream_expect(server, &server->out,
                  "Before accept()\nBefore accept()\n"
                  "Before accept()\nBefore accept()\n");
    child_expect_idle(server, "with no room for anybody");
    early = stream_count(&server->err, "\n") > TIMES ? 1 : 0;
    stream_expect_count(&server->err, "\n", TIMES + early);
    stream_expect_count(&server->err, ": accept: ", TIMES + early);
    stream_expect_count(&server->err, strerror(EMFILE), TIMES + early);
    stream_expect_count(&server->out, "Connection from ", 0);
    child_stop(server);
}
END_TEST

/* stdin, stdout, stderr, the listener and the one in reserve; 1024 clients do
 * not fit below FD_SETSIZE any more. */
START_TEST(a_descriptor_too_large_for_select_is_refused_with_a_message)
{
    enum { CLIENTS = 1050 };
    struct child *server;
    int refused;

    if (!raise_descriptor_limit()) {
        skip("a descriptor too large for select", "ulimit -Hn is too low");
        return;
    }
    server = start_with(1300, _i);
    refused = turned_away(server, CLIENTS);
    if (refused < CLIENTS - 1024 + 4 || refused > CLIENTS - 1024 + 10)
        fail_with("expected about 30 of 1050 clients to be turned away, got %d",
                  refused);
    stream_expect_count(&server->err, "cannot watch 127.0.0.1:", refused);
    stream_expect_count(&server->err, ", descriptor 1024: ", refused);
    child_stop(server);
}
END_TEST

/* It would have no reserve to turn newcomers away with, and so would spin. */
START_TEST(with_too_few_descriptors_it_does_not_listen)
{
    struct launch launch = launch_of(&subjects[_i], 4);
    struct child *server;

    if (is_wrapped()) {
        skip("4 descriptors", "the wrapper needs more of them");
        return;
    }
    server = child_start_on(&launch, 0);
    child_expect_exit(server, 1);
    child_expect_stdout(server, "%s", "");
    child_expect_stderr(server, "%s: cannot listen on 127.0.0.1:0: %s\n",
                        subject_program(&subjects[_i]), strerror(EMFILE));
    child_free(server);
}
END_TEST

/* -- ports ----------------------------------------------------------------- */

START_TEST(a_taken_port_is_named_with_the_command_that_shows_its_owner)
{
    struct launch launch = launch_of(&subjects[_i], 0);
    struct child *first = server_start(&launch);
    int port = first->port;
    struct child *second = child_start_on(&launch, port);

    child_expect_exit(second, 1);
    child_expect_stdout(second, "%s", "");
    stream_expect(second, &second->err,
                  "%s: cannot listen on 127.0.0.1:%d: %s\n",
                  subject_program(&subjects[_i]), port, strerror(EADDRINUSE));
    stream_expect(second, &second->err, "ss -tanp 'sport = :%d'", port);
    stream_expect(second, &second->err, "lsof -nP -iTCP:%d", port);
    child_free(second);
    child_stop(first);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add_for_all_at_once(TCase *tc, int i)
{
    ADD(out_of_descriptors_it_says_so_once_for_everybody_it_turns_away);
    ADD(who_comes_is_printed_and_by_upper_who_is_closed);
    ADD(a_reset_is_printed_and_a_farewell_is_not);
    if (subject_is(&subjects[i], "SERVER"))
        ADD(a_client_that_never_reads_is_closed_and_the_reason_printed);
    if (subject_is(&subjects[i], "02") || subject_is(&subjects[i], "select"))
        ADD(a_descriptor_too_large_for_select_is_refused_with_a_message);
}

static void add(TCase *tc, int i)
{
    if (!subjects[i].has_selector || subjects[i].selector != NULL)
        ADD(the_first_line_names_the_port_and_the_command_to_try);
    ADD(a_taken_port_is_named_with_the_command_that_shows_its_owner);
    ADD(with_too_few_descriptors_it_does_not_listen);
    if (subject_is(&subjects[i], "01")) {
        ADD(the_prints_of_01_show_where_it_sleeps);
        ADD(without_room_for_one_client_it_says_so_and_goes_on);
    } else {
        add_for_all_at_once(tc, i);
    }
}

int main(void)
{
    return suites_run_ours("SERVER UPPER", add);
}

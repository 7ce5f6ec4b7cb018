/* test_mischief.c -- what our servers do when a call fails, or wakes them for
 * nothing.
 *
 * What hardly ever happens is brought about by a library: see mischief.c. It is
 * skipped where none can be preloaded.
 */
#include "preload.h"
#include "suites.h"
#include "talk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *name_of(int i)
{
    return subject_program(&subjects[i]);
}

/* -- the wait -------------------------------------------------------------- */

START_TEST(when_the_wait_fails_the_server_says_why_and_fails)
{
    struct child *server = START_SERVER("%s", wait_number(1, ENOMEM));

    child_expect_exit(server, 1);
    child_expect_stderr(server, "%s: select: %s\n", name_of(_i),
                        strerror(ENOMEM));
    child_free(server);
}
END_TEST

START_TEST(a_signal_during_the_wait_is_no_failure)
{
    struct child *server =
        START_SERVER("%s%s%s", wait_number(1, EINTR), wait_number(2, EINTR),
                     wait_number(4, EINTR));
    int client = client_connect(server->port);

    converse(client);
    converse(client);
    client_leave(client);
    child_expect_stderr(server, "%s", "");
    expect_no_harm(server);
}
END_TEST

/* Before anybody comes, and again when two are there and have nothing to say. A
 * server that believes it sleeps in accept() or in recv(). */
START_TEST(woken_for_nothing_it_does_not_sleep_elsewhere)
{
    struct child *server =
        START_SERVER("%s%s", wait_number(1, 0), wait_number(6, 0));
    int first = client_connect(server->port);
    int second;

    converse(first);
    second = client_connect(server->port);
    converse(second);
    converse(first);
    converse(first);
    converse(second);
    child_expect_stderr(server, "%s", "");
    client_leave(first);
    client_leave(second);
    expect_no_harm(server);
}
END_TEST

/* -- accept(), recv(), send() ---------------------------------------------- */

START_TEST(somebody_who_is_not_there_after_all_is_no_failure)
{
    struct child *server =
        START_SERVER("accept:1:%d recv:1:%d recv:3:%d", EAGAIN, EAGAIN, EAGAIN);
    int client = client_connect(server->port);

    converse(client);
    converse(client);
    client_leave(client);
    child_expect_stderr(server, "%s", "");
    expect_no_harm(server);
}
END_TEST

START_TEST(when_accept_fails_it_says_why_and_goes_on)
{
    struct child *server = START_SERVER("accept:1:%d", ENOMEM);
    int client = client_connect(server->port);

    converse(client);
    client_leave(client);
    child_expect_stderr(server, "%s: accept: %s\n", name_of(_i),
                        strerror(ENOMEM));
    stream_expect_count(&server->out, "Connection from ", 1);
    expect_no_harm(server);
}
END_TEST

START_TEST(what_is_sent_byte_by_byte_comes_whole)
{
    struct child *server = START_SERVER("send:1:0 send:2:0 send:4:0");
    int client = client_connect(server->port);

    converse(client);
    converse(client);
    client_leave(client);
    child_expect_stderr(server, "%s", "");
    expect_no_harm(server);
}
END_TEST

/* Closes it, and nobody else; what it prints about it. */
static void expect_to_close_one(struct child *server, const char *complaint)
{
    int client = client_connect(server->port);

    client_send_text(client, "hello\n");
    client_expect_closed(client);
    close(client);
    if (*complaint == '\0')
        child_expect_stderr(server, "%s", "");
    else
        stream_expect(server, &server->err, "%s", complaint);
    stream_expect_count(&server->err, "\n", *complaint == '\0' ? 0 : 1);
    expect_no_harm(server);
}
#define expect_to_close_one(...) HERE(expect_to_close_one, __VA_ARGS__)

/* Stage 01 says nothing about such a client, the others who it was and why. */
START_TEST(a_client_who_cannot_be_heard_is_closed)
{
    struct child *server = START_SERVER("recv:1:%d", ECONNRESET);

    expect_to_close_one(
        server, subject_is(&subjects[_i], "01") ? "" : strerror(ECONNRESET));
}
END_TEST

START_TEST(a_client_who_cannot_be_answered_is_closed)
{
    struct child *server = START_SERVER("send:1:%d", EPIPE);

    expect_to_close_one(server,
                        subject_is(&subjects[_i], "01") ? "" : strerror(EPIPE));
}
END_TEST

/* As it is with a client that does not read. */
START_TEST(a_client_whose_replies_do_not_fit_is_closed_as_deaf)
{
    struct child *server = START_SERVER("send:1:%d", EAGAIN);

    expect_to_close_one(server, " does not read its replies: ");
}
END_TEST

START_TEST(what_does_not_fit_is_sent_later)
{
    struct child *server = START_SERVER("send:1:%d send:3:%d", EAGAIN, EAGAIN);
    int client = client_connect(server->port);

    converse(client);
    converse(client);
    client_leave(client);
    child_expect_stderr(server, "%s", "");
    expect_no_harm(server);
}
END_TEST

/* -- a selector that cannot watch one more --------------------------------- */

START_TEST(without_memory_for_its_listener_it_says_why_and_fails)
{
    struct child *server = start_with_fault(_i, "0", "epoll_ctl:1:%d", ENOMEM);

    child_expect_exit(server, 1);
    child_expect_stdout(server, "%s", "");
    stream_expect(server, &server->err, "%s: cannot watch descriptor ",
                  name_of(_i));
    stream_expect(server, &server->err, ": %s\n", strerror(ENOMEM));
    child_free(server);
}
END_TEST

START_TEST(a_client_for_whom_there_is_no_memory_is_turned_away)
{
    struct child *server = START_SERVER("epoll_ctl:2:%d", ENOMEM);
    int client = client_connect(server->port);

    client_expect_end(client);
    stream_expect(server, &server->err, "%s: cannot watch 127.0.0.1:%d, desc",
                  name_of(_i), client_port(client));
    stream_expect(server, &server->err, ": %s\n", strerror(ENOMEM));
    close(client);
    expect_no_harm(server);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add_for_all_at_once(TCase *tc, int i)
{
    ADD(when_the_wait_fails_the_server_says_why_and_fails);
    ADD(a_signal_during_the_wait_is_no_failure);
    ADD(woken_for_nothing_it_does_not_sleep_elsewhere);
    ADD(somebody_who_is_not_there_after_all_is_no_failure);
    if (subject_is(&subjects[i], "UPPER"))
        ADD(what_does_not_fit_is_sent_later);
    else
        ADD(a_client_whose_replies_do_not_fit_is_closed_as_deaf);
#ifdef __linux__
    if (subjects[i].has_selector && subjects[i].selector == NULL) {
        ADD(without_memory_for_its_listener_it_says_why_and_fails);
        ADD(a_client_for_whom_there_is_no_memory_is_turned_away);
    }
#endif
}

static void add(TCase *tc, int i)
{
    if (!can_preload(i))
        return;
    ADD(a_client_who_cannot_be_heard_is_closed);
    ADD(a_client_who_cannot_be_answered_is_closed);
    ADD(when_accept_fails_it_says_why_and_goes_on);
    ADD(what_is_sent_byte_by_byte_comes_whole);
    if (!subject_is(&subjects[i], "01"))
        add_for_all_at_once(tc, i);
}

int main(void)
{
    return suites_run_ours("SERVER UPPER", add);
}

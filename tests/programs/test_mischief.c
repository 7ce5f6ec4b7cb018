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

/* It is as if nothing had happened. */
static void expect_no_trouble(int i, const char *faults)
{
    struct child *server = start_server_with_faults(i, faults);
    int client = client_connect(server->port);

    converse(client);
    converse(client);
    client_leave(client);
    child_expect_stderr(server, "%s", "");
    expect_no_harm(server);
}
#define expect_no_trouble(...) HERE(expect_no_trouble, __VA_ARGS__)

/* One is closed, and nobody else. Stage 01 says nothing about it, the others
 * who it was and why. */
static void expect_to_close_one(int i, const char *faults, const char *why)
{
    struct child *server = start_server_with_faults(i, faults);
    bool says_so = !subject_is(&subjects[i], "01");
    int client = client_connect(server->port);

    client_send_text(client, "hello\n");
    client_expect_closed(client);
    close(client);
    if (says_so)
        stream_expect(server, &server->err, "%s", why);
    stream_expect_count(&server->err, "\n", says_so ? 1 : 0);
    expect_no_harm(server);
}
#define expect_to_close_one(...) HERE(expect_to_close_one, __VA_ARGS__)

/* -- the wait -------------------------------------------------------------- */

START_TEST(when_the_wait_fails_the_server_says_why_and_fails)
{
    struct child *server =
        start_server_with_faults(_i, FAULT_OF_WAIT(1, ENOMEM));

    child_expect_exit(server, 1);
    child_expect_stderr(server, "%s: select: %s\n", name_of(_i),
                        strerror(ENOMEM));
    child_free(server);
}
END_TEST

START_TEST(a_signal_during_the_wait_is_no_failure)
{
    expect_no_trouble(_i, FAULT_OF_WAIT(1, EINTR) FAULT_OF_WAIT(2, EINTR)
                              FAULT_OF_WAIT(4, EINTR));
}
END_TEST

/* Before anybody comes, and again when two are there and have nothing to say. A
 * server that believes it sleeps in accept() or in recv(). */
START_TEST(woken_for_nothing_it_does_not_sleep_elsewhere)
{
    struct child *server =
        start_server_with_faults(_i, FAULT_OF_WAIT(1, 0) FAULT_OF_WAIT(6, 0));
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
    expect_no_trouble(_i, FAULT(accept, 1, EAGAIN) FAULT(recv, 1, EAGAIN)
                              FAULT(recv, 3, EAGAIN));
}
END_TEST

START_TEST(what_is_sent_byte_by_byte_comes_whole)
{
    expect_no_trouble(_i,
                      FAULT(send, 1, 0) FAULT(send, 2, 0) FAULT(send, 4, 0));
}
END_TEST

START_TEST(what_does_not_fit_is_sent_later)
{
    expect_no_trouble(_i, FAULT(send, 1, EAGAIN) FAULT(send, 3, EAGAIN));
}
END_TEST

START_TEST(when_accept_fails_it_says_why_and_goes_on)
{
    struct child *server =
        start_server_with_faults(_i, FAULT(accept, 1, ENOMEM));
    int client = client_connect(server->port);

    converse(client);
    client_leave(client);
    child_expect_stderr(server, "%s: accept: %s\n", name_of(_i),
                        strerror(ENOMEM));
    stream_expect_count(&server->out, "Connection from ", 1);
    expect_no_harm(server);
}
END_TEST

START_TEST(a_client_who_cannot_be_heard_is_closed)
{
    expect_to_close_one(_i, FAULT(recv, 1, ECONNRESET), strerror(ECONNRESET));
}
END_TEST

START_TEST(a_client_who_cannot_be_answered_is_closed)
{
    expect_to_close_one(_i, FAULT(send, 1, EPIPE), strerror(EPIPE));
}
END_TEST

/* As it is with a client that does not read. */
START_TEST(a_client_whose_replies_do_not_fit_is_closed_as_deaf)
{
    expect_to_close_one(_i, FAULT(send, 1, EAGAIN),
                        " does not read its replies: ");
}
END_TEST

/* -- a selector that cannot watch one more --------------------------------- */

START_TEST(without_memory_for_its_listener_it_says_why_and_fails)
{
    struct child *server =
        start_with_faults(_i, "0", FAULT(epoll_ctl, 1, ENOMEM));

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
    struct child *server =
        start_server_with_faults(_i, FAULT(epoll_ctl, 2, ENOMEM));
    int client = client_connect(server->port);

    client_expect_end(client);
    stream_expect(server, &server->err, "%s: cannot watch 127.0.0.1:%d, desc",
                  name_of(_i), client_port(client));
    stream_expect(server, &server->err, ": %s\n", strerror(ENOMEM));
    close(client);
    expect_no_harm(server);
}
END_TEST

/* It has to wait until its client can be sent to, and cannot. */
START_TEST(a_client_who_cannot_be_watched_for_more_is_closed)
{
    expect_to_close_one(_i, FAULT(send, 1, EAGAIN) FAULT(epoll_ctl, 3, ENOMEM),
                        strerror(ENOMEM));
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
        if (subject_is(&subjects[i], "UPPER"))
            ADD(a_client_who_cannot_be_watched_for_more_is_closed);
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

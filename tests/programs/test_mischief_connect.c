/* test_mischief_connect.c -- what our programs that connect do when a call
 * fails, or wakes them for nothing.
 *
 * As test_mischief.c does with the servers.
 */
#include "preload.h"
#include "suites.h"
#include "targets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *name_of(int i)
{
    return subject_program(&subjects[i]);
}

START_TEST(when_the_wait_fails_it_says_why_and_fails)
{
    struct target target = target_refusing();
    bool is_client = subject_is(&subjects[_i], "CLIENT");
    struct child *program =
        start_with_faults(_i, is_client ? target.port_text : target.text,
                          FAULT_OF_WAIT(1, ENOMEM));

    child_expect_exit(program, 1);
    child_expect_stderr(program, "%s: select: %s\n", name_of(_i),
                        strerror(ENOMEM));
    child_free(program);
}
END_TEST

/* -- one target ------------------------------------------------------------ */

START_TEST(woken_before_it_is_connected_it_waits_on)
{
    struct target target = target_listening();
    struct child *program =
        start_with_faults(_i, target.text, FAULT(getpeername, 1, ENOTCONN));

    child_expect_exit(program, 0);
    child_expect_stderr(program, "%s", "");
    finish(program, 0, 1);
}
END_TEST

/* An error that is not there yet when it is asked for. */
START_TEST(woken_before_it_is_refused_it_waits_on)
{
    struct target target = target_refusing();
    struct child *program =
        start_with_faults(_i, target.text, FAULT(getsockopt, 1, 0));

    child_expect_exit(program, 1);
    stream_expect(program, &program->err, "%s: %s", name_of(_i), target.text);
    stream_expect(program, &program->err, ": %s\n", strerror(ECONNREFUSED));
    stream_expect_count(&program->err, "\n", 1);
    finish(program, 1, 0);
}
END_TEST

START_TEST(busy_counts_how_often_it_asks)
{
    struct target target = target_listening();
    struct child *program = start_with_faults(
        _i, target.text,
        FAULT(getpeername, 1, ENOTCONN) FAULT(getsockopt, 2, ETIMEDOUT));

    child_expect_exit(program, 1);
    child_expect_stderr(program, "busy: %s: %s\n", target.text,
                        strerror(ETIMEDOUT));
    child_expect_stdout(program, "asked 2 times\n");
    child_free(program);
}
END_TEST

START_TEST(a_target_for_which_there_is_no_memory_is_given_up)
{
    struct target target = target_listening();
    struct child *program =
        start_with_faults(_i, target.text, FAULT(epoll_ctl, 1, ENOMEM));

    child_expect_exit(program, 1);
    child_expect_stdout(program, "connecting to %s (%s)\n", target.text,
                        target.text);
    stream_expect(program, &program->err,
                  "connect: cannot watch %s, descriptor ", target.text);
    stream_expect(program, &program->err, ": %s\n", strerror(ENOMEM));
    stream_expect_count(&program->err, "\n", 1);
    child_free(program);
}
END_TEST

/* -- a host with two addresses --------------------------------------------- */

/* With these addresses, in this order. */
static struct child *start_with_two(int i, const struct target targets[2],
                                    const char *faults)
{
    set_two(targets[0].text, targets[1].text);
    return start_with_faults(i, "two.invalid:80", faults);
}
#define start_with_two(...) HERE(start_with_two, __VA_ARGS__)

START_TEST(the_next_address_of_a_host_is_tried_when_one_is_refused)
{
    struct target targets[] = {target_refusing(), target_listening()};
    struct child *program = start_with_two(_i, targets, "");

    child_expect_exit(program, 0);
    stream_expect(program, &program->err, "%s: two.invalid:80", name_of(_i));
    stream_expect(program, &program->err, ": %s\n", strerror(ECONNREFUSED));
    stream_expect_count(&program->err, "\n", 1);
    if (subject_is(&subjects[_i], "CONNECT"))
        child_expect_stdout(program,
                            "connecting to two.invalid:80 (%s)\n"
                            "connecting to two.invalid:80 (%s)\n"
                            "connected! two.invalid:80 (%s)\n",
                            targets[0].text, targets[1].text, targets[1].text);
    finish(program, 0, 1);
}
END_TEST

START_TEST(the_next_address_of_a_host_is_tried_when_one_fails_at_once)
{
    struct target targets[] = {target_refusing(), target_listening()};
    struct child *program =
        start_with_two(_i, targets, FAULT(connect, 1, ENETUNREACH));

    child_expect_exit(program, 0);
    child_expect_stderr(program, "%s", "");
    finish(program, 0, 1);
}
END_TEST

START_TEST(a_host_none_of_whose_addresses_answers_is_not_connected)
{
    struct target targets[] = {target_refusing(), target_refusing()};
    struct child *program = start_with_two(_i, targets, "");

    child_expect_exit(program, 1);
    stream_expect_count(&program->err, strerror(ECONNREFUSED), 2);
    finish(program, 1, 0);
}
END_TEST

/* -- the client ------------------------------------------------------------ */

/* With that mischief it asks, is answered, and ends well. */
static void expect_a_dialogue(int i, const char *faults)
{
    struct target target = target_listening();
    struct child *client = start_with_faults(i, target.port_text, faults);
    int server = listener_accept(target.fd);

    child_write(client, "hello\n", 6);
    client_expect_text(server, "hello\n");
    client_send_text(server, "one\n");
    stream_expect(client, &client->out, "one\n>>>");
    close(server);
    child_expect_exit(client, 0);
    child_expect_stdout(client, ">>>one\n>>>\n"
                                "The server has closed the connection\n");
    child_expect_stderr(client, "%s", "");
    child_free(client);
}
#define expect_a_dialogue(...) HERE(expect_a_dialogue, __VA_ARGS__)

START_TEST(what_is_not_there_or_does_not_fit_comes_later)
{
    expect_a_dialogue(_i, FAULT(select, 1, EINTR) FAULT(select, 3, EINTR));
    expect_a_dialogue(_i, FAULT(read, 1, EAGAIN) FAULT(read, 2, EINTR));
    expect_a_dialogue(_i, FAULT(read, 1, 0) FAULT(recv, 1, EAGAIN));
    expect_a_dialogue(_i, FAULT(send, 1, EAGAIN) FAULT(send, 2, 0));
    expect_a_dialogue(_i, FAULT(send, 1, 0) FAULT(send, 2, 0));
}
END_TEST

START_TEST(a_client_that_cannot_send_says_why_and_fails)
{
    struct target target = target_listening();
    struct child *client =
        start_with_faults(_i, target.port_text, FAULT(send, 1, EPIPE));

    child_write(client, "hello\n", 6);
    child_expect_exit(client, 1);
    child_expect_stdout(client, ">>>\n");
    child_expect_stderr(client, "client: 127.0.0.1:%d: %s\n", target.port,
                        strerror(EPIPE));
    child_free(client);
}
END_TEST

START_TEST(woken_before_it_is_connected_the_client_waits_on)
{
    expect_a_dialogue(_i, FAULT(getpeername, 1, ENOTCONN));
}
END_TEST

/* It has ended without a prompt. */
static void expect_no_connection(struct child *client, const char *what,
                                 int port, int error)
{
    child_expect_exit(client, 1);
    child_expect_stdout(client, "%s", "");
    child_expect_stderr(client, "client: %s127.0.0.1:%d: %s\n", what, port,
                        strerror(error));
    child_free(client);
}
#define expect_no_connection(...) HERE(expect_no_connection, __VA_ARGS__)

START_TEST(woken_before_it_is_refused_the_client_waits_on)
{
    struct target target = target_refusing();

    expect_no_connection(
        start_with_faults(_i, target.port_text, FAULT(getsockopt, 1, 0)), "",
        target.port, ECONNREFUSED);
}
END_TEST

START_TEST(a_connect_that_fails_at_once_ends_the_client)
{
    struct target target = target_listening();

    expect_no_connection(
        start_with_faults(_i, target.port_text, FAULT(connect, 1, ENETUNREACH)),
        "cannot connect to ", target.port, ENETUNREACH);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add_for_connect(TCase *tc, int i)
{
    ADD(when_the_wait_fails_it_says_why_and_fails);
#ifdef __linux__
    if (subjects[i].selector == NULL)
        ADD(a_target_for_which_there_is_no_memory_is_given_up);
#endif
}

static void add_for_stage_04(TCase *tc, int i)
{
    ADD(woken_before_it_is_connected_it_waits_on);
    ADD(woken_before_it_is_refused_it_waits_on);
    ADD(the_next_address_of_a_host_is_tried_when_one_is_refused);
    ADD(the_next_address_of_a_host_is_tried_when_one_fails_at_once);
    ADD(a_host_none_of_whose_addresses_answers_is_not_connected);
    if (subject_is(&subjects[i], "CONNECT"))
        add_for_connect(tc, i);
    else
        ADD(busy_counts_how_often_it_asks);
}

static void add_for_client(TCase *tc, int i)
{
    ADD(when_the_wait_fails_it_says_why_and_fails);
    ADD(what_is_not_there_or_does_not_fit_comes_later);
    ADD(woken_before_it_is_connected_the_client_waits_on);
    ADD(woken_before_it_is_refused_the_client_waits_on);
    ADD(a_connect_that_fails_at_once_ends_the_client);
    ADD(a_client_that_cannot_send_says_why_and_fails);
}

static void add(TCase *tc, int i)
{
    if (!can_preload(i))
        return;
    if (subject_is(&subjects[i], "CLIENT"))
        add_for_client(tc, i);
    else
        add_for_stage_04(tc, i);
}

int main(void)
{
    return suites_run_ours("CLIENT CONNECT BUSY", add);
}

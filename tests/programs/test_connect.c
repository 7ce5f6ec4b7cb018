/* test_connect.c -- many connects at once, and the bad example.
 *
 * 04_nonblocking_connect/connect with every selector, and busy; or yours: make
 * test-04 CONNECT="python3 mine.py" or BUSY="...". Such a command takes "-t
 * SECONDS" and then HOST:PORT targets, prints a line with "connected!" for each
 * that is connected, and ends with status 0 if all are, with 1 if not, at the
 * latest after the time given. All targets are on the loopback interface.
 */
#include "suites.h"
#include "targets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- for every program ----------------------------------------------------- */

START_TEST(a_listener_is_connected)
{
    struct target target = target_listening();
    struct child *program = START("-t", LONG, target.text);

    client_expect_end(listener_accept(target.fd));
    finish(program, 0, 1);
}
END_TEST

/* A socket whose connect() has failed is writable as well. */
START_TEST(a_refused_target_is_not_connected)
{
    struct target target = target_refusing();

    finish(START("-t", LONG, target.text), 1, 0);
}
END_TEST

START_TEST(one_that_is_refused_does_not_stop_the_others)
{
    struct target targets[] = {target_listening(), target_refusing(),
                               target_listening(), target_refusing()};
    struct child *program = START("-t", LONG, targets[0].text, targets[1].text,
                                  targets[2].text, targets[3].text);

    close(listener_accept(targets[0].fd));
    close(listener_accept(targets[2].fd));
    finish(program, 1, 2);
}
END_TEST

START_TEST(a_silent_target_is_given_up_when_the_time_is_over)
{
    enum { LIMIT_MS = 300 };
    struct target target;
    struct child *program;
    long long started;

    if (!target_silent(&target, "a silent target is given up"))
        return;
    started = now_ms();
    program = START("-t", "0.3", target.text);
    child_expect_exit(program, 1);
    ck_assert_msg(now_ms() - started >= LIMIT_MS,
                  "expected it to wait for %d ms, it ended after %lld",
                  LIMIT_MS, now_ms() - started);
    finish(program, 1, 0);
}
END_TEST

/* -- for connect ----------------------------------------------------------- */

START_TEST(a_silent_target_does_not_keep_the_others_waiting)
{
    struct target target = target_listening();
    struct target waiting;
    struct child *program;

    if (!target_silent(&waiting, "a silent target keeps nobody waiting"))
        return;
    program = START("-t", LONG, waiting.text, target.text);
    stream_expect(program, &program->out, "connected!");
    /* It is closed as well, long before the time is over. */
    client_expect_end(listener_accept(target.fd));
    child_expect_idle(program, "while one target is silent");
    ck_assert_msg(child_runs(program),
                  "expected it to wait for the silent target, but it has "
                  "ended: %s",
                  child_state(program));
    child_free(program);
}
END_TEST

/* A quarter of them is silent: one after the other these alone would take
 * longer than our patience. Several listeners, as a backlog may be as short as
 * 128. */
START_TEST(five_hundred_take_as_long_as_the_slowest_and_not_their_sum)
{
    enum { MANY = 500, LISTENERS = 10, KINDS = LISTENERS + 5, LIMIT_MS = 300 };
    const char *arguments[MANY + 3] = {"-t", "0.3"};
    struct target targets[KINDS];
    struct child *program;
    long long started;

    for (int i = 0; i < LISTENERS; i++)
        targets[i] = target_listening();
    targets[LISTENERS] = target_refusing();
    if (!target_silent(&targets[LISTENERS + 1], "five hundred at once"))
        return;
    for (int i = LISTENERS + 2; i < KINDS; i++)
        targets[i] = targets[LISTENERS + 1];
    for (int i = 0; i < MANY; i++)
        arguments[2 + i] = targets[i % KINDS].text;
    started = now_ms();
    program = start_program(1000, _i, arguments);
    child_expect_exit(program, 1);
    ck_assert_msg(now_ms() - started < 132LL * LIMIT_MS,
                  "expected about %d ms, the limit, got %lld", LIMIT_MS,
                  now_ms() - started);
    finish(program, 1, 335);
}
END_TEST

/* -- our words ------------------------------------------------------------- */

START_TEST(it_prints_the_address_it_connects_to)
{
    struct target target = target_listening();
    struct child *program = START(target.text);

    child_expect_exit(program, 0);
    child_expect_stdout(program,
                        "connecting to %s (%s)\n"
                        "connected! %s (%s)\n",
                        target.text, target.text, target.text, target.text);
    child_expect_stderr(program, "%s", "");
    child_free(program);
}
END_TEST

START_TEST(it_prints_why_a_target_is_refused)
{
    struct target target = target_refusing();
    struct child *program = START(target.text);

    child_expect_exit(program, 1);
    stream_expect(program, &program->err, "connect: %s", target.text);
    stream_expect(program, &program->err, "%s", strerror(ECONNREFUSED));
    stream_expect_count(&program->err, "\n", 1);
    child_free(program);
}
END_TEST

START_TEST(it_prints_that_the_time_is_over)
{
    struct target target;
    struct child *program;

    if (!target_silent(&target, "the time is over"))
        return;
    program = START("-t", "0.1", target.text);
    child_expect_exit(program, 1);
    child_expect_stdout(program, "connecting to %s (%s)\n", target.text,
                        target.text);
    child_expect_stderr(program, "connect: %s (%s): %s\n", target.text,
                        target.text, strerror(ETIMEDOUT));
    child_free(program);
}
END_TEST

/* Why it fails at once to connect to all hosts of a network; 0: it does not. */
static int error_of_everybody(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(9),
                                  .sin_addr.s_addr = htonl(INADDR_BROADCAST)};
    int fd = client_socket();
    int error = 0;

    if (connect(fd, (struct sockaddr *)&address, sizeof address) == -1)
        error = errno == EINPROGRESS ? 0 : errno;
    close(fd);
    return error;
}

START_TEST(a_connect_that_fails_at_once_is_named_with_the_reason)
{
    int error = error_of_everybody();
    bool is_busy = subject_is(&subjects[_i], "BUSY");
    struct target target = target_listening();
    struct child *program;

    if (error == 0) {
        skip("a connect that fails at once", "this system tries everything");
        return;
    }
    program = START("255.255.255.255:9", target.text);
    child_expect_exit(program, 1);
    child_expect_stderr(program, "%s: 255.255.255.255:9: %s\n",
                        subject_program(&subjects[_i]), strerror(error));
    if (is_busy)
        stream_expect(program, &program->out, "asked 0 times\n");
    finish(program, 1, 1);
}
END_TEST

/* RFC 6761: there is no such name, and a resolver without a network says that
 * it cannot tell. RES_OPTIONS: it shall say so soon. */
START_TEST(a_name_that_cannot_be_resolved_is_named_and_the_others_go_on)
{
    struct target target = target_listening();
    struct child *program;

    setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    program = START("no-such-host.invalid:80", target.text);
    child_expect_exit(program, 1);
    stream_expect(program, &program->err, "%s: no-such-host.invalid:80: ",
                  subject_is(&subjects[_i], "BUSY") ? "busy" : "connect");
    stream_expect_count(&program->err, "\n", 1);
    finish(program, 1, 1);
}
END_TEST

START_TEST(an_ipv6_target_stands_in_brackets)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET6, SOCK_STREAM, 0);
    struct child *program;
    char target[40];

    if (listener == -1 ||
        bind(listener, (struct sockaddr *)&address, size) == -1) {
        skip("an IPv6 target", "there is no ::1 here");
        return;
    }
    listen(listener, 5);
    getsockname(listener, (struct sockaddr *)&address, &size);
    snprintf(target, sizeof target, "[::1]:%d", ntohs(address.sin6_port));
    program = START(target);
    child_expect_exit(program, 0);
    child_expect_stdout(program,
                        "connecting to %s (%s)\n"
                        "connected! %s (%s)\n",
                        target, target, target, target);
    child_free(program);
    close(listener);
}
END_TEST

START_TEST(out_of_descriptors_it_connects_what_it_can)
{
    enum { MANY = 40, LIMIT = 20 };
    struct target target = target_listening();
    const char *arguments[MANY + 1] = {NULL};
    struct child *program;
    int connected;

    for (int i = 0; i < MANY; i++)
        arguments[i] = target.text;
    program = start_program(LIMIT, _i, arguments);
    child_expect_exit(program, 1);
    connected = stream_count(&program->out, "connected!");
    ck_assert_msg(connected > 0 && connected < LIMIT,
                  "expected between 1 and %d to be connected, got %d",
                  LIMIT - 1, connected);
    stream_expect_count(&program->err, strerror(EMFILE), MANY - connected);
    child_free(program);
}
END_TEST

/* -- busy ------------------------------------------------------------------ */

/* The number in "asked N times". */
static long asked(const struct child *program)
{
    const char *found =
        program->out.length == 0 ? NULL : strstr(program->out.text, "asked ");

    ck_assert_msg(found != NULL, "expected \"asked N times\", got %s",
                  quoted(program->out.text, program->out.length));
    return strtol(found + strlen("asked "), NULL, 10);
}

START_TEST(busy_prints_how_often_it_has_asked)
{
    struct target target = target_listening();
    struct child *program = START(target.text);

    child_expect_exit(program, 0);
    child_expect_stdout(program, "connected! %s\nasked %ld times\n",
                        target.text, asked(program));
    ck_assert_int_ge(asked(program), 1);
    child_expect_stderr(program, "%s", "");
    child_free(program);
}
END_TEST

START_TEST(busy_prints_why_a_target_is_refused)
{
    struct target target = target_refusing();
    struct child *program = START(target.text);

    child_expect_exit(program, 1);
    child_expect_stderr(program, "busy: %s: %s\n", target.text,
                        strerror(ECONNREFUSED));
    child_expect_stdout(program, "asked %ld times\n", asked(program));
    child_free(program);
}
END_TEST

START_TEST(busy_asks_thousands_of_times_before_it_gives_up)
{
    struct target target;
    struct child *program;

    if (!target_silent(&target, "busy asks thousands of times"))
        return;
    program = START("-t", "0.3", target.text);
    child_expect_exit(program, 1);
    child_expect_stderr(program, "busy: %s: %s\n", target.text,
                        strerror(ETIMEDOUT));
    ck_assert_int_gt(asked(program), 1000);
    child_free(program);
}
END_TEST

/* More targets than descriptors, one after the other. */
START_TEST(busy_closes_each_socket_before_the_next)
{
    enum { MANY = 100, LIMIT = 40 };
    struct target targets[] = {target_listening(), target_refusing()};
    const char *arguments[MANY + 1] = {NULL};

    for (int i = 0; i < MANY; i++)
        arguments[i] = targets[i % 2].text;
    finish(start_program(LIMIT, _i, arguments), 1, MANY / 2);
}
END_TEST

/* Whoever sees "connected!" nowhere must not be told that all is well. */
START_TEST(it_says_so_when_nobody_reads_what_it_prints)
{
    struct launch launch = launch_of(&subjects[_i], 0);
    struct target target = target_listening();
    struct child *program;
    int ends[2];

    pipe_make(ends);
    close(ends[0]);
    launch.out = ends[1];
    program = child_start(&launch, ARGS(target.text));
    child_expect_exit(program, 1);
    child_expect_stderr(program,
                        "%s: not all that was printed reached stdout\n",
                        subject_program(&subjects[_i]));
    child_free(program);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

static void add_for_connect(TCase *tc, int i)
{
    ADD(a_silent_target_does_not_keep_the_others_waiting);
    ADD(five_hundred_take_as_long_as_the_slowest_and_not_their_sum);
    if (is_replaced(subjects[i].variable))
        return;
    ADD(it_prints_the_address_it_connects_to);
    ADD(it_prints_why_a_target_is_refused);
    ADD(it_prints_that_the_time_is_over);
    ADD(an_ipv6_target_stands_in_brackets);
    ADD(out_of_descriptors_it_connects_what_it_can);
}

static void add_for_busy(TCase *tc, int i)
{
    if (is_replaced(subjects[i].variable))
        return;
    ADD(busy_prints_how_often_it_has_asked);
    ADD(busy_prints_why_a_target_is_refused);
    ADD(busy_asks_thousands_of_times_before_it_gives_up);
    ADD(busy_closes_each_socket_before_the_next);
}

static void add(TCase *tc, int i)
{
    ADD(a_listener_is_connected);
    ADD(a_refused_target_is_not_connected);
    ADD(one_that_is_refused_does_not_stop_the_others);
    ADD(a_silent_target_is_given_up_when_the_time_is_over);
    if (!is_replaced(subjects[i].variable)) {
        ADD(a_connect_that_fails_at_once_is_named_with_the_reason);
        ADD(a_name_that_cannot_be_resolved_is_named_and_the_others_go_on);
        ADD(it_says_so_when_nobody_reads_what_it_prints);
    }
    if (subject_is(&subjects[i], "CONNECT"))
        add_for_connect(tc, i);
    else
        add_for_busy(tc, i);
}

int main(void)
{
    return suites_run("CONNECT BUSY", add);
}

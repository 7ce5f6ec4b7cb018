/* test_connect.c -- many connects at once, and the bad example.
 *
 * 04_nonblocking_connect/connect with every selector, and busy; or yours: make
 * test-04 CONNECT="python3 mine.py" or BUSY="...". Such a command takes "-t
 * SECONDS" and then HOST:PORT targets, prints a line with "connected!" for each
 * that is connected, and ends with status 0 if all are, with 1 if not, at the
 * latest after the time given. All targets are on the loopback interface.
 */
#include "harness.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *name;
    struct launch launch;
} subjects[] = {
    {"connect",
     {.path = "04_nonblocking_connect/connect", .variable = "CONNECT"}},
    {"connect select",
     {.path = "04_nonblocking_connect/connect",
      .variable = "CONNECT",
      .selector = "select"}},
    {"connect poll",
     {.path = "04_nonblocking_connect/connect",
      .variable = "CONNECT",
      .selector = "poll"}},
    {"busy", {.path = "04_nonblocking_connect/busy", .variable = "BUSY"}},
};

enum { CONNECTS = 3, BUSY = 3, SUBJECTS = 4 };

/* Long enough for whatever does happen, and never waited for. */
#define LONG "60"

struct target {
    char text[40];
};

static struct target target_at(int port)
{
    struct target target;

    snprintf(target.text, sizeof target.text, "127.0.0.1:%d", port);
    return target;
}

static struct child *start(int subject, const char *const *arguments)
{
    return child_start(&subjects[subject].launch, arguments);
}

static int count_words(const struct stream *stream, const char *words)
{
    const char *found = stream->length == 0 ? NULL : stream->text;
    int count = 0;

    while (found != NULL && (found = strstr(found, words)) != NULL) {
        found += strlen(words);
        count++;
    }
    return count;
}

static void expect_connected(const struct child *program, int expected)
{
    int count = count_words(&program->out, "connected!");

    if (count != expected)
        fail_with("expected %d lines with \"connected!\", got %d: %s", expected,
                  count, quoted(program->out.text, program->out.length));
}

/* -- for every program ----------------------------------------------------- */

START_TEST(a_listener_is_connected)
{
    int port;
    int listener = listener_open(&port);
    struct target target = target_at(port);
    struct child *program =
        start(_i, (const char *[]){"-t", LONG, target.text, NULL});
    int server = listener_accept(listener);

    client_expect_end(server);
    child_expect_exit(program, 0);
    expect_connected(program, 1);
    child_free(program);
}
END_TEST

/* A socket whose connect() has failed is writable as well. */
START_TEST(a_refused_target_is_not_connected)
{
    int port;
    int refusing = listener_refusing(&port);
    struct target target = target_at(port);
    struct child *program =
        start(_i, (const char *[]){"-t", LONG, target.text, NULL});

    child_expect_exit(program, 1);
    expect_connected(program, 0);
    child_free(program);
    close(refusing);
}
END_TEST

START_TEST(one_that_is_refused_does_not_stop_the_others)
{
    int ports[4];
    int listeners[4] = {listener_open(&ports[0]), listener_refusing(&ports[1]),
                        listener_open(&ports[2]), listener_refusing(&ports[3])};
    struct target targets[4] = {target_at(ports[0]), target_at(ports[1]),
                                target_at(ports[2]), target_at(ports[3])};
    struct child *program =
        start(_i, (const char *[]){"-t", LONG, targets[0].text, targets[1].text,
                                   targets[2].text, targets[3].text, NULL});

    child_expect_exit(program, 1);
    expect_connected(program, 2);
    close(listener_accept(listeners[0]));
    close(listener_accept(listeners[2]));
    child_free(program);
}
END_TEST

/* Whatever is silent stays so until everything is closed. */
static bool silence(const char *test, int *port)
{
    int pending[SILENT];
    bool silent = listener_silent(port, pending);

    if (!silent)
        skip(test, "this system answers although the backlog is full");
    return silent;
}

START_TEST(a_silent_target_is_given_up_when_the_time_is_over)
{
    enum { LIMIT_MS = 300 };
    int port;
    struct target target;
    struct child *program;
    long long started;

    if (!silence("a silent target is given up", &port))
        return;
    target = target_at(port);
    started = now_ms();
    program = start(_i, (const char *[]){"-t", "0.3", target.text, NULL});
    child_expect_exit(program, 1);
    ck_assert_msg(now_ms() - started >= LIMIT_MS,
                  "expected it to wait for %d ms, it ended after %lld",
                  LIMIT_MS, now_ms() - started);
    expect_connected(program, 0);
    child_free(program);
}
END_TEST

/* -- for connect ----------------------------------------------------------- */

START_TEST(a_silent_target_does_not_keep_the_others_waiting)
{
    int silent_port;
    int port;
    int listener = listener_open(&port);
    struct target silent;
    struct target target = target_at(port);
    struct child *program;

    if (!silence("a silent target keeps nobody waiting", &silent_port))
        return;
    silent = target_at(silent_port);
    program =
        start(_i, (const char *[]){"-t", LONG, silent.text, target.text, NULL});
    stream_expect(program, &program->out, "connected!");
    /* It is closed as well, long before the time is over. */
    client_expect_end(listener_accept(listener));
    child_expect_idle(program, "while one target is silent");
    ck_assert_msg(child_runs(program),
                  "expected it to wait for the silent target");
    child_free(program);
}
END_TEST

/* A quarter of them is silent: one after the other these alone would take
 * longer than our patience. Several listeners, as a backlog may be as short as
 * 128. */
START_TEST(five_hundred_take_as_long_as_the_slowest_and_not_their_sum)
{
    enum { MANY = 500, LISTENERS = 10, KINDS = LISTENERS + 5, LIMIT_MS = 300 };
    struct launch launch = subjects[_i].launch;
    const char *arguments[MANY + 3] = {"-t", "0.3"};
    struct target targets[KINDS];
    struct child *program;
    long long started;
    int port;

    for (int i = 0; i < LISTENERS; i++) {
        listener_open(&port);
        targets[i] = target_at(port);
    }
    listener_refusing(&port);
    targets[LISTENERS] = target_at(port);
    if (!silence("five hundred at once", &port))
        return;
    for (int i = LISTENERS + 1; i < KINDS; i++)
        targets[i] = target_at(port);
    for (int i = 0; i < MANY; i++)
        arguments[2 + i] = targets[i % KINDS].text;
    launch.descriptors = 1000;
    started = now_ms();
    program = child_start(&launch, arguments);
    child_expect_exit(program, 1);
    ck_assert_msg(now_ms() - started < 132LL * LIMIT_MS,
                  "expected about %d ms, the limit, got %lld", LIMIT_MS,
                  now_ms() - started);
    expect_connected(program, 335);
    child_free(program);
}
END_TEST

/* -- our words ------------------------------------------------------------- */

START_TEST(it_prints_the_address_it_connects_to)
{
    int port;
    int listener = listener_open(&port);
    struct target target = target_at(port);
    struct child *program = start(_i, (const char *[]){target.text, NULL});

    child_expect_exit(program, 0);
    child_expect_stdout(program,
                        "connecting to %s (%s)\n"
                        "connected! %s (%s)\n",
                        target.text, target.text, target.text, target.text);
    child_expect_stderr(program, "%s", "");
    child_free(program);
    close(listener);
}
END_TEST

START_TEST(it_prints_why_a_target_is_refused)
{
    int port;
    int refusing = listener_refusing(&port);
    struct target target = target_at(port);
    struct child *program = start(_i, (const char *[]){target.text, NULL});
    char words[200];

    child_expect_exit(program, 1);
    snprintf(words, sizeof words, "connect: %s", target.text);
    stream_expect(program, &program->err, words);
    stream_expect(program, &program->err, strerror(ECONNREFUSED));
    ck_assert_int_eq(count_words(&program->err, "\n"), 1);
    child_free(program);
    close(refusing);
}
END_TEST

START_TEST(it_prints_that_the_time_is_over)
{
    int port;
    struct target target;
    struct child *program;

    if (!silence("the time is over", &port))
        return;
    target = target_at(port);
    program = start(_i, (const char *[]){"-t", "0.1", target.text, NULL});
    child_expect_exit(program, 1);
    child_expect_stdout(program, "connecting to %s (%s)\n", target.text,
                        target.text);
    child_expect_stderr(program, "connect: %s (%s): %s\n", target.text,
                        target.text, strerror(ETIMEDOUT));
    child_free(program);
}
END_TEST

/* RFC 6761: there is no such name, and a resolver without a network says that
 * it cannot tell. RES_OPTIONS: it shall say so soon. */
START_TEST(a_name_that_cannot_be_resolved_is_named_and_the_others_go_on)
{
    int port;
    int listener = listener_open(&port);
    struct target target = target_at(port);
    struct child *program;

    setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    program = start(
        _i, (const char *[]){"no-such-host.invalid:80", target.text, NULL});
    child_expect_exit(program, 1);
    stream_expect(program, &program->err,
                  _i == BUSY ? "busy: no-such-host.invalid:80: "
                             : "connect: no-such-host.invalid:80: ");
    ck_assert_int_eq(count_words(&program->err, "\n"), 1);
    expect_connected(program, 1);
    child_free(program);
    close(listener);
}
END_TEST

/* Holds [::1]:port, so that it is refused and nobody else can listen there. */
static int refuse_on_ipv6(int port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_port = htons((uint16_t)port),
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int only = 1;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd == -1)
        return -1;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool localhost_is_both(void)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    bool both;

    if (getaddrinfo("localhost", "80", &hints, &found) != 0)
        return false;
    both = found->ai_family == AF_INET6 && found->ai_next != NULL &&
           found->ai_next->ai_family == AF_INET;
    freeaddrinfo(found);
    return both;
}

START_TEST(the_next_address_of_a_host_is_tried_when_one_is_refused)
{
    int port;
    int listener = listener_open(&port);
    int refusing = refuse_on_ipv6(port);
    struct child *program;
    char target[40];
    char words[200];

    if (refusing == -1 || !localhost_is_both()) {
        skip("the next address is tried",
             "localhost is not ::1 and then 127.0.0.1 here");
        return;
    }
    snprintf(target, sizeof target, "localhost:%d", port);
    program = start(_i, (const char *[]){target, NULL});
    child_expect_exit(program, 0);
    if (_i != BUSY) {
        snprintf(words, sizeof words, "connected! %s (127.0.0.1:%d)\n", target,
                 port);
        stream_expect(program, &program->out, words);
    }
    expect_connected(program, 1);
    child_free(program);
    close(listener);
    close(refusing);
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
    program = start(_i, (const char *[]){target, NULL});
    child_expect_exit(program, 0);
    child_expect_stdout(program,
                        "connecting to %s (%s)\n"
                        "connected! %s (%s)\n",
                        target, target, target, target);
    child_free(program);
    close(listener);
}
END_TEST

/* -- descriptors ----------------------------------------------------------- */

/* More targets than descriptors, one after the other. */
START_TEST(busy_closes_each_socket_before_the_next)
{
    enum { MANY = 100 };
    struct launch launch = subjects[_i].launch;
    const char *arguments[MANY + 1] = {NULL};
    struct target targets[2];
    int ports[2];
    struct child *program;

    listener_open(&ports[0]);
    listener_refusing(&ports[1]);
    for (int i = 0; i < 2; i++)
        targets[i] = target_at(ports[i]);
    for (int i = 0; i < MANY; i++)
        arguments[i] = targets[i % 2].text;
    launch.descriptors = 40;
    program = child_start(&launch, arguments);
    child_expect_exit(program, 1);
    expect_connected(program, MANY / 2);
    child_free(program);
}
END_TEST

START_TEST(out_of_descriptors_it_connects_what_it_can)
{
    enum { MANY = 40, LIMIT = 20 };
    struct launch launch = subjects[_i].launch;
    const char *arguments[MANY + 1] = {NULL};
    struct target target;
    struct child *program;
    int connected;
    int port;

    listener_open(&port);
    target = target_at(port);
    for (int i = 0; i < MANY; i++)
        arguments[i] = target.text;
    launch.descriptors = LIMIT;
    program = child_start(&launch, arguments);
    child_expect_exit(program, 1);
    connected = count_words(&program->out, "connected!");
    ck_assert_msg(connected > 0 && connected < LIMIT,
                  "expected between 1 and %d to be connected, got %d",
                  LIMIT - 1, connected);
    ck_assert_int_eq(count_words(&program->err, strerror(EMFILE)),
                     MANY - connected);
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
    int port;
    int listener = listener_open(&port);
    struct target target = target_at(port);
    struct child *program = start(BUSY, (const char *[]){target.text, NULL});

    child_expect_exit(program, 0);
    child_expect_stdout(program, "connected! %s\nasked %ld times\n",
                        target.text, asked(program));
    ck_assert_int_ge(asked(program), 1);
    child_expect_stderr(program, "%s", "");
    child_free(program);
    close(listener);
}
END_TEST

START_TEST(busy_prints_why_a_target_is_refused)
{
    int port;
    int refusing = listener_refusing(&port);
    struct target target = target_at(port);
    struct child *program = start(BUSY, (const char *[]){target.text, NULL});

    child_expect_exit(program, 1);
    child_expect_stderr(program, "busy: %s: %s\n", target.text,
                        strerror(ECONNREFUSED));
    child_expect_stdout(program, "asked %ld times\n", asked(program));
    child_free(program);
    close(refusing);
}
END_TEST

START_TEST(busy_asks_thousands_of_times_before_it_gives_up)
{
    int port;
    struct target target;
    struct child *program;

    if (!silence("busy asks thousands of times", &port))
        return;
    target = target_at(port);
    program = start(BUSY, (const char *[]){"-t", "0.3", target.text, NULL});
    child_expect_exit(program, 1);
    child_expect_stderr(program, "busy: %s: %s\n", target.text,
                        strerror(ETIMEDOUT));
    ck_assert_int_gt(asked(program), 1000);
    child_free(program);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

#define ADD(test) tcase_add_loop_test(tc, test, i, i + 1)

static void add_for_every_program(TCase *tc, int i)
{
    ADD(a_listener_is_connected);
    ADD(a_refused_target_is_not_connected);
    ADD(one_that_is_refused_does_not_stop_the_others);
    ADD(a_silent_target_is_given_up_when_the_time_is_over);
    if (i == BUSY)
        return;
    ADD(a_silent_target_does_not_keep_the_others_waiting);
    ADD(five_hundred_take_as_long_as_the_slowest_and_not_their_sum);
}

static void add_for_ours(TCase *tc, int i)
{
    ADD(a_name_that_cannot_be_resolved_is_named_and_the_others_go_on);
    ADD(the_next_address_of_a_host_is_tried_when_one_is_refused);
    if (i == BUSY) {
        ADD(busy_prints_how_often_it_has_asked);
        ADD(busy_prints_why_a_target_is_refused);
        ADD(busy_asks_thousands_of_times_before_it_gives_up);
        ADD(busy_closes_each_socket_before_the_next);
    } else {
        ADD(it_prints_the_address_it_connects_to);
        ADD(it_prints_why_a_target_is_refused);
        ADD(it_prints_that_the_time_is_over);
        ADD(an_ipv6_target_stands_in_brackets);
        ADD(out_of_descriptors_it_connects_what_it_can);
    }
}

static void add_subject(Suite *suite, int i)
{
    TCase *tc = tcase_create(subjects[i].name);
    bool replaced = is_replaced(subjects[i].launch.variable);

    tcase_set_timeout(tc, 120);
    add_for_every_program(tc, i);
    if (!replaced)
        add_for_ours(tc, i);
    suite_add_tcase(suite, tc);
}

/* A command in place of ours is examined once, not for every selector. */
static bool is_another_time(int i)
{
    return i > 0 && i < CONNECTS && is_replaced("CONNECT");
}

int main(void)
{
    Suite *suite;

    if (!suite_is_wanted("04") || (!is_wanted("CONNECT") && !is_wanted("BUSY")))
        return 0;
    suite = suite_create("04");
    for (int i = 0; i < SUBJECTS; i++)
        if (is_wanted(subjects[i].launch.variable) && !is_another_time(i))
            add_subject(suite, i);
    return suites_run(&suite, 1);
}

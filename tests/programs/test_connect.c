/* test_connect.c -- many connects at once, and the bad example.
 *
 * 04_nonblocking_connect/connect with every selector, and busy; or yours: make
 * test-04 CONNECT="python3 mine.py" or BUSY="...". Such a command takes "-t
 * SECONDS" and then HOST:PORT targets, prints a line with "connected!" for each
 * that is connected, and ends with status 0 if all are, with 1 if not, at the
 * latest after the time given. All targets are on the loopback interface.
 */
#include "harness.h"
#include "suites.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_busy(int subject)
{
    return strcmp(subjects[subject].variable, "BUSY") == 0;
}

/* Long enough for whatever does happen, and never waited for. */
#define LONG "60"

static struct child *start_with(int descriptors, int subject,
                                const char *const *arguments)
{
    struct launch launch = launch_of(&subjects[subject], descriptors);

    return child_start(&launch, arguments);
}

#define START(...) start_with(0, _i, ARGS(__VA_ARGS__))

static void expect_connected(const struct child *program, int expected)
{
    int count = stream_count(&program->out, "connected!");

    if (count != expected)
        fail_with("expected %d lines with \"connected!\", got %d: %s", expected,
                  count, quoted(program->out.text, program->out.length));
}

static void finish(struct child *program, int status, int connected)
{
    child_expect_exit(program, status);
    expect_connected(program, connected);
    child_free(program);
}

/* -- the targets, which stay what they are until the test ends ------------- */

struct target {
    char text[40];
    int port;
    int fd;
};

static struct target target_at(int port, int fd)
{
    struct target target = {.port = port, .fd = fd};

    snprintf(target.text, sizeof target.text, "127.0.0.1:%d", port);
    return target;
}

static struct target listening(void)
{
    int port;
    int fd = listener_open(&port);

    return target_at(port, fd);
}

static struct target refusing(void)
{
    int port;
    int fd = listener_refusing(&port);

    return target_at(port, fd);
}

static bool silent(struct target *target, const char *test)
{
    int pending[SILENT];
    int port;
    bool is_silent = listener_silent(&port, pending);

    *target = target_at(port, -1);
    if (!is_silent)
        skip(test, "this system answers although the backlog is full");
    return is_silent;
}

/* -- for every program ----------------------------------------------------- */

START_TEST(a_listener_is_connected)
{
    struct target target = listening();
    struct child *program = START("-t", LONG, target.text);

    client_expect_end(listener_accept(target.fd));
    finish(program, 0, 1);
}
END_TEST

/* A socket whose connect() has failed is writable as well. */
START_TEST(a_refused_target_is_not_connected)
{
    struct target target = refusing();

    finish(START("-t", LONG, target.text), 1, 0);
}
END_TEST

START_TEST(one_that_is_refused_does_not_stop_the_others)
{
    struct target targets[] = {listening(), refusing(), listening(),
                               refusing()};
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

    if (!silent(&target, "a silent target is given up"))
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
    struct target target = listening();
    struct target waiting;
    struct child *program;

    if (!silent(&waiting, "a silent target keeps nobody waiting"))
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
        targets[i] = listening();
    targets[LISTENERS] = refusing();
    if (!silent(&targets[LISTENERS + 1], "five hundred at once"))
        return;
    for (int i = LISTENERS + 2; i < KINDS; i++)
        targets[i] = targets[LISTENERS + 1];
    for (int i = 0; i < MANY; i++)
        arguments[2 + i] = targets[i % KINDS].text;
    started = now_ms();
    program = start_with(1000, _i, arguments);
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
    struct target target = listening();
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

static void expect_lines(const struct stream *err, const char *words,
                         int expected)
{
    ck_assert_msg(stream_count(err, words) == expected,
                  "expected %d times %s on stderr, got %d: %s", expected,
                  quoted(words, strlen(words)), stream_count(err, words),
                  quoted(err->text, err->length));
}

START_TEST(it_prints_why_a_target_is_refused)
{
    struct target target = refusing();
    struct child *program = START(target.text);

    child_expect_exit(program, 1);
    stream_expect(program, &program->err, "connect: %s", target.text);
    stream_expect(program, &program->err, "%s", strerror(ECONNREFUSED));
    expect_lines(&program->err, "\n", 1);
    child_free(program);
}
END_TEST

START_TEST(it_prints_that_the_time_is_over)
{
    struct target target;
    struct child *program;

    if (!silent(&target, "the time is over"))
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

/* RFC 6761: there is no such name, and a resolver without a network says that
 * it cannot tell. RES_OPTIONS: it shall say so soon. */
START_TEST(a_name_that_cannot_be_resolved_is_named_and_the_others_go_on)
{
    struct target target = listening();
    struct child *program;

    setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    program = START("no-such-host.invalid:80", target.text);
    child_expect_exit(program, 1);
    stream_expect(program, &program->err, "%s: no-such-host.invalid:80: ",
                  is_busy(_i) ? "busy" : "connect");
    expect_lines(&program->err, "\n", 1);
    finish(program, 1, 1);
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
    int port = listening().port;
    struct child *program;
    char target[40];

    if (refuse_on_ipv6(port) == -1 || !localhost_is_both()) {
        skip("the next address is tried",
             "localhost is not ::1 and then 127.0.0.1 here");
        return;
    }
    snprintf(target, sizeof target, "localhost:%d", port);
    program = START(target);
    child_expect_exit(program, 0);
    if (!is_busy(_i))
        stream_expect(program, &program->out, "connected! %s (127.0.0.1:%d)\n",
                      target, port);
    finish(program, 0, 1);
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

/* -- descriptors ----------------------------------------------------------- */

/* More targets than descriptors, one after the other. */
START_TEST(busy_closes_each_socket_before_the_next)
{
    enum { MANY = 100, LIMIT = 40 };
    struct target targets[] = {listening(), refusing()};
    const char *arguments[MANY + 1] = {NULL};

    for (int i = 0; i < MANY; i++)
        arguments[i] = targets[i % 2].text;
    finish(start_with(LIMIT, _i, arguments), 1, MANY / 2);
}
END_TEST

START_TEST(out_of_descriptors_it_connects_what_it_can)
{
    enum { MANY = 40, LIMIT = 20 };
    struct target target = listening();
    const char *arguments[MANY + 1] = {NULL};
    struct child *program;
    int connected;

    for (int i = 0; i < MANY; i++)
        arguments[i] = target.text;
    program = start_with(LIMIT, _i, arguments);
    child_expect_exit(program, 1);
    connected = stream_count(&program->out, "connected!");
    ck_assert_msg(connected > 0 && connected < LIMIT,
                  "expected between 1 and %d to be connected, got %d",
                  LIMIT - 1, connected);
    expect_lines(&program->err, strerror(EMFILE), MANY - connected);
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
    struct target target = listening();
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
    struct target target = refusing();
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

    if (!silent(&target, "busy asks thousands of times"))
        return;
    program = START("-t", "0.3", target.text);
    child_expect_exit(program, 1);
    child_expect_stderr(program, "busy: %s: %s\n", target.text,
                        strerror(ETIMEDOUT));
    ck_assert_int_gt(asked(program), 1000);
    child_free(program);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

static void add_for_ours(TCase *tc, int i)
{
    ADD(a_name_that_cannot_be_resolved_is_named_and_the_others_go_on);
    ADD(the_next_address_of_a_host_is_tried_when_one_is_refused);
    if (is_busy(i)) {
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

static void add(TCase *tc, int i)
{
    ADD(a_listener_is_connected);
    ADD(a_refused_target_is_not_connected);
    ADD(one_that_is_refused_does_not_stop_the_others);
    ADD(a_silent_target_is_given_up_when_the_time_is_over);
    if (!is_busy(i)) {
        ADD(a_silent_target_does_not_keep_the_others_waiting);
        ADD(five_hundred_take_as_long_as_the_slowest_and_not_their_sum);
    }
    if (!is_replaced(subjects[i].variable))
        add_for_ours(tc, i);
}

static bool connects(const struct subject *subject)
{
    return strcmp(subject->stage, "04") == 0;
}

int main(void)
{
    return suites_run(connects, add);
}

/* checks.h -- what the unit tests share: how they say what came instead of what
 * they expect, descriptors to try things on, signals, and the suite itself.
 *
 * A test that runs once for each backend, or for each row of a table, sets
 * `subject`, and every message begins with it.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include "faults.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_S = 60 }; /* the longest a test may take, under valgrind too */

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

/* -- what is expected ------------------------------------------------------ */

static const char *subject = "";

/* The value of an integer expression. */
#define expect(expression, expected)                                           \
    do {                                                                       \
        long long came_ = (expression);                                        \
        long long wanted_ = (expected);                                        \
        ck_assert_msg(came_ == wanted_, "%s: %s is %lld, expected %lld",       \
                      subject, #expression, came_, wanted_);                   \
    } while (0)

#define expect_true(condition)                                                 \
    ck_assert_msg(condition, "%s: expected %s", subject, #condition)

#define expect_text(expression, expected)                                      \
    do {                                                                       \
        const char *came_ = (expression);                                      \
        const char *wanted_ = (expected);                                      \
        ck_assert_msg(strcmp(came_, wanted_) == 0,                             \
                      "%s: %s is \"%s\", expected \"%s\"", subject,            \
                      #expression, came_, wanted_);                            \
    } while (0)

/* A text with this in it. */
#define expect_part(expression, expected)                                      \
    do {                                                                       \
        const char *came_ = (expression);                                      \
        const char *wanted_ = (expected);                                      \
        ck_assert_msg(strstr(came_, wanted_) != NULL,                          \
                      "%s: %s is \"%s\", expected \"%s\" in it", subject,      \
                      #expression, came_, wanted_);                            \
    } while (0)

/* A call that returns 0, or a descriptor, or a number. */
#define expect_success(call)                                                   \
    do {                                                                       \
        long long came_ = (call);                                              \
        ck_assert_msg(came_ >= 0, "%s: %s failed: %s", subject, #call,         \
                      strerror(errno));                                        \
    } while (0)

/* A call that returns 0. */
#define expect_done(call)                                                      \
    do {                                                                       \
        long long came_ = (call);                                              \
        ck_assert_msg(came_ == 0, "%s: %s is %lld (%s), expected 0", subject,  \
                      #call, came_, strerror(errno));                          \
    } while (0)

/* A call that returns -1 with this errno. */
#define expect_failure(call, error)                                            \
    do {                                                                       \
        long long came_ = (errno = 0, (call));                                 \
        int errno_ = errno;                                                    \
        ck_assert_msg(came_ == -1 && errno_ == (error),                        \
                      "%s: %s is %lld, errno %d (%s), expected -1, %s",        \
                      subject, #call, came_, errno_, strerror(errno_),         \
                      #error);                                                 \
    } while (0)

/* Says that this test proves nothing here, and why; then return. */
static inline void skip(const char *test, const char *why)
{
    const char *suffix = strstr(test, "_fn"); /* what START_TEST() adds */
    int length = (int)(suffix == NULL ? strlen(test) : (size_t)(suffix - test));

    printf("SKIPPED %.*s%s%s: %s\n", length, test, *subject == '\0' ? "" : ", ",
           subject, why);
    fflush(stdout);
}

static inline int under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");

    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* -- descriptors ----------------------------------------------------------- */

static inline void make_pipe(int ends[2])
{
    ck_assert_msg(pipe(ends) == 0, "%s: pipe(): %s", subject, strerror(errno));
}

/* Two connected stream sockets. */
static inline void make_pair(int ends[2])
{
    ck_assert_msg(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0,
                  "%s: socketpair(): %s", subject, strerror(errno));
}

/* -1: there is nothing to close. */
static inline void close_both(const int ends[2])
{
    for (int i = 0; i < 2; i++)
        if (ends[i] != -1)
            close(ends[i]);
}

static inline void put_byte(int fd)
{
    ck_assert_msg(write(fd, "x", 1) == 1, "%s: write(): %s", subject,
                  strerror(errno));
}

static inline void take_byte(int fd)
{
    char byte;

    ck_assert_msg(read(fd, &byte, 1) == 1, "%s: read(): %s", subject,
                  strerror(errno));
}

static inline void wait_for(int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};

    expect(poll(&entry, 1, PATIENCE_S * 1000), 1);
}

/* Closes one end of a TCP connection; the other sees ECONNRESET. */
static inline void reset_by_peer(int peer)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    expect_success(
        setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    close(peer);
}

/* -- signals --------------------------------------------------------------- */

static volatile sig_atomic_t alarms;
static volatile sig_atomic_t alarm_to_write; /* at which one to write ... */
static int alarm_fd;                         /* ... and where */

static inline void count_alarm(int number)
{
    int saved = errno;

    alarms = alarms + 1;
    if (alarms == alarm_to_write && write(alarm_fd, "x", 1) != 1)
        abort();
    errno = saved;
}

/* A signal every so often; system calls are not restarted after it. The first
 * `quiet` of them do nothing, the next one writes a byte to fd. */
static inline void start_alarms(int interval_ms, int quiet, int fd)
{
    struct sigaction action = {.sa_handler = count_alarm};
    int us = interval_ms * (under_valgrind() ? 5000 : 1000);
    struct itimerval timer = {{0, us}, {0, us}};

    alarms = 0;
    alarm_to_write = quiet + 1;
    alarm_fd = fd;
    expect_success(sigaction(SIGALRM, &action, NULL));
    expect_success(setitimer(ITIMER_REAL, &timer, NULL));
}

static inline void stop_alarms(void)
{
    struct itimerval timer = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

/* -- the suite ------------------------------------------------------------- */

/* A group of tests; after each of them finish() is called unless it is NULL. */
static inline TCase *new_case(Suite *suite, const char *name,
                              void (*finish)(void))
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, PATIENCE_S);
    tcase_add_checked_fixture(tcase, faults_reset, finish);
    suite_add_tcase(suite, tcase);
    return tcase;
}

/* Runs a suite. Returns the status to exit with. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif

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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_S = 60 }; /* the longest a test may take, under valgrind too */

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

/* -- what is expected ------------------------------------------------------ */

extern const char *subject;

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

/* Says that this test proves nothing here, and why; then return. test is
 * __func__. */
void skip(const char *test, const char *why);

bool under_valgrind(void);

/* -- descriptors ----------------------------------------------------------- */

void make_pipe(int ends[2]);
void make_pair(int ends[2]); /* two connected stream sockets */
void make_tcp(int ends[2]);  /* the same in TCP; the second has connected */

/* -1: there is nothing to close. */
void close_both(const int ends[2]);

void put_byte(int fd);
void take_byte(int fd);
void wait_for(int fd, short events);

/* Closes one end of a TCP connection; the other sees ECONNRESET. */
void reset_by_peer(int peer);

/* A number that is not open: the next one that will be. */
int closed_number(void);

/* -- signals --------------------------------------------------------------- */

extern volatile sig_atomic_t alarms; /* how many have come */

/* A signal every so often; system calls are not restarted after it. The first
 * `quiet` of them do nothing, the next one writes a byte to fd. */
void start_alarms(int interval_ms, int quiet, int fd);
void stop_alarms(void);

/* -- the suite ------------------------------------------------------------- */

/* A group of tests; after each of them finish() is called unless it is NULL. */
TCase *new_case(Suite *suite, const char *name, void (*finish)(void));

/* For a variable tcase; _i is below times. */
#define ADD(test) tcase_add_test(tcase, test)
#define ADD_TIMES(times, test) tcase_add_loop_test(tcase, test, 0, times)

/* Runs a suite. Returns the status to exit with. */
int run_suite(Suite *suite);

#endif

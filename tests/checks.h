/* checks.h -- what the unit tests expect, and how they say what came instead.
 *
 * A test that runs once for each backend, or for each row of a table, sets
 * `subject`, and every message begins with it.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const char *suffix = strstr(test, "_fn"); /* START_TEST() may add it */
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

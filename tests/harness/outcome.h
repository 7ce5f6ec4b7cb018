/* outcome.h -- how a test ends that does not pass, and where it was then.
 *
 * A helper whose wish is not fulfilled does not return: it calls fail_with().
 * What is named is the line of the test that called the helper, not the
 * helper's own: here.h sees to that.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __GNUC__
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

/* Ends the test: the message, then the state of every program under test and
 * the end of what it has written to stderr. */
_Noreturn void fail_with(const char *format, ...) PRINTF_LIKE(1, 2);

/* Who hears of it, and must not return. Without anybody else it goes to stderr,
 * and we exit with status 1; in a suite it goes to Check. */
extern void (*harness_failed)(const char *message);

/* Says on stdout that this test proves nothing here, and why; then return. */
void skip(const char *test, const char *why);

/* bytes as a C string literal, shortened; valid until the fourth next call. */
const char *quoted(const void *bytes, size_t size);

/* -- where the test is ----------------------------------------------------- */

struct place {
    const char *file; /* NULL: nowhere */
    int line;
};

/* Enters a place, unless we are in one already; whether that was so is for
 * place_leave(). */
bool place_enter(const char *file, int line);
void place_leave(const bool *entered);

/* Where we are, and leaves it. */
struct place place_of_failure(void);

#endif

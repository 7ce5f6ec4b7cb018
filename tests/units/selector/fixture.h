/* fixture.h -- what every test of a selector works with. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "backends.h"
#include "checks.h"
#include "selector_impl.h"

#include <emulation.h>
#include <kernels.h>
#include <limits.h>

enum { BOTH = EVENT_READ | EVENT_WRITE, BAD_EVENTS = 8 };

extern const int bad_events[BAD_EVENTS];

/* begin() makes them, finish() takes them away. */
extern struct selector *sel;
extern int ends[2]; /* of a pipe or a pair: the first is watched */
extern int others[2];
extern int copies[5000]; /* of ends[0] */
extern int copy_count;

/* A test that begins with such ends, on each of its backends. */
#define RULE(name, make)                                                       \
    static void name##_fn_(void);                                              \
    START_TEST(name)                                                           \
    {                                                                          \
        begin(_i, make);                                                       \
        name##_fn_();                                                          \
    }                                                                          \
    END_TEST                                                                   \
    static void name##_fn_(void)

/* The test runs on this backend (Check's _i), with these ends. */
void begin(int backend, void (*make)(int pair[2]));
void nothing(int pair[2]); /* no ends */

/* After every test; some have closed a part of it. */
void finish(void);

/* Of the backend that the test runs on. */
const struct backend *info(void);
bool runs_on(const char *name);

/* Another selector of this backend. */
struct selector *open_one(void);

/* A duplicate. */
int copy_of(int fd);

/* -- what it does with it -------------------------------------------------- */

/* Two callbacks. */
void called(int fd, int events, void *data);
void called_instead(int fd, int events, void *data);

void watch(int fd, int events);
void watch_with(int fd, int events, selector_callback *callback, void *data);
void watch_copies(int count, int events);
void unwatch(int fd);
int count_keys(void);

void expect_fields(const struct selector_key *key, int fd, int events,
                   selector_callback *callback, const void *data);
void expect_key(int fd, int events, selector_callback *callback,
                const void *data);

/* fd has none, this many others have. */
void expect_no_key(int fd, int keys);

/* Which filters a kqueue has for fd; they are deleted on the way. */
void expect_filters(int fd, int events);

/* What is ready on fd at this moment. */
int ready_on(int fd);

/* How many selector_next() hands out now. */
int hand_out(void);

/* The key of the next one that selector_next() hands out, ready for this. */
struct selector_key take_next(int ready);

/* Nothing comes, and that is said when the time is up, not before. */
void expect_wait(int timeout_ms);

/* The calls since the last faults_reset(): so many waits, and nothing else. One
 * that was added may wait in its own way. */
void expect_waits(int calls);

long long now_us(void);

#endif

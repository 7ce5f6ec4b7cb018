/* bench.h -- a contender: one way to wait for many descriptors.
 *
 * Each is a small file with its own loop, written as one would write it for a
 * program of its own; bench.c gives all of them the same descriptors and the
 * same handler. One contender is open at a time.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>

/* The handler: reads the byte that has come, passes it on where that is part
 * of the game, and counts bench_pending down. The arguments are those of a
 * callback of ours, so that neither we nor the loops by hand need another
 * function around it; events and data are not used. */
void bench_ready(int fd, int events, void *data);

/* How many events are still to come. */
extern int bench_pending;

/* The descriptors that have something to read; for the contender that does not
 * wait at all. */
extern const int *bench_active;
extern int bench_active_count;

struct contender {
    const char *backend; /* the system call; contenders are compared within */
    const char *name;    /* "by hand", which is the reference, or "selector" */
    int largest;         /* the largest descriptor it can watch; 0: any */

    /* Watches all fds for reading. */
    void (*open)(const int *fds, int count);

    /* Waits, and calls bench_ready() for each that is ready, until
     * bench_pending is 0. */
    void (*run)(void);

    void (*close)(void);

    /* Instead of these three, for one that is not C: plays the cascade by
     * itself and returns nanoseconds per event; < 0: it cannot. */
    double (*cascade)(int pairs, int active, int writes);
};

/* The end of a list is a contender without a backend. A library that was not
 * found when this was compiled has neither open nor cascade. */
extern const struct contender by_hand_contenders[], selector_contenders[],
    libev_contender, libevent_contender, libuv_contender, python_contender;

/* calls.c: what it costs to register, modify and unregister. */
void bench_calls(bool quick, const int *fds, int count);

/* The same number of calls of modify with unchanged events, for strace. */
void bench_modify_unchanged(const int *fds, int count);

#endif

/* compare_libev.c -- libev: an ev_io for each descriptor. */
#include "bench.h"
#include "measure.h"

#ifdef HAVE_libev
#include <ev.h>
#include <stdlib.h>

static struct ev_loop *loop;
static ev_io *watchers;

static void ready(struct ev_loop *in, ev_io *watcher, int events)
{
    bench_ready(watcher->fd, events, NULL);
    if (bench_pending == 0)
        ev_break(in, EVBREAK_ALL);
}

static void open_loop(const int *fds, int count)
{
    loop = ev_loop_new(EVFLAG_AUTO);
    watchers = calloc((size_t)count, sizeof *watchers);
    if (loop == NULL || watchers == NULL)
        measure_fail("libev");
    for (int i = 0; i < count; i++) {
        ev_set_cb(&watchers[i], ready);
        ev_io_set(&watchers[i], fds[i], EV_READ);
        ev_io_start(loop, &watchers[i]);
    }
}

static void run(void)
{
    ev_run(loop, 0);
}

static void close_loop(void)
{
    ev_loop_destroy(loop);
    free(watchers);
}

const struct contender libev_contender = {"libev", "libev",    0,   open_loop,
                                          run,     close_loop, NULL};
#else
const struct contender libev_contender = {.backend = "libev", .name = "libev"};
#endif

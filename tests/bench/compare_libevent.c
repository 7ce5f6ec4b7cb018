/* compare_libevent.c -- libevent: an event for each descriptor. */
#include "bench.h"
#include "measure.h"

#ifdef HAVE_libevent
#include <event2/event.h>
#include <stdlib.h>

static struct event_base *base;
static struct event **watchers;
static int watcher_count;

static void ready(evutil_socket_t fd, short events, void *data)
{
    bench_ready((int)fd, events, data);
    if (bench_pending == 0)
        event_base_loopbreak(base);
}

static void open_base(const int *fds, int count)
{
    base = event_base_new();
    watchers = calloc((size_t)count, sizeof(struct event *));
    watcher_count = count;
    if (base == NULL || watchers == NULL)
        measure_fail("libevent");
    for (int i = 0; i < count; i++) {
        watchers[i] =
            event_new(base, fds[i], EV_READ | EV_PERSIST, ready, NULL);
        if (watchers[i] == NULL || event_add(watchers[i], NULL) == -1)
            measure_fail("libevent");
    }
}

static void run(void)
{
    event_base_loop(base, 0);
}

static void close_base(void)
{
    for (int i = 0; i < watcher_count; i++)
        event_free(watchers[i]);
    free(watchers);
    event_base_free(base);
}

const struct contender libevent_contender = {
    "libevent", "libevent", 0, open_base, run, close_base, NULL};
#else
const struct contender libevent_contender = {.backend = "libevent",
                                             .name = "libevent"};
#endif

/* ours.c -- the event loop of stage 03, with each backend of the selector. */
#include "bench.h"
#include "measure.h"
#include "selector.h"
#include "selector_impl.h" /* for HAVE_EPOLL and HAVE_KQUEUE only */

#include <sys/select.h>

static struct selector *selector;

static void open_backend(const char *backend, const int *fds, int count)
{
    selector = selector_open(backend);
    if (selector == NULL)
        measure_fail("selector_open %s", backend);
    for (int i = 0; i < count; i++)
        if (selector_register(selector, fds[i], EVENT_READ, bench_ready,
                              NULL) == -1)
            measure_fail("selector_register");
}

static void run(void)
{
    struct selector_key key;
    int mask;

    while (bench_pending > 0) {
        if (selector_select(selector, -1) == -1)
            measure_fail("selector_select");
        while (selector_next(selector, &key, &mask))
            key.callback(key.fd, mask, key.data);
    }
}

static void close_selector(void)
{
    selector_close(selector);
}

static void open_select(const int *fds, int count)
{
    open_backend("select", fds, count);
}

static void open_poll(const int *fds, int count)
{
    open_backend("poll", fds, count);
}

#ifdef HAVE_EPOLL
static void open_epoll(const int *fds, int count)
{
    open_backend("epoll", fds, count);
}
#endif

#ifdef HAVE_KQUEUE
static void open_kqueue(const int *fds, int count)
{
    open_backend("kqueue", fds, count);
}
#endif

const struct contender selector_contenders[] = {
    {"select", "selector", FD_SETSIZE - 1, open_select, run, close_selector,
     NULL},
    {"poll", "selector", 0, open_poll, run, close_selector, NULL},
#ifdef HAVE_EPOLL
    {"epoll", "selector", 0, open_epoll, run, close_selector, NULL},
#endif
#ifdef HAVE_KQUEUE
    {"kqueue", "selector", 0, open_kqueue, run, close_selector, NULL},
#endif
    {0},
};

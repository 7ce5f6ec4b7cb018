/* by_hand.c -- the loops one writes without any selector.
 *
 * No table of callbacks, no keys, no error but a fatal one: the handler's name
 * stands in the loop, as it does in a program with one kind of descriptor.
 * Arrays are kept between two waits, and have room for all that may be ready.
 */
#include "bench.h"
#include "measure.h"
#include "selector_impl.h" /* for HAVE_EPOLL and HAVE_KQUEUE only */

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

static void *allocate(int count, size_t size)
{
    void *array = calloc((size_t)count, size);

    if (array == NULL)
        measure_fail("memory");
    return array;
}

/* -- no wait at all: what is left when the loop costs nothing ---------------
 */

static void nothing_open(const int *fds, int count)
{
}

static void nothing_run(void)
{
    while (bench_pending > 0)
        for (int i = 0; i < bench_active_count; i++)
            bench_ready(bench_active[i], 0, NULL);
}

static void nothing_close(void)
{
}

/* -- select ---------------------------------------------------------------- */

static fd_set watched;
static int largest;

static void select_open(const int *fds, int count)
{
    FD_ZERO(&watched);
    largest = -1;
    for (int i = 0; i < count; i++) {
        FD_SET(fds[i], &watched);
        if (fds[i] > largest)
            largest = fds[i];
    }
}

static void select_run(void)
{
    while (bench_pending > 0) {
        fd_set readable = watched;
        int ready = select(largest + 1, &readable, NULL, NULL, NULL);

        if (ready == -1)
            measure_fail("select");
        for (int fd = 0; ready > 0; fd++)
            if (FD_ISSET(fd, &readable)) {
                bench_ready(fd, 0, NULL);
                ready--;
            }
    }
}

static void select_close(void)
{
}

/* -- poll ------------------------------------------------------------------ */

static struct pollfd *entries;
static int entry_count;

static void poll_open(const int *fds, int count)
{
    entries = allocate(count, sizeof *entries);
    entry_count = count;
    for (int i = 0; i < count; i++)
        entries[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
}

static void poll_run(void)
{
    while (bench_pending > 0) {
        int ready = poll(entries, (nfds_t)entry_count, -1);

        if (ready == -1)
            measure_fail("poll");
        for (int i = 0; ready > 0; i++)
            if (entries[i].revents != 0) {
                bench_ready(entries[i].fd, 0, NULL);
                ready--;
            }
    }
}

static void poll_close(void)
{
    free(entries);
}

/* -- epoll ----------------------------------------------------------------- */

#ifdef HAVE_EPOLL
#include <sys/epoll.h>

static int epoll_fd;
static struct epoll_event *epoll_events;
static int epoll_room;

static void epoll_open(const int *fds, int count)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_events = allocate(count, sizeof *epoll_events);
    epoll_room = count;
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};

        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[i], &event) == -1)
            measure_fail("epoll_ctl");
    }
}

static void epoll_run(void)
{
    while (bench_pending > 0) {
        int ready = epoll_wait(epoll_fd, epoll_events, epoll_room, -1);

        if (ready == -1)
            measure_fail("epoll_wait");
        for (int i = 0; i < ready; i++)
            bench_ready(epoll_events[i].data.fd, 0, NULL);
    }
}

static void epoll_close(void)
{
    close(epoll_fd);
    free(epoll_events);
}
#endif

/* -- kqueue ---------------------------------------------------------------- */

#ifdef HAVE_KQUEUE
#include <sys/types.h>

#include <sys/event.h>

static int kqueue_fd;
static struct kevent *kqueue_events;
static int kqueue_room;

static void kqueue_open(const int *fds, int count)
{
    kqueue_fd = kqueue();
    kqueue_events = allocate(count, sizeof *kqueue_events);
    kqueue_room = count;
    for (int i = 0; i < count; i++)
        EV_SET(&kqueue_events[i], (uintptr_t)fds[i], EVFILT_READ, EV_ADD, 0, 0,
               0);
    if (kevent(kqueue_fd, kqueue_events, count, NULL, 0, NULL) == -1)
        measure_fail("kevent");
}

static void kqueue_run(void)
{
    while (bench_pending > 0) {
        int ready =
            kevent(kqueue_fd, NULL, 0, kqueue_events, kqueue_room, NULL);

        if (ready == -1)
            measure_fail("kevent");
        for (int i = 0; i < ready; i++)
            bench_ready((int)kqueue_events[i].ident, 0, NULL);
    }
}

static void kqueue_close(void)
{
    close(kqueue_fd);
    free(kqueue_events);
}
#endif

const struct contender by_hand_contenders[] = {
    {"none", "no wait", 0, nothing_open, nothing_run, nothing_close, NULL},
    {"select", "by hand", FD_SETSIZE - 1, select_open, select_run, select_close,
     NULL},
    {"poll", "by hand", 0, poll_open, poll_run, poll_close, NULL},
#ifdef HAVE_EPOLL
    {"epoll", "by hand", 0, epoll_open, epoll_run, epoll_close, NULL},
#endif
#ifdef HAVE_KQUEUE
    {"kqueue", "by hand", 0, kqueue_open, kqueue_run, kqueue_close, NULL},
#endif
    {0},
};

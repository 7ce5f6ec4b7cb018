/* select_selector.c -- SelectSelector: select(2), everywhere, and the oldest.
 *
 * A set is an array of FD_SETSIZE bits (1024 almost everywhere), indexed by
 * descriptor. So the limit is not how many are watched but how large a number
 * may be, and FD_SET() does not check: it writes past the end. We refuse.
 */
#include "selector_impl.h"

#include <errno.h>
#include <sys/select.h>

struct sets {
    fd_set readers;
    fd_set writers;
    int nfds; /* the largest descriptor in either set, plus one */
};

static int open_select(struct selector *sel)
{
    return selector_grow_events(sel, 1, sizeof(struct sets));
}

static void put(fd_set *set, int fd, int wanted)
{
    if (wanted)
        FD_SET(fd, set);
    else
        FD_CLR(fd, set);
}

static int update(struct selector *sel, int fd, int was, int now)
{
    struct sets *sets = sel->events;

    if (fd >= FD_SETSIZE) {
        errno = EINVAL;
        return -1;
    }
    put(&sets->readers, fd, now & EVENT_READ);
    put(&sets->writers, fd, now & EVENT_WRITE);
    if (fd >= sets->nfds)
        sets->nfds = fd + 1;
    while (sets->nfds > 0 && !FD_ISSET(sets->nfds - 1, &sets->readers) &&
           !FD_ISSET(sets->nfds - 1, &sets->writers))
        sets->nfds--;
    return 0;
}

static int wait_select(struct selector *sel, int timeout_ms)
{
    const struct sets *sets = sel->events;
    fd_set readable = sets->readers; /* select() overwrites what it is given */
    fd_set writable = sets->writers;
    struct timeval timeout = {.tv_sec = timeout_ms / 1000,
                              .tv_usec = timeout_ms % 1000 * 1000L};
    int ready = select(sets->nfds, &readable, &writable, NULL,
                       timeout_ms < 0 ? NULL : &timeout);

    if (ready == -1)
        return -1;
    for (int fd = 0; ready > 0; fd++) {
        int readers = FD_ISSET(fd, &readable) ? 1 : 0;
        int writers = FD_ISSET(fd, &writable) ? 1 : 0;

        if (readers + writers == 0)
            continue;
        selector_ready(sel, fd,
                       (readers * EVENT_READ) | (writers * EVENT_WRITE));
        ready -= readers + writers; /* select() counts bits, not descriptors */
    }
    return 0;
}

const struct selector_backend select_backend = {
    .name = "select",
    .class_name = "SelectSelector",
    .open = open_select,
    .update = update,
    .wait = wait_select,
};

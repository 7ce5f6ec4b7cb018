/* select_selector.c -- SelectSelector: select(2), everywhere, and the oldest.
 *
 * A set is an array of FD_SETSIZE bits (1024 almost everywhere), indexed by
 * descriptor. So the limit is not how many are watched but how large a number
 * may be, and FD_SET() does not check: it writes past the end. We refuse.
 */
#include "selector_impl.h"

#include <sys/select.h>

struct sets {
    fd_set readers;
    fd_set writers;
    int writing; /* how many there are in writers: mostly none */
    int nfds;    /* the largest descriptor in either set, plus one */
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

    put(&sets->readers, fd, now & EVENT_READ);
    put(&sets->writers, fd, now & EVENT_WRITE);
    sets->writing += !!(now & EVENT_WRITE) - !!(was & EVENT_WRITE);
    if (fd >= sets->nfds)
        sets->nfds = fd + 1;
    while (sets->nfds > 0 && !FD_ISSET(sets->nfds - 1, &sets->readers) &&
           !FD_ISSET(sets->nfds - 1, &sets->writers))
        sets->nfds--;
    return 0;
}

static int wait_select(struct selector *sel, int timeout_ms,
                       struct selector_found *found)
{
    const struct sets *sets = sel->events;
    fd_set readable = sets->readers; /* select() overwrites what it is given */
    fd_set writable = sets->writers;
    struct timeval timeout = {.tv_sec = timeout_ms / 1000,
                              .tv_usec = timeout_ms % 1000 * 1000L};
    int bits =
        select(sets->nfds, &readable, sets->writing > 0 ? &writable : NULL,
               NULL, timeout_ms < 0 ? NULL : &timeout);
    int count = 0;

    /* Downwards: those who leave before the listener's newcomers come. */
    for (int fd = sets->nfds - 1; bits > 0; fd--) {
        int events = (FD_ISSET(fd, &readable) ? EVENT_READ : 0) |
                     (FD_ISSET(fd, &writable) ? EVENT_WRITE : 0);

        if (events == 0)
            continue;
        found[count].fd = fd;
        found[count].events = events;
        count++;
        bits -= events == (EVENT_READ | EVENT_WRITE) ? 2 : 1;
    }
    return bits == -1 ? -1 : count;
}

const struct selector_backend select_backend = {
    .name = "select",
    .class_name = "SelectSelector",
    .limit = FD_SETSIZE, /* selector_register() refuses the rest */
    .open = open_select,
    .update = update,
    .wait = wait_select,
};

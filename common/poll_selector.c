/* poll_selector.c -- PollSelector: poll(2), everywhere.
 *
 * As many as a process may have descriptors (macOS: 10240 and no more), but the
 * kernel keeps nothing between two calls: the whole array goes in and comes
 * back each time, and both sides walk through it.
 */
#include "selector_impl.h"

#include <poll.h>

static int open_poll(struct selector *sel)
{
    return selector_grow_events(sel, 1, sizeof(struct pollfd));
}

/* The array has no holes: the first sel->count items are in use. */
static int add(struct selector *sel, int fd)
{
    if (selector_grow_events(sel, (size_t)sel->count + 1,
                             sizeof(struct pollfd)) == -1)
        return -1;
    sel->slots[fd].position = sel->count;
    return 0;
}

static void remove_from(struct selector *sel, struct pollfd *entry)
{
    const struct pollfd *last = (struct pollfd *)sel->events + sel->count - 1;

    sel->slots[last->fd].position = sel->slots[entry->fd].position;
    *entry = *last;
}

static int update(struct selector *sel, int fd, int was, int now)
{
    struct pollfd *entry;

    if (was == 0 && add(sel, fd) == -1)
        return -1;
    entry = (struct pollfd *)sel->events + sel->slots[fd].position;
    if (now == 0) {
        remove_from(sel, entry);
        return 0;
    }
    entry->fd = fd;
    entry->events = (short)((now & EVENT_READ ? POLLIN : 0) |
                            (now & EVENT_WRITE ? POLLOUT : 0));
    return 0;
}

static int wait_poll(struct selector *sel, int timeout_ms,
                     struct selector_found *found)
{
    const struct pollfd *entry = (struct pollfd *)sel->events + sel->count;
    /* The BSDs take no negative number but -1. */
    int ready =
        poll(sel->events, (nfds_t)sel->count, timeout_ms < 0 ? -1 : timeout_ms);

    /* Backwards: those who leave before the listener's newcomers come. */
    for (int count = 0; count < ready;)
        if ((--entry)->revents != 0) {
            found[count].fd = entry->fd;
            found[count].events = selector_events(
                (unsigned short)entry->revents, POLLIN, POLLOUT);
            count++;
        }
    return ready;
}

const struct selector_backend poll_backend = {
    .name = "poll",
    .class_name = "PollSelector",
    .open = open_poll,
    .update = update,
    .wait = wait_poll,
};

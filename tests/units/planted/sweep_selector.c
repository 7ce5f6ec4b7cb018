/* sweep_selector.c -- SweepSelector: asks one descriptor after the other.
 *
 * What there is to write for a backend of one's own, and not a good one. The
 * tests of common/ take it in like any other (planted.sh); and $DEFECT has it
 * do one thing wrong, which they must find.
 */
#include "deadline.h"
#include "selector_impl.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

static bool has(const char *defect)
{
    const char *named = getenv("DEFECT");

    return named != NULL && strcmp(named, defect) == 0;
}

static int open_sweep(struct selector *sel)
{
    return selector_grow_events(sel, 1, sizeof(struct pollfd));
}

/* The entry of fd; with fd -1 the first that is free, NULL if none is. */
static struct pollfd *find(const struct selector *sel, int fd)
{
    struct pollfd *entries = sel->events;

    for (size_t i = 0; i < sel->events_capacity; i++)
        if (fd == -1 ? entries[i].events == 0
                     : entries[i].events != 0 && entries[i].fd == fd)
            return &entries[i];
    return NULL;
}

static struct pollfd *add(struct selector *sel, int fd)
{
    struct pollfd *entry;

    if (selector_grow_events(sel, (size_t)sel->count + 1, sizeof *entry) == -1)
        return NULL;
    entry = find(sel, -1);
    entry->fd = fd;
    return entry;
}

static int update(struct selector *sel, int fd, int was, int now)
{
    struct pollfd *entry = was == 0 ? add(sel, fd) : find(sel, fd);

    if (entry == NULL)
        return -1;
    if (now == 0 && has("unregister"))
        return 0;
    entry->events = (short)((now & EVENT_READ ? POLLIN : 0) |
                            (now & EVENT_WRITE ? POLLOUT : 0));
    return 0;
}

static int events_of(const struct pollfd *entry)
{
    int events =
        selector_events((unsigned short)entry->revents, POLLIN, POLLOUT);

    return events & ~(has("read") ? EVENT_READ : 0) &
           ~(has("write") ? EVENT_WRITE : 0);
}

static int sweep(struct selector *sel, struct selector_found *found)
{
    struct pollfd *entries = sel->events;
    int count = 0;

    for (size_t i = 0; i < sel->events_capacity; i++) {
        if (entries[i].events == 0)
            continue;
        if (poll(&entries[i], 1, 0) == -1)
            return -1;
        if (entries[i].revents != 0 && events_of(&entries[i]) != 0)
            found[count++] =
                (struct selector_found){entries[i].fd, events_of(&entries[i])};
    }
    return count;
}

static int wait_sweep(struct selector *sel, int timeout_ms,
                      struct selector_found *found)
{
    long long deadline = deadline_in(has("early")  ? 0
                                     : has("late") ? -1
                                                   : timeout_ms);
    int count;

    while ((count = sweep(sel, found)) == 0 && deadline_left_ms(deadline) != 0)
        if (poll(NULL, 0, 1) == -1)
            return -1;
    return count;
}

const struct selector_backend sweep_backend = {
    .name = "sweep",
    .class_name = "SweepSelector",
    .open = open_sweep,
    .update = update,
    .wait = wait_sweep,
};

/* waits.c -- poll, select, epoll, kqueue, and who is woken for nothing. */
#include "preload.h"

#include <poll.h>
#include <stdint.h>
#include <sys/event.h>
#include <sys/select.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

/* Whether somebody is to be woken who is not ready. While a connect() is held
 * back always: the kernel cannot know that it will be decided. */
static bool wakes(enum chaos_kind kind)
{
    return kind == CHAOS_SPURIOUS || (late_count > 0 && inside == 0);
}

/* Which descriptor can be woken at this place, or -1. */
typedef int candidate(int place, const void *context);

/* The place of one who can be woken, first of all of a late one; -1: none. */
static int choose(enum chaos_call call, int places, candidate *at,
                  const void *context)
{
    int start = places > 0 ? (int)drawn(call, (unsigned)places) : 0;
    int chosen = -1;

    for (int i = 0; i < places; i++) {
        int place = (start + i) % places;
        int fd = at(place, context);

        if (fd != -1 && (chosen == -1 || is_late(fd)))
            chosen = place;
        if (is_late(fd))
            break;
    }
    if (chosen != -1)
        note(call, CHAOS_SPURIOUS, at(chosen, context), 0);
    return chosen;
}

/* -- poll and select ------------------------------------------------------- */

static int poll_candidate(int place, const void *context)
{
    const struct pollfd *entry = (const struct pollfd *)context + place;

    return entry->revents == 0 && (entry->events & (POLLIN | POLLOUT))
               ? entry->fd
               : -1;
}

static int wake_polled(struct pollfd *entries, nfds_t count)
{
    int place = choose(CALL_poll, (int)count, poll_candidate, entries);

    if (place == -1)
        return 0;
    entries[place].revents =
        (short)(entries[place].events & (POLLIN | POLLOUT));
    return 1;
}

REPLACE(int, poll, struct pollfd *entries, nfds_t count, int timeout_ms)
{
    enum chaos_kind kind = decide(CALL_poll, -1);
    int ready = 0;

    if (kind == CHAOS_EINTR)
        return fails(CALL_poll, kind, -1);
    if (wakes(kind) && (ready = REAL(poll)(entries, count, 0)) >= 0)
        ready += wake_polled(entries, count);
    if (ready != 0)
        return ready;
    enter();
    return waited(REAL(poll)(entries, count, timeout_ms));
}

/* What select() was asked, and what it has answered. */
struct sets {
    fd_set wanted[2];
    fd_set *ready[2];
};

static void reset_sets(const struct sets *sets)
{
    for (int i = 0; i < 2; i++)
        if (sets->ready[i] != NULL)
            *sets->ready[i] = sets->wanted[i];
}

static int select_candidate(int fd, const void *context)
{
    const struct sets *sets = context;
    bool wanted = false;

    for (int i = 0; i < 2; i++) {
        if (sets->ready[i] != NULL && FD_ISSET(fd, sets->ready[i]))
            return -1;
        wanted = wanted || FD_ISSET(fd, &sets->wanted[i]);
    }
    return wanted ? fd : -1;
}

static int wake_selected(int nfds, struct sets *sets)
{
    int fd = choose(CALL_select, nfds, select_candidate, sets);
    int bits = 0;

    for (int i = 0; fd != -1 && i < 2; i++)
        if (FD_ISSET(fd, &sets->wanted[i])) {
            FD_SET(fd, sets->ready[i]);
            bits++;
        }
    return bits;
}

REPLACE(int, select, int nfds, fd_set *readers, fd_set *writers, fd_set *others,
        struct timeval *timeout)
{
    enum chaos_kind kind = decide(CALL_select, -1);
    struct sets sets = {.ready = {readers, writers}};
    struct timeval at_once = {0};
    int ready = 0;

    if (kind == CHAOS_EINTR)
        return fails(CALL_select, kind, -1);
    for (int i = 0; i < 2; i++)
        if (sets.ready[i] != NULL)
            sets.wanted[i] = *sets.ready[i];
    if (wakes(kind) &&
        (ready = REAL(select)(nfds, readers, writers, others, &at_once)) >= 0)
        ready += wake_selected(nfds, &sets);
    if (ready != 0)
        return ready;
    reset_sets(&sets);
    enter();
    return waited(REAL(select)(nfds, readers, writers, others, timeout));
}

/* -- epoll and kqueue keep what they watch --------------------------------- */

static unsigned char watched[DESCRIPTORS]; /* for which events */

void watch(int fd, int events)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        watched[fd] = (unsigned char)events;
}

/* -- epoll ----------------------------------------------------------------- */

#ifdef __linux__

static epoll_data_t cookies[DESCRIPTORS];

REPLACE(int, epoll_ctl, int set, int operation, int fd,
        struct epoll_event *event)
{
    enum chaos_kind kind = decide(CALL_epoll_ctl, fd);
    int result;

    if (kind == CHAOS_ENOMEM && operation == EPOLL_CTL_ADD)
        return fails(CALL_epoll_ctl, kind, fd);
    result = REAL(epoll_ctl)(set, operation, fd, event);
    if (operation == EPOLL_CTL_DEL)
        watch(fd, 0);
    else if (result == 0 && fd < DESCRIPTORS) {
        watch(fd, (int)event->events & (EPOLLIN | EPOLLOUT));
        cookies[fd] = event->data;
    }
    return result;
}

struct reported {
    const struct epoll_event *events;
    int count;
};

static int epoll_candidate(int fd, const void *context)
{
    const struct reported *reported = context;

    for (int i = 0; watched[fd] != 0 && i < reported->count; i++)
        if (reported->events[i].data.u64 == cookies[fd].u64)
            return -1;
    return watched[fd] != 0 ? fd : -1;
}

static int wake_epolled(struct epoll_event *events, int ready, int capacity)
{
    struct reported reported = {events, ready};
    int places = ready < capacity ? DESCRIPTORS : 0;
    int fd = choose(CALL_epoll_wait, places, epoll_candidate, &reported);

    if (fd == -1)
        return 0;
    events[ready].events = watched[fd];
    events[ready].data = cookies[fd];
    return 1;
}

REPLACE(int, epoll_wait, int set, struct epoll_event *events, int capacity,
        int timeout_ms)
{
    enum chaos_kind kind = decide(CALL_epoll_wait, set);
    int ready = 0;

    if (kind == CHAOS_EINTR)
        return fails(CALL_epoll_wait, kind, set);
    if (wakes(kind) &&
        (ready = REAL(epoll_wait)(set, events, capacity, 0)) >= 0)
        ready += wake_epolled(events, ready, capacity);
    if (ready != 0)
        return ready;
    enter();
    return waited(REAL(epoll_wait)(set, events, capacity, timeout_ms));
}

#endif

/* -- kqueue ---------------------------------------------------------------- */

enum { READS = 1, WRITES = 2, KNOWN = 4 }; /* KNOWN: until it is closed */

static int bit_of(const struct kevent *event)
{
    return event->filter == EVFILT_READ ? READS : WRITES;
}

static void watch_changes(const struct kevent *changes, int count)
{
    for (int i = 0; i < count; i++) {
        int fd = (int)changes[i].ident;

        if (fd < 0 || fd >= DESCRIPTORS)
            continue;
        if (changes[i].flags & EV_ADD)
            watch(fd, watched[fd] | bit_of(&changes[i]) | KNOWN);
        else
            watch(fd, watched[fd] & ~bit_of(&changes[i]));
    }
}

struct filters {
    const struct kevent *events;
    int count;
};

static int kevent_candidate(int fd, const void *context)
{
    const struct filters *reported = context;
    bool waited_for = watched[fd] & (READS | WRITES);

    for (int i = 0; waited_for && i < reported->count; i++)
        if ((int)reported->events[i].ident == fd)
            return -1;
    return waited_for ? fd : -1;
}

static int wake_filters(struct kevent *events, int ready, int capacity)
{
    struct filters reported = {events, ready};
    int places = ready + 2 <= capacity ? DESCRIPTORS : 0;
    int fd = choose(CALL_kevent, places, kevent_candidate, &reported);
    int woken = 0;

    for (int bit = READS; fd != -1 && bit <= WRITES; bit++)
        if (watched[fd] & bit)
            EV_SET(&events[ready + woken++], (uintptr_t)fd,
                   bit == READS ? EVFILT_READ : EVFILT_WRITE, 0, 0, 0, NULL);
    return woken;
}

/* The first filter of a descriptor; who has one already is being served. */
static bool is_new(const struct kevent *change)
{
    return (change->flags & EV_ADD) && change->ident < DESCRIPTORS &&
           watched[change->ident] == 0;
}

/* What to say after changes were made; EINTR does not take them back. */
static int changed(const struct kevent *changes, int count, int result,
                   enum chaos_kind kind)
{
    if (result != -1 || (changes->flags & EV_DELETE))
        watch_changes(changes, count);
    return result != -1 && kind == CHAOS_EINTR
               ? fails(CALL_kevent, kind, (int)changes->ident)
               : result;
}

REPLACE(int, kevent, int queue, const struct kevent *changes, int nchanges,
        struct kevent *events, int nevents, const struct timespec *timeout)
{
    bool waits = nevents > 0;
    enum chaos_kind kind;
    int ready = 0;

    if (waits)
        arm();
    kind = decide(CALL_kevent, queue);
    if (waits && kind == CHAOS_EINTR)
        return fails(CALL_kevent, kind, queue);
    if (!waits && kind == CHAOS_ENOMEM && is_new(changes))
        return fails(CALL_kevent, kind, (int)changes->ident);
    if (waits && wakes(kind)) {
        static const struct timespec at_once;

        enter();
        ready = REAL(kevent)(queue, NULL, 0, events, nevents, &at_once);
        leave();
        if (ready >= 0)
            ready += wake_filters(events, ready, nevents);
    }
    if (ready != 0)
        return ready;
    enter();
    ready = REAL(kevent)(queue, changes, nchanges, events, nevents, timeout);
    if (waits)
        return waited(ready);
    leave();
    return changed(changes, nchanges, ready, kind);
}

/* kqueue_selector.c -- KqueueSelector: kqueue(2), macOS and the BSDs.
 *
 * Like epoll the kernel keeps the list, but reading and writing are two
 * filters, added and deleted one by one and reported one by one.
 */
/* Strictly POSIX programs are not shown the types that kqueue uses. */
#undef _POSIX_C_SOURCE
#undef _XOPEN_SOURCE
#define _NETBSD_SOURCE

#include "selector_impl.h"

#ifdef HAVE_KQUEUE

#include <sys/types.h> /* FreeBSD before 12 needs it for <sys/event.h> */

#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <time.h>

/* How many events: kevent() counts in int, but NetBSD's in size_t. */
#ifdef __NetBSD__
#define COUNT(n) (n)
#else
#define COUNT(n) ((int)(n))
#endif

static int open_kqueue(struct selector *sel)
{
    sel->fileno = kqueue();
    if (sel->fileno == -1 || fcntl(sel->fileno, F_SETFD, FD_CLOEXEC) == -1)
        return -1;
    return selector_grow_events(sel, 1, sizeof(struct kevent));
}

/* Adds or deletes (flags) the filter for one event. If a signal interrupts the
 * call the change has been made, kevent(2) says. */
static int change(struct selector *sel, int fd, int event, unsigned short flags)
{
    struct kevent filter;

    EV_SET(&filter, (unsigned)fd,
           event == EVENT_READ ? EVFILT_READ : EVFILT_WRITE, flags, 0, 0, 0);
    if (kevent(sel->fileno, &filter, 1, NULL, 0, NULL) == -1 && errno != EINTR)
        return -1;
    return 0;
}

static int update(struct selector *sel, int fd, int was, int now)
{
    size_t filters = 2 * ((size_t)sel->count + 1); /* each may be reported */
    int changed = was ^ now;
    int failed = 0;

    if (was == 0 &&
        selector_grow_events(sel, filters, sizeof(struct kevent)) == -1)
        return -1;
    if (changed & EVENT_READ)
        failed =
            change(sel, fd, EVENT_READ, now & EVENT_READ ? EV_ADD : EV_DELETE);
    if (changed & EVENT_WRITE && (failed == 0 || now == 0))
        failed |= change(sel, fd, EVENT_WRITE,
                         now & EVENT_WRITE ? EV_ADD : EV_DELETE);
    if (failed != 0 && now != 0) {
        int saved = errno;

        change(sel, fd, EVENT_READ, EV_DELETE); /* or it would stay, alone */
        errno = saved;
    }
    return failed;
}

/* A descriptor that is ready both ways comes as two events, but counts once.
 * Its slot knows its place in found[]; found[] knows if that still holds. */
static int add_event(struct selector *sel, const struct kevent *event,
                     struct selector_found *found, int count)
{
    int fd = (int)event->ident;
    int *position = &sel->slots[fd].position;

    if (*position >= count || found[*position].fd != fd) {
        *position = count;
        found[count++] = (struct selector_found){.fd = fd};
    }
    found[*position].events |=
        event->filter == EVFILT_READ ? EVENT_READ : EVENT_WRITE;
    return count;
}

static int wait_kqueue(struct selector *sel, int timeout_ms,
                       struct selector_found *found)
{
    const struct kevent *events = sel->events;
    struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                               .tv_nsec = timeout_ms % 1000 * 1000000L};
    int ready =
        kevent(sel->fileno, NULL, 0, sel->events, COUNT(sel->events_capacity),
               timeout_ms < 0 ? NULL : &timeout);
    int count = 0;

    for (int i = 0; i < ready; i++)
        count = add_event(sel, &events[i], found, count);
    return ready == -1 ? -1 : count;
}

const struct selector_backend kqueue_backend = {
    .name = "kqueue",
    .class_name = "KqueueSelector",
    .open = open_kqueue,
    .update = update,
    .wait = wait_kqueue,
};

#endif

/* devpoll_selector.c -- DevpollSelector: /dev/poll, Solaris and illumos.
 *
 * A device that remembers a poll() array: entries are changed by writing them
 * to it, and an ioctl() returns only those that are ready.
 */
/* Strictly POSIX programs are not shown POLLREMOVE. */
#undef _POSIX_C_SOURCE
#undef _XOPEN_SOURCE
#ifndef __EXTENSIONS__
#define __EXTENSIONS__
#endif

#include "selector_impl.h"

#ifdef HAVE_DEVPOLL

/* clang-format off: the system wants this order */
#include <poll.h>
#include <sys/devpoll.h>
/* clang-format on */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_devpoll(struct selector *sel)
{
    sel->fileno = open("/dev/poll", O_RDWR | O_CLOEXEC);
    if (sel->fileno == -1)
        return -1;
    return selector_grow_events(sel, 1, sizeof(struct pollfd));
}

/* Events written for a descriptor are added to those it has (poll(7d)), so the
 * old ones must be removed first; one write() does both. */
static int update(struct selector *sel, int fd, int was, int now)
{
    struct pollfd changes[2];
    size_t size;
    int count = 0;

    if (was == 0 && selector_grow_events(sel, (size_t)sel->count + 1,
                                         sizeof *changes) == -1)
        return -1;
    if (was != 0)
        changes[count++] = (struct pollfd){.fd = fd, .events = POLLREMOVE};
    if (now != 0)
        changes[count++] = (struct pollfd){
            .fd = fd,
            .events = (short)((now & EVENT_READ ? POLLIN : 0) |
                              (now & EVENT_WRITE ? POLLOUT : 0))};
    size = (size_t)count * sizeof *changes;
    return write(sel->fileno, changes, size) == (ssize_t)size ? 0 : -1;
}

static int wait_devpoll(struct selector *sel, int timeout_ms,
                        struct selector_found *found)
{
    const struct pollfd *entries = sel->events;
    /* Not events_capacity: poll(7d) refuses to look for as many as a process
     * may have descriptors. */
    struct dvpoll request = {.dp_fds = sel->events,
                             .dp_nfds = sel->count > 0 ? (nfds_t)sel->count : 1,
                             /* Any other negative number is no time. */
                             .dp_timeout = timeout_ms < 0 ? -1 : timeout_ms};
    int ready = ioctl(sel->fileno, DP_POLL, &request);

    for (int i = 0; i < ready; i++) {
        found[i].fd = entries[i].fd;
        found[i].events = selector_events((unsigned short)entries[i].revents,
                                          POLLIN, POLLOUT);
    }
    return ready;
}

const struct selector_backend devpoll_backend = {
    .name = "devpoll",
    .class_name = "DevpollSelector",
    .open = open_devpoll,
    .update = update,
    .wait = wait_devpoll,
};

#endif

/* epoll_selector.c -- EpollSelector: epoll(7), Linux.
 *
 * The kernel keeps the list of watched descriptors and puts each on a second,
 * short one when something happens to it. epoll_wait() copies the short list:
 * its cost follows the number of ready descriptors, not of watched ones.
 */
#include "selector_impl.h"

#ifdef HAVE_EPOLL

#include <sys/epoll.h>

static int open_epoll(struct selector *sel)
{
    sel->fileno = epoll_create1(EPOLL_CLOEXEC);
    if (sel->fileno == -1)
        return -1;
    return selector_grow_events(sel, 1, sizeof(struct epoll_event));
}

static int update(struct selector *sel, int fd, int was, int now)
{
    int operation = was == 0   ? EPOLL_CTL_ADD
                    : now == 0 ? EPOLL_CTL_DEL
                               : EPOLL_CTL_MOD;
    struct epoll_event event = {
        .events = (now & EVENT_READ ? EPOLLIN : 0U) |
                  (now & EVENT_WRITE ? EPOLLOUT : 0U),
        .data.fd = fd,
    };

    if (was == 0 &&
        selector_grow_events(sel, (size_t)sel->count + 1, sizeof event) == -1)
        return -1;
    return epoll_ctl(sel->fileno, operation, fd, &event);
}

static int wait_epoll(struct selector *sel, int timeout_ms,
                      struct selector_found *found)
{
    const struct epoll_event *events = sel->events;
    int ready = epoll_wait(sel->fileno, sel->events, (int)sel->events_capacity,
                           timeout_ms);

    for (int i = 0; i < ready; i++) {
        found[i].fd = events[i].data.fd;
        found[i].events = selector_events(events[i].events, EPOLLIN, EPOLLOUT);
    }
    return ready;
}

const struct selector_backend epoll_backend = {
    .name = "epoll",
    .class_name = "EpollSelector",
    .open = open_epoll,
    .update = update,
    .wait = wait_epoll,
};

#endif

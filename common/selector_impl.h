/* selector_impl.h -- what selector.c and its backends know of each other.
 *
 * Python has an abstract class with a subclass per system call; here a table
 * of functions stands for the class and one file holds each subclass. To write
 * a backend: fill in a struct selector_backend, and add it to the list in
 * selector.c.
 */
#ifndef SELECTOR_IMPL_H
#define SELECTOR_IMPL_H

#include "selector.h"

#include <stddef.h>

/* Which system calls are here: asked once, of the system's own headers. (gcc
 * before 5 cannot answer and gets poll and select.) */
#ifdef __has_include
#if __has_include(<sys/event.h>)
#define HAVE_KQUEUE
#endif
#if __has_include(<sys/epoll.h>) && defined(__linux__) /* others imitate it */
#define HAVE_EPOLL
#endif
#if __has_include(<sys/devpoll.h>)
#define HAVE_DEVPOLL
#endif
#endif

/* What a wait has found. The key may have changed since then. */
struct selector_found {
    int fd;
    int events;
};

struct selector_backend {
    const char *name;       /* "epoll": what selector_open() is asked for */
    const char *class_name; /* "EpollSelector" */
    int limit;              /* descriptors must be below it; 0: any will do */

    /* Sets sel->events and, if the backend has a descriptor, sel->fileno.
     * 0, or -1 and errno; selector_close() cleans up in either case. */
    int (*open)(struct selector *sel);

    /* Changes the events watched on fd from `was` to `now`; 0 is none, so
     * (0, READ) registers, (READ, 0) unregisters and the rest modifies.
     * 0, or -1 and errno. Where registering or unregistering fails fd must not
     * be watched; where modifying fails, not after the (was, 0) that follows.
     * Must make room for all that wait() may find: wait() cannot fail for
     * want of memory. */
    int (*update)(struct selector *sel, int fd, int was, int now);

    /* Sleeps at most timeout_ms (< 0: for ever), then puts into found[], which
     * has room for all keys, each descriptor that is ready, once. Returns how
     * many, or -1 and errno, EINTR included. */
    int (*wait)(struct selector *sel, int timeout_ms,
                struct selector_found *found);
};

/* One descriptor: its key, unless key.events is 0. */
struct selector_slot {
    struct selector_key key;
    unsigned since; /* sel->waits when it was registered */
    int position;   /* the backend's: where it keeps this descriptor */
};

struct selector {
    const struct selector_backend *backend;
    int fileno;             /* the backend's descriptor, or -1 */
    void *events;           /* the backend's array for its system call ... */
    size_t events_capacity; /* ... and how many items it has room for */

    struct selector_slot *slots; /* indexed by descriptor: no search, no hash */
    size_t slots_capacity;       /* never shrinks */
    int count;                   /* the slots that hold a key */
    bool strays; /* the kernel may report a descriptor without a key */

    unsigned waits;               /* calls of selector_select() so far */
    struct selector_found *batch; /* what the last wait() found */
    size_t batch_capacity;
    int batch_count;
    int batch_next; /* the next one to hand out */
};

/* What revents of poll(2), epoll(7) and /dev/poll mean. A hang-up, an error
 * and an invalid descriptor are not EVENT_READ or EVENT_WRITE but both: the
 * next read or write will say more. (Python's rule: whatever is not IN wakes a
 * writer, whatever is not OUT wakes a reader.) */
static inline int selector_events(unsigned revents, unsigned in, unsigned out)
{
    if (revents == in)
        return EVENT_READ; /* nearly always */
    return ((revents & ~in) ? EVENT_WRITE : 0) |
           ((revents & ~out) ? EVENT_READ : 0);
}

/* Like realloc(): the array with room for at least `needed` items of `size`
 * bytes, the new ones zero; *capacity is how many it holds. NULL and ENOMEM:
 * nothing changed. calloc() and not realloc(), because pages nobody touches
 * cost nothing: a table for descriptor 1000000 takes addresses, not memory.
 * Hence four times as large each time: what is left behind for the heap, all
 * the smaller arrays, is together a third of the new one at most. */
void *selector_grow(void *array, size_t *capacity, size_t needed, size_t size);

/* The same for sel->events. 0, or -1 and ENOMEM. */
int selector_grow_events(struct selector *sel, size_t needed, size_t size);

#endif

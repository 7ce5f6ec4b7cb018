/* selector.c -- the part of a selector that does not depend on the system.
 *
 * The keys live in slots indexed by descriptor. The backend, one file per
 * system call, tells the kernel what to watch (update) and asks it what is
 * ready (wait). What wait() found is compared with the slot once more when
 * selector_next() hands it out. That is why a handler may unregister, close and
 * reuse any descriptor: nobody is called for a connection that is gone.
 */
#include "selector.h"

#include "deadline.h"
#include "selector_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Best first: selector_open(NULL) takes the first one that opens. A new backend
 * is declared and listed here, and nowhere else. */
extern const struct selector_backend kqueue_backend, epoll_backend,
    devpoll_backend, poll_backend, select_backend;

static const struct selector_backend *const backends[] = {
#ifdef HAVE_KQUEUE
    &kqueue_backend,
#endif
#ifdef HAVE_EPOLL
    &epoll_backend,
#endif
#ifdef HAVE_DEVPOLL
    &devpoll_backend,
#endif
    &poll_backend,    &select_backend,
};

enum { BACKENDS = sizeof backends / sizeof backends[0] };

const char *selector_backend_name(int index)
{
    return index >= 0 && index < BACKENDS ? backends[index]->name : NULL;
}

/* -- open and close -------------------------------------------------------- */

static struct selector *open_backend(const struct selector_backend *backend)
{
    struct selector *sel = calloc(1, sizeof *sel);

    if (sel == NULL)
        return NULL;
    sel->backend = backend;
    sel->fileno = -1;
    if (backend->open(sel) == -1) {
        selector_close(sel);
        return NULL;
    }
    return sel;
}

struct selector *selector_open(const char *backend)
{
    struct selector *sel = NULL;
    bool any = backend == NULL || *backend == '\0';

    errno = EINVAL;
    for (int i = 0; i < BACKENDS && sel == NULL; i++)
        if (any || strcmp(backend, backends[i]->name) == 0)
            sel = open_backend(backends[i]);
    return sel;
}

void selector_close(struct selector *sel)
{
    int saved = errno;

    if (sel == NULL)
        return;
    if (sel->fileno != -1)
        close(sel->fileno);
    free(sel->events);
    free(sel->slots);
    free(sel->batch);
    free(sel);
    errno = saved;
}

const char *selector_name(const struct selector *sel)
{
    return sel->backend->class_name;
}

int selector_fileno(const struct selector *sel)
{
    if (sel->fileno == -1)
        errno = ENOSYS;
    return sel->fileno;
}

/* -- memory ---------------------------------------------------------------- */

void *selector_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
    enum { AT_LEAST = 16 };
    size_t larger = *capacity == 0 ? AT_LEAST : 4 * *capacity;
    void *grown;

    if (needed <= *capacity)
        return array;
    if (larger < needed)
        larger = needed;
    grown = calloc(larger, size);
    if (grown == NULL)
        return NULL;
    if (array != NULL)
        memcpy(grown, array, *capacity * size);
    free(array);
    *capacity = larger;
    return grown;
}

int selector_grow_events(struct selector *sel, size_t needed, size_t size)
{
    void *events =
        selector_grow(sel->events, &sel->events_capacity, needed, size);

    if (events == NULL)
        return -1;
    sel->events = events;
    return 0;
}

/* Makes a slot for fd, and room for one more descriptor to be ready: batch
 * grows as sel->events does, and before it, so it is never the shorter one. */
static int make_room(struct selector *sel, int fd)
{
    struct selector_slot *slots = selector_grow(
        sel->slots, &sel->slots_capacity, (size_t)fd + 1, sizeof *slots);
    struct selector_found *batch;

    if (slots == NULL)
        return -1;
    sel->slots = slots;
    batch = selector_grow(sel->batch, &sel->batch_capacity,
                          (size_t)sel->count + 1, sizeof *batch);
    if (batch == NULL)
        return -1;
    sel->batch = batch;
    return 0;
}

/* -- register, modify, unregister ------------------------------------------ */

static bool valid_events(int events)
{
    return events != 0 && (events & ~(EVENT_READ | EVENT_WRITE)) == 0;
}

/* The slot that holds the key of fd, or NULL and EINVAL or ENOENT. */
static struct selector_slot *find(const struct selector *sel, int fd)
{
    if (fd >= 0 && (size_t)fd < sel->slots_capacity &&
        sel->slots[fd].key.events != 0)
        return &sel->slots[fd];
    errno = fd < 0 ? EINVAL : ENOENT;
    return NULL;
}

/* updated is what update() returned. -1: the kernel does not know the
 * descriptor, it was closed before. Yet epoll may go on reporting it, while a
 * duplicate keeps its file open. */
static void forget(struct selector *sel, struct selector_slot *slot,
                   int updated)
{
    slot->key = (struct selector_key){0}; /* data too: it may be freed now */
    sel->count--;
    if (updated == -1)
        sel->strays = true;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

int selector_register(struct selector *sel, int fd, int events,
                      selector_callback *callback, void *data)
{
    int limit = sel->backend->limit;

    if (fd < 0 || !valid_events(events) || (limit != 0 && fd >= limit))
        return fail(EINVAL);
    if (find(sel, fd) != NULL)
        return fail(EEXIST);
    if (make_room(sel, fd) == -1 ||
        sel->backend->update(sel, fd, 0, events) == -1)
        return -1;
    sel->slots[fd].key = (struct selector_key){fd, events, callback, data};
    sel->slots[fd].since = sel->waits;
    sel->count++;
    return 0;
}

int selector_modify(struct selector *sel, int fd, int events,
                    selector_callback *callback, void *data)
{
    struct selector_slot *slot = find(sel, fd);

    if (slot == NULL)
        return -1;
    if (!valid_events(events))
        return fail(EINVAL);
    if (events != slot->key.events &&
        sel->backend->update(sel, fd, slot->key.events, events) == -1) {
        int error = errno;

        /* No key for what the kernel has lost, and nothing left behind. */
        sel->backend->update(sel, fd, slot->key.events, 0);
        forget(sel, slot, -1);
        return fail(error);
    }
    slot->key = (struct selector_key){fd, events, callback, data};
    return 0;
}

int selector_unregister(struct selector *sel, int fd)
{
    struct selector_slot *slot = find(sel, fd);

    if (slot == NULL)
        return -1;
    forget(sel, slot, sel->backend->update(sel, fd, slot->key.events, 0));
    return 0;
}

/* -- select ---------------------------------------------------------------- */

static int without_strays(struct selector *sel, int found)
{
    int kept = 0;

    for (int i = 0; i < found; i++)
        if (sel->slots[sel->batch[i].fd].key.events != 0)
            sel->batch[kept++] = sel->batch[i];
    return kept;
}

int selector_select(struct selector *sel, int timeout_ms)
{
    /* 0 and "never" need no clock and stay what they are. */
    long long deadline = timeout_ms > 0 ? deadline_in(timeout_ms) : timeout_ms;
    int found;

    sel->waits++;
    sel->batch_next = 0;
    sel->batch_count = 0;
    while ((found = sel->backend->wait(sel, timeout_ms, sel->batch)) == -1) {
        if (errno != EINTR)
            return -1;
        timeout_ms = deadline_left_ms(deadline);
    }
    sel->batch_count = sel->strays ? without_strays(sel, found) : found;
    return sel->batch_count;
}

bool selector_next(struct selector *sel, struct selector_key *key, int *events)
{
    while (sel->batch_next < sel->batch_count) {
        struct selector_found found = sel->batch[sel->batch_next++];
        const struct selector_slot *slot = &sel->slots[found.fd];

        *key = slot->key;
        *events = found.events & key->events;
        if (*events != 0 && slot->since != sel->waits)
            return true; /* else gone, or a newcomer with the same number */
    }
    return false;
}

/* -- look-up --------------------------------------------------------------- */

int selector_get_key(const struct selector *sel, int fd,
                     struct selector_key *key)
{
    struct selector_slot *slot = find(sel, fd);

    if (slot == NULL)
        return -1;
    *key = slot->key;
    return 0;
}

int selector_get_map(const struct selector *sel, struct selector_key *keys,
                     int max)
{
    int found = 0;

    for (int fd = 0; found < max && found < sel->count; fd++)
        if (sel->slots[fd].key.events != 0)
            keys[found++] = sel->slots[fd].key;
    return sel->count;
}

bool selector_map_next(const struct selector *sel, struct selector_key *key)
{
    for (size_t fd = (size_t)key->fd + 1; fd < sel->slots_capacity; fd++)
        if (sel->slots[fd].key.events != 0) {
            *key = sel->slots[fd].key;
            return true;
        }
    return false;
}

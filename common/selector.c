/* selector.c -- the part of a selector that does not depend on the system.
 *
 * The keys live in slots indexed by descriptor. The backend, one file per
 * system call, tells the kernel what to watch (update) and asks it what is
 * ready (wait). What wait() finds is only marked in the slots; selector_next()
 * looks at the mark when it hands the key out. That is why a handler may
 * unregister, close and reuse any descriptor: unregistering wipes the mark,
 * and nobody is called for a connection that is gone.
 */
#include "selector.h"

#include "deadline.h"
#include "selector_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Best first; selector_open(NULL) takes the first one that opens. */
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
    size_t larger = *capacity < AT_LEAST / 2 ? AT_LEAST : 2 * *capacity;
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

/* Makes a slot for fd, and room for one more descriptor to be ready. */
static int make_room(struct selector *sel, int fd)
{
    struct selector_slot *slots = selector_grow(
        sel->slots, &sel->slots_capacity, (size_t)fd + 1, sizeof *slots);
    int *batch;

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
    struct selector_slot *slot;

    if (fd < 0) {
        errno = EINVAL;
        return NULL;
    }
    errno = ENOENT;
    if ((size_t)fd >= sel->slots_capacity)
        return NULL;
    slot = &sel->slots[fd];
    return slot->events == 0 ? NULL : slot;
}

static void fill(struct selector_slot *slot, int events,
                 selector_callback *callback, void *data)
{
    slot->events = (unsigned char)events;
    slot->callback = callback;
    slot->data = data;
}

static void forget(struct selector *sel, struct selector_slot *slot)
{
    slot->events = 0;
    slot->ready = 0; /* so that whoever gets the number does not inherit it */
    sel->count--;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

int selector_register(struct selector *sel, int fd, int events,
                      selector_callback *callback, void *data)
{
    if (fd < 0 || !valid_events(events))
        return fail(EINVAL);
    if (find(sel, fd) != NULL)
        return fail(EEXIST);
    if (make_room(sel, fd) == -1 ||
        sel->backend->update(sel, fd, 0, events) == -1)
        return -1;
    fill(&sel->slots[fd], events, callback, data);
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
    if (events != slot->events &&
        sel->backend->update(sel, fd, slot->events, events) == -1) {
        forget(sel, slot); /* the kernel has lost it, so a key would lie */
        return -1;
    }
    fill(slot, events, callback, data);
    return 0;
}

int selector_unregister(struct selector *sel, int fd, struct selector_key *key)
{
    struct selector_slot *slot = find(sel, fd);

    if (slot == NULL)
        return -1;
    if (key != NULL)
        selector_get_key(sel, fd, key);
    /* It may fail, if fd was closed before: gone is gone. */
    sel->backend->update(sel, fd, slot->events, 0);
    forget(sel, slot);
    return 0;
}

/* -- select ---------------------------------------------------------------- */

static void drop_batch(struct selector *sel)
{
    while (sel->batch_next < sel->batch_count)
        sel->slots[sel->batch[sel->batch_next++]].ready = 0;
    sel->batch_next = 0;
    sel->batch_count = 0;
}

int selector_select(struct selector *sel, int timeout_ms)
{
    /* 0 and -1 need no clock: "passed" and "never" stay what they are. */
    long long deadline = timeout_ms > 0 ? deadline_in(timeout_ms) : timeout_ms;

    drop_batch(sel);
    while (sel->backend->wait(sel, timeout_ms) == -1) {
        if (errno != EINTR)
            return -1;
        timeout_ms = deadline_left_ms(deadline);
    }
    return sel->batch_count;
}

bool selector_next(struct selector *sel, struct selector_key *key, int *events)
{
    while (sel->batch_next < sel->batch_count) {
        int fd = sel->batch[sel->batch_next++];
        struct selector_slot *slot = &sel->slots[fd];
        int ready = slot->ready & slot->events;

        slot->ready = 0;
        if (ready != 0) {
            *key = (struct selector_key){fd, slot->events, slot->callback,
                                         slot->data};
            *events = ready;
            return true;
        }
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
    *key = (struct selector_key){fd, slot->events, slot->callback, slot->data};
    return 0;
}

int selector_get_map(const struct selector *sel, struct selector_key *keys,
                     int max)
{
    int found = 0;

    for (int fd = 0; found < max && found < sel->count; fd++)
        if (sel->slots[fd].events != 0)
            selector_get_key(sel, fd, &keys[found++]);
    return sel->count;
}

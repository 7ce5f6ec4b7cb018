/* fixture.c -- what every test of a selector works with. */
#include "fixture.h"

#include <sys/event.h>

struct selector *sel;
int ends[2] = {-1, -1};
int others[2] = {-1, -1};
int copies[5000];
int copy_count;

const int bad_events[BAD_EVENTS] = {0, 4, 8, 3 | 4, -1, INT_MIN, INT_MAX, 256};

const struct backend *info(void)
{
    return backend_find(subject);
}

bool runs_on(const char *name)
{
    return strcmp(subject, name) == 0;
}

struct selector *open_one(void)
{
    struct selector *opened = selector_open(subject);

    ck_assert_msg(opened != NULL, "%s: selector_open(): %s", subject,
                  strerror(errno));
    faults_reset();
    return opened;
}

void nothing(int pair[2])
{
}

void begin(int backend, void (*make)(int pair[2]))
{
    subject = selector_backend_name(backend);
    info(); /* before anything is counted */
    sel = open_one();
    make(ends);
}

void finish(void)
{
    faults_descriptor_limit(0);
    selector_close(sel);
    sel = NULL;
    expect(faults_blocks(), 0);
    close_both(ends);
    close_both(others);
    ends[0] = ends[1] = others[0] = others[1] = -1;
    while (copy_count > 0)
        close(copies[--copy_count]);
}

int copy_of(int fd)
{
    int copy = dup(fd);

    expect_success(copy);
    copies[copy_count++] = copy;
    return copy;
}

/* -- what it does with it -------------------------------------------------- */

void called(int fd, int events, void *data)
{
}

void called_instead(int fd, int events, void *data)
{
}

void watch_with(int fd, int events, selector_callback *callback, void *data)
{
    expect_done(selector_register(sel, fd, events, callback, data));
}

void watch(int fd, int events)
{
    watch_with(fd, events, called, NULL);
}

void unwatch(int fd)
{
    expect_done(selector_unregister(sel, fd));
}

void watch_copies(int count, int events)
{
    for (int i = 0; i < count; i++)
        watch(copy_of(ends[0]), events);
}

int count_keys(void)
{
    return selector_get_map(sel, NULL, 0);
}

void expect_fields(const struct selector_key *key, int fd, int events,
                   selector_callback *callback, const void *data)
{
    expect(key->fd, fd);
    expect(key->events, events);
    expect_true(key->callback == callback);
    expect_true(key->data == data);
}

void expect_key(int fd, int events, selector_callback *callback,
                const void *data)
{
    struct selector_key key;

    expect_done(selector_get_key(sel, fd, &key));
    expect_fields(&key, fd, events, callback, data);
}

void expect_no_key(int fd, int keys)
{
    struct selector_key key;

    expect_failure(selector_get_key(sel, fd, &key), ENOENT);
    expect(count_keys(), keys);
}

void expect_waits(int calls)
{
    if (backend_is_added(subject))
        return;
    expect(faults_calls(info()->waiter), calls);
    expect(faults_calls(NULL), calls);
    expect(faults_calls("clock_gettime"), 0);
}

int ready_on(int fd)
{
    int ready = selector_select(sel, 0);
    int handed_out = 0;
    int found = 0;
    struct selector_key key;
    int events;

    expect_true(ready >= 0);
    while (selector_next(sel, &key, &events)) {
        handed_out++;
        expect_true(key.fd != fd || found == 0);
        if (key.fd == fd)
            found = events;
    }
    expect(handed_out, ready);
    return found;
}

int hand_out(void)
{
    struct selector_key key;
    int events;
    int count = 0;

    while (selector_next(sel, &key, &events))
        count++;
    return count;
}

struct selector_key take_next(int ready)
{
    struct selector_key key;
    int events;

    expect(selector_next(sel, &key, &events), true);
    expect(events, ready);
    return key;
}

long long now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec * 1000000LL) + (now.tv_nsec / 1000);
}

void expect_wait(int timeout_ms)
{
    long long start = now_us();
    long long waited;

    expect(selector_select(sel, timeout_ms), 0);
    waited = now_us() - start;
    ck_assert_msg(waited >= timeout_ms * 1000LL,
                  "%s: waited %lld us, expected at least %d ms", subject,
                  waited, timeout_ms);
}

/* Whether the kernel has this filter, which is deleted on the way. */
static bool has_filter(int fd, int filter)
{
    struct kevent change;

    EV_SET(&change, (uintptr_t)fd, (short)filter, EV_DELETE, 0, 0, NULL);
    return kevent(selector_fileno(sel), &change, 1, NULL, 0, NULL) == 0;
}

void expect_filters(int fd, int events)
{
    expect(has_filter(fd, EVFILT_READ), (events & EVENT_READ) != 0);
    expect(has_filter(fd, EVFILT_WRITE), (events & EVENT_WRITE) != 0);
}

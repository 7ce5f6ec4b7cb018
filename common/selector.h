/* selector.h -- wait for many descriptors at once: Python's `selectors` in C.
 *
 * One thread serves many connections by sleeping in one place. A selector
 * holds a list of descriptors, each with the events it waits for and the
 * function to call (its key); selector_select() sleeps until something
 * happens, selector_next() hands out the keys that are ready:
 *
 *     while (selector_select(sel, -1) != -1)        events = selector.select()
 *         while (selector_next(sel, &key, &mask))   for key, mask in events:
 *             key.callback(key.fd, mask, key.data);     key.data(key.fileobj)
 *
 * Errors     -1 (or NULL) and errno. A call that fails has changed nothing,
 *            with one exception that selector_modify() names. EINVAL: fd is
 *            negative, or events is anything but EVENT_READ, EVENT_WRITE or
 *            both. EINTR is never returned.
 * Ownership  The selector owns its memory and its own descriptor, nothing
 *            else: it never closes yours and never touches data.
 * Closing    selector_unregister() first, close() after it. A descriptor
 *            closed while registered makes select fail for everybody (EBADF),
 *            wakes poll at once, and is silently forgotten by epoll and
 *            kqueue; its number is given to the next connection.
 * Threads    One selector, one thread.
 * Readiness  Level-triggered: what is ready is reported again until it is
 *            read or written. A report is a hint and can be late, so watched
 *            sockets must be non-blocking: EAGAIN means back to the loop.
 *            A hang-up or an error counts as each of the events waited for;
 *            the read or write that follows says what it was.
 * Files      A regular file is always ready for select and poll. epoll
 *            refuses it: EPERM.
 */
#ifndef SELECTOR_H
#define SELECTOR_H

#include <stdbool.h>

enum { EVENT_READ = 1 << 0, EVENT_WRITE = 1 << 1 }; /* a bit mask */

struct selector;

/* Called by the event loop, never by the selector: the descriptor, the events
 * that are ready on it, and whatever was registered with it. */
typedef void selector_callback(int fd, int events, void *data);

/* Always a copy: it stays as it is whatever happens to the registration. */
struct selector_key {
    int fd;
    int events; /* the events waited for: never 0, not the ones ready now */
    selector_callback *callback;
    void *data;
};

/* A new selector. backend: "kqueue", "epoll", "devpoll", "poll" or "select";
 * NULL or "" takes the first of these that works here (DefaultSelector()).
 * EINVAL: this system has no backend of that name. ENOMEM, and what
 * epoll_create1(2), kqueue(2) or opening /dev/poll say. */
struct selector *selector_open(const char *backend);

/* Frees the selector and its own descriptor; the registered ones stay open.
 * NULL is allowed, as with free(). */
void selector_close(struct selector *sel);

/* The backends of this system, best first: "epoll", "poll", "select" on Linux.
 * NULL for an index past the last. */
const char *selector_backend_name(int index);

/* The name Python gives it: "EpollSelector". */
const char *selector_name(const struct selector *sel);

/* The selector's own descriptor (close-on-exec), readable while something is
 * ready (but poll(7d): /dev/poll's is not). ENOSYS: select and poll have none.
 */
int selector_fileno(const struct selector *sel);

/* Starts to watch fd. callback and data are only stored; both may be NULL.
 * Returns 0.
 * EEXIST  fd is registered already; or, epoll only, it was closed first and
 *         unregistered after, and is now a duplicate of the same open file
 *         (epoll(7), Q6).
 * EINVAL  also: fd >= FD_SETSIZE with select; epoll's own descriptor.
 * EBADF   epoll and kqueue: not open. poll and select take any number and
 *         complain later.
 * EPIPE   kqueue: to write into a pipe that nobody reads. NetBSD says EBADF;
 *         macOS accepts it, and reports it at once.
 * EPERM   epoll: a regular file or a directory. (kqueue on macOS says EINVAL
 *         of some devices.)
 * ENOMEM  also for a number far beyond all that are open.
 * ENOSPC  epoll: /proc/sys/fs/epoll/max_user_watches. */
int selector_register(struct selector *sel, int fd, int events,
                      selector_callback *callback, void *data);

/* Replaces all three at once; a callback or data left out is not kept.
 * Returns 0. No system call if the events stay the same.
 * ENOENT  fd is not registered (said before events are looked at).
 * When the kernel refuses the change, because it has lost the descriptor
 * (closed: EBADF; closed and its number given to another file: ENOENT) or for
 * any other reason, the key is lost with it. kqueue may not notice: where only
 * a filter is added the number's new file gets it. */
int selector_modify(struct selector *sel, int fd, int events,
                    selector_callback *callback, void *data);

/* Stops watching fd, and drops what was ready on it but not yet handed out.
 * Returns 0, also when fd was closed before: what the kernel says then is of no
 * interest. Python returns the removed key; here selector_get_key() asked first
 * tells it.
 * To pause a descriptor, unregister it, and register it again to go on: no
 * events at all is EINVAL, as in Python. (One that waits for both, and is to
 * wait for one only, is modified.)
 * ENOENT  fd is not registered. */
int selector_unregister(struct selector *sel, int fd);

/* Sleeps until at least one registered descriptor is ready. timeout_ms < 0:
 * for ever; 0: only looks; else until that time is up, and no sooner.
 * Returns how many are ready, 0 when the time is up. What the last call found
 * and selector_next() did not hand out is dropped; it will be found again.
 * Signals do not end the wait: it goes on for the time that is left (PEP 475).
 * A program that waits for a signal registers the read end of a pipe to which
 * its handler writes.
 * Fails with what the system call underneath says: EBADF from select when a
 * registered descriptor was closed; EINVAL from poll on macOS with more than
 * 10240 of them.
 * Limit: a descriptor closed without unregister, but alive through a
 * duplicate, still wakes epoll. With no key for it the result is 0, early; one
 * that has got its number since gets these reports besides its own. */
int selector_select(struct selector *sel, int timeout_ms);

/* The next ready descriptor: fills *key and *events (a part of key->events) and
 * returns true, or returns false when all were handed out; then *key and
 * *events mean nothing. A key that was unregistered since selector_select() is
 * skipped, and so is a new one that has got the same number; after
 * selector_modify() you get the new key. */
bool selector_next(struct selector *sel, struct selector_key *key, int *events);

/* Copies the key of fd to *key and returns 0. ENOENT: fd is not registered. */
int selector_get_key(const struct selector *sel, int fd,
                     struct selector_key *key);

/* Copies the keys to keys[0 .. max-1], in the order of their descriptors, as
 * many as fit. Returns how many there are: (sel, NULL, 0) counts them. */
int selector_get_map(const struct selector *sel, struct selector_key *keys,
                     int max);

/* Walks through all keys, in the order of their descriptors: fills *key with
 * the first one above key->fd and returns true, or returns false at the end.
 * Nothing is copied before it is asked for, so meanwhile the caller may
 * register, modify and unregister what it likes: struct selector_key key = {.fd
 * = -1}; while (selector_map_next(sel, &key)) ... */
bool selector_map_next(const struct selector *sel, struct selector_key *key);

#endif

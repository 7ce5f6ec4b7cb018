/* emulation.c -- a stand-in for kqueue(2) and /dev/poll on top of poll(2).
 *
 * Both keep a set of descriptors, so both are a table indexed by descriptor
 * here, and one poll() of all of them when somebody waits. What differs is
 * what the tests are about: how the set is changed, and what becomes of a
 * descriptor that was closed.
 */
#include <sys/types.h> /* FreeBSD before 12 needs it for <sys/event.h> */

#include <emulation.h>
#include <sys/devpoll.h>
#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <kernels.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool emulation_of(const char *backend)
{
#ifdef EMULATED_KQUEUE
    if (strcmp(backend, "kqueue") == 0)
        return true;
#endif
#ifdef EMULATED_DEVPOLL
    if (strcmp(backend, "devpoll") == 0)
        return true;
#endif
    return false;
}

#if defined EMULATED_KQUEUE || defined EMULATED_DEVPOLL

/* -- sets ------------------------------------------------------------------ */

/* One descriptor, and which file it was when it was added. */
struct watched {
    short events; /* POLLIN, POLLOUT; 0: not in the set */
    int access;   /* tells the two ends of a pipe apart */
    mode_t type;
    dev_t device;
    ino_t inode;
};

/* What a kqueue or an open /dev/poll refers to. */
struct set {
    int fd;
    struct watched *table; /* indexed by descriptor */
    size_t capacity;
    struct set *next;
};

static struct set *sets;

static int fail(int error)
{
    errno = error;
    return -1;
}

static struct set *find_set(int fd)
{
    struct set *set = sets;

    while (set != NULL && set->fd != fd)
        set = set->next;
    return set;
}

static void free_set(int fd)
{
    for (struct set **link = &sets; *link != NULL; link = &(*link)->next)
        if ((*link)->fd == fd) {
            struct set *set = *link;

            *link = set->next;
            free(set->table);
            free(set);
            return;
        }
}

/* A set that was closed behind our back is freed when its number comes again.
 */
static int open_set(int flags)
{
    struct set *set = calloc(1, sizeof *set);
    int fd = open("/dev/null", flags);

    if (set == NULL || fd == -1) {
        free(set);
        return fail(set == NULL ? ENOMEM : errno);
    }
    free_set(fd);
    set->fd = fd;
    set->next = sets;
    sets = set;
    return fd;
}

/* Which file the descriptor is. false: it is closed. */
static bool identify(int fd, struct watched *file)
{
    struct stat status;

    if (fstat(fd, &status) == -1)
        return false;
    file->access = fcntl(fd, F_GETFL) & O_ACCMODE;
    file->type = status.st_mode & S_IFMT;
    file->device = status.st_dev;
    file->inode = status.st_ino;
    return true;
}

static bool is_in(const struct set *set, int fd)
{
    return fd >= 0 && (size_t)fd < set->capacity && set->table[fd].events != 0;
}

/* Adds events to those of an open descriptor. */
static int add(struct set *set, int fd, int events)
{
    struct watched *watched;

    if ((size_t)fd >= set->capacity) {
        size_t capacity = ((size_t)fd + 1) * 2;
        struct watched *table = calloc(capacity, sizeof *table);

        if (table == NULL)
            return -1;
        if (set->capacity > 0)
            memcpy(table, set->table, set->capacity * sizeof *table);
        free(set->table);
        set->table = table;
        set->capacity = capacity;
    }
    watched = &set->table[fd];
    identify(fd, watched);
    watched->events = (short)(watched->events | events);
    return 0;
}

/* poll() of the whole set; ready must have room for all of it. Returns how
 * many of its items have something to say, and these come first. No manual page
 * promises an order; with the highest number first a client that leaves comes
 * before the listener, as it does in a kernel's queue of events. */
static int poll_set(const struct set *set, struct pollfd *ready, int timeout_ms)
{
    nfds_t count = 0;
    int found = 0;

    for (size_t fd = set->capacity; fd-- > 0;)
        if (set->table[fd].events != 0)
            ready[count++] =
                (struct pollfd){.fd = (int)fd, .events = set->table[fd].events};
    if (poll(ready, count, timeout_ms) == -1)
        return -1;
    for (nfds_t i = 0; i < count; i++)
        if (ready[i].revents != 0)
            ready[found++] = ready[i];
    return found;
}

#endif

/* -- /dev/poll ------------------------------------------------------------- */

#ifdef EMULATED_DEVPOLL

/* poll(7d): events are added to those the descriptor has. A write() does not
 * complain of a closed one; one that was closed since is polled all the same
 * (POLLNVAL), and so is the file that got its number. */
static int write_entry(struct set *set, const struct pollfd *entry)
{
    struct watched file;

    if (entry->events == POLLREMOVE) {
        if (is_in(set, entry->fd))
            set->table[entry->fd].events = 0;
        return 0;
    }
    return identify(entry->fd, &file) ? add(set, entry->fd, entry->events) : 0;
}

static ssize_t write_entries(struct set *set, const struct pollfd *entries,
                             size_t size)
{
    for (size_t i = 0; i < size / sizeof *entries; i++)
        if (write_entry(set, &entries[i]) == -1)
            return -1;
    return (ssize_t)size;
}

static int wait_devpoll(struct set *set, const struct dvpoll *request)
{
    struct rlimit limit;
    struct pollfd *ready;
    int found;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        request->dp_nfds >= limit.rlim_cur)
        return fail(EINVAL); /* "greater than or equal to {OPEN_MAX}" */
    ready = calloc(set->capacity + 1, sizeof *ready);
    if (ready == NULL)
        return -1;
    /* Only -1 is for ever; less is no time at all. */
    found = poll_set(set, ready,
                     request->dp_timeout < -1 ? 0 : request->dp_timeout);
    if (found > 0 && (nfds_t)found > request->dp_nfds)
        found = (int)request->dp_nfds;
    if (found > 0)
        memcpy(request->dp_fds, ready, (size_t)found * sizeof *ready);
    free(ready);
    return found;
}

int emulation_open(const char *path, int flags)
{
    return strcmp(path, "/dev/poll") == 0 ? open_set(flags) : open(path, flags);
}

ssize_t emulation_write(int fd, const void *data, size_t size)
{
    struct set *set = find_set(fd);

    return set == NULL ? write(fd, data, size) : write_entries(set, data, size);
}

int emulation_ioctl(int fd, unsigned long request, void *argument)
{
    struct set *set = find_set(fd);

    return set == NULL || request != DP_POLL ? fail(EINVAL)
                                             : wait_devpoll(set, argument);
}

#else

int emulation_open(const char *path, int flags)
{
    return open(path, flags);
}

ssize_t emulation_write(int fd, const void *data, size_t size)
{
    return write(fd, data, size);
}

int emulation_ioctl(int fd, unsigned long request, void *argument)
{
    return ioctl(fd, (int)request, argument);
}

#endif

int emulation_close(int fd)
{
#if defined EMULATED_KQUEUE || defined EMULATED_DEVPOLL
    free_set(fd);
#endif
    return close(fd);
}

/* -- kqueue ---------------------------------------------------------------- */

#ifdef EMULATED_KQUEUE

int kqueue(void)
{
    return open_set(O_RDWR);
}

/* Filters go when the descriptor is closed, whoever has its number now. */
static void forget_if_closed(struct set *set, int fd)
{
    struct watched file;

    if (!is_in(set, fd))
        return;
    file = set->table[fd];
    if (!identify(fd, &file) || file.access != set->table[fd].access ||
        file.device != set->table[fd].device ||
        file.inode != set->table[fd].inode)
        set->table[fd].events = 0;
}

static bool reader_is_gone(int fd)
{
    struct pollfd pipe_end = {.fd = fd};

    return poll(&pipe_end, 1, 0) == 1 && (pipe_end.revents & POLLERR);
}

/* Returns an errno value, 0 if all is well. */
static int apply(struct set *set, const struct kevent *change)
{
    int fd = (int)change->ident;
    int event = change->filter == EVFILT_READ ? POLLIN : POLLOUT;
    struct watched file;

    if (change->filter != EVFILT_READ && change->filter != EVFILT_WRITE)
        return EINVAL;
    forget_if_closed(set, fd);
    if (!identify(fd, &file))
        return EBADF;
    if (change->flags & EV_DELETE) {
        if (!is_in(set, fd) || !(set->table[fd].events & event))
            return ENOENT;
        set->table[fd].events = (short)(set->table[fd].events & ~event);
        return 0;
    }
    if (S_ISFIFO(file.type) && event == POLLOUT && reader_is_gone(fd) &&
        kernel()->broken_pipe != 0)
        return kernel()->broken_pipe;
    return add(set, fd, event) == 0 ? 0 : ENOMEM;
}

/* poll() says POLLHUP of a socket that was never connected, and of one whose
 * connection has ended; only the latter can be read (end of file). */
static bool never_connected(int fd)
{
    struct pollfd socket = {.fd = fd, .events = POLLIN};

    return poll(&socket, 1, 0) == 1 && (socket.revents & POLLHUP) &&
           !(socket.revents & POLLIN);
}

/* A filter for the direction that a pipe's end does not have never fires. */
static bool fires(const struct watched *file, const struct pollfd *entry,
                  int event)
{
    int wrong_end = event == POLLIN ? O_WRONLY : O_RDONLY;

    if (!(file->events & event) ||
        !(entry->revents & (event | POLLHUP | POLLERR)))
        return false;
    if (S_ISFIFO(file->type))
        return file->access != wrong_end;
    return !(S_ISSOCK(file->type) && never_connected(entry->fd));
}

/* One event per filter, as many as there is room for. */
static int report_filters(const struct set *set, const struct pollfd *ready,
                          int count, struct kevent *events, int room)
{
    static const int filters[] = {POLLIN, POLLOUT};
    int found = 0;

    if (room > kernel()->most_events)
        room = kernel()->most_events;
    for (int i = 0; i < 2 * count && found < room; i++) {
        const struct pollfd *entry = &ready[i / 2];
        int event = filters[i % 2];
        unsigned short flags = 0;

        if (entry->revents & POLLHUP)
            flags = EV_EOF;
        if (fires(&set->table[entry->fd], entry, event))
            EV_SET(&events[found++], (uintptr_t)entry->fd,
                   event == POLLIN ? EVFILT_READ : EVFILT_WRITE, flags, 0, 0,
                   NULL);
    }
    return found;
}

enum { NS_PER_S = 1000000000 };

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((long long)now.tv_sec * NS_PER_S) + now.tv_nsec;
}

/* Until something fires. poll() may be woken by what no filter is for (a
 * hang-up); then it is asked again after a millisecond. */
static int wait_for_filters(struct set *set, struct pollfd *ready,
                            struct kevent *events, int room, int timeout_ms)
{
    long long end = now_ns() + (timeout_ms * 1000000LL);
    int left = timeout_ms;

    for (;;) {
        int count = poll_set(set, ready, left);
        int found = report_filters(set, ready, count, events, room);

        if (count <= 0 || found > 0 || left == 0)
            return count == -1 ? -1 : found;
        if (poll(NULL, 0, 1) == -1)
            return -1;
        if (timeout_ms > 0)
            left = (int)((end - now_ns() + 999999) / 1000000);
        if (timeout_ms > 0 && left < 0)
            left = 0;
    }
}

static int milliseconds(const struct timespec *timeout)
{
    long long ms = timeout == NULL
                       ? -1
                       : (timeout->tv_sec * 1000LL) +
                             ((timeout->tv_nsec + 999999) / 1000000);

    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static int wait_kqueue(struct set *set, struct kevent *events, int room,
                       int timeout_ms)
{
    struct pollfd *ready = calloc(set->capacity + 1, sizeof *ready);
    int found;

    if (ready == NULL)
        return -1;
    for (size_t fd = 0; fd < set->capacity; fd++)
        forget_if_closed(set, (int)fd);
    found = wait_for_filters(set, ready, events, room, timeout_ms);
    free(ready);
    return found;
}

int kevent(int queue, const struct kevent *changes, int nchanges,
           struct kevent *events, int nevents, const struct timespec *timeout)
{
    struct set *set = find_set(queue);
    int errors = 0;

    if (set == NULL)
        return fail(EBADF);
    for (int i = 0; i < nchanges; i++) {
        int error = apply(set, &changes[i]);

        if (error != 0 && errors == nevents)
            return fail(error);
        if (error != 0) {
            events[errors] = changes[i];
            events[errors].flags = EV_ERROR;
            events[errors++].data = error;
        }
    }
    if (errors > 0 || nevents == 0)
        return errors;
    if (timeout != NULL && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
                            timeout->tv_nsec >= NS_PER_S))
        return fail(EINVAL);
    return wait_kqueue(set, events, nevents, milliseconds(timeout));
}

#endif

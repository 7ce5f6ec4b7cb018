/* chaos.c -- a library to preload, which makes the system's calls unreliable.
 *
 *     LD_PRELOAD=build/chaos/chaos.so CHAOS_SEED=7 03_selectors_callbacks/upper
 *     (macOS: DYLD_INSERT_LIBRARIES; it has not been run there yet)
 *
 * What goes wrong, where, how often (in a thousand calls), and what we ask for:
 *
 *  short read    recv 250, read 250   made with fewer bytes than asked for
 *  short write   send 250             made with fewer bytes than asked for
 *  EINTR         accept recv read send select poll epoll_wait kevent 100
 *                connect 100          the call is made, and goes on by itself
 *  EAGAIN        accept recv read 100 although it was ready; sockets that are
 *                send 100             non-blocking only
 *  ECONNABORTED  accept 80            the newcomer is taken and closed
 *  EMFILE        accept 50            and stays: until a few descriptors are
 *                                     closed there is room for none but in
 *                                     place of a closed one
 *                socket 20            in programs that connect
 *  ENOMEM        accept 50            the newcomer stays where it is
 *                epoll_ctl(ADD) 50    kevent(EV_ADD) 50, of a new descriptor
 *                malloc 50            calloc 300 (only growing tables use it)
 *  spurious      select poll epoll_wait kevent 200
 *                                     says at once that a descriptor is ready
 *                                     which is not
 *  late          connect 400          is begun only when SO_ERROR was asked for
 *                                     some times; meanwhile it is "ready"
 *
 * Not touched, because no kernel does it or because giving up is right: the
 * time before the first accept, connect or wait (who cannot begin may say so);
 * close and fcntl; EPOLL_CTL_MOD and DEL, which take no memory; ENOMEM from a
 * wait, which is about no single connection; ioctl of /dev/poll. EAGAIN from
 * send, for stages 02 and 03 `server`: they close a client that does not read
 * its replies. The driver switches that off, and what else it must, with
 * CHAOS_RATES.
 *
 * CHAOS_SEED    decides the fate of the nth call of each function, whatever
 *               other functions do. (How many calls it takes depends on timing,
 *               so totals differ a little between two runs.) Each seed also
 *               favours some faults and leaves out others. Not set: no faults.
 * CHAOS_RATES   "send:EAGAIN=0,accept:EMFILE=500": other rates, not favoured
 * CHAOS_TRACE   set: each fault is a line on stderr
 * CHAOS_REPORT  the name of a file for the struct chaos_report
 */
/* Not on macOS: there what is asked for decides which select() is declared, and
 * it must be the one that the programs call. */
#ifndef __APPLE__
#undef _POSIX_C_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif

#include "chaos.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

/* -- in place of the system's ---------------------------------------------- */

static bool resolving;

/* REPLACE(int, close, int fd) { ... } is what the program gets when it calls
 * close(), REAL(close) what it would have got. */
#ifdef __APPLE__
#define REAL(name) name
#define REPLACE(type, name, ...)                                               \
    type chaos_##name(__VA_ARGS__);                                            \
    __attribute__((used, section("__DATA,__interpose"))) static const struct { \
        void (*by)(void);                                                      \
        void (*what)(void);                                                    \
    } interpose_##name = {(void (*)(void))chaos_##name, (void (*)(void))name}; \
    type chaos_##name(__VA_ARGS__)
#else
#define REAL(name) (__extension__(__typeof__(chaos_##name) *) real(CALL_##name))
#define REPLACE(type, name, ...)                                               \
    type chaos_##name(__VA_ARGS__) __asm__(#name);                             \
    type chaos_##name(__VA_ARGS__)

static void *addresses[CHAOS_CALL_COUNT];

static void *real(enum chaos_call call)
{
    static const char *const names[] = {CHAOS_CALLS(CHAOS_NAME_OF)};

    if (addresses[call] == NULL) {
        resolving = true;
        addresses[call] = dlsym(RTLD_NEXT, names[call]);
        resolving = false;
    }
    if (addresses[call] == NULL)
        abort();
    return addresses[call];
}
#endif

/* -- what there is to decide ----------------------------------------------- */

static struct rule {
    enum chaos_call call;
    enum chaos_kind kind;
    unsigned per_mille;
} rules[] = {
    {CALL_accept, CHAOS_EINTR, 100},        {CALL_accept, CHAOS_EAGAIN, 100},
    {CALL_accept, CHAOS_ECONNABORTED, 80},  {CALL_accept, CHAOS_EMFILE, 50},
    {CALL_accept, CHAOS_ENOMEM, 50},        {CALL_calloc, CHAOS_ENOMEM, 300},
    {CALL_connect, CHAOS_EINTR, 100},       {CALL_connect, CHAOS_LATE, 400},
    {CALL_epoll_ctl, CHAOS_ENOMEM, 50},     {CALL_epoll_wait, CHAOS_EINTR, 100},
    {CALL_epoll_wait, CHAOS_SPURIOUS, 200}, {CALL_kevent, CHAOS_EINTR, 100},
    {CALL_kevent, CHAOS_ENOMEM, 50},        {CALL_kevent, CHAOS_SPURIOUS, 200},
    {CALL_malloc, CHAOS_ENOMEM, 50},        {CALL_poll, CHAOS_EINTR, 100},
    {CALL_poll, CHAOS_SPURIOUS, 200},       {CALL_read, CHAOS_EINTR, 100},
    {CALL_read, CHAOS_EAGAIN, 100},         {CALL_read, CHAOS_SHORT_READ, 250},
    {CALL_recv, CHAOS_EINTR, 100},          {CALL_recv, CHAOS_EAGAIN, 100},
    {CALL_recv, CHAOS_SHORT_READ, 250},     {CALL_select, CHAOS_EINTR, 100},
    {CALL_select, CHAOS_SPURIOUS, 200},     {CALL_send, CHAOS_EINTR, 100},
    {CALL_send, CHAOS_EAGAIN, 100},         {CALL_send, CHAOS_SHORT_WRITE, 250},
    {CALL_socket, CHAOS_EMFILE, 20},
};

enum { RULES = sizeof rules / sizeof rules[0], DESCRIPTORS = 4096 };

static const char *const call_names[] = {CHAOS_CALLS(CHAOS_NAME_OF)};
static const char *const kind_names[] = {CHAOS_KINDS(CHAOS_TEXT_OF)};
static const int errors[CHAOS_KIND_COUNT] = {
    [CHAOS_EINTR] = EINTR,   [CHAOS_EAGAIN] = EAGAIN,
    [CHAOS_EMFILE] = EMFILE, [CHAOS_ECONNABORTED] = ECONNABORTED,
    [CHAOS_ENOMEM] = ENOMEM,
};

static bool enabled;
static bool armed;
static bool traced;
static int inside; /* real calls under way: what they call is left alone */
static uint64_t seed;
static unsigned long numbers[CHAOS_CALL_COUNT];
static struct chaos_report unread;
static struct chaos_report *report = &unread;

/* splitmix64: three numbers that differ in one bit give unrelated results. */
static uint64_t mixed(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x = a * 0x9E3779B97F4A7C15U + b * 0xD1B54A32D192ED03U + c;

    for (int i = 0; i < 2; i++) {
        x += 0x9E3779B97F4A7C15U;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
        x ^= x >> 31;
    }
    return x;
}

/* A number below limit that goes with this call; what: to get several. */
static unsigned drawn(enum chaos_call call, unsigned what, unsigned limit)
{
    return (unsigned)(mixed(seed, numbers[call], call * 64U + what) % limit);
}

/* -- before main() --------------------------------------------------------- */

static struct rule *find_rule(const char *name, size_t length)
{
    char full[64];

    for (int i = 0; i < RULES; i++) {
        snprintf(full, sizeof full, "%s:%s", call_names[rules[i].call],
                 kind_names[rules[i].kind]);
        if (strlen(full) == length && strncmp(full, name, length) == 0)
            return &rules[i];
    }
    fprintf(stderr, "CHAOS_RATES: no fault is called %s\n", name);
    abort();
}

static void set_rates(const char *text)
{
    while (*(text += strspn(text, ",")) != '\0') {
        size_t length = strcspn(text, "=");
        char *end;

        if (text[length] == '\0')
            break;
        find_rule(text, length)->per_mille =
            (unsigned)strtoul(text + length + 1, &end, 10);
        text = end;
    }
}

/* One fault alone finds what a mixture hides: EMFILE on each accept, say, and
 * nothing else. */
static void set_favours(void)
{
    static const unsigned times[] = {0, 1, 1, 3};

    for (unsigned i = 0; i < RULES; i++) {
        unsigned rate = rules[i].per_mille * times[mixed(seed, ~0U, i) % 4];

        rules[i].per_mille = rate < 600 ? rate : 600;
    }
}

static void map_report(const char *path)
{
    int fd = open(path, O_RDWR);
    void *map =
        mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (map == MAP_FAILED) {
        fprintf(stderr, "CHAOS_REPORT: %s: %s\n", path, strerror(errno));
        abort();
    }
    report = map;
    close(fd);
}

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("CHAOS_SEED");
    const char *rates = getenv("CHAOS_RATES");
    const char *path = getenv("CHAOS_REPORT");

    if (text == NULL)
        return;
    seed = strtoul(text, NULL, 10);
    set_favours();
    if (rates != NULL)
        set_rates(rates);
    if (path != NULL)
        map_report(path);
    traced = getenv("CHAOS_TRACE") != NULL;
    enabled = true;
}

/* -- deciding -------------------------------------------------------------- */

static bool is_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags != -1 && (flags & O_NONBLOCK);
}

static bool is_wait(enum chaos_call call)
{
    return call == CALL_poll || call == CALL_select ||
           call == CALL_epoll_wait || call == CALL_kevent;
}

/* kevent() only if it waits, and says so itself. */
static bool arms(enum chaos_call call)
{
    return call == CALL_accept || call == CALL_connect ||
           (is_wait(call) && call != CALL_kevent);
}

/* Counts the call, and says what shall become of it. */
static enum chaos_kind decide(enum chaos_call call, int fd)
{
    if (!enabled || inside > 0)
        return CHAOS_NONE;
    armed = armed || arms(call);
    numbers[call]++;
    report->calls++;
    for (unsigned i = 0; armed && i < RULES; i++)
        if (rules[i].call == call &&
            drawn(call, i, 1000) < rules[i].per_mille &&
            (rules[i].kind != CHAOS_EAGAIN || is_nonblocking(fd)))
            return rules[i].kind;
    return CHAOS_NONE;
}

static long fruitless;

/* What a call that does something for a descriptor has returned. */
static ssize_t progress(ssize_t result)
{
    if (result >= 0 && inside == 0)
        fruitless = 0;
    return result;
}

static void note(enum chaos_call call, enum chaos_kind kind, int fd, long size)
{
    struct chaos_fault *fault = &report->trace[report->traced++ % CHAOS_TRACE];
    char line[128];
    int length;

    report->faults[kind]++;
    if (!is_wait(call))
        fruitless--;
    *fault = (struct chaos_fault){call, kind, numbers[call], fd, size};
    if (!traced)
        return;
    length = snprintf(
        line, sizeof line, "chaos: %s() no. %lu, descriptor %d: %s %ld\n",
        call_names[call], numbers[call], fd, kind_names[kind], size);
    (void)!write(STDERR_FILENO, line, (size_t)length);
}

/* Notes the fault, and fails with the errno it is named for. */
static int fails(enum chaos_call call, enum chaos_kind kind, int fd)
{
    note(call, kind, fd, 0);
    errno = errors[kind];
    return -1;
}

static bool is_error(enum chaos_kind kind)
{
    return errors[kind] != 0;
}

/* Half of the short ones are so short that what belongs together is torn. */
static size_t shortened(enum chaos_call call, enum chaos_kind kind, int fd,
                        size_t size)
{
    enum { TINY = 12, SIZE = RULES, TORN };
    size_t most = size > TINY && drawn(call, TORN, 2) ? TINY : size - 1;

    if ((kind != CHAOS_SHORT_READ && kind != CHAOS_SHORT_WRITE) || size < 2)
        return size;
    size = 1 + drawn(call, SIZE, (unsigned)most);
    note(call, kind, fd, (long)size);
    return size;
}

/* Around each real call. */
static void enter(void)
{
    if (inside++ == 0)
        report->asleep = 1;
}

static void leave(void)
{
    if (--inside == 0)
        report->asleep = 0;
}

/* -- memory ---------------------------------------------------------------- */

/* dlsym() may ask for memory, and manages without. */
static bool is_refused(enum chaos_call call)
{
    return resolving || (decide(call, -1) == CHAOS_ENOMEM &&
                         fails(call, CHAOS_ENOMEM, -1) == -1);
}

REPLACE(void *, malloc, size_t size)
{
    return is_refused(CALL_malloc) ? NULL : REAL(malloc)(size);
}

REPLACE(void *, calloc, size_t count, size_t size)
{
    return is_refused(CALL_calloc) ? NULL : REAL(calloc)(count, size);
}

/* -- reading and writing --------------------------------------------------- */

/* Whether the real call is to be made, and with how many bytes. */
static bool may_move(enum chaos_call call, int fd, size_t *size)
{
    enum chaos_kind kind = decide(call, fd);

    if (is_error(kind))
        return fails(call, kind, fd) == 0;
    *size = shortened(call, kind, fd, *size);
    enter();
    return true;
}

static ssize_t moved(ssize_t result)
{
    leave();
    return progress(result);
}

REPLACE(ssize_t, recv, int fd, void *buffer, size_t size, int flags)
{
    ssize_t received = -1;

    if (may_move(CALL_recv, fd, &size))
        received = moved(REAL(recv)(fd, buffer, size, flags));
    if (received > 0 && inside == 0)
        report->received++;
    return received;
}

REPLACE(ssize_t, read, int fd, void *buffer, size_t size)
{
    return may_move(CALL_read, fd, &size) ? moved(REAL(read)(fd, buffer, size))
                                          : -1;
}

REPLACE(ssize_t, send, int fd, const void *data, size_t size, int flags)
{
    return may_move(CALL_send, fd, &size)
               ? moved(REAL(send)(fd, data, size, flags))
               : -1;
}

/* -- descriptors ----------------------------------------------------------- */

static int full; /* for so many more close() there is only the room they make */
static int room;
static bool freed; /* and nobody else is there to take it */

/* A connect() that is held back, until SO_ERROR was asked for `left` times. */
static struct late {
    int left;
    socklen_t size;
    struct sockaddr_storage address;
} lates[DESCRIPTORS];

static int late_count;

static bool is_late(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS && lates[fd].left > 0;
}

static void end_late(int fd)
{
    lates[fd].left = 0;
    late_count--;
}

static unsigned char watched[DESCRIPTORS]; /* what epoll or kqueue watches */

#ifdef __linux__
static epoll_data_t cookies[DESCRIPTORS];
#endif

static void watch(int fd, int events)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        watched[fd] = (unsigned char)events;
}

REPLACE(int, close, int fd)
{
    decide(CALL_close, fd);
    if (is_late(fd))
        end_late(fd);
    watch(fd, 0);
    if (full > 0 && inside == 0) {
        room++;
        full--;
        freed = true;
    }
    return (int)progress(REAL(close)(fd));
}

static int take_room(int fd)
{
    if (fd != -1) {
        room -= full > 0;
        freed = false;
    }
    return fd;
}

/* Otherwise the second part of what was sent in two waits for a late
 * acknowledgement of the first, for 40 ms. */
static int send_at_once(int fd)
{
    int yes = 1;

    if (fd != -1 && enabled)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

REPLACE(int, accept, int fd, struct sockaddr *address, socklen_t *size)
{
    enum chaos_kind kind = decide(CALL_accept, fd);
    int client;

    if (kind == CHAOS_EMFILE && full == 0 && !freed) {
        full = 1 + (int)drawn(CALL_accept, RULES, 12);
        room = 0;
    }
    if (full > 0 && room == 0 && inside == 0)
        return fails(CALL_accept, CHAOS_EMFILE, fd);
    if (is_error(kind) && kind != CHAOS_EMFILE && kind != CHAOS_ECONNABORTED)
        return fails(CALL_accept, kind, fd);
    enter();
    client = REAL(accept)(fd, address, size);
    leave();
    if (kind != CHAOS_ECONNABORTED || client == -1)
        return (int)progress(send_at_once(take_room(client)));
    fails(CALL_accept, kind, fd); /* first: the newcomer's side looks it up */
    REAL(close)(client);
    errno = ECONNABORTED;
    return -1;
}

REPLACE(int, socket, int family, int type, int protocol)
{
    enum chaos_kind kind = decide(CALL_socket, -1);

    if (kind == CHAOS_EMFILE || (full > 0 && room == 0))
        return fails(CALL_socket, CHAOS_EMFILE, -1);
    return take_room(REAL(socket)(family, type, protocol));
}

/* -- connecting ------------------------------------------------------------ */

static bool postpone(int fd, const struct sockaddr *address, socklen_t size)
{
    if (fd < 0 || fd >= DESCRIPTORS || size > sizeof lates[fd].address ||
        !is_nonblocking(fd))
        return false;
    memcpy(&lates[fd].address, address, size);
    lates[fd].size = size;
    lates[fd].left = 2 + (int)drawn(CALL_connect, RULES, 3);
    late_count++;
    note(CALL_connect, CHAOS_LATE, fd, lates[fd].left);
    return true;
}

REPLACE(int, connect, int fd, const struct sockaddr *address, socklen_t size)
{
    enum chaos_kind kind = decide(CALL_connect, fd);
    int result;

    if (kind == CHAOS_LATE && postpone(fd, address, size)) {
        errno = EINPROGRESS;
        return -1;
    }
    enter();
    result = REAL(connect)(fd, address, size);
    leave();
    if (kind == CHAOS_EINTR && (result == 0 || errno == EINPROGRESS))
        return fails(CALL_connect, kind, fd);
    return result;
}

/* 0, or the error with which it has failed at once. */
static int begin_late(int fd)
{
    const struct late *late = &lates[fd];
    int result =
        REAL(connect)(fd, (const struct sockaddr *)&late->address, late->size);

    end_late(fd);
    return result == 0 || errno == EINPROGRESS ? 0 : errno;
}

REPLACE(int, getsockopt, int fd, int level, int name, void *value,
        socklen_t *size)
{
    int error = 0;

    decide(CALL_getsockopt, fd);
    if (level == SOL_SOCKET && name == SO_ERROR && is_late(fd) &&
        --lates[fd].left == 0)
        error = begin_late(fd);
    progress(0);
    if (error == 0)
        return REAL(getsockopt)(fd, level, name, value, size);
    memcpy(value, &error, sizeof error);
    return 0;
}

/* -- waiting --------------------------------------------------------------- */

/* What a wait returns that was not tampered with. */
static int waited(int ready)
{
    leave();
    if (ready > 0 && inside == 0)
        fruitless++;
    if (fruitless > (long)report->fruitless)
        report->fruitless = (unsigned long)fruitless;
    return ready;
}

/* Whether somebody is to be woken who is not ready. While a connect() is held
 * back always: the kernel cannot know that it will be decided. */
static bool wakes(enum chaos_kind kind)
{
    return kind == CHAOS_SPURIOUS || (late_count > 0 && enabled && inside == 0);
}

/* Which descriptor can be woken at this place, or -1. */
typedef int candidate(int place, const void *context);

/* The place of one who can be woken, first of all of a late one; -1: none. */
static int choose(enum chaos_call call, int places, candidate *at,
                  const void *context)
{
    int start = places > 0 ? (int)drawn(call, RULES, (unsigned)places) : 0;
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

#ifdef __linux__

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

    armed = armed || waits;
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

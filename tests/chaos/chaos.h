/* chaos.h -- what the preloaded library of `make chaos` tells chaos_run.
 *
 * The library lives in the program under test, which may be killed at any
 * moment, so its report is memory that both share: a file, whose descriptor the
 * library closes before the program begins.
 */
#ifndef CHAOS_H
#define CHAOS_H

#include <stdatomic.h>

#define CHAOS_KINDS(X)                                                         \
    X(NONE, "no fault")                                                        \
    X(SHORT_READ, "short reads")                                               \
    X(SHORT_WRITE, "short writes")                                             \
    X(EINTR, "EINTR")                                                          \
    X(EAGAIN, "EAGAIN")                                                        \
    X(ECONNABORTED, "ECONNABORTED")                                            \
    X(EMFILE, "EMFILE")                                                        \
    X(ENOMEM, "ENOMEM")                                                        \
    X(SPURIOUS, "spurious wake-ups")                                           \
    X(LATE, "late connects")

#define CHAOS_CALLS(X)                                                         \
    X(accept)                                                                  \
    X(calloc)                                                                  \
    X(close)                                                                   \
    X(connect)                                                                 \
    X(epoll_ctl)                                                               \
    X(epoll_wait)                                                              \
    X(getsockopt)                                                              \
    X(kevent)                                                                  \
    X(malloc)                                                                  \
    X(poll)                                                                    \
    X(read)                                                                    \
    X(recv)                                                                    \
    X(select)                                                                  \
    X(send)                                                                    \
    X(socket)

#define CHAOS_KIND_OF(kind, text) CHAOS_##kind,
#define CHAOS_TEXT_OF(kind, text) text,
#define CHAOS_CALL_OF(call) CALL_##call,
#define CHAOS_NAME_OF(call) #call,

enum chaos_kind { CHAOS_KINDS(CHAOS_KIND_OF) CHAOS_KIND_COUNT };
enum chaos_call { CHAOS_CALLS(CHAOS_CALL_OF) CHAOS_CALL_COUNT };

enum { CHAOS_TRACE = 64 };

struct chaos_report {
    atomic_ulong calls;    /* of the functions above, the program has made */
    atomic_ulong received; /* of them recv() that brought bytes */
    atomic_int asleep;     /* it is in one that may sleep */
    /* How many waits in a row, at most, found somebody ready who then was not
     * read, written, accepted or closed. Those that were woken for nothing
     * and those whose call met a fault do not count. */
    atomic_ulong fruitless;
    atomic_ulong faults[CHAOS_KIND_COUNT];
    atomic_ulong traced; /* the last of them is trace[(traced - 1) % TRACE] */
    struct chaos_fault {
        enum chaos_call call;
        enum chaos_kind kind;
        unsigned long number; /* the how manieth of this call it was */
        int fd;
        long size; /* of a short one: how many bytes it was given */
    } trace[CHAOS_TRACE];
};

#endif

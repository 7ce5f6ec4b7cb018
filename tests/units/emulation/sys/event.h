/* sys/event.h -- kqueue(2) for systems without it; see emulation.h.
 *
 * As unkind as the real ones: <sys/types.h> must come first (FreeBSD 11), it
 * does not bring <time.h>, and is not for who asks for POSIX only (NetBSD has
 * no u_int then). With -D__NetBSD__ it has the types that only NetBSD has.
 */
#ifndef EMULATION_SYS_EVENT_H
#define EMULATION_SYS_EVENT_H

#if __has_include_next(<sys/event.h>)
#include_next <sys/event.h>
#else

#ifndef _SYS_TYPES_H
#error "FreeBSD 11 has no u_int here: <sys/types.h> must come first"
#endif
#if defined __STRICT_ANSI__ && !defined _GNU_SOURCE &&                         \
    (defined _POSIX_C_SOURCE || defined _XOPEN_SOURCE)
#error "NetBSD has no u_int here: it is hidden from strictly POSIX programs"
#endif

#include <stddef.h>
#include <stdint.h>

#define EMULATED_KQUEUE

#ifdef __NetBSD__
typedef size_t kevent_count;
typedef uint32_t kevent_filter;
typedef uint32_t kevent_flags;
typedef intptr_t kevent_user;
#define EVFILT_READ 0U
#define EVFILT_WRITE 1U
#else
typedef int kevent_count;
typedef short kevent_filter;
typedef unsigned short kevent_flags;
typedef void *kevent_user;
#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#endif
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

struct kevent {
    uintptr_t ident;
    kevent_filter filter;
    kevent_flags flags;
    unsigned fflags;
    int64_t data;
    kevent_user udata;
};

#define EV_SET(event, id, filt, flag, fflag, value, user)                      \
    (*(event) = (struct kevent){.ident = (id),                                 \
                                .filter = (filt),                              \
                                .flags = (flag),                               \
                                .fflags = (fflag),                             \
                                .data = (value),                               \
                                .udata = (user)})

struct timespec;
int kqueue(void);
int kevent(int queue, const struct kevent *changes, kevent_count nchanges,
           struct kevent *events, kevent_count nevents,
           const struct timespec *timeout);

#endif
#endif

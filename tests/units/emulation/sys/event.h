/* sys/event.h -- kqueue(2) for systems without it; see emulation.h. */
#ifndef EMULATION_SYS_EVENT_H
#define EMULATION_SYS_EVENT_H

#if __has_include_next(<sys/event.h>)
#include_next <sys/event.h>
#else

#include <stdint.h>
#include <time.h>

#define EMULATED_KQUEUE

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

struct kevent {
    uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned fflags;
    int64_t data;
    void *udata;
};

#define EV_SET(event, id, filt, flag, fflag, value, user)                      \
    (*(event) = (struct kevent){.ident = (id),                                 \
                                .filter = (filt),                              \
                                .flags = (flag),                               \
                                .fflags = (fflag),                             \
                                .data = (value),                               \
                                .udata = (user)})

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int nchanges,
           struct kevent *events, int nevents, const struct timespec *timeout);

#endif
#endif

/* sys/devpoll.h -- /dev/poll for systems without it; see emulation.h. */
#ifndef EMULATION_SYS_DEVPOLL_H
#define EMULATION_SYS_DEVPOLL_H

#if __has_include_next(<sys/devpoll.h>)
#include_next <sys/devpoll.h>
#else

#include <poll.h>

#define EMULATED_DEVPOLL

#ifndef POLLREMOVE /* glibc has the name, Linux not the device */
#define POLLREMOVE 0x1000
#endif
#define DP_POLL 0xD001

struct dvpoll {
    struct pollfd *dp_fds;
    nfds_t dp_nfds;
    int dp_timeout;
};

#endif
#endif

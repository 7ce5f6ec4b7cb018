/* sys/devpoll.h -- /dev/poll for systems without it; see emulation.h.
 *
 * Solaris and illumos show it to strictly POSIX programs only if these ask for
 * more (__EXTENSIONS__).
 */
#ifndef EMULATION_SYS_DEVPOLL_H
#define EMULATION_SYS_DEVPOLL_H

#if __has_include_next(<sys/devpoll.h>)
#include_next <sys/devpoll.h>
#else

#include <poll.h>

#define EMULATED_DEVPOLL

#if !defined __STRICT_ANSI__ || defined __EXTENSIONS__
#ifndef POLLREMOVE /* glibc has the name, Linux not the device */
#define POLLREMOVE 0x1000
#endif
#endif
#define DP_POLL 0xD001

struct dvpoll {
    struct pollfd *dp_fds;
    nfds_t dp_nfds;
    int dp_timeout;
};

#endif
#endif

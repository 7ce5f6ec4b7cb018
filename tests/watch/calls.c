/* calls.c -- the system calls a server sleeps in, and what each waits for.
 *
 * Not every system has all of them: newer ones lack select, poll and
 * epoll_wait, 64 bits need no second call for a larger time.
 */
#include "calls.h"

#include <stddef.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

static const struct call calls[] = {
#ifdef SYS_select
    {SYS_select, "select", WAITS_SELECT},
#endif
#ifdef SYS__newselect
    {SYS__newselect, "select", WAITS_SELECT},
#endif
#ifdef SYS_pselect6
    {SYS_pselect6, "select", WAITS_SELECT},
#endif
#ifdef SYS_pselect6_time64
    {SYS_pselect6_time64, "select", WAITS_SELECT},
#endif
#ifdef SYS_poll
    {SYS_poll, "poll", WAITS_POLL},
#endif
#ifdef SYS_ppoll
    {SYS_ppoll, "poll", WAITS_POLL},
#endif
#ifdef SYS_ppoll_time64
    {SYS_ppoll_time64, "poll", WAITS_POLL},
#endif
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait", WAITS_EPOLL},
#endif
#ifdef SYS_epoll_pwait
    {SYS_epoll_pwait, "epoll_wait", WAITS_EPOLL},
#endif
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, "epoll_wait", WAITS_EPOLL},
#endif
#ifdef SYS_accept
    {SYS_accept, "accept", WAITS_TO_READ},
#endif
#ifdef SYS_accept4
    {SYS_accept4, "accept", WAITS_TO_READ},
#endif
#ifdef SYS_recvfrom
    {SYS_recvfrom, "recv", WAITS_TO_READ},
    {SYS_recvmsg, "recvmsg", WAITS_TO_READ},
    {SYS_sendto, "send", WAITS_TO_WRITE},
    {SYS_sendmsg, "sendmsg", WAITS_TO_WRITE},
    {SYS_connect, "connect", WAITS_TO_WRITE},
#endif
#ifdef SYS_read
    {SYS_read, "read", WAITS_TO_READ},
    {SYS_readv, "readv", WAITS_TO_READ},
    {SYS_write, "write", WAITS_TO_WRITE},
    {SYS_writev, "writev", WAITS_TO_WRITE},
    {SYS_nanosleep, "nanosleep", WAITS_OTHERWISE},
    {SYS_clock_nanosleep, "nanosleep", WAITS_OTHERWISE},
    {SYS_wait4, "wait", WAITS_OTHERWISE},
    {SYS_waitid, "waitid", WAITS_OTHERWISE},
    {SYS_futex, "futex", WAITS_OTHERWISE},
    {SYS_rt_sigsuspend, "sigsuspend", WAITS_OTHERWISE},
    {SYS_rt_sigtimedwait, "sigwait", WAITS_OTHERWISE},
    {SYS_restart_syscall, "a call that a signal interrupted", WAITS_OTHERWISE},
#endif
#ifdef SYS_pause
    {SYS_pause, "pause", WAITS_OTHERWISE},
#endif
    {-1, NULL, WAITS_OTHERWISE},
};

const struct call *call_find(long number)
{
    const struct call *call = calls;

    while (call->name != NULL && call->number != number)
        call++;
    return call->name == NULL ? NULL : call;
}

/* deadline.c -- a moment in the future, for waits that may be interrupted. */
#include "deadline.h"

#include <time.h>

#ifndef CLOCK_MONOTONIC
#error "POSIX is hidden by -std=c11: add -D_XOPEN_SOURCE=700, or say -std=gnu11"
#endif

enum { NS_PER_MS = 1000000, MS_PER_S = 1000 };

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((long long)now.tv_sec * MS_PER_S * NS_PER_MS) + now.tv_nsec;
}

long long deadline_in(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : now_ns() + ((long long)timeout_ms * NS_PER_MS);
}

int deadline_left_ms(long long deadline)
{
    long long left_ns;

    if (deadline < 0)
        return -1;
    left_ns = deadline - now_ns();
    return left_ns <= 0 ? 0 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}

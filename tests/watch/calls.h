/* calls.h -- the system calls a server sleeps in, and what each waits for. */
#ifndef CALLS_H
#define CALLS_H

enum call_waits {
    WAITS_OTHERWISE, /* for no descriptor */
    WAITS_TO_READ,   /* for its first argument */
    WAITS_TO_WRITE,
    WAITS_SELECT, /* for what its arguments say */
    WAITS_POLL,
    WAITS_EPOLL
};

struct call {
    long number;
    const char *name; /* of the function that programs call */
    enum call_waits waits;
};

/* NULL: none that we know. */
const struct call *call_find(long number);

#endif

/* basics.h -- a few small things that several rooms need.
 *
 * What can be inline is: the unit tests use it, and do not link the harness.
 */
#ifndef BASICS_H
#define BASICS_H

#include <netinet/in.h>
#include <stdint.h>
#include <time.h>

/* Both ends close on exec; ends[0] is the reading one. */
void pipe_make(int ends[2]);

/* Until not one byte more goes into the pipe. */
void pipe_fill(int fd);

/* Prints it as words in lines of at most 79 characters. */
void print_folded(const char *text, int indent);

/* 127.0.0.1. */
static inline struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

#ifdef SIN6_LEN /* so BSD says that there is a sin_len */
    address.sin_len = sizeof address;
#endif
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* Below limit, and the same on every system (xorshift). *state is not 0. */
static inline unsigned random_below(uint32_t *state, unsigned limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % limit;
}

/* -1: this system does not have that clock. */
static inline long long clock_ns(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) == -1)
        return -1;
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

#endif

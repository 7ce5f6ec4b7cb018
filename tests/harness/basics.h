/* basics.h -- a few small things that several rooms need. */
#ifndef BASICS_H
#define BASICS_H

#include <netinet/in.h>
#include <stdint.h>

/* Both ends close on exec; ends[0] is the reading one. */
void pipe_make(int ends[2]);

/* Until not one byte more goes into the pipe. */
void pipe_fill(int fd);

/* 127.0.0.1. */
struct sockaddr_in loopback(int port);

/* Below limit, and the same on every system (xorshift). *state is not 0. */
unsigned random_below(uint32_t *state, unsigned limit);

#endif

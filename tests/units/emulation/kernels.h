/* kernels.h -- in what the kernels differ, as far as it can be stood in for.
 *
 * Without $STAND_IN it is the one that is here. On Linux, where kqueue is the
 * stand-in anyway, STAND_IN=netbsd has it and accept() do as another one does:
 * each of these was read in its sources, or seen. make variants runs the suites
 * with all of them.
 */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdbool.h>

struct kernel {
    const char *name;
    /* kevent() asked for EVFILT_WRITE on a pipe that nobody reads: the errno,
     * or 0, it agrees and reports it at once. */
    int broken_pipe;
    int most_events;      /* that a call of kevent() hands out */
    bool accept_inherits; /* O_NONBLOCK, from the listener */
    bool accept_drops;    /* whom it has no descriptor for */
};

/* Ends the program if $STAND_IN names none. */
const struct kernel *kernel(void);

/* What it does besides, when accept() has returned client. Returns that. */
int kernel_accepted(int listener, int client);

#endif

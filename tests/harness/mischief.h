/* mischief.h -- a program whose nth system call fails: a library is preloaded,
 * preloaded/mischief.c, which says what it can do.
 */
#ifndef MISCHIEF_H
#define MISCHIEF_H

#include "launch.h"

/* The function's call of that number ends with this error. Several are written
 * one behind the other. */
#define FAULT(function, number, error)                                         \
    TEXT(function) ":" TEXT(number) ":" TEXT(error) " "
/* So do all calls from one number to another. */
#define FAULTS(function, from, to, error)                                      \
    TEXT(function) ":" TEXT(from) "-" TEXT(to) ":" TEXT(error) " "
#define TEXT(macro) TEXT_OF(macro)
#define TEXT_OF(text) #text

/* The wait of that number, whatever is waited with. */
#define FAULT_OF_WAIT(number, error)                                           \
    FAULT(select, number, error)                                               \
    FAULT(poll, number, error)                                                 \
    FAULT(epoll_wait, number, error) FAULT(kevent, number, error)

/* What is started so has these faults. One launch at a time. */
void launch_with_faults(struct launch *launch, const char *faults);

/* Whether the library can be preloaded into this program, which ends when it is
 * started with -h. */
bool can_preload_into(struct launch launch);

/* The addresses of two.invalid, for the program that is started next. */
void set_two(const char *first, const char *second);

#endif

/* preload.h -- starts our programs with the library of mischief.c. */
#ifndef PRELOAD_H
#define PRELOAD_H

#include "harness.h"

/* Whether it can be preloaded; a word that it cannot is said once. To be asked
 * before the tests begin. */
bool can_preload(int i);

/* A fault, for mischief.c: the function's call of that number ends with this
 * error. Several are written one behind the other. */
#define FAULT(function, number, error)                                         \
    TEXT(function) ":" TEXT(number) ":" TEXT(error) " "
#define TEXT(macro) TEXT_OF(macro)
#define TEXT_OF(text) #text

/* The wait of that number, whatever is waited with. */
#define FAULT_OF_WAIT(number, error)                                           \
    FAULT(select, number, error)                                               \
    FAULT(poll, number, error)                                                 \
    FAULT(epoll_wait, number, error) FAULT(kevent, number, error)

/* Starts the program of this test with an argument and with faults. Where the
 * best selector is to be taken it is one that the library knows. */
struct child *start_with_faults(int i, const char *argument,
                                const char *faults);

/* A server, to which one can connect. */
struct child *start_server_with_faults(int i, const char *faults);

/* The addresses of two.invalid, for the program that is started next. */
void set_two(const char *first, const char *second);

#ifndef PRELOAD_C
#define start_with_faults(...) HERE(start_with_faults, __VA_ARGS__)
#define start_server_with_faults(...)                                          \
    HERE(start_server_with_faults, __VA_ARGS__)
#endif

#endif

/* preload.h -- starts our programs with system calls that fail. */
#ifndef PRELOAD_H
#define PRELOAD_H

#include "harness.h"

/* Whether the library for it can be preloaded; a word that it cannot is said
 * once. To be asked before the tests begin. */
bool can_preload(int i);

/* Starts the program of this test with an argument and with faults. Where the
 * best selector is to be taken it is one that the library knows. */
struct child *start_with_faults(int i, const char *argument,
                                const char *faults);

/* A server, to which one can connect. */
struct child *start_server_with_faults(int i, const char *faults);

#ifndef PRELOAD_C
#define start_with_faults(...) HERE(start_with_faults, __VA_ARGS__)
#define start_server_with_faults(...)                                          \
    HERE(start_server_with_faults, __VA_ARGS__)
#endif

#endif

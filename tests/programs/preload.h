/* preload.h -- starts our programs with the library of mischief.c. */
#ifndef PRELOAD_H
#define PRELOAD_H

#include "harness.h"

/* Whether it can be preloaded; a word that it cannot is said once. To be asked
 * before the tests begin. */
bool can_preload(int i);

/* Starts the program of this test with an argument, and a fault or several:
 * "select:3:12"; see mischief.c. Where the best selector is to be taken it is
 * one that the library knows. */
struct child *start_with_fault(int i, const char *argument, const char *format,
                               ...) PRINTF_LIKE(3, 4);

/* A server, to which one can connect. */
#define START_SERVER(...) await_server(start_with_fault(_i, "0", __VA_ARGS__))
struct child *await_server(struct child *server);

/* The fault that the wait of that number fails, whatever is waited with. Valid
 * until the fourth next call. */
const char *wait_number(int number, int error);

/* The addresses of two.invalid, for the program that is started next. */
void set_two(const char *first, const char *second);

#ifndef PRELOAD_C
#define start_with_fault(...) HERE(start_with_fault, __VA_ARGS__)
#define await_server(...) HERE(await_server, __VA_ARGS__)
#endif

#endif

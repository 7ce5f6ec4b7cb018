/* preload.h -- what the parts of the preloaded library share.
 *
 * Each call of the program arrives in calls.c or waits.c, which asks dice.c
 * what shall become of it, and tells journal.c what has.
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#ifndef __APPLE__ /* see replace.h */
#undef _POSIX_C_SOURCE
#undef _XOPEN_SOURCE
#define _GNU_SOURCE
#endif

#include "../chaos.h"
#include "replace.h"

#include <stdbool.h>
#include <sys/types.h>

/* Only what is in place of the system's is seen from outside. */
#pragma GCC visibility push(hidden)

/* Looked up once, as dlsym() may ask for memory, which is one of the calls. */
#ifndef __APPLE__
#undef REAL
#define REAL(name)                                                             \
    (__extension__(__typeof__(our_##name) *) real_call(CALL_##name))
void *real_call(enum chaos_call call);
#endif

/* -- dice.c ---------------------------------------------------------------- */

extern bool enabled; /* there is a seed */

/* Counts the call, and says what shall become of it. */
enum chaos_kind decide(enum chaos_call call, int fd);

/* Faults may begin: the program has begun to wait, or to be talked to. */
void arm(void);

/* A number below limit that goes with this call. */
unsigned drawn(enum chaos_call call, unsigned limit);

/* With how many of size bytes it is to be made. */
size_t shortened(enum chaos_call call, enum chaos_kind kind, int fd,
                 size_t size);

bool is_nonblocking(int fd);
bool is_wait(enum chaos_call call);

/* -- journal.c ------------------------------------------------------------- */

extern const char *const call_names[CHAOS_CALL_COUNT];
extern const char *const kind_names[CHAOS_KIND_COUNT];

extern struct chaos_report *report;
extern unsigned long numbers[CHAOS_CALL_COUNT]; /* of calls, so far */

/* Real calls under way: what they call is left alone. */
extern int inside;

void map_report(int fd);

void note(enum chaos_call call, enum chaos_kind kind, int fd, long size);

/* Notes the fault, and returns -1 with the errno it is named for. */
int fails(enum chaos_call call, enum chaos_kind kind, int fd);

/* That errno; 0: it is no error. */
int error_of(enum chaos_kind kind);

/* Around each real call. */
void enter(void);
void leave(void);

/* Passes on what a call that does something for a descriptor has returned. */
ssize_t progress(ssize_t result);

/* Leaves, and passes on what a wait has returned that was not tampered with. */
int waited(int ready);

/* -- calls.c and waits.c: what each knows of descriptors ------------------- */

enum { DESCRIPTORS = 4096 };

/* Connects that are held back. */
extern int late_count;
bool is_late(int fd);

/* For which events epoll or kqueue watches it. */
void watch(int fd, int events);

#pragma GCC visibility pop

#endif

/* usage.h -- what a program uses: descriptors, memory, the processor.
 *
 * By /proc, or else by lsof(1) and ps(1). Where neither tells it is -1.
 */
#ifndef USAGE_H
#define USAGE_H

#include "programs.h"

/* How many descriptors it has open; to be compared with another count only. */
int child_descriptors(struct child *child);

/* It must have that many. Skips where the system does not tell. */
void child_expect_descriptors(struct child *child, int expected,
                              const char *when);

/* KiB that belong to it alone; where that is not known all that are resident.
 */
long child_memory(struct child *child);

/* The processor time it has used. */
long long child_cpu_ns(struct child *child);

/* 'R': it computes, or waits until it may; 'S': it sleeps; 0: this system does
 * not tell. Unlike a time this does not depend on what else runs here. */
char child_process_state(const struct child *child);

/* It must sleep: the processor time it takes while we compute for a tenth of a
 * second is next to none, and it does not wake up again and again. Skips where
 * the system does not tell. */
void child_expect_idle(struct child *child, const char *when);

#endif

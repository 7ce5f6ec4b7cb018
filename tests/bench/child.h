/* child.h -- the programs that are measured: start, watch, stop. */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

/* From now on whatever ends this program ends its children first. */
void child_die_with_us(void);

/* Starts a shell command, which replaces the shell. Its stdout is a file that
 * nobody sees: unlike a pipe it is never full, and nobody has to read it. */
struct child {
    pid_t pid;
    int output;
};

struct child child_start(const char *command);

/* Waits for "Listening on 127.0.0.1:PORT" and returns the port. */
int child_port(const struct child *child);

/* A process of our own that calls hold(argument), says it is ready, and sleeps
 * until it is stopped. Returns when it is ready. */
struct child child_fork(void (*hold)(void *), void *argument);

/* The processor time of the child so far, in nanoseconds, its kernel's part
 * included. < 0: this system does not tell. */
double child_cpu(const struct child *child);

/* How many bytes of memory belong to it alone. */
double child_memory(const struct child *child);

/* Waits until it ends by itself; its exit status, -1: a signal ended it.
 * *cpu_ns is the processor time of its life. */
int child_wait(struct child *child, double *cpu_ns);

/* Stops it if it has not ended, and waits. */
void child_stop(struct child *child);

#endif

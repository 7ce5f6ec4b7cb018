/* process.h -- processes of ours, which never outlive us.
 *
 * However we end, by exit(), abort() or any signal, SIGKILL too: a watcher, a
 * process of its own, holds the reading end of a pipe whose writing end nobody
 * but us has. When that ends it kills what is left. Each process is the leader
 * of a group, and whatever it has started itself ends with it.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* As fork(), but never fails: it says why, and exits. */
pid_t process_fork(void);

/* false: it runs. Otherwise how it has ended, as waitpid() tells, and the
 * processor time of its life; its number may belong to somebody else soon. */
bool process_has_ended(pid_t pid, int *status, long long *cpu_ns);

/* Waits for the end of any, and returns which; 0: process_interrupted(). */
pid_t process_await(int *status);

/* From now on Ctrl-C and the like do not end us (the second one does), but
 * process_await(): what was found out until then is still to be told. */
void process_catch_interrupts(void);

/* By which signal; 0: by none yet. */
int process_interrupted(void);

/* Kills it if it has not ended. */
void process_end(pid_t pid, int *status, long long *cpu_ns);

/* Kills all that run, as is done at exit; a signal handler may call it. */
void process_end_all(void);

#endif

/* programs.h -- start a program, hear what it prints, see how it ends.
 *
 * Nothing is synchronised by time. Whatever must happen is waited for, at most
 * patience_ms(); meanwhile all that the programs print is read, so that no full
 * pipe can stop them. $CK_TIMEOUT_MULTIPLIER multiplies the patience, as it
 * does Check's.
 */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "launch.h"
#include "outcome.h"
#include "stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* -- time ------------------------------------------------------------------ */

int patience_ms(void);
long long now_ms(void);

/* Until fd is ready for events of poll(2), or the moment has passed (false).
 * With fd -1: until a program prints something or ends. */
bool wait_until(long long moment_ms, int fd, short events);

/* Until one of these is ready, or a program prints something or ends. */
struct pollfd;
bool wait_for_any(long long moment_ms, struct pollfd *fds, int count);

/* -- starting -------------------------------------------------------------- */

struct child {
    pid_t pid; /* 0: this slot is free */
    char name[128];
    int in;
    struct stream out;
    struct stream err;
    int file; /* of TO_FILE; 0: none */
    bool ended;
    int status;       /* of waitpid(), when it has ended */
    long long cpu_ns; /* the processor time of its life, when it has ended */
    int port;         /* of a server */
};

/* Starts it with arguments[] up to a NULL, which ARGS() adds. */
struct child *child_start(const struct launch *launch,
                          const char *const *arguments);

/* -- its life -------------------------------------------------------------- */

bool child_runs(struct child *child);

/* There were some, and none of them runs: nobody is left to wait for. */
bool children_have_ended(void);

/* "still running", or how it has ended; valid until the next call. */
const char *child_state(struct child *child);

void child_signal(struct child *child, int number);

/* Stops it with SIGSTOP, and is sure that it has stopped. */
void child_pause(struct child *child);

/* Writes to its stdin; ends its stdin. */
void child_write(struct child *child, const void *data, size_t size);
void child_end_input(struct child *child);

/* -- its end --------------------------------------------------------------- */

/* It must end by itself, with that exit status. */
void child_expect_exit(struct child *child, int status);

/* Kills it if it runs. Its text can be read until child_free(). */
void child_end(struct child *child);

/* The same, and forgets it. */
void child_free(struct child *child);

/* child_expect_exit(), child_free(). */
void child_finish(struct child *child, int status);

/* A server must still run; it is terminated, and must not have complained
 * (sanitizers, valgrind). */
void child_stop(struct child *child);

/* -- what it prints -------------------------------------------------------- */

/* Waits until it, or another one, has printed something. false: it will print
 * no more there, or has not until that moment. */
bool child_says_more(struct child *child, const struct stream *stream,
                     long long moment_ms);

/* Everything printed until now, and nothing else, must be this text (whoever
 * has printed it may be slow). */
void child_expect_stdout(struct child *child, const char *format, ...)
    PRINTF_LIKE(2, 3);
void child_expect_stderr(struct child *child, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* These words must appear, some time. */
void stream_expect(struct child *child, struct stream *stream,
                   const char *format, ...) PRINTF_LIKE(3, 4);

/* So often they must have appeared until now. */
void stream_expect_count(const struct stream *stream, const char *words,
                         int expected);

/* Adds to message[0 .. size-1] how all programs are and what they said last. */
void children_describe(char *message, size_t size);

#endif

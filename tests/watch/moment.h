/* moment.h -- how a program is at one moment, seen from outside.
 *
 * Nothing stops it and nothing is asked of it: the kernel is. Poll(2) cannot be
 * asked of somebody else's descriptor, so whether one is ready is concluded
 * from what lies in its queues. What the system does not tell is left empty,
 * and `missing` says so.
 */
#ifndef MOMENT_H
#define MOMENT_H

#include "callers.h"

#include "programs.h"

#include <stdio.h>

enum { TO_READ = 1, TO_WRITE = 2 }; /* bits */

struct row {
    int fd; /* -1: none, a newcomer whom nobody has accepted */
    unsigned long inode;
    bool inherited;                    /* from us: no work of the program's */
    int listens_on;                    /* a port; 0: it does not */
    char what[PROC_ADDRESS_SIZE + 24]; /* "listener 127.0.0.1:5000" */
    char incoming[48];                 /* "4 bytes not yet read" */
    char outgoing[48]; /* "512 bytes not yet taken", by the peer's kernel */
    int watched;       /* for TO_READ, TO_WRITE */
    int ready;         /* if it were watched */
};

struct moment {
    char state[80]; /* "sleeps in select()" */
    struct callers callers;
    const char *missing; /* NULL: nothing */
    struct row *rows;    /* by descriptor */
    int count;
    int capacity;
};

/* As it is now, in place of what was there. */
void moment_take(struct child *child, struct moment *moment);

/* -- for those who fill it ------------------------------------------------- */

/* A new row; valid until the next call. */
struct row *moment_add(struct moment *moment, int fd, const char *what);

/* What lies in the kernel, in words. */
void row_tell_newcomers(struct row *row, long count);
void row_tell_unread(struct row *row, long bytes, bool end_unread);
void row_tell_unsent(struct row *row, long bytes);

/* linux.c: false, this system does not tell that. */
bool moment_from_proc(pid_t pid, struct moment *moment);

/* Whether this kernel would tell that of others, but not of this one, or not to
 * us. */
bool proc_is_forbidden(pid_t pid);

/* lsof.c: what else there is. */
void moment_from_lsof(pid_t pid, struct moment *moment);

/* What `lsof -F fnT` has printed, line by line. */
void lsof_read(struct moment *moment, FILE *print);

#endif

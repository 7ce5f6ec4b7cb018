/* launch.h -- how a program is started: from what, with what, in place of whom.
 *
 * $O        where the programs were built ("" or "build/x/")
 * $WRAPPER  a command to put before each of them ("valgrind -q ...")
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>

/* For in, out, err of a launch, in place of a descriptor: closed; where stdout
 * goes; a file that nobody sees, which unlike a pipe is never full, and which
 * is looked at only when somebody waits. */
enum { CLOSED = -1, AS_STDOUT = -2, TO_FILE = -3 };

struct launch {
    const char *path;         /* below $O: "02_select_loop/server" */
    const char *variable;     /* "SERVER": a command there replaces path */
    const char *command;      /* this one does; NULL: none */
    const char *selector;     /* $SELECTOR for it; NULL: not set */
    char *const *environment; /* more "NAME=value", up to a NULL; NULL: none */
    int descriptors;          /* its ulimit -n, three are open; 0: as it is */
    int file_bytes;           /* its ulimit -f; 0: as it is */
    int in, out, err; /* a descriptor for it, or see above; 0: a pipe to us */
};

/* Its arguments, behind which this adds a NULL. */
#define ARGS(...)                                                              \
    (const char *[])                                                           \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

/* Whether a command there replaces one of ours. */
bool is_replaced(const char *variable);

/* Whether valgrind or the like has a part in what the programs do. */
bool is_wrapped(void);

/* The command that is started in place of the program; NULL: none is. */
const char *launch_command(const struct launch *launch);

/* More than 1100 descriptors for us and our programs, or else false. */
bool raise_descriptor_limit(void);

/* -- for programs.c -------------------------------------------------------- */

/* One of stdin, stdout, stderr. */
struct end {
    int theirs; /* a descriptor, CLOSED, or AS_STDOUT */
    int ours;   /* -1: none */
    bool made;  /* theirs is to be closed when they have it */
    bool is_file;
};

/* What is wanted, for the descriptor of that number. */
struct end launch_end(int wanted, int number);

/* In the process that is to be the program. */
_Noreturn void launch_become(const struct launch *launch,
                             const struct end ends[3],
                             const char *const *arguments);

#endif

/* catch.h -- somebody's check against good servers and sick ones.
 *
 * catch.c says what is played and judges, catch_run.c plays one server,
 * catch_keeper.c is what no script outlives, catch_faults.c knows what a client
 * would have to do, catch_report.c prints.
 */
#ifndef CATCH_H
#define CATCH_H

#include "harness.h"

/* What the check has said of a server. Whoever hangs has said nothing. */
enum word {
    YES,
    NO,
    HANGS,
    CANNOT_RUN, /* exit status 126, 127: it, or a command in it */
    KILLED,
    LOST /* the server did not start */
};

enum { SAID = 600, RUNS_MOST = 80, JOBS_MOST = 64 };

/* In memory that the processes share. */
struct run {
    const char *name;
    const char *command; /* the server */
    const char *hint;    /* NULL: it is a good one */
    bool done;
    enum word word;
    int status;            /* as waitpid() tells, by its keeper */
    bool has_ended;        /* the same */
    bool left_some_behind; /* the same */
    size_t printed;        /* bytes */
    char said[SAID];       /* the last of them */
    pid_t pid;             /* 0: it is not being played */
};

/* -- catch_faults.c -------------------------------------------------------- */

/* hint: what a client would have to do; NULL: it is not played. */
struct sickness {
    const char *fault, *hint;
};

extern const struct sickness sicknesses[]; /* up to a NULL fault */

/* -- catch.c --------------------------------------------------------------- */

struct plan {
    const char *script; /* a command for sh */
    int limit_s, jobs;
    int good, count; /* the good ones come first */
    struct run *runs;
};

extern struct plan plan;

int count_done(void);
int count_words(enum word word, int from, int to);

/* -- catch_run.c ----------------------------------------------------------- */

/* Starts the server, lets the check look at it, and ends this process. */
_Noreturn void play(struct run *run);

/* -- catch_keeper.c -------------------------------------------------------- */

struct kept {
    int output; /* what the script prints */
    int done;   /* at its end when the script and all that it began are over */
    int lifeline; /* whoever closes it ends them */
};

struct kept keep_script(const char *script, int port, pid_t server,
                        struct run *run);

/* -- catch_report.c -------------------------------------------------------- */

void print_head(void);
void show_runs(void);

/* Returns the exit status. */
int print_score(void);

#endif

/* chaos_run.h -- what the parts of chaos_run share. */
#ifndef CHAOS_RUN_H
#define CHAOS_RUN_H

#include "chaos.h"
#include "harness.h"

/* -- plan.c: what there is to do ------------------------------------------- */

struct conversation {
    const char *with;   /* subject_is() one of these */
    void (*talk)(void); /* starts it, and talks to it */
    const char *rates;  /* the faults that its policy does not survive */
};

/* A program with a selector: a line of the output. */
struct line {
    const struct subject *subject;
    const struct conversation *conversation;
    const char *selector; /* NULL: none to choose */
    const char *build;    /* $O */
    char name[64];
    int runs_left;
    int runs_done;
    int failed;
    unsigned long faults[CHAOS_KIND_COUNT];
};

extern struct line lines[];
extern int line_count;
extern unsigned seeds[];
extern int seed_count;

/* Those whose names begin as one of these; all if there are none. A program
 * that is given in place of ours is the only one. false: there is no such line,
 * and that was said. */
bool list_lines(char **names);

/* false: that cannot be understood. */
bool list_seeds(const char *text);

/* -- run.c: one line with one seed ----------------------------------------- */

/* What the process of a run and its parent share. */
struct run {
    struct line *line;
    unsigned seed;
    pid_t pid; /* 0: free */
    struct chaos_report *report;
    char *message; /* why it has failed */
    int fd;        /* of the file that both are in */
};

enum { MESSAGE_SIZE = 16 * 1024 };

/* The one that this process is for. */
extern struct run *run;
extern const char *library;

_Noreturn void run_and_exit(struct run *slot);

/* -- for the conversations ------------------------------------------------- */

/* The program of this run, on which chaos works; NULL: as a server. */
struct child *start(const char *const *arguments);

/* Below limit, as the seed has it. */
unsigned any(unsigned limit);

/* How many faults of this kind there were. */
unsigned long faults(enum chaos_kind kind);

/* For each client or connect that is given up there must have been a reason. */
void expect_reasons(int given_up, const char *what, unsigned long reasons);

/* It must sleep, before long. */
void expect_rest(const char *when);

/* -- servers.c, clients.c: the conversations ------------------------------- */

void talk_alone(void);
void talk_to_server(void);
void talk_to_upper(void);
void talk_to_client(void);
void talk_to_connect(void);

/* -- report.c -------------------------------------------------------------- */

/* Why this run has failed, for its parent. */
_Noreturn void keep_message(const char *message);

void print_plan(int runs, long at_a_time);
void print_line(const struct line *line, const char *with_seeds);
void print_failure(const struct run *slot, int status);

#endif

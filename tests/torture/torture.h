/* torture.h -- hostile clients against programs, and what became of them.
 *
 * A cell of the matrix is one case (a row) played to one program (a column). It
 * runs in a process of its own and starts the program anew, so that it can fail
 * alone. torture.c says which cells there are, runner.c runs them, report.c
 * prints; cell.c is what happens before and after every case of cases/.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include "harness.h"

/* What became of a case: the table in report.c says what each means. */
enum verdict {
    OK,
    WAITS,
    STUCK,
    DROPS,
    WRONG,
    DIES,
    LEAKS,
    GROWS,
    SPINS,
    LOST,
    SKIPPED,
    VERDICTS
};

enum measure { DESCRIPTORS = 1, MEMORY = 2, PROCESSOR = 4 };

struct outcome {
    enum verdict verdict;
    int connected;  /* of those who came, in cases that count them */
    int served;     /* of these, at the same time */
    int unmeasured; /* enum measure: what this system does not tell */
    char evidence[400];
};

/* What a program may do in the cases in which one client can hold up others. */
enum waiting { NOBODY_WAITS, SOME_MUST_WAIT, SOME_MAY_WAIT };

enum { HEAD_SIZE = 6 };

struct column {
    char heads[3][HEAD_SIZE];
    struct launch launch;
    enum waiting waiting;
};

enum counts { COUNTS_NOTHING, CONNECTED, SERVED /* both */ };

/* A case. To add one: a function in a file of cases/, and a row in the table at
 * its end. `make torture-broken` must see it fail, so the row names faults of
 * broken_server, if need be a new one, and what each must look like. */
struct row {
    const char *name; /* at most 25 characters */
    void (*play)(void);
    struct fault {
        const char *name;
        enum verdict verdict;
    } faults[6]; /* up to a NULL name, so five at most */
    enum counts counts;
    bool holds_up;   /* whoever comes second, if one is served at a time */
    bool unheard;    /* play() starts the server */
    int descriptors; /* its ulimit -n; 0: as it is */
};

/* Each up to a NULL name. */
extern const struct row newcomer_cases[], reset_cases[], byte_cases[],
    crowd_cases[], surrounding_cases[];

struct cell {
    const struct column *column;
    const struct row *row;
    enum verdict expected; /* OK as well, if somebody may wait */
    int tries;
    pid_t pid; /* 0: it is not being played */
    bool done;
    bool unplayed; /* done, because somebody has interrupted us */
    struct outcome outcome;
};

/* -- runner.c -------------------------------------------------------------- */

enum { CELLS_MOST = 1000 };

/* In memory that they share with us. */
extern struct cell *cells;
extern int cell_count;

void add_cell(const struct column *column, const struct row *row,
              enum verdict expected);

bool is_as_it_should_be(const struct cell *cell);

/* All of them, a few at a time, and shows them whenever one is done. */
void run_cells(int at_a_time, void (*show)(void));

/* -- cell.c ---------------------------------------------------------------- */

/* Plays the case to the program, leaves the outcome in the cell, and ends this
 * process. */
_Noreturn void play_cell(struct cell *cell);

/* -- report.c -------------------------------------------------------------- */

extern bool quiet; /* about what is as it should be */

/* How many cells of what there are to play, and how long that takes. */
void print_plan(int count, const char *what, int at_a_time);

/* The cells are rows of that many columns. */
void print_heads(const struct column *columns, int count);
void show_rows(void);
void print_legend(void);
void print_failures(void);

/* The cells are faults. */
void show_faults(void);

void print_unmeasured(void);

/* Returns the exit status. */
int print_totals(void);

#endif

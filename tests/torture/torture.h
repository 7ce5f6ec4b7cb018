/* torture.h -- hostile clients against programs, and what became of them.
 *
 * A cell of the matrix is one case (a row) played to one program (a column). It
 * runs in a process of its own and starts the program anew, so that it can fail
 * alone. torture.c runs the cells and prints, cell.c is what happens before, in
 * and after every case, cases.c holds the cases and broken_faults.c the
 * programs that must fail them.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include "harness.h"

enum verdict {
    OK,
    WAITS,   /* somebody was served only after another had left */
    STUCK,   /* somebody was not served at all, or too late */
    DROPS,   /* a connection was closed that should have been served */
    WRONG,   /* other bytes than promised, or another behaviour */
    DIES,    /* the process ended */
    LEAKS,   /* descriptors stayed open */
    GROWS,   /* memory was not given back */
    SPINS,   /* it used the processor with nothing to do */
    LOST,    /* the test itself failed */
    SKIPPED, /* this system cannot do it */
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

struct column {
    const char *heads[3]; /* at most 5 characters each */
    struct launch launch;
    const char *command; /* for launch.variable; NULL: what it is */
    enum waiting waiting;
};

enum counts { COUNTS_NOTHING, CONNECTED, SERVED /* both */ };

struct row {
    const char *name; /* at most 25 characters */
    void (*play)(void);
    enum counts counts;
    bool holds_up;   /* whoever comes second, if one is served at a time */
    bool unheard;    /* play() starts the server */
    int descriptors; /* its ulimit -n; 0: as it is */
};

extern const struct row rows[];
extern const int row_count;

/* That fault of broken_server must have this outcome; up to a NULL name. */
struct fault {
    const char *name;
    const char *row;
    enum verdict verdict;
};

extern const struct fault faults[];

/* Plays the case to the program, writes its outcome to the descriptor, and ends
 * this process. patience: multiplies the time within which things must be. */
_Noreturn void cell_play(const struct column *program, const struct row *row,
                         int patience, int to);

/* -- for the cases --------------------------------------------------------- */

extern struct child *server;
extern struct outcome outcome;

/* The time within which a client must be served. */
int limit_ms(void);

/* What the program answers: "Hello World\n", or the text itself. */
bool answers_hello(void);
const char *reply_to(const char *text, size_t *size);

/* The byte that must come back for one that was sent. */
unsigned char byte_back(unsigned char sent);

_Noreturn void end_with(enum verdict verdict, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* Starts it with these, as in struct launch, and nobody reads its stdout. */
void start_unheard(int in, int out);

/* Starts it on that port; false: it does not say that it listens. */
bool start_on(int port);

/* The same program once more, whatever becomes of it. */
struct child *start_another_on(int port);

/* A client comes, sends text, is answered, leaves. Whoever: for the evidence.
 * What is not as it must be ends the case. */
int come(const char *whoever);
void serve(int client, const char *whoever);
void leave(int client, const char *whoever);

enum answer { ANSWERED, CLOSED_BY_SERVER, UNANSWERED };
void say(int client, const char *text);
enum answer hear(int client, const char *text, int within_ms);
enum answer ask(int client, const char *text, int within_ms);
void must(enum answer answer, const char *whoever);

/* How long somebody is waited for who may have to wait for others. */
int newcomer_ms(void);

/* Somebody had to: the outcome is WAITS, unless the case ends worse. */
void had_to_wait(const char *format, ...) PRINTF_LIKE(1, 2);

/* Asks; true: no answer while others are there. */
bool is_kept_waiting(int client, const char *whoever);

/* Whether it sleeps for 20 ms, all the time. */
bool rests_for_a_moment(void);

/* It must sleep, before long. */
void expect_rest(const char *when);

/* Memory in KiB; -1: not measured. */
long memory_now(void);

#endif

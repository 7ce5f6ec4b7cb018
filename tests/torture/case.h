/* case.h -- what a case can do.
 *
 * What is not as it must be ends the case, here or in the harness. A case that
 * returns is followed by a look at what it has left behind.
 */
#ifndef CASE_H
#define CASE_H

#include "torture.h"

/* TIMES: what may go wrong only now and then is done so often. */
enum { KIB = 1024, MIB = 1024 * KIB, TIMES = 20 };

/* -- cell.c: the program --------------------------------------------------- */

extern struct child *server;
extern struct outcome outcome;

_Noreturn void end_with(enum verdict verdict, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* How long, instead of patience_ms(), somebody is waited for who may have to
 * wait for others. */
int newcomer_ms(void);

/* Somebody had to: the outcome is WAITS, unless the case ends worse. */
void had_to_wait(const char *format, ...) PRINTF_LIKE(1, 2);

/* Starts it with these, as in struct launch, and nobody reads its stdout. */
void start_unheard(int in, int out);

/* Starts it on that port; false: it does not say that it listens. */
bool start_on(int port);

/* The same program once more, whatever becomes of it. */
struct child *start_another_on(int port);

/* Whether it sleeps for 20 ms, all the time. */
bool rests_for_a_moment(void);

/* For one who has not yet noticed all that has come: a moment. */
void let_it_sleep(void);

/* It must sleep, before long. */
void expect_rest(const char *when);

/* Memory in KiB; -1: not measured. */
long memory_now(void);

/* It has grown: it must not go on so, each of three times, by more than that,
 * when this is done again. */
void expect_no_more_growth(void (*again)(void), long allowed_kib, long grown);

/* -- talk.c: its clients, called whoever in the evidence ------------------- */

int come(const char *whoever);
void serve(int client, const char *whoever);
void leave(int client, const char *whoever);

/* -1: could not connect. */
int try_to_come(void);

/* Sends text; waits for the answer to it; both. */
void say(int client, const char *text);
void hear(int client, const char *text, const char *whoever);
void ask(int client, const char *text, const char *whoever);

/* The same of one who may have to wait for others. */
enum answer { ANSWERED, CLOSED_BY_SERVER, UNANSWERED };
enum answer try_asking(int client, const char *text);

/* Asks "and me?\n"; true: no answer while others are there. */
bool is_kept_waiting(int client, const char *whoever);

/* What the program answers to size bytes, and how many those are: "Hello
 * World\n", or themselves. It is asked for that once. */
void learn_manner(int client);
bool answers_hello(void);
const char *reply_to(const char *bytes, size_t *size);

#endif

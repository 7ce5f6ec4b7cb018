/* check.h -- what the checks of the exercises are written with.
 *
 * A check is a short story that is played with a student's program: A connects,
 * A says "one", B connects ... It stops at the first thing that is not as it
 * should be, and then tells the story so far, what was expected and what came,
 * and what is behind it. Most of the functions below are a step of the story
 * and what the harness does for it; step() tells one in words of its own.
 */
#ifndef CHECK_EXERCISE_H
#define CHECK_EXERCISE_H

#include "harness.h"
#include "traced.h"

/* Written in lesson1.c and so on, found by number: `make ex-1.2`. */
struct exercise {
    const char *number;
    void (*check)(void);
};

void check_6_2(void); /* chat.c: a suite of its own */

/* Each ends with number NULL. */
extern const struct exercise lesson0[], lesson1[], lesson1h[], lesson2[],
    lesson3[], lesson3h[], lesson4[], lesson5[], lesson6[];

/* -- the story ------------------------------------------------------------- */

/* What was told before is forgotten; SELECTOR is set for the next program. */
void story_begins(const char *selector);

/* Plays a story with the best selector there is, with poll and with select.
 * With the first alone server_sleeps() asks: it takes a while to be sure, and
 * whoever spins does so with all of them. */
void on_every_selector(void (*story)(void));

/* The next step of the story: "A connects". */
void step(const char *format, ...) PRINTF_LIKE(1, 2);

/* What is behind it if something goes wrong from here on: one or two sentences
 * for somebody who does not know the answer. NULL: nothing more to say. */
void because(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same step may fail in several ways. This is said instead, if the program
 * is then found to take all the processor time it can get, to have ended by
 * itself, or to have been killed (for this there is a text if none is given).
 * because() forgets it; its own text is for SLEEPS, and when nothing is known.
 */
enum state { SLEEPS, SPINS, ENDED, KILLED, STATES };
void because_if(enum state state, const char *format, ...) PRINTF_LIKE(2, 3);

/* -- its text: for what cannot be seen from outside ------------------------ */

/* Whether in a function (its name and what follows, as in its definition) the
 * one text stands before the other, comments left out. */
bool source_order(const char *path, const char *function, const char *first,
                  const char *second);

/* Whether a function has this text, from its name to before the brace that ends
 * it. Spaces and comments do not matter. */
bool source_is(const char *path, const char *function, const char *text);

/* -- the program ----------------------------------------------------------- */

/* The one that is checked, and where its source is. */
extern struct child *program;
extern const char *program_path;
extern const char *program_source;

/* How it is started: ulimit, SELECTOR ... Its path is filled in. */
extern struct launch program_launch;

/* Of the descriptor numbers below a limit the program will find only so many
 * free, the largest; the others it inherits, open. */
void occupy_numbers(int below, int free);

/* And this one, until it is closed. */
void occupy_number(int fd);

/* "the server starts" (with SELECTOR=..., if one is set): on a free port. */
void server_starts(void);

/* The same; why it may not, if it does not. */
void server_starts_or(const char *why);

/* A new story with a selector (NULL: any), in which some of the server's system
 * calls fail, as mischief.h tells; what: that, a step of the story. false: no
 * library can be preloaded here, and the story cannot be told. */
bool server_starts_with_faults(const char *faults, const char *selector,
                               const char *what);

/* How often programs have gone to sleep by themselves, all together. It is told
 * of those that have ended, so not before server_ends_well(). */
long sleeps_until_now(void);

/* A new story with another program: the source built once more, and its calls
 * are counted. See traced.h. */
struct trace *program_is_traced(void);

/* "the program is started with ...": arguments[] up to a NULL. */
void program_starts(const char *const *arguments);

/* It still runs, and ends when it is told to; no harm has come to it. */
void server_ends_well(void);

/* "the server sleeps": it takes no processor time. */
void server_sleeps(const char *when);

/* The same, and no step. */
void program_sleeps(const char *when);

/* Whether these words have appeared until now. */
bool has_printed(const struct stream *stream, const char *words);

/* -- those who talk to it -------------------------------------------------- */

enum { PEOPLE = 64 };

/* "A connects". name is a literal, or lives as long. Returns the descriptor. */
int connects(const char *name);

/* The same, and a few bytes fill all room on the way to it. */
int connects_small(const char *name);

void says(int client, const char *text);
void hears(int client, const char *reply);

/* It hears these words sooner or later; others before them do not matter. */
void hears_in_the_end(int client, const char *words);

/* says() and hears(), one step. */
void asks(int client, const char *text, const char *reply);

/* What came to a client, and what came behind it, or instead, in words. */
struct heard {
    char bytes[4096];
    size_t size;
    const char *then; /* "": not known; "nothing" */
};

/* Up to the end of a line, or as much of it as comes. With must_be() it is
 * hears() for whoever wants to see the reply before saying because(). */
struct heard hears_line(int client);
bool is_heard(const struct heard *heard, const char *text);
void must_be(int client, const struct heard *heard, const char *reply);

/* It has heard nothing until now. */
void has_heard_nothing(int client, const char *when);

/* It will say no more, and hears the end. */
void leaves(int client);

/* It closes without a word; it resets the connection. */
void vanishes(int client);
void resets(int client);

/* The server closes. */
void is_closed(int client);

#endif

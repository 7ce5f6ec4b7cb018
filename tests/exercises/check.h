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

/* Written in lesson1.c and so on, found by number: `make ex-1.2`. */
struct exercise {
    const char *number;
    void (*check)(void);
};

void check_6_2(void); /* chat.c: a suite of its own */

extern const struct exercise lesson0[], lesson1[], lesson1h[], lesson2[],
    lesson3[], lesson4[], lesson5[], lesson6[]; /* each ends with number NULL */

/* The next step of the story: "A connects". */
void step(const char *format, ...) PRINTF_LIKE(1, 2);

/* What is behind it if something goes wrong from here on: one or two sentences
 * for somebody who does not know the answer. NULL: nothing more to say. */
void because(const char *format, ...) PRINTF_LIKE(1, 2);

/* Whether in a function (its name and what follows, as in its definition) the
 * one text stands before the other: for what cannot be seen from outside. */
bool source_order(const char *path, const char *function, const char *first,
                  const char *second);

/* -- the program ----------------------------------------------------------- */

/* The one that is checked, and where its source is. */
extern struct child *program;
extern const char *program_path;
extern const char *program_source;

/* How it is started: ulimit, SELECTOR ... Its path is filled in. */
extern struct launch program_launch;

/* "the server starts": on a free port. With it a new story begins. */
void server_starts(void);

/* "the program is started with ...": arguments[] up to a NULL. */
void program_starts(const char *const *arguments);

/* It still runs, and ends when it is told to; no harm has come to it. */
void server_ends_well(void);

/* "the server sleeps": it takes no processor time. */
void server_sleeps(const char *when);

/* -- those who talk to it -------------------------------------------------- */

enum { PEOPLE = 64 };

/* "A connects". name is a literal, or lives as long. Returns the descriptor. */
int connects(const char *name);

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

/* fixture.h -- what the tests of common/program.h work with.
 *
 * What is tested is what a process says and how it ends. So each call is made
 * in a process of its own, with a file for its stdout and another for its
 * stderr, and its result is that process's exit status.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "checks.h"
#include "program.h"

enum {
    FAILED = 99,  /* the status of a process that found something wrong */
    IS_NULL = 98, /* ... and of one that was given no pointer */
    OUTPUT_SIZE = 4096
};

struct outcome {
    int status;
    char out[OUTPUT_SIZE];
    char err[OUTPUT_SIZE];
};

/* What happens when body() is all that a process does. */
struct outcome run(int (*body)(void));

/* It ends with this status, and these are a part of what it prints. */
struct outcome expect_run(int (*body)(void), int status, const char *out,
                          const char *err);

/* The same, and what is "" must be all of it. */
struct outcome expect_line(int (*body)(void), int status, const char *out,
                           const char *err);

/* For such a process: whatever is wrong ends it. */
#define MUST(condition) must(condition, #condition)
void must(bool condition, const char *what);

/* -- the command line under test ------------------------------------------- */

enum { WORDS = 6 };

extern char *words[WORDS + 1];
extern int word_count;

/* The program's name, and these up to a NULL; or just one. */
void set_words(const char *const arguments[WORDS]);
void set_word(const char *argument);

/* program_start() without any. */
void start(void);

/* A command line, and what comes of it. */
struct line {
    const char *arguments[WORDS];
    int status;
    const char *out; /* a part of it */
    const char *err;
};

/* What is in each of the other files. */
void add_start(Suite *suite);
void add_server(Suite *suite);
void add_client(Suite *suite);

#endif

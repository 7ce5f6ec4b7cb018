/* demo.h -- what the parts of the demo share.
 *
 * `make demo` starts the programs of the course, plays scripted peers against
 * them and draws who was answered when. Each picture is made of what was
 * measured; a demo that sees anything but the lesson says so and exits with 1.
 */
#ifndef DEMO_H
#define DEMO_H

#include "harness.h"

#include <stdbool.h>

/* -- servers.c, connects.c: the stages ------------------------------------- */

void demo_servers(void);
void demo_connects(void);

/* -- demo.c: the program that is being shown ------------------------------- */

/* The heading: the program, or the command shown in its place. */
void demo_title(const char *program, const char *instead, const char *title);

/* Starts the program, or the command in the environment variable `instead` if
 * that is set. What it writes to stderr is part of what it prints. */
struct child *demo_start(const char *program, const char *instead,
                         const char *const *arguments);

/* The moment when that much time has passed, or else the end of the demo. */
long long demo_moment(int later_ms);

/* The same moment, or that when the picture is to be drawn again before it. */
long long demo_frame(long long moment_ms);

/* -- demo.c: what is not as the lesson says -------------------------------- */

/* Remembers it; the first one of a stage counts. */
void demo_surprise(const char *what, ...) PRINTF_LIKE(1, 2);

/* The surprise that the program has not come as far as its first line. */
void demo_did_not_start(void);

/* After a stage: true if all was as the lesson says. If not, says what was not
 * and what the program, called name, has printed. */
bool demo_as_expected(const char *name, const struct child *child);

/* Prints text in lines of at most 79 columns. */
void demo_say(const char *text, ...) PRINTF_LIKE(1, 2);

#endif

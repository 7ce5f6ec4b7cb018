/* demo.h -- what the parts of the demo share.
 *
 * `make demo` starts the programs of the course, plays scripted peers against
 * them and draws who was answered when. Each picture is made of what was
 * measured; a demo that sees anything but the lesson says so and exits with 1.
 *
 * $SERVER, $CONNECT, $BUSY   commands to show in place of ours
 */
#ifndef DEMO_H
#define DEMO_H

#include "harness.h"
#include "picture.h"

#include <stdbool.h>

/* -- servers.c, connects.c: the stages ------------------------------------- */

/* One of them, "01" to "03", or NULL: all. */
void demo_servers(const char *only);
void demo_connects(void);

/* -- demo.c: the program that is being shown ------------------------------- */

/* The heading: the program, or the command shown in its place. What follows is
 * about this one. */
void demo_title(const char *program, const char *instead, const char *title);

/* Draws it for good, and keeps it for who draws it again (svg.awk). */
void demo_picture(const struct picture *picture);

/* Starts it. What it writes to stderr is part of what it prints. */
struct child *demo_start(const char *const *arguments);

/* The moment when that much time has passed, or else the end of the demo. */
long long demo_moment(int later_ms);

/* The same moment, or that when the picture is to be drawn again before it. */
long long demo_frame(long long moment_ms);

/* -- demo.c: what is not as the lesson says -------------------------------- */

/* Remembers it; the first one of a stage counts. */
void demo_surprise(const char *what, ...) PRINTF_LIKE(1, 2);

/* The surprise that the program has not come as far as its first line. */
void demo_did_not_start(struct child *child);

/* After a stage: true if all was as the lesson says. If not, says what was not,
 * what the program has printed, and what helps if it is not one of ours. */
bool demo_as_expected(const struct child *child);

/* Prints text in lines of at most 79 columns. */
void demo_say(const char *text, ...) PRINTF_LIKE(1, 2);

#endif

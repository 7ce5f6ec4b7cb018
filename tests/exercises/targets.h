/* targets.h -- whom a program connects to, for the exercises of lesson 4.
 *
 * Here the program is the client, and the check is all the others. Each has a
 * letter in the story, and the address that is written on the command line.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include "check.h"

/* As a time limit: longer than any check. */
#define LONG "60"

struct target {
    char name[2];  /* "A": what the story calls it */
    char text[40]; /* "127.0.0.1:40000": what the program calls it */
    int fd;
    int pending[SILENT]; /* of one that is silent: they fill its queue */
};

/* Steps: "A listens on 127.0.0.1:40000", "B refuses ...". */
struct target listening(void);
struct target refusing(void);

/* Whoever connects to it hears nothing, as its queue is full. false: this
 * system answers all the same, and this proves nothing. */
bool is_silent(struct target *target);

/* There is room again: whoever tries once more (after a second) is accepted. */
void speaks_again(const struct target *target);

/* -- what the program does ------------------------------------------------- */

/* It connects to it: the other end of that connection. */
int visitor_of(const struct target *target);

/* It closes that connection. */
void is_left(int visitor, const struct target *target);

/* It ends by itself, and all that it has printed is read; false: not in time.
 */
bool ends(void);

/* The same, a step; fails if it does not. */
void must_end(void);

/* Whether there is a line with both. */
bool has_line(const struct stream *stream, const char *words, const char *name);

/* Fails: "expected ...", and shows what was printed on stdout. */
_Noreturn void fail_as_printed(const char *format, ...) PRINTF_LIKE(1, 2);

/* -- checks that are a file each ------------------------------------------- */

void check_4_3(void);
void check_4_4(void);

#endif

/* shown.h -- what the pictures in a pipe show.
 *
 * A picture is a block of lines. What must be seen is waited for, block by
 * block: a line of it for each pattern of fnmatch(3), "|" between them.
 */
#ifndef SHOWN_H
#define SHOWN_H

#include "programs.h"

enum { TEXT = 16 * 1024 /* more than a picture */ };

/* How much of what was written is past. */
extern size_t shown_until;

/* Whether a block that is not past is like that. It and those before it are
 * past then. */
bool shown(struct child *watch, const char *patterns);

/* Waits for such a block. */
void expect_picture(struct child *watch, const char *format, ...)
    PRINTF_LIKE(2, 3);
#define expect_picture(...) HERE(expect_picture, __VA_ARGS__)

#endif

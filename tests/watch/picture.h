/* picture.h -- a moment in plain text, drawn when it differs from the last.
 *
 * A line that begins with > has just changed. On a terminal the picture stays
 * in its place, is as large as the window, and what has changed is shown in
 * reverse, unless $NO_COLOR is set. Into a file or a pipe each picture is
 * written behind the last one, whole, and with it what the program has printed
 * since then.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "moment.h"

struct picture {
    struct child *child;
    struct moment now;
    struct moment before;
    bool drawn;     /* there is one before */
    size_t printed; /* how much of the program's output it shows */
    bool on_terminal;
    bool in_colour;
};

void picture_begin(struct picture *picture, struct child *child);

/* Takes the moment, and draws it if it is another one. */
void picture_take(struct picture *picture);

void picture_end(struct picture *picture);

#endif

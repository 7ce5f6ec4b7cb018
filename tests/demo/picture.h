/* picture.h -- a timeline in plain ASCII, drawn while it happens.
 *
 * A row for each who takes part, a column for each 25 ms. In a file or a pipe
 * each picture appears once, finished; nothing but ASCII is written there. On a
 * terminal it grows before your eyes.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdio.h>

enum { PICTURE_ROWS = 3, PICTURE_EVENTS = 40, PICTURE_LABEL_SIZE = 48 };

struct picture {
    long long start_ns; /* on the monotonic clock */
    int count;
    struct picture_row {
        const char *name; /* at most 6 characters */
        int count;
        struct picture_event {
            double at_ms;
            const char *mark; /* two characters: what, and how it goes on */
            char label[PICTURE_LABEL_SIZE]; /* written behind the mark */
        } events[PICTURE_EVENTS];
    } rows[PICTURE_ROWS];
};

/* An empty picture; its time begins now. names ends with NULL. */
void picture_begin(struct picture *picture, const char *const *names);

/* The milliseconds since then. */
double picture_now(const struct picture *picture);

/* Notes what happens now: "?=" draws a '?' and then '=' until the next event of
 * this row. Returns the time noted, in milliseconds. */
double picture_note(struct picture *picture, int row, const char *mark,
                    const char *label);

/* On a terminal: draws it as it is by now, over what was drawn before. */
void picture_refresh(const struct picture *picture);

/* Draws it for good. */
void picture_end(const struct picture *picture);

/* Writes all that was noted, a line each: event, milliseconds, who, mark and
 * label, with tabs between them. */
void picture_write(const struct picture *picture, FILE *to);

/* Undoes what picture_refresh() may have left on the terminal when a signal
 * ends the demo in the midst of it; a signal handler may call it. */
void picture_abandon(void);

#endif

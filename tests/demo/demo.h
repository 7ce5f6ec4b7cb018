/* demo.h -- what the parts of the demo share.
 *
 * `make demo` starts the programs of the course, plays scripted peers against
 * them and draws who was answered when. Each picture is made of what was
 * measured; a demo that sees anything but the lesson says so and exits with 1.
 */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* -- picture.c: a row for each who takes part, a column for each 25 ms ----- */

enum { PICTURE_ROWS = 3, PICTURE_EVENTS = 40, PICTURE_LABEL_SIZE = 48 };

struct picture {
    long long start; /* on the monotonic clock, in nanoseconds */
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

/* Undoes what picture_refresh() may have left on the terminal when a signal
 * ends the demo in the midst of it; a signal handler may call it. */
void picture_abandon(void);

/* -- child.c: the program that is being shown, one at a time --------------- */

struct child {
    pid_t pid;
    int output; /* what it prints, stderr too; -1: it has closed it, or ended */
    char line[256];
    size_t line_length;
    char said[1200]; /* the beginning of all it printed */
    size_t said_length;
    double cpu_ms; /* valid after child_stop() */
};

typedef void child_heard(void *context, const char *line);

/* Starts a program of the repository with up to 6 arguments (NULL ends them),
 * or the command in the environment variable `instead` if that is set. */
void child_start(struct child *child, const char *program, const char *instead,
                 const char *const *arguments);

/* Reads once, and calls heard for each line that is complete by then. */
void child_read(struct child *child, child_heard *heard, void *context);

/* Ends the program if it has not ended yet, and adds up its CPU time. */
void child_stop(struct child *child);

/* From now on a signal that ends the demo ends its child before. */
void child_dies_with_us(void);

/* -- servers.c, connects.c: the stages ------------------------------------- */

void demo_servers(void);
void demo_connects(void);

/* -- demo.c ---------------------------------------------------------------- */

/* How long to sleep at most: until the deadline, or the end of the demo. */
int demo_left_ms(long long deadline);

/* Starts to connect to 127.0.0.1 at port, waits timeout_ms at most and returns
 * the non-blocking socket; -1: EINPROGRESS, nothing was decided; or why not. */
int demo_connect(int port, int timeout_ms);

/* The heading of a stage: the program, or the command shown in its place. */
void demo_title(const char *program, const char *instead, const char *title);

/* Remembers what is not as the lesson says; the first one of a stage counts. */
#ifdef __GNUC__
__attribute__((format(printf, 1, 2)))
#endif
void demo_surprise(const char *what, ...);

/* The surprise that the program has not come as far as its first line. */
void demo_did_not_start(void);

/* After a stage: true if all was as the lesson says. If not, says what was not
 * and what the program, called name, has printed. */
bool demo_as_expected(const char *name, const struct child *child);

/* Prints text in lines of at most 79 columns. */
#ifdef __GNUC__
__attribute__((format(printf, 1, 2)))
#endif
void demo_say(const char *text, ...);

#endif

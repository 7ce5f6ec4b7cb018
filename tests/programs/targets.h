/* targets.h -- programs that connect, and to what.
 *
 * A target stays what it is until the test ends.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include "harness.h"

struct target {
    char text[40];      /* "127.0.0.1:4001" */
    char port_text[12]; /* "4001" */
    int port;
    int fd;
};

struct target target_listening(void);
struct target target_refusing(void);

/* One that never answers. false, and a note that this test is skipped: here
 * there is none. */
bool target_silent(struct target *target, const char *test);

/* Longer than whatever happens may take, for -t: never waited for. */
#define LONG "60"

/* Starts the program of this test with these arguments. */
#define START(...) start_program(0, _i, ARGS(__VA_ARGS__))
struct child *start_program(int descriptors, int i,
                            const char *const *arguments);

/* It ends so, and has printed so many lines with "connected!". */
void finish(struct child *program, int status, int connected);

#ifndef TARGETS_C
#define target_silent(...) HERE(target_silent, __VA_ARGS__)
#define start_program(...) HERE(start_program, __VA_ARGS__)
#define finish(...) HERE(finish, __VA_ARGS__)
#endif

#endif

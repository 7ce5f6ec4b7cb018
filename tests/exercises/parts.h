/* parts.h -- what the parts of a check know of each other. */
#ifndef PARTS_H
#define PARTS_H

#include <stdbool.h>

/* people.c: who has this port; NULL: nobody who is known. */
const char *person_at(int port);
void people_are_forgotten(void);

/* program.c: whether it takes all the processor time it can get; false where
 * the system does not tell. */
bool program_spins(void);

/* program.c: what is checked. Its path has a slash. */
void program_is_at(const char *path, const char *source);

/* program.c: takes away what program_is_traced() has built. */
void program_is_traced_no_more(void);

/* story.c: for harness_failed. */
void story_ends_red(const char *message);

#endif

/* subjects.h -- our programs: the one table of what is examined.
 *
 * $SERVER, $UPPER, $CLIENT, $CONNECT, $BUSY   commands to run in place of ours
 */
#ifndef SUBJECTS_H
#define SUBJECTS_H

#include "programs.h"

#include <stdbool.h>

/* A program, and what it is to wait with if it lets us choose: it stands there
 * once without a selector, which is the best there is, and once for each of
 * those that exist everywhere. */
struct subject {
    const char *stage;    /* "03" */
    const char *path;     /* below $O: "03_selectors_callbacks/upper" */
    const char *variable; /* "UPPER": a command there replaces it */
    const char *selector; /* "poll", for $SELECTOR; NULL: not set */
    bool has_selector;    /* it asks for $SELECTOR */
};

extern const struct subject subjects[];
extern const int subject_count;

/* "upper" for "03_selectors_callbacks/upper": how it calls itself. */
const char *subject_program(const struct subject *subject);

/* Whether this is its stage, its variable, its selector or how it calls itself:
 * "03", "UPPER", "poll", "upper". */
bool subject_is(const struct subject *subject, const char *word);

/* "03 upper poll": a label for the reader. */
const char *subject_name(const struct subject *subject);

/* With so many descriptors; 0: as it is. */
struct launch launch_of(const struct subject *subject, int descriptors);

/* Without replacements everything is to be examined; with some only those, and
 * a command once per stage, as it is the same in place of each of ours. */
bool subject_is_wanted(const struct subject *subject);

#endif

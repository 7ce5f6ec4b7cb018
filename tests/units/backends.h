/* backends.h -- what the tests know of each backend.
 *
 * Of those in common/ what they must do. Of one that somebody has added to the
 * list in selector.c what comes to light when it is used: so every test that is
 * not about a certain backend takes it in.
 */
#ifndef BACKENDS_H
#define BACKENDS_H

#include <stdbool.h>

struct backend {
    const char *name;
    /* The system calls that open it, change its set and wait. NULL: it makes
     * none, or one that faults.c does not know. */
    const char *opener;
    const char *changer;
    const char *waiter;
};

/* How many this system has, as selector_backend_name() counts them. */
int backend_count(void);

/* Best first: "kqueue" 0, ... "select" 4, what was added 5 and more. */
int backend_rank(const char *name);

/* Whether its tests are to run: $BACKEND names it or is not set. */
bool backend_wanted(int index);

bool backend_is_added(const char *name);

/* The first time it tries out what was added, and resets the faults. */
const struct backend *backend_find(const char *name);

/* What Python would call it: "EpollSelector". Valid until the next call. */
const char *backend_class_name(const char *name);

#endif

/* lines.h -- numbered lines, said to an echo in upper case and heard later.
 *
 * "l000042\n" comes back as "L000042\n". Whoever reads late fills all room on
 * the way, and is told by the numbers what was lost or came twice.
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    int client;
    const char *name;
    size_t said; /* bytes */
    size_t heard;
};

/* Says as much of the first total bytes as goes without waiting. Whether
 * anything has gone. */
bool lines_say(struct lines *lines, size_t total);

/* Says them in small pieces until nothing more goes. After each piece somebody
 * else is answered, so the server has done with it. */
void lines_say_until_full(struct lines *lines, size_t total, int other);

/* Everything that was said comes back, a line that was begun when it is said to
 * its end; or the check ends. */
void lines_hear(struct lines *lines);

#endif

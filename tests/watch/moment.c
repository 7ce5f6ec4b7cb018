/* moment.c -- how a program is at one moment: what all systems have in common.
 */
#include "moment.h"

#include "usage.h"

#include <stdlib.h>
#include <string.h>

struct row *moment_add(struct moment *moment, int fd, const char *what)
{
    struct row *row;

    if (moment->count == moment->capacity) {
        moment->capacity = 2 * moment->capacity + 16;
        moment->rows = realloc(moment->rows,
                               (size_t)moment->capacity * sizeof *moment->rows);
        if (moment->rows == NULL)
            abort();
    }
    row = &moment->rows[moment->count++];
    memset(row, 0, sizeof *row);
    row->fd = fd;
    snprintf(row->what, sizeof row->what, "%s", what);
    return row;
}

static const char *plural(long count)
{
    return count == 1 ? "" : "s";
}

void row_tell_newcomers(struct row *row, long count)
{
    if (count > 0)
        snprintf(row->incoming, sizeof row->incoming, "%ld newcomer%s wait%s",
                 count, plural(count), count == 1 ? "s" : "");
}

void row_tell_unread(struct row *row, long bytes, bool end_unread)
{
    if (bytes > 0)
        snprintf(row->incoming, sizeof row->incoming,
                 "%ld byte%s not yet read%s", bytes, plural(bytes),
                 end_unread ? ", end" : "");
    else if (end_unread)
        snprintf(row->incoming, sizeof row->incoming, "the end, not yet read");
}

void row_tell_unsent(struct row *row, long bytes)
{
    if (bytes > 0)
        snprintf(row->outgoing, sizeof row->outgoing,
                 "%ld byte%s not yet taken", bytes, plural(bytes));
}

/* -- the processor --------------------------------------------------------- */

/* Its part of a processor since at least half a second, in tens of a hundred:
 * so a number does not change while nothing happens. */
static int percent(struct child *child)
{
    enum { WINDOW_NS = 500 * 1000 * 1000 };
    static long long then_ns;
    static long long used_ns;
    static int answer;
    long long now = now_ms() * 1000000;
    long long used = child_cpu_ns(child);

    if (then_ns == 0 || used == -1) {
        then_ns = now;
        used_ns = used;
    } else if (now - then_ns >= WINDOW_NS) {
        answer = (int)((used - used_ns) * 20 / (now - then_ns) + 1) / 2 * 10;
        then_ns = now;
        used_ns = used;
    }
    return answer;
}

static void add_percent(struct moment *moment, int percent)
{
    size_t used = strlen(moment->state);

    if (percent > 0)
        snprintf(moment->state + used, sizeof moment->state - used,
                 ", %d %% of a processor", percent);
}

static int compare(const void *one, const void *other)
{
    unsigned a = (unsigned)((const struct row *)one)->fd; /* -1 comes last */
    unsigned b = (unsigned)((const struct row *)other)->fd;

    return a != b ? (a > b) - (a < b)
                  : strcmp(((const struct row *)one)->what,
                           ((const struct row *)other)->what);
}

void moment_take(struct child *child, struct moment *moment)
{
    moment->count = 0;
    moment->missing = NULL;
    memset(&moment->callers, 0, sizeof moment->callers);
    if (!child_runs(child)) {
        snprintf(moment->state, sizeof moment->state, "has ended: %s",
                 child_state(child));
        return;
    }
    if (!moment_from_proc(child->pid, moment)) {
        moment->count = 0;
        moment_from_lsof(child->pid, moment);
    }
    add_percent(moment, percent(child));
    if (moment->count > 0)
        qsort(moment->rows, (size_t)moment->count, sizeof *moment->rows,
              compare);
}

/* watch.c -- a program with its lid off: where it sleeps, and for whom.
 *
 *   make watch-02
 *
 * Starts a program of the course, or the command in $SERVER and so on in its
 * place, and shows what the system knows of it (moment.h) until it ends, or
 * Ctrl-C ends us, which it does not outlive. The exit status is the program's.
 */
#include "picture.h"

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { FRAME_MS = 100 };

static struct launch launch_for(const char *path)
{
    int i = 0;

    while (i < subject_count - 1 && strcmp(subjects[i].path, path) != 0)
        i++;
    if (strcmp(subjects[i].path, path) != 0)
        return (struct launch){.command = path};
    return launch_of(&subjects[i], 0);
}

/* Until the program has ended: all that it prints is read meanwhile. */
static void watch(struct child *child)
{
    struct picture picture;

    picture_begin(&picture, child);
    while (child_runs(child)) {
        long long next = now_ms() + FRAME_MS;

        while (wait_until(next, -1, 0) && child_runs(child))
            continue;
        picture_take(&picture);
    }
    picture_take(&picture);
    picture_end(&picture);
}

int main(int argc, char **argv)
{
    struct launch launch;
    struct child *child;

    if (argc < 2) {
        fprintf(stderr, "usage: watch PROGRAM [ARGUMENT]...\n");
        return 2;
    }
    launch = launch_for(argv[1]);
    launch.selector = getenv("SELECTOR");
    launch.err = AS_STDOUT;
    unsetenv("WRAPPER");                /* it was meant for us */
    setenv("PYTHONUNBUFFERED", "1", 0); /* as if it printed on a terminal */
    child = child_start(&launch, (const char *const *)argv + 2);
    watch(child);
    return WIFEXITED(child->status) ? WEXITSTATUS(child->status) : 1;
}

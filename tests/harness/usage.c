/* usage.c -- what a program uses: descriptors, memory, the processor. */
#include "usage.h"

#include "basics.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW_NS = 100 * 1000 * 1000 };

static int count_by_lsof(pid_t pid)
{
    char line[256];
    int count = 0;
    FILE *lsof;

    snprintf(line, sizeof line, "lsof -nP -Ff -p %ld 2>/dev/null", (long)pid);
    lsof = popen(line, "r");
    while (lsof != NULL && fgets(line, sizeof line, lsof) != NULL)
        if (line[0] == 'f' && isdigit((unsigned char)line[1]))
            count++;
    if (lsof != NULL)
        pclose(lsof);
    return count > 0 ? count : -1;
}

int child_descriptors(struct child *child)
{
    char path[64];
    int count = 0;
    DIR *directory;

    /* Or it has none, and root alone may know that (EACCES). */
    if (!child_runs(child))
        fail_with("expected %s to run while its descriptors are counted: %s",
                  child->name, child_state(child));
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)child->pid);
    directory = opendir(path);
    if (directory == NULL) {
        count = count_by_lsof(child->pid);
        if (count == -1)
            skip("descriptors are counted", "there is no /proc and no lsof");
        return count;
    }
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

void child_expect_descriptors(struct child *child, int expected,
                              const char *when)
{
    int count = child_descriptors(child);

    if (count != expected)
        fail_with("expected %s to have %d open descriptors as before, got %d "
                  "%s",
                  child->name, expected, count, when);
}

/* The number behind these words, at the beginning of a line; -1: none. */
static long number_in(FILE *from, const char *words)
{
    char line[256];
    size_t length = strlen(words);

    while (from != NULL && fgets(line, sizeof line, from) != NULL)
        if (strncmp(line, words, length) == 0)
            return strtol(line + length, NULL, 10);
    return -1;
}

static long number_in_proc(pid_t pid, const char *name, const char *words)
{
    char path[64];
    long number;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    file = fopen(path, "r");
    number = number_in(file, words);
    if (file != NULL)
        fclose(file);
    return number;
}

long child_memory(struct child *child)
{
    long kib = number_in_proc(child->pid, "smaps_rollup", "Private_Dirty:");
    char line[64];
    FILE *ps;

    if (kib == -1)
        kib = number_in_proc(child->pid, "status", "VmRSS:");
    if (kib != -1)
        return kib;
    snprintf(line, sizeof line, "ps -o rss= -p %ld 2>/dev/null",
             (long)child->pid);
    ps = popen(line, "r");
    kib = number_in(ps, "");
    if (ps != NULL)
        pclose(ps);
    return kib;
}

long long child_cpu_ns(struct child *child)
{
#ifdef __APPLE__
    return -1;
#else
    clockid_t clock;

    return clock_getcpuclockid(child->pid, &clock) == 0 ? clock_ns(clock) : -1;
#endif
}

char child_process_state(const struct child *child)
{
    char path[64];
    char state = 0;
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)child->pid);
    stat = fopen(path, "r");
    if (stat != NULL && fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    if (stat != NULL)
        fclose(stat);
    return state;
}

/* How often it has gone to sleep; -1: this system does not tell. */
static long sleeps(const struct child *child)
{
    return number_in_proc(child->pid, "status", "voluntary_ctxt_switches:");
}

struct use {
    long long cpu_ns;
    long wakeups;
};

/* While we compute for a tenth of a second. */
static struct use use_meanwhile(struct child *child)
{
    struct use before = {child_cpu_ns(child), sleeps(child)};
    long long end = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + WINDOW_NS;

    while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
        continue;
    return (struct use){child_cpu_ns(child) - before.cpu_ns,
                        sleeps(child) - before.wakeups};
}

/* It may have something to finish first; whoever spins never finishes. */
void child_expect_idle(struct child *child, const char *when)
{
    enum { ATTEMPTS = 10, WAKEUPS = 10 };
    struct use use = {.cpu_ns = WINDOW_NS};

    if (child_cpu_ns(child) == -1) {
        skip("it sleeps", "this system does not tell how long it computes");
        return;
    }
    for (int i = 0; i < ATTEMPTS; i++) {
        use = use_meanwhile(child);
        if (use.cpu_ns <= WINDOW_NS / 10 && use.wakeups <= WAKEUPS)
            return;
    }
    fail_with("expected %s to sleep %s, but while we computed for %d ms it "
              "did so for %lld ms and woke up %ld times",
              child->name, when, WINDOW_NS / 1000000, use.cpu_ns / 1000000,
              use.wakeups);
}

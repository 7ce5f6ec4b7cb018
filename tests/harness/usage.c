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

static long memory_by_ps(pid_t pid)
{
    char line[64];
    long kib = -1;
    FILE *ps;

    snprintf(line, sizeof line, "ps -o rss= -p %ld 2>/dev/null", (long)pid);
    ps = popen(line, "r");
    if (ps != NULL && fgets(line, sizeof line, ps) != NULL)
        kib = strtol(line, NULL, 10);
    if (ps != NULL)
        pclose(ps);
    return kib;
}

long child_memory(struct child *child)
{
    char path[64];
    char line[128] = "";
    char *size_end;
    FILE *statm;

    snprintf(path, sizeof path, "/proc/%ld/statm", (long)child->pid);
    statm = fopen(path, "r");
    if (statm == NULL)
        return memory_by_ps(child->pid);
    (void)!fgets(line, sizeof line, statm);
    fclose(statm);
    (void)strtol(line, &size_end, 10); /* the second number is the resident */
    return strtol(size_end, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
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

/* What it takes while we compute for a tenth of a second. */
static long long used_meanwhile(struct child *child)
{
    long long before = child_cpu_ns(child);
    long long end = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + WINDOW_NS;

    while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
        continue;
    return child_cpu_ns(child) - before;
}

/* It may have something to finish first; whoever spins never finishes. */
void child_expect_idle(struct child *child, const char *when)
{
    enum { ATTEMPTS = 10 };
    long long used = WINDOW_NS;

    if (child_cpu_ns(child) == -1) {
        skip("it sleeps", "this system does not tell how long it computes");
        return;
    }
    for (int i = 0; i < ATTEMPTS && used > WINDOW_NS / 10; i++)
        used = used_meanwhile(child);
    if (used > WINDOW_NS / 10)
        fail_with("expected %s to sleep %s, but while we computed for %d ms it "
                  "did so for %lld ms",
                  child->name, when, WINDOW_NS / 1000000, used / 1000000);
}

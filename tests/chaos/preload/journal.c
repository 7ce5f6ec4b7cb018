/* journal.c -- what has happened: the report to the driver, and the trace. */
#include "preload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const call_names[] = {CHAOS_CALLS(CHAOS_NAME_OF)};
const char *const kind_names[] = {CHAOS_KINDS(CHAOS_TEXT_OF)};
static const int errors[CHAOS_KIND_COUNT] = {
    [CHAOS_EINTR] = EINTR,   [CHAOS_EAGAIN] = EAGAIN,
    [CHAOS_EMFILE] = EMFILE, [CHAOS_ECONNABORTED] = ECONNABORTED,
    [CHAOS_ENOMEM] = ENOMEM,
};

static struct chaos_report unread;
static long fruitless;

struct chaos_report *report = &unread;
unsigned long numbers[CHAOS_CALL_COUNT];
int inside;

void map_report(int fd)
{
    void *map =
        mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (map == MAP_FAILED) {
        perror("CHAOS_REPORT");
        abort();
    }
    report = map;
    close(fd);
}

void note(enum chaos_call call, enum chaos_kind kind, int fd, long size)
{
    struct chaos_fault *fault = &report->trace[report->traced++ % CHAOS_TRACE];
    char line[128];
    int length;

    report->faults[kind]++;
    if (!is_wait(call))
        fruitless--;
    *fault = (struct chaos_fault){call, kind, numbers[call], fd, size};
    if (getenv("CHAOS_TRACE") == NULL)
        return;
    length = snprintf(
        line, sizeof line, "chaos: %s() no. %lu, descriptor %d: %s %ld\n",
        call_names[call], numbers[call], fd, kind_names[kind], size);
    (void)!write(STDERR_FILENO, line, (size_t)length);
}

int fails(enum chaos_call call, enum chaos_kind kind, int fd)
{
    note(call, kind, fd, 0);
    errno = errors[kind];
    return -1;
}

int error_of(enum chaos_kind kind)
{
    return errors[kind];
}

void enter(void)
{
    if (inside++ == 0)
        report->asleep = 1;
}

void leave(void)
{
    if (--inside == 0)
        report->asleep = 0;
}

ssize_t progress(ssize_t result)
{
    if (result >= 0 && inside == 0)
        fruitless = 0;
    return result;
}

int waited(int ready)
{
    leave();
    if (ready > 0 && inside == 0)
        fruitless++;
    if (fruitless > (long)report->fruitless)
        report->fruitless = (unsigned long)fruitless;
    return ready;
}

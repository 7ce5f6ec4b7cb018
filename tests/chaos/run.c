/* run.c -- one program with one seed: started, talked to, watched. */
#include "chaos_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct run *run;

static uint32_t chance;

unsigned any(unsigned limit)
{
    return random_below(&chance, limit);
}

struct child *start(const char *const *arguments)
{
    const struct line *line = run->line;
    const char *rates = getenv("RATES");
    bool devpoll =
        line->selector != NULL && strcmp(line->selector, "devpoll") == 0;
    char text[5][600];
    char *const environment[] = {text[0], text[1], text[2],
                                 text[3], text[4], NULL};
    const struct launch how = {.path = line->subject->path,
                               .selector = line->selector,
                               .environment = environment};

    snprintf(text[0], sizeof text[0], "CHAOS_SEED=%u", run->seed);
    snprintf(text[1], sizeof text[1], "CHAOS_REPORT=%d", run->fd);
    /* Inside the stand-in for /dev/poll it is poll() that fails. */
    snprintf(text[2], sizeof text[2], "CHAOS_RATES=%s,%s%s",
             line->conversation->rates, devpoll ? "calloc:ENOMEM=0," : "",
             rates == NULL ? "" : rates);
    snprintf(text[3], sizeof text[3], "LD_PRELOAD=%s", library);
    snprintf(text[4], sizeof text[4], "DYLD_INSERT_LIBRARIES=%s", library);
    return arguments == NULL ? server_start(&how)
                             : child_start(&how, arguments);
}

/* -- what must hold -------------------------------------------------------- */

unsigned long faults(enum chaos_kind kind)
{
    return run->report->faults[kind];
}

void expect_reasons(int given_up, const char *what, unsigned long reasons)
{
    if ((unsigned long)given_up > reasons)
        fail_with("%d %s, but %lu faults were a reason for that", given_up,
                  what, reasons);
}

/* It may be woken for nothing some times more; but while we compute, a program
 * that spins would make thousands of calls, if it has its turn. If not, it had
 * it before. */
void expect_rest(const char *when)
{
    enum { MEANWHILE = CLOCKS_PER_SEC * 3 / 1000, FRUITLESS = 20 };
    long long limit = now_ms() + patience_ms();
    unsigned long calls = 0;

    do {
        clock_t end = clock() + MEANWHILE;

        if (now_ms() > limit)
            fail_with("expected the program to sleep %s, but it goes on making "
                      "calls (%lu by now)",
                      when, calls);
        calls = run->report->calls;
        while (clock() < end)
            continue;
    } while (calls != run->report->calls || !run->report->asleep);
    if (run->report->fruitless > FRUITLESS)
        fail_with("expected the program to sleep until there is something to "
                  "do, but it was woken %lu times in a row and did nothing",
                  run->report->fruitless);
}

/* -- the process ----------------------------------------------------------- */

void run_and_exit(struct run *slot)
{
    run = slot;
    alarm((unsigned)patience_ms() / 1000 * 12 + 1);
    harness_failed = keep_message;
    chance = run->seed * 2654435761U + 1;
    setenv("O", run->line->build, 1);
    fcntl(run->fd, F_SETFD, 0); /* the programs get it */
    run->line->conversation->talk();
    exit(0);
}

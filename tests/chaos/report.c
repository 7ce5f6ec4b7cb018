/* report.c -- what is printed of the runs. */
#include "chaos_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *const call_names[] = {CHAOS_CALLS(CHAOS_NAME_OF)};
static const char *const kind_names[] = {CHAOS_KINDS(CHAOS_TEXT_OF)};

static void report_trace(char *message, size_t size)
{
    enum { SHOWN = 12 };
    unsigned long end = run->report->traced;

    for (unsigned long i = end < SHOWN ? 0 : end - SHOWN; i < end; i++) {
        const struct chaos_fault *fault = &run->report->trace[i % CHAOS_TRACE];
        size_t used = strlen(message);

        snprintf(message + used, size - used,
                 "\n    %s() no. %lu, descriptor %d: %s %ld",
                 call_names[fault->call], fault->number, fault->fd,
                 kind_names[fault->kind], fault->size);
    }
}

/* A program that complains a hundred times of the same is quoted once. */
static void keep_lines(const char *text, char *kept, size_t size)
{
    const char *before = "";
    size_t length = 0;

    for (; *text != '\0'; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        if (strncmp(before, text, length + 1) != 0)
            snprintf(kept + strlen(kept), size - strlen(kept), "%.*s\n",
                     (int)length, text);
        before = text;
    }
}

void keep_message(const char *message)
{
    run->message[0] = '\0';
    keep_lines(message, run->message, MESSAGE_SIZE);
    snprintf(run->message + strlen(run->message),
             MESSAGE_SIZE - strlen(run->message), "  the last faults:");
    report_trace(run->message, MESSAGE_SIZE);
    exit(1);
}

/* On an idle machine. */
void print_plan(int runs, long at_a_time)
{
    enum { EACH_MS = 250 };

    printf("%d runs, %ld at a time: about %ld seconds. A program that hangs is "
           "waited for\nlonger. Ctrl-C ends it, and shows what was found until "
           "then.\n\n",
           runs, at_a_time, 1 + runs * EACH_MS / 1000 / at_a_time);
    fflush(stdout);
}

void print_line(const struct line *line, const char *with_seeds)
{
    const char *comma = "";

    printf("%-6s %-38s seeds %s: ", line->failed == 0 ? "ok" : "FAILED",
           line->name, with_seeds);
    for (int kind = 0; kind < CHAOS_KIND_COUNT; kind++)
        if (line->faults[kind] != 0) {
            printf("%s%lu %s", comma, line->faults[kind], kind_names[kind]);
            comma = ", ";
        }
    printf("\n");
    if (line->runs_done < seed_count)
        printf("       (%d of %d seeds%s)\n", line->runs_done, seed_count,
               line->failed == 0 ? "" : "; ALL=1 goes on whatever fails");
    fflush(stdout);
}

/* Of each program the first few in full. */
void print_failure(const struct run *slot, int status)
{
    enum { IN_FULL = 3 };
    const char *rates = getenv("RATES");
    const char *o = getenv("O");
    const char *message = slot->message;
    const char *name = slot->line->name;

    if (message[0] == '\0')
        message = "ended without a message";
    else if (slot->line->failed > IN_FULL)
        message = "failed, too";
    printf("\n%s, seed %u: %s\n  again: make chaos", name, slot->seed, message);
    if (is_replaced(slot->line->subject->variable))
        printf("-%s %s=%s", slot->line->subject->stage,
               slot->line->subject->variable, name);
    else
        printf(" PROGRAM=%s", name);
    printf(" SEED=%u", slot->seed);
    if (rates != NULL && *rates != '\0')
        printf(" RATES='%s'", rates);
    if (o != NULL && *o != '\0')
        printf(" O=%s", o);
    if (WIFSIGNALED(status))
        printf("\n  (the run itself was killed by signal %d)",
               WTERMSIG(status));
    printf("\n\n");
}

/* report.c -- what is printed: the matrix, the faults, and what it all means.
 */
#include "torture.h"

#include "basics.h"
#include "process.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *word, *meaning;
} verdicts[VERDICTS] = {
    [OK] = {"ok", "everybody was served; afterwards the process lives, serves "
                  "a new client, has no more descriptors and memory than "
                  "before, and sleeps"},
    [WAITS] = {"waits", "somebody was served, but not before others had left; "
                        "in 01 that is the lesson"},
    [STUCK] = {"stuck", "somebody was not served in time, though nobody was in "
                        "the way"},
    [DROPS] = {"drops", "a connection was closed before it was served"},
    [WRONG] = {"wrong", "other bytes came, or it behaved otherwise than it "
                        "should"},
    [DIES] = {"dies", "the process ended"},
    [LEAKS] = {"leaks", "descriptors stayed open"},
    [GROWS] = {"grows", "it uses more memory than before, beyond 4 MiB and 16 "
                        "KiB for each client at one time, and goes on growing "
                        "when the case is played again, three times by more "
                        "than 256 KiB"},
    [SPINS] = {"spins", "it uses the processor although there is nothing to "
                        "do"},
    [LOST] = {"lost", "the test itself has failed"},
    [SKIPPED] = {"-", "skipped: it cannot be done here, or was interrupted"},
};

bool quiet;

static int column_count;

static bool is_on_terminal(void)
{
    return isatty(STDOUT_FILENO);
}

static void clear_progress(void)
{
    if (is_on_terminal())
        printf("\033[K");
}

/* Replaces itself by what is printed next. */
static void print_progress(void)
{
    int done = 0;

    for (int i = 0; i < cell_count; i++)
        done += cells[i].done;
    if (is_on_terminal() && done < cell_count)
        printf("... %d of %d\r", done, cell_count);
    else
        clear_progress();
    fflush(stdout);
}

/* On an idle machine five of ours take a second. */
void print_plan(int count, const char *what, int at_a_time)
{
    enum { EACH_MS = 200 };

    if (quiet)
        return;
    printf("%d %s%s, %d at a time: about %d seconds.\n", count, what,
           count == 1 ? "" : "s", at_a_time,
           2 + count * EACH_MS / 1000 / at_a_time);
    printf(
        "It takes minutes if a program does not answer: each wait is seen to "
        "its end.\nCtrl-C ends it, and shows what was found until then.\n\n");
}

static void print_word(const struct cell *cell)
{
    enum verdict verdict = cell->outcome.verdict;
    bool good = is_as_it_should_be(cell);
    bool coloured = is_on_terminal() && getenv("NO_COLOR") == NULL;
    const char *colour = !good              ? "\033[1;31m"
                         : verdict == WAITS ? "\033[33m"
                         : verdict == OK    ? "\033[32m"
                                            : "";
    char text[8];

    snprintf(text, sizeof text, "%s%s", verdicts[verdict].word,
             !good && verdict == OK ? "?" : "");
    for (char *at = text; !good && *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    printf("%s %5s%s", coloured ? colour : "", text, coloured ? "\033[0m" : "");
}

static void print_numbers(const char *name, const struct cell *first,
                          bool served)
{
    printf("%-25s", name);
    for (int i = 0; i < column_count; i++) {
        int number =
            served ? first[i].outcome.served : first[i].outcome.connected;

        if (number == -1)
            printf(" %5s", "");
        else
            printf(" %5d", number);
    }
    printf("\n");
}

static void print_row(const struct cell *first)
{
    clear_progress();
    printf("%-25s", first->row->name);
    for (int i = 0; i < column_count; i++)
        print_word(&first[i]);
    printf("\n");
    if (first->row->counts != COUNTS_NOTHING)
        print_numbers("              connected", first, false);
    if (first->row->counts == SERVED)
        print_numbers("    served at one time", first, true);
}

static bool is_unplayed(const struct cell *first)
{
    for (int i = 0; i < column_count; i++)
        if (!first[i].unplayed)
            return false;
    return true;
}

/* In their order, as soon as all their cells are done. */
void show_rows(void)
{
    static int shown;

    for (; shown < cell_count; shown += column_count) {
        for (int i = 0; i < column_count; i++)
            if (!cells[shown + i].done) {
                print_progress();
                return;
            }
        if (!is_unplayed(&cells[shown]))
            print_row(&cells[shown]);
    }
    fflush(stdout);
}

void print_heads(const struct column *columns, int count)
{
    int lines = columns->heads[1][0] == '\0' ? 1 : 3;

    column_count = count;
    for (int line = 0; line < lines; line++) {
        printf("%-25s", "");
        for (int i = 0; i < column_count; i++)
            printf(" %5s", columns[i].heads[line]);
        printf("\n");
    }
}

static void print_meaning(enum verdict verdict)
{
    char text[300];
    bool any = false;

    for (int i = 0; i < cell_count; i++)
        any = any || cells[i].outcome.verdict == verdict;
    if (!any)
        return;
    snprintf(text, sizeof text, "%s: %s", verdicts[verdict].word,
             verdicts[verdict].meaning);
    print_folded(text, 2);
}

void print_legend(void)
{
    printf("\nIn lower case what is as it should be, IN UPPER CASE what is "
           "not.\n");
    for (int verdict = OK; verdict < VERDICTS; verdict++)
        print_meaning((enum verdict)verdict);
}

void print_unmeasured(void)
{
    int unmeasured = 0;

    for (int i = 0; i < cell_count; i++)
        unmeasured |= cells[i].outcome.unmeasured;
    if (unmeasured != 0)
        printf("skipped, as this system does not tell:%s%s%s\n",
               unmeasured & DESCRIPTORS ? " open descriptors" : "",
               unmeasured & MEMORY ? " memory" : "",
               unmeasured & PROCESSOR ? " processor time" : "");
}

static bool is_the_same_failure(const struct cell *one,
                                const struct cell *other)
{
    return !is_as_it_should_be(one) && !is_as_it_should_be(other) &&
           one->column == other->column &&
           one->outcome.verdict == other->outcome.verdict &&
           strcmp(one->outcome.evidence, other->outcome.evidence) == 0;
}

static int count_same(const struct cell *failed, int from, int to)
{
    int count = 0;

    for (int i = from; i < to; i++)
        count += is_the_same_failure(failed, &cells[i]);
    return count;
}

static void print_evidence(const struct cell *cell, int others)
{
    const struct launch *launch = &cell->column->launch;
    const char *selector = launch->selector;
    const char *evidence = cell->outcome.evidence;
    char more[40] = "";
    char text[1200];

    if (others > 0)
        snprintf(more, sizeof more, " and %d more", others);
    snprintf(text, sizeof text, "%s%s%s, \"%s\"%s: %s: %s",
             is_replaced(launch->variable) ? "yours" : launch->path,
             selector == NULL ? "" : " with SELECTOR=",
             selector == NULL ? "" : selector, cell->row->name, more,
             verdicts[cell->outcome.verdict].word,
             *evidence == '\0' ? "nobody had to wait for anybody" : evidence);
    print_folded(text, 2);
}

void print_failures(void)
{
    bool any = false;

    for (int i = 0; i < cell_count; i++) {
        if (is_as_it_should_be(&cells[i]) || count_same(&cells[i], 0, i) > 0)
            continue; /* the same words once */
        if (!any)
            printf("\nNot as it should be:\n");
        any = true;
        print_evidence(&cells[i], count_same(&cells[i], i + 1, cell_count));
    }
}

int print_totals(void)
{
    int failed = 0;
    int skipped = 0;
    int twice = 0;
    int unplayed = 0;

    for (int i = 0; i < cell_count; i++) {
        failed += !is_as_it_should_be(&cells[i]);
        skipped += cells[i].outcome.verdict == SKIPPED && !cells[i].unplayed;
        unplayed += cells[i].unplayed;
        twice += cells[i].tries > 1;
    }
    if (!quiet)
        printf("\n");
    if (twice > 0)
        printf("tried twice, the second time more patiently: %d\n", twice);
    if (skipped > 0)
        printf("skipped: %d\n", skipped);
    if (unplayed > 0)
        printf("interrupted; not played: %d of %d\n", unplayed, cell_count);
    printf("%d passed, %d failed\n", cell_count - failed - skipped - unplayed,
           failed);
    return unplayed > 0 ? 128 + process_interrupted() : failed == 0 ? 0 : 1;
}

static void print_fault(const struct cell *cell)
{
    const char *name = strrchr(cell->column->launch.command, ' ') + 1;
    bool good = is_as_it_should_be(cell);

    if ((good && quiet) || cell->unplayed)
        return;
    clear_progress();
    printf("%-6s %-24s %-25s %s\n", good ? "ok" : "FAILED", name,
           cell->row->name, verdicts[cell->outcome.verdict].word);
    if (!good)
        printf("       expected: %s\n", verdicts[cell->expected].word);
    if (*cell->outcome.evidence != '\0')
        print_folded(cell->outcome.evidence, 7);
}

void show_faults(void)
{
    static int shown;

    for (; shown < cell_count && cells[shown].done; shown++)
        print_fault(&cells[shown]);
    print_progress();
}

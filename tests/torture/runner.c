/* runner.c -- the cells, a few at a time, and some of them twice. */
#include "torture.h"

#include "process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

struct cell *cells;
int cell_count;

void add_cell(const struct column *column, const struct row *row,
              enum verdict expected)
{
    if (cells == NULL)
        cells = mmap(NULL, CELLS_MOST * sizeof *cells, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (cells == MAP_FAILED || cell_count == CELLS_MOST)
        abort();
    cells[cell_count++] =
        (struct cell){.column = column, .row = row, .expected = expected};
}

/* Where nobody tells how much is used, it is not expected to be seen. */
static bool is_unseen(const struct cell *cell)
{
    int unmeasured = cell->outcome.unmeasured;

    return (cell->expected == LEAKS && (unmeasured & DESCRIPTORS)) ||
           (cell->expected == GROWS && (unmeasured & MEMORY)) ||
           (cell->expected == SPINS && (unmeasured & PROCESSOR));
}

bool is_as_it_should_be(const struct cell *cell)
{
    enum verdict verdict = cell->outcome.verdict;

    return is_unseen(cell) || verdict == cell->expected || verdict == SKIPPED ||
           (verdict == OK && cell->column->waiting == SOME_MAY_WAIT);
}

/* These rest on time, and the machine may have had other things to do. */
static bool is_doubtful(enum verdict verdict)
{
    return verdict == WAITS || verdict == STUCK || verdict == SPINS ||
           verdict == LEAKS || verdict == LOST;
}

/* What has been confirmed of a program once is believed. */
static bool deserves_a_second_try(const struct cell *cell)
{
    enum verdict verdict = cell->outcome.verdict;

    if (cell->tries > 1 || is_as_it_should_be(cell) || !is_doubtful(verdict))
        return false;
    for (int i = 0; i < cell_count; i++)
        if (cells[i].column == cell->column && cells[i].tries > 1 &&
            cells[i].done && cells[i].outcome.verdict == verdict)
            return false;
    return true;
}

static void start_cell(struct cell *cell)
{
    pid_t pid;

    cell->tries++;
    pid = process_fork();
    if (pid == 0)
        play_cell(cell);
    cell->pid = pid;
}

static void end_cell(struct cell *cell, int status)
{
    bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;

    cell->pid = 0;
    if (status != 0) {
        cell->outcome = (struct outcome){.verdict = LOST};
        snprintf(cell->outcome.evidence, sizeof cell->outcome.evidence,
                 "the test has ended without a result%s",
                 late ? ", its time was up" : "");
    }
    if (deserves_a_second_try(cell))
        start_cell(cell);
    else
        cell->done = true;
}

static void leave_the_rest(void)
{
    for (int i = 0; i < cell_count; i++)
        if (!cells[i].done) {
            cells[i].done = cells[i].unplayed = true;
            cells[i].outcome = (struct outcome){.verdict = SKIPPED};
        }
}

/* Returns how many are done by that. */
static int await_cell(void)
{
    int status;
    pid_t pid = process_await(&status);

    if (pid == 0) {
        leave_the_rest();
        return cell_count;
    }

    for (int i = 0; i < cell_count; i++)
        if (cells[i].pid == pid) {
            end_cell(&cells[i], status);
            return cells[i].done;
        }
    return 0;
}

void run_cells(int at_a_time, void (*show)(void))
{
    int started = 0;
    int done = 0;

    process_catch_interrupts();
    while (done < cell_count) {
        while (started < cell_count && started - done < at_a_time)
            start_cell(&cells[started++]);
        show();
        done += await_cell();
    }
    show();
}

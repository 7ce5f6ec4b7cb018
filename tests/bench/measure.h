/* measure.h -- clocks, medians, and the rows of the table.
 *
 * All programs of the benchmark print the same rows to stdout, one per figure,
 * fields separated by tabs: what was measured, who, at which x, the unit, the
 * median, the lower and the upper quartile, and the ratio to a reference. The
 * ratio is the median of the ratios of single rounds, in which both had their
 * turn within milliseconds: when something else slows the machine down for a
 * while, it slows both.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stddef.h>

/* The monotonic clock, in nanoseconds. */
double measure_now(void);

/* The processor time of this process, in nanoseconds, its kernel's part
 * included. For a loop that never sleeps it is the same as time, only that what
 * other programs take meanwhile is not in it. */
double measure_cpu(void);

/* Says what went wrong, with errno if it is not 0, and exits with 1. What was
 * measured before is of no use when an answer was wrong. */
#ifdef __GNUC__
__attribute__((format(printf, 1, 2), noreturn))
#endif
void measure_fail(const char *what, ...);

/* A whole number on the command line, at least 0. */
int measure_number(const char *text);

/* Ends the program with status 1 if it takes longer: something hangs. */
void measure_at_most(unsigned seconds);

/* As many descriptors as the system lets us have; returns how many. */
int measure_raise_limit(void);

/* On stderr, over itself on a terminal: where we are. */
#ifdef __GNUC__
__attribute__((format(printf, 1, 2)))
#endif
void measure_progress(const char *what, ...);

struct series {
    double *values;
    size_t count;
    size_t room;
};

void series_add(struct series *series, double value);

/* 0.5: the median. Sorts the values. */
double series_quantile(struct series *series, double q);

void series_free(struct series *series);

struct row {
    const char *what;
    const char *who;
    double x;
    const char *unit;
};

/* Prints a row and empties both; ratios may be NULL or empty. */
void measure_row(struct row row, struct series *values, struct series *ratios);

#endif

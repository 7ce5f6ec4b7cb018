/* measure.c -- clocks, medians, and the rows of the table. */
#include "measure.h"

#include "basics.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

double measure_now(void)
{
    return (double)clock_ns(CLOCK_MONOTONIC);
}

double measure_cpu(void)
{
    return (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void measure_fail(const char *what, ...)
{
    int error = errno;
    va_list arguments;

    fprintf(stderr, "\nbench: ");
    va_start(arguments, what);
    vfprintf(stderr, what, arguments);
    va_end(arguments);
    fprintf(stderr, "%s%s\n", error == 0 ? "" : ": ",
            error == 0 ? "" : strerror(error));
    exit(1);
}

int measure_number(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (end == text || *end != '\0' || number < 0 || number > 1000000000)
        measure_fail("'%s' is not a number", text);
    return (int)number;
}

void measure_at_most(unsigned seconds)
{
    alarm(seconds);
}

int measure_raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        measure_fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    /* macOS says "unlimited" and then refuses it. */
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1) {
        limit.rlim_cur = 10240;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur > 1000000 ? 1000000 : (int)limit.rlim_cur;
}

void measure_progress(const char *what, ...)
{
    va_list arguments;

    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K");
    va_start(arguments, what);
    vfprintf(stderr, what, arguments);
    va_end(arguments);
}

/* -- series ---------------------------------------------------------------- */

void series_add(struct series *series, double value)
{
    if (series->count == series->room) {
        series->room = series->room == 0 ? 64 : 2 * series->room;
        series->values =
            realloc(series->values, series->room * sizeof *series->values);
        if (series->values == NULL)
            measure_fail("memory");
    }
    series->values[series->count++] = value;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

double series_quantile(struct series *series, double q)
{
    errno = 0;
    if (series->count == 0)
        measure_fail("nothing was measured");
    qsort(series->values, series->count, sizeof *series->values, compare);
    return series->values[(size_t)(q * (double)(series->count - 1) + 0.5)];
}

void series_free(struct series *series)
{
    free(series->values);
    *series = (struct series){0};
}

/* -- rows ------------------------------------------------------------------ */

void measure_row(struct row row, struct series *values, struct series *ratios)
{
    double median = series_quantile(values, 0.5);

    printf("%s\t%s\t%g\t%s\t%.6g\t%.6g\t%.6g\t", row.what, row.who, row.x,
           row.unit, median, series_quantile(values, 0.25),
           series_quantile(values, 0.75));
    if (ratios != NULL && ratios->count > 0)
        printf("%.3f\n", series_quantile(ratios, 0.5));
    else
        printf("-\n");
    fflush(stdout);
    series_free(values);
    if (ratios != NULL)
        series_free(ratios);
}

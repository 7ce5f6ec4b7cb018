/* compare_python.c -- Python's selectors: cascade.py, run as a program. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

static double cascade(int pairs, int active, int writes)
{
    char command[128];
    char line[64] = "-1";
    FILE *output;

    snprintf(command, sizeof command,
             "python3 tests/bench/cascade.py %d %d %d 2>/dev/null", pairs,
             active, writes);
    fflush(stdout);
    output = popen(command, "r");
    if (output == NULL)
        return -1;
    if (fgets(line, sizeof line, output) == NULL || pclose(output) != 0)
        return -1;
    return strtod(line, NULL);
}

const struct contender python_contender = {
    .backend = "Python", .name = "Python", .cascade = cascade};

/* suites.h -- Check suites of our programs: the part that needs Check. */
#ifndef SUITES_H
#define SUITES_H

#include "subjects.h"

#include <check.h>

/* Runs the tests that add() adds to the Check case of each wanted subject, the
 * number of which is its argument and each test's _i; quiet if there are none.
 * With $CK_RUN_SUITE only those of that stage. The status for main(). */
int suites_run(bool (*examines)(const struct subject *subject),
               void (*add)(TCase *tc, int i));

/* In add(). */
#define ADD(test) tcase_add_loop_test(tc, test, i, i + 1)

#endif

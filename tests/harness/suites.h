/* suites.h -- Check suites of our programs: the part that needs Check. */
#ifndef SUITES_H
#define SUITES_H

#include "subjects.h"

#include <check.h>

/* Runs the tests that add() adds to the Check case of each subject that is
 * wanted and whose variable is among these ("SERVER UPPER"). Its number is what
 * add() gets, and each test as _i. With $CK_RUN_SUITE only those of that stage.
 * Quiet if there are none. The status for main(). */
int suites_run(const char *variables, void (*add)(TCase *tc, int i));

/* The same for what can be asked of our own programs only. */
int suites_run_ours(const char *variables, void (*add)(TCase *tc, int i));

/* In add(). */
#define ADD(test)                                                              \
    tcase_add_loop_test(suites_case_for(tc, #test), test, i, i + 1)

/* For ADD(): the case itself; or, for somebody's own program, a case for this
 * test alone, as such a run tells each test as it ends, and stops after three
 * failures unless $ALL is set. */
TCase *suites_case_for(TCase *tc, const char *test);

#endif

/* suites.c -- Check suites of our programs: the part that needs Check. */
#include "suites.h"

#include <stdlib.h>
#include <string.h>

/* What ck_abort_msg() is, with another place than its own. */
static void give_to_check(const char *message)
{
    struct place place = place_of_failure();

    _ck_assert_failed(place.file == NULL ? __FILE__ : place.file, place.line,
                      "Failed", "%s", message);
}

static bool is_asked_for(const struct subject *subject)
{
    const char *stage = getenv("CK_RUN_SUITE");

    return subject_is_wanted(subject) &&
           (stage == NULL || strcmp(stage, subject->stage) == 0);
}

/* Its case, in the suite of its stage: a new one, or that of the one before. */
static TCase *case_of(const struct subject *subject, SRunner *runner,
                      Suite **suite)
{
    enum { LIMIT_S = 120 };
    static const char *stage = "";
    TCase *tc = tcase_create(subject_name(subject));

    if (strcmp(stage, subject->stage) != 0) {
        stage = subject->stage;
        *suite = suite_create(stage);
        srunner_add_suite(runner, *suite);
    }
    tcase_set_timeout(tc, LIMIT_S);
    suite_add_tcase(*suite, tc);
    return tc;
}

static int run(const char *variables, bool replaced_too,
               void (*add)(TCase *tc, int i))
{
    SRunner *runner = srunner_create(NULL);
    Suite *suite = NULL;
    int failed;

    harness_failed = give_to_check;
    for (int i = 0; i < subject_count; i++)
        if (strstr(variables, subjects[i].variable) != NULL &&
            is_asked_for(&subjects[i]) &&
            (replaced_too || !is_replaced(subjects[i].variable)))
            add(case_of(&subjects[i], runner, &suite), i);
    if (suite != NULL)
        srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

int suites_run(const char *variables, void (*add)(TCase *tc, int i))
{
    return run(variables, true, add);
}

int suites_run_ours(const char *variables, void (*add)(TCase *tc, int i))
{
    return run(variables, false, add);
}

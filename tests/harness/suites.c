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

static bool is_asked_for(const char *stage)
{
    const char *only = getenv("CK_RUN_SUITE");

    return only == NULL || *only == '\0' || strcmp(only, stage) == 0;
}

int suites_run(bool (*examines)(const struct subject *subject),
               void (*add)(TCase *tc, int i))
{
    enum { LIMIT_S = 120 };
    SRunner *runner = srunner_create(NULL);
    Suite *suite = NULL;
    const char *stage = "";
    int failed;

    harness_failed = give_to_check;
    for (int i = 0; i < subject_count; i++) {
        const struct subject *subject = &subjects[i];
        TCase *tc;

        if (!examines(subject) || !subject_is_wanted(subject) ||
            !is_asked_for(subject->stage))
            continue;
        if (strcmp(stage, subject->stage) != 0) {
            stage = subject->stage;
            suite = suite_create(stage);
            srunner_add_suite(runner, suite);
        }
        tc = tcase_create(subject_name(subject));
        tcase_set_timeout(tc, LIMIT_S);
        add(tc, i);
        suite_add_tcase(suite, tc);
    }
    if (suite != NULL)
        srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

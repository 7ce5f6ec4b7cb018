/* suites.c -- Check suites of our programs: the part that needs Check. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_S = 120 };

/* What ck_abort_msg() is, with another place than its own. */
static void give_to_check(const char *message)
{
    struct place place = place_of_failure();

    _ck_assert_failed(place.file == NULL ? __FILE__ : place.file, place.line,
                      "Failed", "%s", message);
}

static void refuse(const char *variable)
{
    fprintf(stderr, "%s: there is no '%s'\n", variable, getenv(variable));
    exit(2);
}

/* Who asks for what there is not would examine nothing, and be content. */
static void check_what_is_asked_for(void)
{
    const char *stage = getenv("CK_RUN_SUITE");
    const char *name = getenv("CK_RUN_CASE");
    bool has_stage = stage == NULL;
    bool has_name = name == NULL;

    for (int i = 0; i < subject_count; i++) {
        has_stage = has_stage || strcmp(stage, subjects[i].stage) == 0;
        has_name = has_name || strcmp(name, subject_name(&subjects[i])) == 0;
    }
    if (!has_stage)
        refuse("CK_RUN_SUITE");
    if (!has_name)
        refuse("CK_RUN_CASE");
}

static bool is_asked_for(const struct subject *subject)
{
    const char *stage = getenv("CK_RUN_SUITE");

    return subject_is_wanted(subject) &&
           (stage == NULL || strcmp(stage, subject->stage) == 0);
}

/* A SERVER for stage 04, say, which has none. */
static void check_that_somebody_is(void)
{
    const char *names = "";

    for (int i = 0; i < subject_count; i++)
        if (is_asked_for(&subjects[i]))
            return;
    fprintf(stderr, "What you gave is none of stage %s's programs. These are:",
            getenv("CK_RUN_SUITE"));
    for (int i = 0; i < subject_count; i++)
        if (subject_is(&subjects[i], getenv("CK_RUN_SUITE")) &&
            strcmp(names, subjects[i].variable) != 0) {
            names = subjects[i].variable;
            fprintf(stderr, " %s=", names);
        }
    fputs("\n", stderr);
    exit(2);
}

/* Its case, in the suite of its stage: a new one, or that of the one before. */
static TCase *case_of(const struct subject *subject, SRunner *runner,
                      Suite **suite)
{
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

/* -- somebody's own program ------------------------------------------------ */

enum { OWN_TESTS = 200, ENOUGH = 3 };

static struct own_test {
    const char *name;
    const char *stage;
    TCase *tc;
} own_tests[OWN_TESTS];
static int own_count;
static const struct subject *own; /* NULL: it is one of ours */

TCase *suites_case_for(TCase *tc, const char *test)
{
    if (own == NULL || own_count == OWN_TESTS)
        return tc;
    tc = tcase_create(subject_name(own));
    tcase_set_timeout(tc, LIMIT_S);
    own_tests[own_count++] = (struct own_test){test, own->stage, tc};
    return tc;
}

/* One test is one run: so it can be told as soon as it ends. */
static bool is_green(const struct own_test *test)
{
    Suite *suite = suite_create(test->stage);
    SRunner *runner = srunner_create(suite);
    TestResult **failures;
    bool green;

    suite_add_tcase(suite, test->tc);
    srunner_run_all(runner, CK_SILENT);
    green = srunner_ntests_failed(runner) == 0;
    failures = srunner_failures(runner);
    printf("%s %s\n", green ? "ok  " : "RED ", test->name);
    if (!green)
        printf("     %s\n", tr_msg(failures[0]));
    fflush(stdout);
    free(failures);
    srunner_free(runner);
    return green;
}

static int run_own(void)
{
    bool all = getenv("ALL") != NULL && *getenv("ALL") != '\0';
    int failed = 0;
    int done = 0;

    while (done < own_count && (all || failed < ENOUGH))
        failed += is_green(&own_tests[done++]) ? 0 : 1;
    if (done < own_count)
        printf("Three are red: these first. The other %d tests: ALL=1\n",
               own_count - done);
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n",
           done == 0 ? 100 : (done - failed) * 100 / done, done, failed);
    return failed == 0 ? 0 : 1;
}

/* -- both ------------------------------------------------------------------ */

static int run(const char *variables, bool replaced_too,
               void (*add)(TCase *tc, int i))
{
    SRunner *runner = srunner_create(NULL);
    Suite *suite = NULL;
    int failed;

    harness_failed = give_to_check;
    check_what_is_asked_for();
    check_that_somebody_is();
    for (int i = 0; i < subject_count; i++)
        if (strstr(variables, subjects[i].variable) != NULL &&
            is_asked_for(&subjects[i]) &&
            (replaced_too || !is_replaced(subjects[i].variable))) {
            own = is_replaced(subjects[i].variable) ? &subjects[i] : NULL;
            add(case_of(&subjects[i], runner, &suite), i);
        }
    if (own_count > 0)
        return run_own();
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

/* check.c -- plays the check of one exercise: check NUMBER PROGRAM SOURCE. */
#include "check.h"
#include "parts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_S = 300 };

static const struct exercise *const lessons[] = {
    lesson0,  lesson1, lesson1h, lesson2, lesson3,
    lesson3h, lesson4, lesson5,  lesson6,
};

static void (*chosen)(void);

static void (*find(const char *number))(void)
{
    for (size_t i = 0; i < sizeof lessons / sizeof lessons[0]; i++)
        for (const struct exercise *one = lessons[i]; one->number != NULL;
             one++)
            if (strcmp(one->number, number) == 0)
                return one->check;
    return NULL;
}

START_TEST(play)
{
    harness_failed = story_ends_red;
    chosen();
}
END_TEST

/* Whoever computes for ever, or brings the check itself down. */
static void say_how_it_ended(SRunner *runner)
{
    TestResult **results = srunner_failures(runner);

    if (tr_rtype(results[0]) == CK_ERROR)
        printf("The check was ended before its end: %s\n", tr_msg(results[0]));
    free(results);
}

static int run(void)
{
    Suite *suite = suite_create("exercise");
    TCase *tcase = tcase_create("exercise");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, LIMIT_S);
    tcase_add_test(tcase, play);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    if (failed > 0)
        say_how_it_ended(runner);
    srunner_free(runner);
    program_is_traced_no_more();
    return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 4 || strchr(argv[2], '/') == NULL ||
        (chosen = find(argv[1])) == NULL) {
        fprintf(stderr, "usage: check NUMBER PROGRAM SOURCE\n");
        return 2;
    }
    program_is_at(argv[2], argv[3]);
    unsetenv("O");
    setenv("CK_TIMEOUT_MULTIPLIER", "0.1", 0); /* two seconds; thirty in all */
    return run();
}

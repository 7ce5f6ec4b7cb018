/* test_selector.c -- the contract of common/selector.h, for every backend.
 *
 * BACKEND=poll     only the tests of this backend.
 * STAND_IN=macos   see ../emulation/kernels.h.
 */
#include "contract.h"

#define AS_PART(file) &file##_part,
static const struct part *const parts[] = {PARTS(AS_PART) NULL};

static int bit_of(int backend)
{
    const char *name = selector_backend_name(backend);

    return backend_is_added(name) ? ADDED : 1 << backend_rank(name);
}

static void add_for(TCase *tcase, const struct rule *rule, int backend)
{
    if (rule->backends == IN_EVERY_STATE)
        tcase_add_loop_test(tcase, *rule->test, state_count * backend,
                            state_count * (backend + 1));
    else if (rule->backends & bit_of(backend))
        tcase_add_loop_test(tcase, *rule->test, backend, backend + 1);
}

static void add(TCase *tcase, const struct rule *rule)
{
    if (rule->backends < 0)
        tcase_add_loop_test(tcase, *rule->test, 0, -rule->backends);
    for (int i = 0; rule->backends > 0 && i < backend_count(); i++)
        if (backend_wanted(i))
            add_for(tcase, rule, i);
}

int main(void)
{
    Suite *suite = suite_create("selector");

    for (int i = 0; parts[i] != NULL; i++) {
        TCase *tcase = new_case(suite, parts[i]->name, finish);

        for (int j = 0; j < parts[i]->count; j++)
            add(tcase, &parts[i]->rules[j]);
    }
    return run_suite(suite);
}

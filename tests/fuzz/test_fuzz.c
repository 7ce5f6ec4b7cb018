/* test_fuzz.c -- fuzz_selector.c with random bytes: a little of it each time.
 *
 * FUZZ_SECONDS=30  goes on that long, all backends together, with new seeds.
 * FUZZ_SEED=7      this seed only.
 * BACKEND=poll     this backend only.
 * STAND_IN=macos   see ../units/emulation/kernels.h.
 */
#include "fuzz_selector.h"

#include "backends.h"
#include "basics.h"
#include "selector.h"

#include <check.h>
#include <kernels.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SEEDS = 2000, MOST_BYTES = 700 };

static unsigned seed;
static const char *backend_name;

/* Check takes only so much: of a long one the end. */
static void give_to_check(const char *message)
{
    enum { MOST = 3000 };
    size_t length = strlen(message);

    ck_abort_msg("FUZZ_SEED=%u, %s: %s%s", seed, backend_name,
                 length > MOST ? "... " : "",
                 message + (length > MOST ? length - MOST : 0));
}

/* Drawn from a part of the alphabet, which is another with each seed: so some
 * sequences consist of a few operations only, on a few descriptors. */
static void fuzz(int backend)
{
    uint32_t state = seed * 2654435761U + 1;
    unsigned letters = 4 + random_below(&state, 60);
    size_t size = 20 + random_below(&state, MOST_BYTES - 20);
    uint8_t alphabet[64];
    uint8_t bytes[MOST_BYTES];

    for (unsigned i = 0; i < letters; i++)
        alphabet[i] = (uint8_t)random_below(&state, 256);
    bytes[0] = (uint8_t)backend;
    for (size_t i = 1; i < size; i++)
        bytes[i] = alphabet[random_below(&state, letters)];
    LLVMFuzzerTestOneInput(bytes, size);
}

static unsigned number_in(const char *variable)
{
    const char *value = getenv(variable);
    char *end = NULL;
    unsigned long number = value == NULL ? 0 : strtoul(value, &end, 10);

    if (value != NULL && (end == value || *end != '\0')) {
        fprintf(stderr, "%s: '%s' is not a number\n", variable, value);
        exit(2);
    }
    return (unsigned)number;
}

START_TEST(a_selector_does_what_its_model_does)
{
    time_t end =
        time(NULL) + (time_t)number_in("FUZZ_SECONDS") / backend_count();

    fuzz_failed = give_to_check;
    backend_name = selector_backend_name(_i);
    for (seed = 1; seed <= SEEDS && number_in("FUZZ_SEED") == 0; seed++)
        fuzz(_i);
    seed = number_in("FUZZ_SEED");
    if (seed != 0)
        fuzz(_i);
    for (seed = (unsigned)time(NULL); time(NULL) < end; seed++)
        fuzz(_i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fuzz");
    TCase *tests = tcase_create("selector");
    SRunner *runner = srunner_create(suite);
    int failed;

    kernel(); /* or $STAND_IN is nonsense, or these are */
    number_in("FUZZ_SEED");
    number_in("FUZZ_SECONDS");
    for (int i = 0; i < backend_count(); i++)
        if (backend_wanted(i))
            tcase_add_loop_test(tests, a_selector_does_what_its_model_does, i,
                                i + 1);
    tcase_set_timeout(tests, 60 + 2 * number_in("FUZZ_SECONDS"));
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

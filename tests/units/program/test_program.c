/* test_program.c -- the contract of common/program.h. */
#include "fixture.h"

int main(void)
{
    Suite *suite = suite_create("program");

    setenv("LC_ALL", "C", 1);
    add_start(suite);
    add_server(suite);
    add_client(suite);
    return run_suite(suite);
}

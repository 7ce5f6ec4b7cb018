/* test_sockets.c -- the contract of common/sockets.h and common/deadline.h. */
#include "fixture.h"

int main(void)
{
    Suite *suite = suite_create("sockets");

    signal(SIGPIPE, SIG_IGN); /* as in every program: program_start() */
    add_deadlines(suite);
    add_texts(suite);
    add_listen(suite);
    add_accept(suite);
    add_transfer(suite);
    add_connect(suite);
    return run_suite(suite);
}

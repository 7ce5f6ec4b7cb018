/* test_harness.c -- what the harness promises about processes and failures. */
#include "harness.h"

#include <check.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- processes ------------------------------------------------------------- */

/* Which signal ends us; or else how we do it ourselves. */
enum { BY_EXIT = 0, BY_EXIT_AT_ONCE = -1 };
static const int ways_to_end[] = {BY_EXIT, BY_EXIT_AT_ONCE, SIGABRT, SIGHUP,
                                  SIGINT,  SIGTERM,         SIGKILL};
enum { WAYS_TO_END = sizeof ways_to_end / sizeof *ways_to_end };

static void end_us(int way)
{
    if (way == BY_EXIT)
        exit(0);
    if (way == BY_EXIT_AT_ONCE)
        _exit(0);
    signal(way, SIG_DFL); /* Check has its own for some */
    raise(way);
}

/* A shell, and what it has started itself, with this as their stdout. */
static struct child *start_shell(const char *command, int out)
{
    return child_start(
        &(struct launch){.path = "", .command = command, .out = out},
        ARGS(NULL));
}

/* A pipe ends when nobody holds its writing end any more. */
static void expect_all_to_end(const int ends[2])
{
    char byte;

    close(ends[1]);
    if (!wait_until(now_ms() + patience_ms(), ends[0], POLLIN))
        fail_with("expected all that was started to end, but it has not");
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
}

START_TEST(whatever_ends_us_ends_what_we_have_started)
{
    int ends[2];
    pid_t us;

    pipe_make(ends);
    us = fork();
    if (us == 0) {
        start_shell("sleep 300 & sleep 300 #", ends[1]);
        start_shell("sleep 300 & sleep 300 #", ends[1]);
        end_us(ways_to_end[_i]);
    }
    waitpid(us, NULL, 0);
    expect_all_to_end(ends);
}
END_TEST

/* As somebody else who starts one, and then kills the group that it is in. */
static void start_and_kill_our_group(void)
{
    setpgid(0, 0);
    if (process_fork() == 0) {
        sleep(60);
        _exit(0);
    }
    kill(0, SIGKILL);
}

/* The watcher must not be in that group, not even when it has just begun. */
START_TEST(our_group_is_killed_at_once)
{
    int ends[2];
    pid_t us;

    pipe_make(ends);
    us = fork();
    if (us == 0)
        start_and_kill_our_group();
    waitpid(us, NULL, 0);
    expect_all_to_end(ends);
    close(ends[0]);
}
END_TEST

/* Otherwise what is printed would go to whatever is opened first. */
START_TEST(who_has_no_stdout_prints_nowhere)
{
    int status;
    pid_t us = fork();

    if (us == 0) {
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        if (process_fork() == 0)
            _exit(0);
        exit(write(STDOUT_FILENO, "nowhere", 7) == -1 ? 0 : 1);
    }
    waitpid(us, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(what_a_program_has_started_ends_with_it)
{
    int ends[2];

    pipe_make(ends);
    child_finish(start_shell("sleep 300 & exit 3 #", ends[1]), 3);
    expect_all_to_end(ends);
}
END_TEST

/* It ends the wait, not us; and what we start is ended by it as ever. */
START_TEST(an_interrupt_ends_a_wait)
{
    int status;
    pid_t pid;

    process_catch_interrupts();
    pid = process_fork();
    if (pid == 0) {
        raise(SIGINT);
        exit(1);
    }
    ck_assert_int_eq(process_await(&status), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    ck_assert_int_eq(process_interrupted(), 0);
    if (process_fork() == 0)
        for (;;)
            pause();
    raise(SIGINT);
    ck_assert_int_eq(process_await(&status), 0);
    ck_assert_int_eq(process_interrupted(), SIGINT);
}
END_TEST

/* -- commands -------------------------------------------------------------- */

static const struct {
    const char *command, *why; /* NULL: it can be run */
} commands[] = {
    {"sh -c true", NULL},
    {"exec ./whatever", NULL},
    {"\"$x\" is for a shell", NULL},
    {"./Makefile.none 1", "there is no file ./Makefile.none"},
    {"02_select_loop/none", "nor a 02_select_loop/none.c to build it from"},
    {"02_select_loop/", "02_select_loop/ is a folder"},
    {"02_select_loop/server.c", "make builds it: SERVER=02_select_loop/server"},
    {"tests/bench/server.py", "chmod +x tests/bench/server.py"},
    {"tests/bench/server.py", "SERVER=\"python3 tests/bench/server.py\""},
    {"Makefile", "A file is named with a slash: SERVER=./Makefile"},
    {"no-such-command", "there is no command and no file no-such-command"},
    {"no-such-command", "for example\n  SERVER=02_select_loop/mine"},
    {"02_select_loop", "Name the program in it: SERVER=02_select_loop/mine"},
    {"busy", "named with its folder: SERVER=04_nonblocking_connect/busy"},
    {"functions.c", "its folder: SERVER=01_blocking/functions"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

START_TEST(a_command_that_cannot_run_is_explained)
{
    char why[2048] = "";
    bool runs =
        command_can_run(commands[_i].command, "SERVER", why, sizeof why);

    ck_assert_msg(runs == (commands[_i].why == NULL), "%s",
                  commands[_i].command);
    if (!runs)
        ck_assert_msg(strstr(why, commands[_i].why) != NULL, "%s: %s",
                      commands[_i].command, why);
}
END_TEST

START_TEST(a_script_is_not_advised_to_be_built)
{
    const char *const missing[] = {"missing.sh", "tests/missing.sh", "busy"};
    char why[2048];

    for (int i = 0; i < 3; i++) {
        ck_assert(!command_can_run(missing[i], "SCRIPT", why, sizeof why));
        ck_assert_ptr_nonnull(strstr(why, "a copy of tests/clinic/first.sh"));
        ck_assert_ptr_null(strstr(why, "make builds"));
    }
}
END_TEST

/* -- what they print ------------------------------------------------------- */

START_TEST(a_file_is_read_as_a_pipe_is_and_lines_come_whole)
{
    struct child *child = child_start(
        &(struct launch){.path = "",
                         .command = "true & echo one; echo two >&2; "
                                    "printf three; sleep 300 #",
                         .out = TO_FILE,
                         .err = AS_STDOUT},
        ARGS(NULL));
    char line[8];

    stream_expect(child, &child->out, "three");
    child_expect_stdout(child, "one\ntwo\nthree");
    ck_assert(stream_line(&child->out, line, sizeof line));
    ck_assert_str_eq(line, "one");
    ck_assert(stream_line(&child->out, line, 3));
    ck_assert_str_eq(line, "tw");
    ck_assert(!stream_line(&child->out, line, sizeof line));
    child_free(child);
}
END_TEST

/* -- failures -------------------------------------------------------------- */

static jmp_buf test;
static struct place failure;

static void hear(const char *message)
{
    failure = place_of_failure();
    longjmp(test, 1);
}

static void helper(int *line)
{
    *line = __LINE__ + 1;
    fail_with("as it should");
}

static void named_helper(int *line)
{
    helper(line);
}
#define named_helper(...) HERE(named_helper, __VA_ARGS__)

START_TEST(a_failure_names_the_line_that_called_a_helper)
{
    int unused;
    int line;

    harness_failed = hear;
    if (setjmp(test) == 0)
        named_helper(&unused);
    ck_assert_str_eq(failure.file, __FILE__);
    ck_assert_int_eq(failure.line, __LINE__ - 2);
    if (setjmp(test) == 0)
        helper(&line); /* which is not named itself */
    ck_assert_int_eq(failure.line, line);
}
END_TEST

static char heard[200];

static void hear_words(const char *message)
{
    snprintf(heard, sizeof heard, "%s", message);
    longjmp(test, 1);
}

START_TEST(nobody_waits_for_a_program_that_has_ended)
{
    struct child *child = child_start(
        &(struct launch){.path = "", .command = "./nonsense"}, ARGS(NULL));
    long long start = now_ms();
    int port;
    int listener = listener_open(&port);

    harness_failed = hear_words;
    if (setjmp(test) == 0)
        listener_accept(listener);
    ck_assert_ptr_nonnull(strstr(heard, "nobody has"));
    ck_assert_int_lt(now_ms() - start, patience_ms() / 2);
    if (setjmp(test) == 0)
        child_descriptors(child);
    ck_assert_ptr_nonnull(strstr(heard, "to run while its descriptors"));
    child_free(child);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("harness");
    TCase *tc = tcase_create("harness");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, whatever_ends_us_ends_what_we_have_started, 0,
                        WAYS_TO_END);
    tcase_add_loop_test(tc, our_group_is_killed_at_once, 0, 300);
    tcase_add_test(tc, who_has_no_stdout_prints_nowhere);
    tcase_add_test(tc, what_a_program_has_started_ends_with_it);
    tcase_add_test(tc, an_interrupt_ends_a_wait);
    tcase_add_loop_test(tc, a_command_that_cannot_run_is_explained, 0,
                        COMMANDS);
    tcase_add_test(tc, a_script_is_not_advised_to_be_built);
    tcase_add_test(tc, a_file_is_read_as_a_pipe_is_and_lines_come_whole);
    tcase_add_test(tc, nobody_waits_for_a_program_that_has_ended);
    tcase_add_test(tc, a_failure_names_the_line_that_called_a_helper);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

/* start.c -- report(), program_fail(), program_start(). */
#include "fixture.h"

#include <sys/resource.h>

/* -- report ---------------------------------------------------------------- */

static int report_an_error(void)
{
    start();
    errno = ENOENT;
    report("cannot open %s, number %d", "this", 5);
    return errno == ENOENT ? 0 : FAILED;
}

START_TEST(report_names_program_deed_and_reason_and_keeps_errno)
{
    struct outcome outcome = run(report_an_error);
    char expected[256];

    snprintf(expected, sizeof expected,
             "server: cannot open this, number 5: %s\n", strerror(ENOENT));
    expect(outcome.status, 0);
    expect_text(outcome.err, expected);
    expect_text(outcome.out, "");
}
END_TEST

static int fail_with_an_error(void)
{
    start();
    errno = ENOENT;
    program_fail("cannot open %s, number %d", "this", 5);
}

START_TEST(fail_reports_and_ends_the_program)
{
    struct outcome outcome = run(fail_with_an_error);
    char expected[256];

    snprintf(expected, sizeof expected,
             "server: cannot open this, number 5: %s\n", strerror(ENOENT));
    expect(outcome.status, 1);
    expect_text(outcome.err, expected);
    expect_text(outcome.out, "");
}
END_TEST

static int report_to_nobody(void)
{
    start();
    close(STDERR_FILENO);
    errno = ENOENT;
    report("cannot say it");
    return errno == ENOENT ? 0 : FAILED;
}

START_TEST(report_keeps_errno_even_if_nobody_can_be_told)
{
    expect(run(report_to_nobody).status, 0);
}
END_TEST

static int report_too_much(void)
{
    static char much[2000];

    memset(much, 'a', sizeof much - 1);
    start();
    errno = ENOENT;
    report("%s", much);
    return 0;
}

START_TEST(report_shortens_what_is_too_long)
{
    struct outcome outcome = run(report_too_much);

    expect(outcome.status, 0);
    expect_true(strlen(outcome.err) > 400 && strlen(outcome.err) < 700);
    expect_part(outcome.err, "aaa: ");
    expect_part(outcome.err, strerror(ENOENT));
}
END_TEST

static int report_before_the_start(void)
{
    errno = EACCES;
    report("early");
    return 0;
}

START_TEST(report_works_before_the_program_has_a_name)
{
    expect_run(report_before_the_start, 0, "", "?: early: ");
}
END_TEST

/* -- start ----------------------------------------------------------------- */

static const char *path_of_program;

static int report_name(void)
{
    char path[64];
    char *arguments[] = {path, NULL};

    snprintf(path, sizeof path, "%s", path_of_program);
    program_start(arguments);
    errno = EIO;
    report("x");
    return 0;
}

START_TEST(the_name_of_the_program_has_no_directory)
{
    static const char *const paths[] = {"server", "./server", "/usr/bin/server",
                                        "a b/server"};

    struct outcome outcome;

    subject = path_of_program = paths[_i];
    outcome = run(report_name);
    expect(strncmp(outcome.err, "server: x: ", 11), 0);
}
END_TEST

/* What is in the file before the end was written at the newline. */
static int print_a_line(void)
{
    struct stat status;

    start();
    printf("one line\nand a half");
    MUST(fstat(STDOUT_FILENO, &status) == 0);
    return status.st_size == (off_t)strlen("one line\n") ? 0 : FAILED;
}

START_TEST(each_line_is_written_at_once)
{
    expect_run(print_a_line, 0, "one line\nand a half", "");
}
END_TEST

static int write_to_nobody(void)
{
    int ends[2];

    start();
    MUST(pipe(ends) == 0);
    close(ends[0]);
    MUST(write(ends[1], "x", 1) == -1);
    MUST(errno == EPIPE);
    return 0;
}

START_TEST(a_peer_that_has_gone_does_not_end_the_process)
{
    expect_run(write_to_nobody, 0, "", "");
}
END_TEST

static int closed_ones; /* a bit for each of stdin, stdout, stderr */

static bool is_open_file(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

/* Nothing can be said on a stderr that is closed: the status tells. */
static int start_without_some(void)
{
    char byte;
    int fd;

    for (fd = 0; fd < 3; fd++)
        if (closed_ones & (1 << fd))
            close(fd);
    start();
    for (fd = 0; fd < 3; fd++)
        if (!is_open_file(fd))
            return 10 + fd;
    if ((closed_ones & 1) && (read(0, &byte, 1) != -1 || errno != EBADF))
        return 20;
    if ((closed_ones & 2) && (write(1, "x", 1) != -1 || errno != EBADF))
        return 21;
    if ((closed_ones & 4) && (write(2, "x", 1) != -1 || errno != EBADF))
        return 22;
    fd = socket_listen("127.0.0.1", 0);
    return fd > STDERR_FILENO ? 0 : 30;
}

START_TEST(closed_standard_descriptors_are_taken_out_of_circulation)
{
    static const char *const names[] = {
        "all open",  "no stdin",    "no stdout",  "only stderr",
        "no stderr", "only stdout", "only stdin", "none of the three"};
    struct outcome outcome;

    subject = names[_i];
    closed_ones = _i;
    outcome = run(start_without_some);
    expect(outcome.status, 0);
}
END_TEST

/* Or a client would be given its number, and read what is printed. */
static int start_without_the_plug(void)
{
    close(STDIN_FILENO);
    faults_fail("open", 1, EMFILE);
    start();
    return 0;
}

START_TEST(a_closed_descriptor_that_cannot_be_replaced_ends_the_program)
{
    char expected[256];

    snprintf(expected, sizeof expected,
             "server: descriptor 0 is closed, and cannot be replaced: %s\n",
             strerror(EMFILE));
    expect_line(start_without_the_plug, 1, "", expected);
}
END_TEST

/* RLIMIT_FSIZE: the signal would end the process. */
static int write_too_much(void)
{
    struct rlimit limit = {.rlim_cur = 1};

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 1;
    start();
    MUST(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    MUST(write(STDOUT_FILENO, "xy", 2) == 1);
    MUST(write(STDOUT_FILENO, "y", 1) == -1);
    MUST(errno == EFBIG);
    return 0;
}

START_TEST(a_log_that_is_too_large_does_not_end_the_process)
{
    expect_run(write_too_much, 0, "x", "");
}
END_TEST

/* -- end ------------------------------------------------------------------- */

static int status_to_end_with;

static int end_well(void)
{
    start();
    printf("no newline");
    return program_end(status_to_end_with);
}

/* What was lost, and how: at once, or at the very end. */
static int end_unheard(void)
{
    start();
    close(STDOUT_FILENO);
    printf(status_to_end_with == 0 ? "a line\n" : "no newline");
    return program_end(status_to_end_with);
}

START_TEST(the_end_says_whether_all_was_printed)
{
    static const int statuses[] = {0, 3};

    status_to_end_with = statuses[_i];
    expect_line(end_well, status_to_end_with, "no newline", "");
    expect_line(end_unheard, status_to_end_with == 0 ? 1 : 3, "",
                "server: not all that was printed reached stdout\n");
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

void add_start(Suite *suite)
{
    TCase *tcase = new_case(suite, "start", NULL);

    ADD(report_names_program_deed_and_reason_and_keeps_errno);
    ADD(fail_reports_and_ends_the_program);
    ADD(report_keeps_errno_even_if_nobody_can_be_told);
    ADD(report_shortens_what_is_too_long);
    ADD(report_works_before_the_program_has_a_name);
    ADD_TIMES(4, the_name_of_the_program_has_no_directory);
    ADD(each_line_is_written_at_once);
    ADD(a_peer_that_has_gone_does_not_end_the_process);
    ADD_TIMES(8, closed_standard_descriptors_are_taken_out_of_circulation);
    ADD(a_closed_descriptor_that_cannot_be_replaced_ends_the_program);
    ADD(a_log_that_is_too_large_does_not_end_the_process);
    ADD_TIMES(2, the_end_says_whether_all_was_printed);
}

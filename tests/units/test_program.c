/* test_program.c -- the contract of common/program.h.
 *
 * What is tested is what a process says and how it ends. So each call is made
 * in a process of its own, with a file for its stdout and another for its
 * stderr, and its result is that process's exit status.
 */
#include "program.h"

#include "backends.h"
#include "checks.h"

#include <sys/wait.h>

enum {
    FAILED = 99,  /* the status of a process that found something wrong */
    IS_NULL = 98, /* ... and of one that was given no pointer */
    OUTPUT_SIZE = 4096
};

/* -- a process of its own -------------------------------------------------- */

struct outcome {
    int status;
    char out[OUTPUT_SIZE];
    char err[OUTPUT_SIZE];
};

static FILE *new_file(void)
{
    FILE *file = tmpfile();

    ck_assert_msg(file != NULL, "tmpfile(): %s", strerror(errno));
    return file;
}

static void read_file(FILE *file, char text[OUTPUT_SIZE])
{
    size_t size;

    rewind(file);
    size = fread(text, 1, OUTPUT_SIZE - 1, file);
    text[size] = '\0';
    fclose(file);
}

/* What happens when body() is all that a process does. */
static struct outcome run(int (*body)(void))
{
    struct outcome outcome;
    FILE *out = new_file();
    FILE *err = new_file();
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        fclose(out);
        fclose(err);
        exit(body());
    }
    expect(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "%s: ended by signal %d", subject,
                  WTERMSIG(status));
    outcome.status = WEXITSTATUS(status);
    read_file(out, outcome.out);
    read_file(err, outcome.err);
    return outcome;
}

/* It ends with this status, and this is a part of what it prints. */
static struct outcome expect_run(int (*body)(void), int status, const char *out,
                                 const char *err)
{
    struct outcome outcome = run(body);

    ck_assert_msg(outcome.status == status,
                  "%s: status is %d, expected %d; stderr: %s", subject,
                  outcome.status, status, outcome.err);
    expect_part(outcome.out, out);
    expect_part(outcome.err, err);
    return outcome;
}

/* For a process: whatever is wrong ends it. */
static void must(bool condition, const char *what)
{
    if (!condition) {
        dprintf(STDERR_FILENO, "expected %s\n", what);
        exit(FAILED);
    }
}

#define MUST(condition) must(condition, #condition)

/* -- the command line under test ------------------------------------------- */

enum { WORDS = 6 };

static char *words[WORDS + 1];
static int word_count;

static void set_words(const char *const arguments[WORDS])
{
    static char path[] = "./03_selectors_callbacks/server";
    static char texts[WORDS][64];

    words[0] = path;
    word_count = 1;
    for (int i = 0; i < WORDS && arguments[i] != NULL; i++) {
        snprintf(texts[i], sizeof texts[i], "%s", arguments[i]);
        words[word_count++] = texts[i];
    }
    words[word_count] = NULL;
    subject = word_count > 1 ? words[1] : "(no argument)";
}

static void set_word(const char *argument)
{
    const char *const arguments[WORDS] = {argument};

    set_words(arguments);
}

static void start(void)
{
    set_word(NULL);
    program_start(words);
}

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

/* Where no descriptor can be opened for it the program goes on without. */
static int start_without_the_plug(void)
{
    close(STDIN_FILENO);
    faults_fail("open", 1, EMFILE);
    start();
    return is_open_file(STDIN_FILENO) ? FAILED : 0;
}

START_TEST(a_closed_descriptor_may_stay_closed)
{
    expect(run(start_without_the_plug).status, 0);
}
END_TEST

/* -- [PORT] ---------------------------------------------------------------- */

static int parse_port(void)
{
    printf("port %d\n", program_port(word_count, words));
    return 0;
}

#define USAGE_OF_SERVER "usage: server [PORT]\n"

static const struct port_line {
    const char *arguments[WORDS];
    int status;
    const char *out; /* a part of it */
    const char *err;
} port_lines[] = {
    {{NULL}, 0, "port 5000\n", ""},
    {{"0"}, 0, "port 0\n", ""},
    {{"6000"}, 0, "port 6000\n", ""},
    {{"65535"}, 0, "port 65535\n", ""},
    {{"abc"}, 2, "", "server: 'abc' is not a port\n" USAGE_OF_SERVER},
    {{""}, 2, "", "server: '' is not a port\n" USAGE_OF_SERVER},
    {{"-1"}, 2, "", "server: '-1' is not a port\n" USAGE_OF_SERVER},
    {{"70000"}, 2, "", "server: '70000' is not a port\n" USAGE_OF_SERVER},
    {{"99999999999"}, 2, "", "server: '99999999999' is not a port\n"},
    {{"-p"}, 2, "", "server: '-p' is not a port\n" USAGE_OF_SERVER},
    {{"--help"}, 2, "", "server: '--help' is not a port\n" USAGE_OF_SERVER},
    {{"5000", "6000"}, 2, "", "server: too many arguments\n" USAGE_OF_SERVER},
    {{"abc", "-h"}, 2, "", "server: too many arguments\n" USAGE_OF_SERVER},
    {{"-h"}, 0, USAGE_OF_SERVER, ""},
    {{"-h", "x"}, 0, USAGE_OF_SERVER, ""},
};

/* What is said goes to one of the two, never to both. */
static struct outcome expect_line(int (*body)(void), int status,
                                  const char *out, const char *err)
{
    struct outcome outcome = expect_run(body, status, out, err);

    if (*out == '\0')
        expect_text(outcome.out, "");
    if (*err == '\0')
        expect_text(outcome.err, "");
    return outcome;
}

START_TEST(a_server_takes_one_port)
{
    const struct port_line *row = &port_lines[_i];

    set_words(row->arguments);
    expect_line(parse_port, row->status, row->out, row->err);
}
END_TEST

/* -- listen ---------------------------------------------------------------- */

static int listen_as_told(void)
{
    int listener = program_listen(word_count, words);

    printf("listening on %d\n", socket_port(listener));
    return 0;
}

START_TEST(a_server_listens_where_it_is_told)
{
    struct outcome outcome;

    set_word("0");
    outcome = expect_line(listen_as_told, 0, "listening on ", "");
    expect_true(strtol(outcome.out + strlen("listening on "), NULL, 10) > 0);
}
END_TEST

START_TEST(a_port_that_is_taken_is_explained)
{
    int listener = socket_listen("127.0.0.1", 0);
    char expected[256];
    char port[16];
    struct outcome outcome;

    snprintf(port, sizeof port, "%d", socket_port(listener));
    set_word(port);
    snprintf(expected, sizeof expected,
             "server: cannot listen on 127.0.0.1:%s: %s\n", port,
             strerror(EADDRINUSE));
    outcome = expect_line(listen_as_told, 1, "", expected);
    snprintf(expected, sizeof expected, "ss -ltnp 'sport = :%s'", port);
    expect_part(outcome.err, expected);
    snprintf(expected, sizeof expected, "lsof -nP -iTCP:%s", port);
    expect_part(outcome.err, expected);
    close(listener);
}
END_TEST

static int listen_in_vain(void)
{
    faults_fail("bind", 1, EACCES);
    return listen_as_told();
}

START_TEST(a_port_for_root_is_explained)
{
    set_word("80");
    expect_line(listen_in_vain, 1, "",
                "server: cannot listen on 127.0.0.1:80: Permission denied\n"
                "  Ports below 1024 are for root; try server 5000\n");
}
END_TEST

static int listen_without_descriptors(void)
{
    faults_fail("socket", 1, EMFILE);
    return listen_as_told();
}

START_TEST(other_reasons_speak_for_themselves)
{
    struct outcome outcome;
    char expected[256];

    set_word("5000");
    snprintf(expected, sizeof expected,
             "server: cannot listen on 127.0.0.1:5000: %s\n", strerror(EMFILE));
    outcome = expect_line(listen_without_descriptors, 1, "", expected);
    expect_text(outcome.err, expected);
}
END_TEST

START_TEST(a_wrong_port_is_wrong_usage_and_help_is_none)
{
    set_word("abc");
    expect_line(listen_as_told, 2, "", "'abc' is not a port");
    set_word("-h");
    expect_line(listen_as_told, 0, USAGE_OF_SERVER, "");
}
END_TEST

static int flags_of(int fd)
{
    return fcntl(fd, F_GETFL);
}

static void listen_with(int out, int err)
{
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    program_listen(word_count, words);
}

static int log_into_pipe_and_socket(void)
{
    int ends[2];
    int pair[2];

    MUST(pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(fcntl(ends[1], F_SETFL, O_APPEND) == 0);
    listen_with(ends[1], pair[1]);
    if (!(flags_of(STDOUT_FILENO) & O_NONBLOCK))
        return 1;
    if (!(flags_of(STDERR_FILENO) & O_NONBLOCK))
        return 2;
    return flags_of(STDOUT_FILENO) & O_APPEND ? 0 : 3; /* as it was */
}

START_TEST(a_server_does_not_wait_for_whoever_reads_its_log)
{
    set_word("0");
    expect(run(log_into_pipe_and_socket).status, 0);
}
END_TEST

static int log_into_a_file(void)
{
    program_listen(word_count, words);
    MUST(!(flags_of(STDOUT_FILENO) & O_NONBLOCK));
    MUST(!(flags_of(STDERR_FILENO) & O_NONBLOCK));
    return 0;
}

START_TEST(a_file_or_terminal_stays_as_it_is)
{
    set_word("0");
    expect_run(log_into_a_file, 0, "", "");
}
END_TEST

static int log_into_the_unknown(void)
{
    faults_fail("fstat", 1, EIO);
    return log_into_a_file();
}

START_TEST(what_cannot_be_examined_stays_as_it_is)
{
    set_word("0");
    expect_run(log_into_the_unknown, 0, "", "");
}
END_TEST

/* -- announce -------------------------------------------------------------- */

static const char *backend_to_announce; /* NULL: no selector */

/* And on stderr what is to be announced. */
static int announce(void)
{
    struct selector *sel =
        backend_to_announce == NULL ? NULL : selector_open(backend_to_announce);
    int listener;

    start();
    listener = socket_listen("127.0.0.1", 0);
    program_announce(listener, sel);
    fprintf(stderr, "Listening on 127.0.0.1:%d%s%s, try: nc 127.0.0.1 %d\n",
            socket_port(listener), sel == NULL ? "" : " with ",
            sel == NULL ? "" : selector_name(sel), socket_port(listener));
    selector_close(sel);
    return 0;
}

START_TEST(a_server_says_where_it_listens_and_what_to_try)
{
    struct outcome outcome;

    backend_to_announce = _i == 0 ? NULL : selector_backend_name(_i - 1);
    subject = _i == 0 ? "no selector" : backend_to_announce;
    outcome = run(announce);
    expect(outcome.status, 0);
    expect_text(outcome.out, outcome.err);
}
END_TEST

static int announce_to_nobody(void)
{
    close(STDOUT_FILENO);
    start();
    program_announce(socket_listen("127.0.0.1", 0), NULL);
    return 0;
}

START_TEST(a_server_without_stdout_says_so_and_goes_on)
{
    expect_run(announce_to_nobody, 0, "", "server: goes on without stdout: ");
}
END_TEST

/* -- [-t SECONDS] [HOST[:PORT]]... ----------------------------------------- */

static int parse_targets(void)
{
    int limit_ms = -77;
    int count = -77;
    char **targets = program_targets(word_count, words, &count, &limit_ms);

    printf("%d ms:", limit_ms);
    for (int i = 0; i < count; i++)
        printf(" %s", targets[i]);
    return 0;
}

#define USAGE_OF_CONNECT "usage: server [-t SECONDS] [HOST[:PORT]]...\n"

static const struct port_line target_lines[] = {
    {{NULL}, 0, "10000 ms: xkcd.com:80", ""},
    {{"localhost"}, 0, "10000 ms: localhost", ""},
    {{"a:1", "b:2", "[::1]:3"}, 0, "10000 ms: a:1 b:2 [::1]:3", ""},
    {{"-t", "5"}, 0, "5000 ms: xkcd.com:80", ""},
    {{"-t", "2.5", "a"}, 0, "2500 ms: a", ""},
    {{"-t0.25", "a"}, 0, "250 ms: a", ""},
    {{"-t", "0.0005"}, 0, "1 ms: ", ""},
    {{"-t", "1e-9"}, 0, "1 ms: ", ""},
    {{"-t", "0.0011"}, 0, "2 ms: ", ""},
    {{"-t", "1000000"}, 0, "1000000000 ms: ", ""},
    {{"-t", "1", "-t", "2"}, 0, "2000 ms: ", ""},
    {{"--", "a"}, 0, "10000 ms: a", ""},
    {{"-t", "0"}, 2, "", "server: '0' is not a time in seconds\n"},
    {{"-t", "-1"}, 2, "", "server: '-1' is not a time in seconds\n"},
    {{"-t", ""}, 2, "", "server: '' is not a time in seconds\n"},
    {{"-t", "abc"}, 2, "", "server: 'abc' is not a time in seconds\n"},
    {{"-t", "5s"}, 2, "", "server: '5s' is not a time in seconds\n"},
    {{"-t", "nan"}, 2, "", "server: 'nan' is not a time in seconds\n"},
    {{"-t", "inf"}, 2, "", "server: 'inf' is not a time in seconds\n"},
    {{"-t", "1000001"}, 2, "", "server: '1000001' is not a time in seconds\n"},
    {{"-t", "1e300"}, 2, "", "server: '1e300' is not a time in seconds\n"},
    {{"-t", "abc"}, 2, "", USAGE_OF_CONNECT},
    {{"-t"}, 2, "", USAGE_OF_CONNECT},
    {{"-x"}, 2, "", USAGE_OF_CONNECT},
    {{""}, 2, "", "server: '' is not HOST or HOST:PORT\n" USAGE_OF_CONNECT},
    {{"a", "80"}, 2, "", "server: '80' is not HOST or HOST:PORT\n"},
    {{"--", "-t", "1"}, 2, "", "server: '-t' is not HOST or HOST:PORT\n"},
    {{"a:b"}, 2, "", "server: 'a:b' is not HOST or HOST:PORT\n"},
    {{"a:70000"}, 2, "", "server: 'a:70000' is not HOST or HOST:PORT\n"},
    {{"a", "[::1"}, 2, "", "server: '[::1' is not HOST or HOST:PORT\n"},
    {{"-h"}, 0, USAGE_OF_CONNECT, ""},
    {{"-t", "1", "-h"}, 0, USAGE_OF_CONNECT, ""},
};

START_TEST(a_client_takes_a_time_and_targets)
{
    const struct port_line *row = &target_lines[_i];

    set_words(row->arguments);
    expect_line(parse_targets, row->status, row->out, row->err);
}
END_TEST

/* -- resolve --------------------------------------------------------------- */

static const char *target_to_resolve;

static int resolve(void)
{
    struct addrinfo *addresses;
    char name[SOCKET_NAME_SIZE];

    start();
    addresses = program_resolve(target_to_resolve);
    if (addresses == NULL)
        return IS_NULL;
    socket_format(addresses->ai_addr, addresses->ai_addrlen, name);
    printf("%s", name);
    freeaddrinfo(addresses);
    return 0;
}

START_TEST(a_target_is_resolved_at_port_80_if_it_names_none)
{
    target_to_resolve = subject = "127.0.0.1";
    expect_text(run(resolve).out, "127.0.0.1:80");
    target_to_resolve = subject = "127.0.0.1:5000";
    expect_text(run(resolve).out, "127.0.0.1:5000");
}
END_TEST

START_TEST(a_bad_target_is_reported)
{
    target_to_resolve = subject = "a:b";
    expect_run(resolve, IS_NULL, "", "server: a:b: Invalid argument\n");
}
END_TEST

static int resolve_in_vain(void)
{
    faults_fail("getaddrinfo", 1, EAI_NONAME);
    return resolve();
}

static int resolve_without_descriptors(void)
{
    faults_fail("getaddrinfo", 1, EAI_SYSTEM);
    return resolve();
}

START_TEST(an_unknown_host_is_reported)
{
    struct outcome outcome;
    char expected[256];

    target_to_resolve = subject = "127.0.0.1:80";
    outcome = run(resolve_in_vain);
    snprintf(expected, sizeof expected, "server: 127.0.0.1:80: %s\n",
             gai_strerror(EAI_NONAME));
    expect(outcome.status, IS_NULL);
    expect_text(outcome.err, expected);
    outcome = run(resolve_without_descriptors);
    snprintf(expected, sizeof expected, "server: 127.0.0.1:80: %s\n",
             strerror(EMFILE));
    expect(outcome.status, IS_NULL);
    expect_text(outcome.err, expected);
}
END_TEST

/* -- the selector ---------------------------------------------------------- */

static int choose_selector(void)
{
    struct selector *sel;

    start();
    sel = program_selector();
    printf("%s", selector_name(sel));
    selector_close(sel);
    return 0;
}

static void expect_selector(const char *variable, const char *backend)
{
    struct selector *sel = selector_open(backend);
    struct outcome outcome;

    subject = variable == NULL ? "(unset)" : variable;
    if (variable == NULL)
        unsetenv("SELECTOR");
    else
        setenv("SELECTOR", variable, 1);
    outcome = run(choose_selector);
    expect(outcome.status, 0);
    expect_text(outcome.out, selector_name(sel));
    expect_text(outcome.err, "");
    selector_close(sel);
}

START_TEST(the_environment_names_the_selector)
{
    for (int i = 0; selector_backend_name(i) != NULL; i++)
        expect_selector(selector_backend_name(i), selector_backend_name(i));
    expect_selector(NULL, selector_backend_name(0));
    expect_selector("", selector_backend_name(0));
}
END_TEST

START_TEST(an_unknown_selector_is_explained)
{
    struct outcome outcome;
    char expected[256] = "";
    int length = 0;

    setenv("SELECTOR", "port", 1);
    outcome =
        expect_run(choose_selector, 1, "",
                   "server: cannot open selector 'port': Invalid argument\n");
    for (int i = 0; selector_backend_name(i) != NULL; i++)
        length += snprintf(expected + length, sizeof expected - (size_t)length,
                           " %s", selector_backend_name(i));
    expect_part(outcome.err, expected);
    expect_part(outcome.err, "  SELECTOR can be ");
    expect_part(outcome.err, ", or unset for the first of them that works\n");
}
END_TEST

static int choose_without_memory(void)
{
    faults_memory(1);
    return choose_selector();
}

START_TEST(no_selector_at_all_is_explained)
{
    char expected[128];

    unsetenv("SELECTOR");
    snprintf(expected, sizeof expected, "server: cannot open selector '': %s\n",
             strerror(ENOMEM));
    expect_run(choose_without_memory, 1, "", expected);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

static void add_start(TCase *tcase)
{
    tcase_add_test(tcase, report_names_program_deed_and_reason_and_keeps_errno);
    tcase_add_test(tcase, fail_reports_and_ends_the_program);
    tcase_add_test(tcase, report_keeps_errno_even_if_nobody_can_be_told);
    tcase_add_test(tcase, report_shortens_what_is_too_long);
    tcase_add_test(tcase, report_works_before_the_program_has_a_name);
    tcase_add_loop_test(tcase, the_name_of_the_program_has_no_directory, 0, 4);
    tcase_add_test(tcase, each_line_is_written_at_once);
    tcase_add_test(tcase, a_peer_that_has_gone_does_not_end_the_process);
    tcase_add_loop_test(
        tcase, closed_standard_descriptors_are_taken_out_of_circulation, 0, 8);
    tcase_add_test(tcase, a_closed_descriptor_may_stay_closed);
}

static void add_server(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_server_takes_one_port, 0, ROWS(port_lines));
    tcase_add_test(tcase, a_server_listens_where_it_is_told);
    tcase_add_test(tcase, a_port_that_is_taken_is_explained);
    tcase_add_test(tcase, a_port_for_root_is_explained);
    tcase_add_test(tcase, other_reasons_speak_for_themselves);
    tcase_add_test(tcase, a_wrong_port_is_wrong_usage_and_help_is_none);
    tcase_add_test(tcase, a_server_does_not_wait_for_whoever_reads_its_log);
    tcase_add_test(tcase, a_file_or_terminal_stays_as_it_is);
    tcase_add_test(tcase, what_cannot_be_examined_stays_as_it_is);
    tcase_add_loop_test(tcase, a_server_says_where_it_listens_and_what_to_try,
                        0, 1 + backend_count());
    tcase_add_test(tcase, a_server_without_stdout_says_so_and_goes_on);
}

static void add_client(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_client_takes_a_time_and_targets, 0,
                        ROWS(target_lines));
    tcase_add_test(tcase, a_target_is_resolved_at_port_80_if_it_names_none);
    tcase_add_test(tcase, a_bad_target_is_reported);
    tcase_add_test(tcase, an_unknown_host_is_reported);
    tcase_add_test(tcase, the_environment_names_the_selector);
    tcase_add_test(tcase, an_unknown_selector_is_explained);
    tcase_add_test(tcase, no_selector_at_all_is_explained);
}

int main(void)
{
    Suite *suite = suite_create("program");

    setenv("LC_ALL", "C", 1);
    add_start(new_case(suite, "start", NULL));
    add_server(new_case(suite, "server", NULL));
    add_client(new_case(suite, "client", NULL));
    return run_suite(suite);
}

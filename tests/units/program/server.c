/* server.c -- the command line, the port and the first line of a server. */
#include "fixture.h"

#include "backends.h"

/* -- [PORT] ---------------------------------------------------------------- */

static int parse_port(void)
{
    printf("port %d\n", program_port(word_count, words));
    return 0;
}

#define USAGE_OF_SERVER "usage: server [PORT]\n"

static const struct line port_lines[] = {
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

START_TEST(a_server_takes_one_port)
{
    const struct line *row = &port_lines[_i];

    set_words(row->arguments);
    expect_line(parse_port, row->status, row->out, row->err);
}
END_TEST

/* The usage is what was asked for. */
static int ask_a_full_device_for_help(void)
{
    int full = open("/dev/full", O_WRONLY);

    MUST(full != -1 && dup2(full, STDOUT_FILENO) == STDOUT_FILENO);
    set_word("-h");
    return parse_port();
}

START_TEST(help_that_cannot_be_printed_is_a_failure)
{
    if (access("/dev/full", W_OK) == -1) {
        skip(__func__, "there is no /dev/full");
        return;
    }
    expect_line(ask_a_full_device_for_help, 1, "",
                "server: not all that was printed reached stdout\n");
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
    snprintf(expected, sizeof expected, "ss -tanp 'sport = :%s'", port);
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

/* -- the suite ------------------------------------------------------------- */

void add_server(Suite *suite)
{
    TCase *tcase = new_case(suite, "server", NULL);

    ADD_TIMES(ROWS(port_lines), a_server_takes_one_port);
    ADD(help_that_cannot_be_printed_is_a_failure);
    ADD(a_server_listens_where_it_is_told);
    ADD(a_port_that_is_taken_is_explained);
    ADD(a_port_for_root_is_explained);
    ADD(other_reasons_speak_for_themselves);
    ADD(a_wrong_port_is_wrong_usage_and_help_is_none);
    ADD(a_server_does_not_wait_for_whoever_reads_its_log);
    ADD(a_file_or_terminal_stays_as_it_is);
    ADD(what_cannot_be_examined_stays_as_it_is);
    ADD_TIMES(1 + backend_count(),
              a_server_says_where_it_listens_and_what_to_try);
    ADD(a_server_without_stdout_says_so_and_goes_on);
}

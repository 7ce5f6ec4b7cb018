/* test_wording.c -- what our own programs print, and how they end.
 *
 * The exact words, the usage, the exit statuses, and what a program does when
 * nobody takes its words: stdout closed, full, or without a reader. The words
 * are ours alone, so none of this is asked of a program that replaces one.
 */
#include "harness.h"
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *name_of(int subject)
{
    return subject_program(&subjects[subject]);
}

static bool is(int subject, const char *program)
{
    return strcmp(name_of(subject), program) == 0;
}

static bool is_of(int subject, const char *stage)
{
    return strcmp(subjects[subject].stage, stage) == 0;
}

/* With its arguments, and no selector. */
#define RUN(...)                                                               \
    child_start(&(struct launch){.path = subjects[_i].path}, ARGS(__VA_ARGS__))

static struct child *start_with(int descriptors, int subject)
{
    struct launch launch = launch_of(&subjects[subject], descriptors);

    return server_start(&launch);
}

static struct child *start(int subject)
{
    return start_with(0, subject);
}

/* To "x". */
static const char *reply_of(int subject)
{
    return is(subject, "upper") ? "X" : "Hello World\n";
}

static void converse(int client, int subject)
{
    client_ask(client, "x", reply_of(subject));
}

static void expect_count(const struct stream *stream, const char *words,
                         int expected)
{
    size_t shown = stream->length > 60 ? 60 : stream->length;

    ck_assert_msg(stream_count(stream, words) == expected,
                  "expected \"%s\" to be printed %d times, got %d times, at "
                  "the end %s",
                  words, expected, stream_count(stream, words),
                  quoted(stream->text + stream->length - shown, shown));
}

/* -- what servers print ---------------------------------------------------- */

static const char *first_line(const struct child *server, int subject)
{
    static char line[120];

    snprintf(line, sizeof line,
             "Listening on 127.0.0.1:%d%s, try: nc 127.0.0.1 %d\n",
             server->port,
             is(subject, "upper")   ? " with PollSelector"
             : is_of(subject, "03") ? " with SelectSelector"
                                    : "",
             server->port);
    return line;
}

START_TEST(the_first_line_names_the_port_and_the_command_to_try)
{
    struct child *server = start(_i);

    child_expect_stdout(server, "%s%s", first_line(server, _i),
                        is_of(_i, "01") ? "Before accept()\n" : "");
    child_stop(server);
}
END_TEST

/* The program sleeps where its last print was; a second client changes
 * nothing. One line got lost when the notes' code was cut into functions. */
START_TEST(the_prints_of_01_show_where_it_sleeps)
{
    const char *outside = is(_i, "server") ? "Outside the inner while\n" : "";
    struct child *server = start(_i);
    int first = client_connect(server->port);
    int second = client_connect(server->port);
    int first_port = client_port(first);
    int second_port = client_port(second);

    converse(first, _i);
    stream_expect(server, &server->out, "Before recv()\nBefore recv()\n");
    child_expect_stdout(server,
                        "%s"
                        "Before accept()\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Before recv()\n"
                        "Before recv()\n",
                        first_line(server, _i), first_port);
    client_leave(first);
    converse(second, _i);
    client_leave(second);
    child_expect_stdout(server,
                        "%s"
                        "Before accept()\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Before recv()\n"
                        "Before recv()\n"
                        "%s"
                        "Before accept()\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Before recv()\n"
                        "Before recv()\n"
                        "%s"
                        "Before accept()\n",
                        first_line(server, _i), first_port, outside,
                        second_port, outside);
    child_expect_stderr(server, "%s", "");
    child_stop(server);
}
END_TEST

START_TEST(who_comes_is_printed_and_by_upper_who_is_closed)
{
    struct child *server = start(_i);
    int first = client_connect(server->port);
    int second = client_connect(server->port);
    int first_port = client_port(first);
    int second_port = client_port(second);
    char closing[80] = "";

    if (is(_i, "upper"))
        snprintf(closing, sizeof closing,
                 "closing 127.0.0.1:%d\nclosing 127.0.0.1:%d\n", second_port,
                 first_port);
    converse(second, _i);
    converse(first, _i);
    client_leave(second);
    client_leave(first);
    child_expect_stdout(server,
                        "%s"
                        "Connection from 127.0.0.1:%d\n"
                        "Connection from 127.0.0.1:%d\n"
                        "%s",
                        first_line(server, _i), first_port, second_port,
                        closing);
    child_expect_stderr(server, "%s", "");
    child_stop(server);
}
END_TEST

START_TEST(a_reset_is_printed_and_a_farewell_is_not)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);
    int port;

    converse(client, _i);
    client_leave(client);
    child_expect_stderr(server, "%s", "");
    client = client_connect(server->port);
    port = client_port(client);
    converse(client, _i);
    client_reset(client);
    stream_expect(server, &server->err, "%s\n", strerror(ECONNRESET));
    if (is(_i, "upper")) {
        stream_expect(server, &server->out, "closing 127.0.0.1:%d\n", port);
        child_expect_stderr(server, "upper: 127.0.0.1:%d: %s\n", port,
                            strerror(ECONNRESET));
    } else {
        expect_count(&server->err, "\n", 1);
        expect_count(&server->err, "server: descriptor ", 1);
    }
    child_stop(server);
}
END_TEST

/* false: nothing goes forth or back any more (a lost segment, and TCP waits
 * for its timers), which says nothing about the server. */
static bool is_closed_for_not_reading(const struct child *server, int other)
{
    enum { STALLED = 200 };
    static const char bytes[64 * 1024];
    int deaf = client_connect_small(server->port);
    int stalled = 0;
    ssize_t sent = 0;

    while (stalled < STALLED && (sent >= 0 || errno == EAGAIN)) {
        client_ask(other, "x", "Hello World\n");
        sent = send(deaf, bytes, sizeof bytes, 0);
        stalled = sent > 0 ? 0 : stalled + 1;
    }
    close(deaf);
    return stalled < STALLED;
}

START_TEST(a_client_that_never_reads_is_closed_and_the_reason_printed)
{
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int attempt = 0;

    while (!is_closed_for_not_reading(server, other))
        if (++attempt == 5)
            fail_with("expected a client that never reads to be closed");
    stream_expect(server, &server->err, "server: descriptor ");
    stream_expect(server, &server->err, " does not read its replies: ");
    converse(other, _i);
    child_stop(server);
}
END_TEST

/* -- limits ---------------------------------------------------------------- */

/* How many of count clients are turned away; the others stay. */
static int turned_away(struct child *server, int subject, int count)
{
    int refused = 0;

    for (; count > 0; count--)
        if (!client_is_answered(client_connect(server->port), "x",
                                reply_of(subject)))
            refused++;
    wait_until(0, -1, 0);
    return refused;
}

START_TEST(out_of_descriptors_it_says_so_once_for_everybody_it_turns_away)
{
    enum { LIMIT = 64, CLIENTS = 100 };
    struct child *server;
    int refused;

    if (is_wrapped()) { /* valgrind turns some away by itself */
        skip("one message for each", "the wrapper has a part in it");
        return;
    }
    server = start_with(LIMIT, _i);
    refused = turned_away(server, _i, CLIENTS);
    child_expect_idle(server, "with no descriptor left");
    wait_until(0, -1, 0);
    ck_assert_msg(refused > CLIENTS - LIMIT,
                  "expected more than %d of %d clients to be turned away, got "
                  "%d",
                  CLIENTS - LIMIT, CLIENTS, refused);
    expect_count(&server->err, strerror(EMFILE), refused);
    expect_count(&server->err, ": accept: ", refused);
    expect_count(&server->err, "\n", refused);
    child_stop(server);
}
END_TEST

/* stdin, stdout, stderr, the listener and the one in reserve; 1024 clients do
 * not fit below FD_SETSIZE any more. */
START_TEST(a_descriptor_too_large_for_select_is_refused_with_a_message)
{
    struct child *server;
    int refused;

    if (!raise_descriptor_limit()) {
        skip("a descriptor too large for select", "ulimit -Hn is too low");
        return;
    }
    server = start_with(1300, _i);
    refused = turned_away(server, _i, 1050);
    ck_assert_msg(refused >= 1050 - 1024 + 4 && refused <= 1050 - 1024 + 10,
                  "expected about 30 of 1050 clients to be turned away, got %d",
                  refused);
    expect_count(&server->err, "cannot watch 127.0.0.1:", refused);
    expect_count(&server->err, ", descriptor 1024: ", refused);
    child_stop(server);
}
END_TEST

/* It would have no reserve to turn newcomers away with, and so would spin. */
START_TEST(with_too_few_descriptors_it_does_not_listen)
{
    struct launch launch = launch_of(&subjects[_i], 4);
    struct child *server;

    if (is_wrapped()) {
        skip("4 descriptors", "the wrapper needs more of them");
        return;
    }
    server = child_start_on(&launch, 0);
    child_expect_exit(server, 1);
    child_expect_stdout(server, "%s", "");
    child_expect_stderr(server, "%s: cannot listen on 127.0.0.1:0: %s\n",
                        name_of(_i), strerror(EMFILE));
    child_free(server);
}
END_TEST

/* -- ports ----------------------------------------------------------------- */

START_TEST(a_taken_port_is_named_with_the_command_that_shows_its_owner)
{
    struct launch launch = launch_of(&subjects[_i], 0);
    struct child *first = server_start(&launch);
    int port = first->port;
    struct child *second = child_start_on(&launch, port);

    child_expect_exit(second, 1);
    child_expect_stdout(second, "%s", "");
    stream_expect(second, &second->err,
                  "%s: cannot listen on 127.0.0.1:%d: %s\n", name_of(_i), port,
                  strerror(EADDRINUSE));
    stream_expect(second, &second->err, "ss -ltnp 'sport = :%d'", port);
    stream_expect(second, &second->err, "lsof -nP -iTCP:%d", port);
    child_free(second);
    child_stop(first);
}
END_TEST

/* -- usage ----------------------------------------------------------------- */

static const char port_usage[] =
    "[PORT]\n"
    "  PORT  on 127.0.0.1, from 0 to 65535; without it 5000\n";

static void expect_wrong_port(struct child *program, const char *name,
                              const char *complaint)
{
    child_expect_exit(program, 2);
    child_expect_stdout(program, "%s", "");
    child_expect_stderr(program, "%s: %s\nusage: %s %s", name, complaint, name,
                        port_usage);
    child_free(program);
}

START_TEST(what_is_not_a_port_is_wrong_usage)
{
    static const char *const wrong[] = {
        "abc", "-1",  "70000", "65536", "",      "99999999999",
        "80x", "+80", " 80",   "0x50",  "80 81", "18446744073709551617"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char complaint[80];

        snprintf(complaint, sizeof complaint, "'%s' is not a port", wrong[i]);
        expect_wrong_port(RUN(wrong[i]), name_of(_i), complaint);
    }
}
END_TEST

START_TEST(more_than_one_port_is_wrong_usage)
{
    expect_wrong_port(RUN("5000", "5001"), name_of(_i), "too many arguments");
}
END_TEST

START_TEST(asked_for_help_it_prints_the_usage_on_stdout)
{
    struct child *program = RUN("-h");

    child_expect_exit(program, 0);
    child_expect_stdout(program, "usage: %s %s", name_of(_i), port_usage);
    child_expect_stderr(program, "%s", "");
    child_free(program);
}
END_TEST

static const char target_usage[] = " [-t SECONDS] [HOST[:PORT]]...\n"
                                   "  -t SECONDS   give up after that long; ";

static void expect_wrong_targets(struct child *program, const char *name,
                                 const char *complaint)
{
    child_expect_exit(program, 2);
    child_expect_stdout(program, "%s", "");
    stream_expect(program, &program->err, "%s", complaint);
    stream_expect(program, &program->err, "usage: %s%s", name, target_usage);
    child_free(program);
}

START_TEST(what_is_not_a_time_is_wrong_usage)
{
    static const char *const wrong[] = {"0",  "-1",  "abc", "",
                                        "1s", "nan", "inf", "1e9"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_wrong_targets(RUN("-t", wrong[i], "127.0.0.1:9"), name_of(_i),
                             "' is not a time in seconds\n");
    expect_wrong_targets(RUN("-t"), name_of(_i), "t");
    expect_wrong_targets(RUN("-x"), name_of(_i), "x");
}
END_TEST

START_TEST(what_is_not_a_target_is_wrong_usage)
{
    static const char *const wrong[] = {
        "127.0.0.1:99999", "127.0.0.1:", "127.0.0.1:x", "",  ":80", "[::1",
        "[::1]x",          "[::1]:x",    "5000",        "-", "-t"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_wrong_targets(RUN("127.0.0.1:9", wrong[i]), name_of(_i),
                             "' is not HOST or HOST:PORT\n");
}
END_TEST

START_TEST(asked_for_help_it_names_the_options)
{
    struct child *program = RUN("-h");

    child_expect_exit(program, 0);
    stream_expect(program, &program->out, "usage: %s%s", name_of(_i),
                  target_usage);
    child_expect_stderr(program, "%s", "");
    child_free(program);
}
END_TEST

START_TEST(an_unknown_selector_is_named_with_those_that_exist)
{
    struct child *program = child_start(
        &(struct launch){.path = subjects[_i].path, .selector = "nonsense"},
        ARGS(is_of(_i, "04") ? "127.0.0.1:9" : "0"));

    child_expect_exit(program, 1);
    child_expect_stdout(program, "%s", "");
    stream_expect(program, &program->err,
                  ": cannot open selector 'nonsense': ");
    stream_expect(program, &program->err, "  SELECTOR can be ");
    stream_expect(program, &program->err, " poll select, or unset ");
    child_free(program);
}
END_TEST

START_TEST(without_a_choice_the_best_selector_of_the_system_is_taken)
{
#if defined __linux__
    static const char best[] = " with EpollSelector, try: ";
#elif defined __APPLE__ || defined __FreeBSD__ || defined __OpenBSD__ ||       \
    defined __NetBSD__ || defined __DragonFly__
    static const char best[] = " with KqueueSelector, try: ";
#else
    static const char best[] = "Selector, try: ";
#endif
    struct child *server = RUN("0");

    stream_expect(server, &server->out, "%s", best);
    child_stop(server);
}
END_TEST

/* -- nobody takes its words ------------------------------------------------ */

/* Prints, resets and complaints, none of which may get in the way. */
static void come_and_go(struct child *server, int subject)
{
    for (int round = 0; round < 20; round++) {
        int client = client_connect(server->port);

        converse(client, subject);
        if (round % 2 == 0)
            client_reset(client);
        else
            client_leave(client);
    }
}

/* The first may have got the descriptor where a print or a complaint goes. */
static void expect_service(struct child *server, int subject)
{
    int first = client_connect(server->port);

    converse(first, subject);
    if (!is_of(subject, "01")) /* which serve one at a time */
        come_and_go(server, subject);
    converse(first, subject);
    client_leave(first);
    come_and_go(server, subject);
}

static void expect_service_unheard(const struct launch *launch, int subject,
                                   const char *complaint)
{
    struct child *server = server_start_unheard(launch);

    client_leave(client_connect(server->port));
    if (*complaint != '\0')
        stream_expect(server, &server->err, "%s", complaint);
    expect_service(server, subject);
    child_stop(server);
}

START_TEST(with_stdout_closed_it_goes_on)
{
    struct launch launch = launch_of(&subjects[_i], 0);

    if (is_wrapped()) { /* valgrind's log would take the free descriptor */
        skip("with stdout closed", "the wrapper takes its place");
        return;
    }
    launch.out = CLOSED;
    expect_service_unheard(&launch, _i, ": goes on without stdout: ");
}
END_TEST

START_TEST(with_everything_closed_it_goes_on)
{
    struct launch launch = launch_of(&subjects[_i], 0);

    if (is_wrapped()) {
        skip("with everything closed", "the wrapper needs its stderr");
        return;
    }
    launch.in = launch.out = launch.err = CLOSED;
    expect_service_unheard(&launch, _i, "");
}
END_TEST

START_TEST(with_stdin_closed_it_goes_on)
{
    struct launch launch = launch_of(&subjects[_i], 0);
    struct child *server;

    launch.in = CLOSED;
    server = server_start(&launch);
    expect_service(server, _i);
    stream_expect(server, &server->out, "Connection from ");
    child_stop(server);
}
END_TEST

START_TEST(with_a_full_device_as_stdout_it_goes_on)
{
    struct launch launch = launch_of(&subjects[_i], 0);

    launch.out = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (launch.out == -1) {
        skip("a full device as stdout", "there is no /dev/full");
        return;
    }
    expect_service_unheard(&launch, _i, strerror(ENOSPC));
}
END_TEST

START_TEST(with_the_reader_of_its_stdout_gone_it_goes_on)
{
    struct launch launch = launch_of(&subjects[_i], 0);
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    launch.out = ends[1];
    expect_service_unheard(&launch, _i, strerror(EPIPE));
    close(ends[1]);
}
END_TEST

START_TEST(with_stdout_and_stderr_a_full_pipe_it_goes_on)
{
    struct launch launch = launch_of(&subjects[_i], 0);
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    pipe_fill(ends[1]);
    launch.out = launch.err = ends[1];
    expect_service_unheard(&launch, _i, "");
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add_for_servers(TCase *tc, int i)
{
    ADD(the_first_line_names_the_port_and_the_command_to_try);
    ADD(a_taken_port_is_named_with_the_command_that_shows_its_owner);
    ADD(with_stdout_closed_it_goes_on);
    ADD(with_stdin_closed_it_goes_on);
    ADD(with_everything_closed_it_goes_on);
    ADD(with_a_full_device_as_stdout_it_goes_on);
    ADD(with_the_reader_of_its_stdout_gone_it_goes_on);
    ADD(with_stdout_and_stderr_a_full_pipe_it_goes_on);
    ADD(with_too_few_descriptors_it_does_not_listen);
    if (is_of(i, "01")) {
        ADD(the_prints_of_01_show_where_it_sleeps);
        return;
    }
    ADD(out_of_descriptors_it_says_so_once_for_everybody_it_turns_away);
    ADD(who_comes_is_printed_and_by_upper_who_is_closed);
    ADD(a_reset_is_printed_and_a_farewell_is_not);
    if (is(i, "upper"))
        return;
    ADD(a_client_that_never_reads_is_closed_and_the_reason_printed);
    ADD(a_descriptor_too_large_for_select_is_refused_with_a_message);
}

static void add_usage(TCase *tc, int i)
{
    if (!is_of(i, "04")) {
        ADD(what_is_not_a_port_is_wrong_usage);
        ADD(more_than_one_port_is_wrong_usage);
        ADD(asked_for_help_it_prints_the_usage_on_stdout);
    } else {
        ADD(what_is_not_a_time_is_wrong_usage);
        ADD(what_is_not_a_target_is_wrong_usage);
        ADD(asked_for_help_it_names_the_options);
    }
}

static void add(TCase *tc, int i)
{
    add_usage(tc, i);
    if (!is_of(i, "04") && !is(i, "client"))
        add_for_servers(tc, i);
    if (subjects[i].has_selector && is_of(i, "03"))
        ADD(without_a_choice_the_best_selector_of_the_system_is_taken);
    if (subjects[i].has_selector)
        ADD(an_unknown_selector_is_named_with_those_that_exist);
}

/* Ours, each once. */
static bool is_examined(const struct subject *subject)
{
    const char *selector = strcmp(subject->stage, "03") != 0          ? NULL
                           : strcmp(subject->variable, "SERVER") == 0 ? "select"
                           : strcmp(subject->variable, "UPPER") == 0  ? "poll"
                                                                      : NULL;

    return !is_replaced(subject->variable) &&
           (selector == NULL ? subject->selector == NULL
                             : subject->selector != NULL &&
                                   strcmp(subject->selector, selector) == 0);
}

int main(void)
{
    return suites_run(is_examined, add);
}

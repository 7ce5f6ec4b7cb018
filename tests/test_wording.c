/* test_wording.c -- what our own programs print, and how they end.
 *
 * The exact words, the usage, the exit statuses, and what a program does when
 * nobody takes its words: stdout closed, full, or without a reader. The words
 * are ours alone, so none of this is asked of a program that replaces one.
 */
#include "harness.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY "Hello World\n"

static const struct server {
    const char *suite;
    const char *name; /* of the Check case */
    const char *path;
    const char *selector;
    const char *greeting; /* between the port and ", try:" */
    const char *reply;    /* to "x" */
} servers[] = {
    {"01", "01 server", "01_blocking/server", NULL, "", REPLY},
    {"01", "01 functions", "01_blocking/functions", NULL, "", REPLY},
    {"02", "02 server", "02_select_loop/server", NULL, "", REPLY},
    {"03", "03 server", "03_selectors_callbacks/server", "select",
     " with SelectSelector", REPLY},
    {"03", "03 upper", "03_selectors_callbacks/upper", "poll",
     " with PollSelector", "X"},
};

enum { SERVERS = sizeof servers / sizeof *servers };

static struct launch launch_of(int i)
{
    return (struct launch){.path = servers[i].path,
                           .selector = servers[i].selector};
}

static struct child *start(int i)
{
    struct launch launch = launch_of(i);

    return server_start(&launch);
}

/* "server" for "02_select_loop/server": how it calls itself. */
static const char *base(const char *path)
{
    return strrchr(path, '/') + 1;
}

static void converse(int client, int i)
{
    client_send_text(client, "x");
    client_expect_text(client, servers[i].reply);
}

static void leave(int client)
{
    client_finish_sending(client);
    client_expect_end(client);
    close(client);
}

static int count_words(const struct stream *stream, const char *words)
{
    const char *found = stream->length == 0 ? NULL : stream->text;
    int count = 0;

    while (found != NULL && (found = strstr(found, words)) != NULL) {
        found += strlen(words);
        count++;
    }
    return count;
}

static void expect_count(const struct stream *stream, const char *words,
                         int expected)
{
    int count = count_words(stream, words);

    ck_assert_msg(
        count == expected,
        "expected \"%s\" to be printed %d times, got %d times, at "
        "the end %s",
        words, expected, count,
        quoted(stream->text + (stream->length > 60 ? stream->length - 60 : 0),
               stream->length > 60 ? 60 : stream->length));
}

/* -- what servers print ---------------------------------------------------- */

START_TEST(the_first_line_names_the_port_and_the_command_to_try)
{
    struct child *server = start(_i);

    stream_expect(server, &server->out, "\n");
    server->out.length =
        (size_t)(strchr(server->out.text, '\n') + 1 - server->out.text);
    server->out.text[server->out.length] = '\0';
    child_expect_stdout(server,
                        "Listening on 127.0.0.1:%d%s, try: nc "
                        "127.0.0.1 %d\n",
                        server->port, servers[_i].greeting, server->port);
    child_stop(server);
}
END_TEST

/* The program sleeps where its last print was; a second client changes
 * nothing. Only the lines after the greeting, which has its own test. */
static void expect_blocking_prints(int i, const char *outside)
{
    struct child *server = start(i);
    int first = client_connect(server->port);
    int second = client_connect(server->port);
    int first_port = client_port(first);
    int second_port = client_port(second);

    converse(first, i);
    stream_expect(server, &server->out, "Before recv()\nBefore recv()\n");
    child_expect_stdout(server,
                        "Listening on 127.0.0.1:%d, try: nc 127.0.0.1 %d\n"
                        "Before accept()\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Before recv()\n"
                        "Before recv()\n",
                        server->port, server->port, first_port);
    leave(first);
    converse(second, i);
    leave(second);
    child_expect_stdout(server,
                        "Listening on 127.0.0.1:%d, try: nc 127.0.0.1 %d\n"
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
                        server->port, server->port, first_port, outside,
                        second_port, outside);
    child_expect_stderr(server, "%s", "");
    child_stop(server);
}

START_TEST(the_prints_of_01_server_show_where_it_sleeps)
{
    expect_blocking_prints(0, "Outside the inner while\n");
}
END_TEST

/* One line got lost when the notes' code was cut into functions. */
START_TEST(the_prints_of_01_functions_are_the_same_without_outside)
{
    expect_blocking_prints(1, "");
}
END_TEST

START_TEST(every_connection_is_printed_with_its_address)
{
    struct child *server = start(_i);
    int first = client_connect(server->port);
    int second = client_connect(server->port);
    int first_port = client_port(first);
    int second_port = client_port(second);

    converse(second, _i);
    converse(first, _i);
    leave(first);
    leave(second);
    child_expect_stdout(server,
                        "Listening on 127.0.0.1:%d%s, try: nc 127.0.0.1 %d\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Connection from 127.0.0.1:%d\n",
                        server->port, servers[_i].greeting, server->port,
                        first_port, second_port);
    child_expect_stderr(server, "%s", "");
    child_stop(server);
}
END_TEST

START_TEST(upper_prints_who_comes_and_who_is_closed)
{
    struct child *server = start(_i);
    int first = client_connect(server->port);
    int second = client_connect(server->port);
    int first_port = client_port(first);
    int second_port = client_port(second);

    converse(first, _i);
    converse(second, _i);
    leave(second);
    leave(first);
    child_expect_stdout(server,
                        "Listening on 127.0.0.1:%d%s, try: nc 127.0.0.1 %d\n"
                        "Connection from 127.0.0.1:%d\n"
                        "Connection from 127.0.0.1:%d\n"
                        "closing 127.0.0.1:%d\n"
                        "closing 127.0.0.1:%d\n",
                        server->port, servers[_i].greeting, server->port,
                        first_port, second_port, second_port, first_port);
    child_expect_stderr(server, "%s", "");
    child_stop(server);
}
END_TEST

START_TEST(upper_prints_why_a_connection_has_broken)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);
    int port = client_port(client);

    converse(client, _i);
    client_reset(client);
    stream_expect(server, &server->out, "closing ");
    child_expect_stderr(server, "upper: 127.0.0.1:%d: %s\n", port,
                        strerror(ECONNRESET));
    child_stop(server);
}
END_TEST

START_TEST(a_reset_is_printed_and_a_farewell_is_not)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);

    converse(client, _i);
    leave(client);
    child_expect_stderr(server, "%s", "");
    client = client_connect(server->port);
    converse(client, _i);
    client_reset(client);
    stream_expect(server, &server->err, strerror(ECONNRESET));
    expect_count(&server->err, "\n", 1);
    expect_count(&server->err, "server: descriptor ", 1);
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
        client_send_text(other, "x");
        client_expect_text(other, REPLY);
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
static int turned_away(struct child *server, int i, int count)
{
    int refused = 0;

    for (; count > 0; count--)
        if (!client_is_answered(client_connect(server->port), "x",
                                servers[i].reply))
            refused++;
    return refused;
}

START_TEST(out_of_descriptors_it_says_so_once_for_everybody_it_turns_away)
{
    struct launch launch = launch_of(_i);
    struct child *server;
    int refused;

    if (is_wrapped()) { /* valgrind turns some away by itself */
        skip("one message for each", "the wrapper has a part in it");
        return;
    }
    launch.descriptors = 64;
    server = server_start(&launch);
    refused = turned_away(server, _i, 100);
    child_expect_idle(server, "with no descriptor left");
    wait_until(0, -1, 0);
    ck_assert_msg(refused > 100 - 64,
                  "expected more than %d of 100 clients to be turned away, got "
                  "%d",
                  100 - 64, refused);
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
    struct launch launch = launch_of(_i);
    struct child *server;
    int refused;

    if (!raise_descriptor_limit()) {
        skip("a descriptor too large for select", "ulimit -Hn is too low");
        return;
    }
    launch.descriptors = 1300;
    server = server_start(&launch);
    refused = turned_away(server, _i, 1050);
    wait_until(0, -1, 0);
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
    struct launch launch = launch_of(_i);
    struct child *server;

    if (is_wrapped()) {
        skip("4 descriptors", "the wrapper needs more of them");
        return;
    }
    launch.descriptors = 4;
    server = child_start(&launch, (const char *[]){"0", NULL});
    child_expect_exit(server, 1);
    child_expect_stdout(server, "%s", "");
    child_expect_stderr(server, "%s: cannot listen on 127.0.0.1:0: %s\n",
                        base(servers[_i].path), strerror(EMFILE));
    child_free(server);
}
END_TEST

/* -- ports ----------------------------------------------------------------- */

START_TEST(a_taken_port_is_named_with_the_command_that_shows_its_owner)
{
    struct launch launch = launch_of(_i);
    struct child *first = server_start(&launch);
    char port[12];
    char words[80];
    const char *arguments[] = {port, NULL};
    struct child *second;

    snprintf(port, sizeof port, "%d", first->port);
    second = child_start(&launch, arguments);
    child_expect_exit(second, 1);
    child_expect_stdout(second, "%s", "");
    snprintf(words, sizeof words, "%s: cannot listen on 127.0.0.1:%s: %s\n",
             base(servers[_i].path), port, strerror(EADDRINUSE));
    stream_expect(second, &second->err, words);
    snprintf(words, sizeof words, "ss -ltnp 'sport = :%s'", port);
    stream_expect(second, &second->err, words);
    snprintf(words, sizeof words, "lsof -nP -iTCP:%s", port);
    stream_expect(second, &second->err, words);
    child_free(second);
    child_stop(first);
}
END_TEST

/* -- usage ----------------------------------------------------------------- */

static struct child *run(const char *path, const char *const *arguments)
{
    return child_start(&(struct launch){.path = path}, arguments);
}

static const char *const with_port[] = {
    "01_blocking/server",           "01_blocking/functions",
    "02_select_loop/server",        "03_selectors_callbacks/server",
    "03_selectors_callbacks/upper", "03_selectors_callbacks/client"};

static const char port_usage[] =
    "[PORT]\n"
    "  PORT  on 127.0.0.1, from 0 to 65535; without it 5000\n";

START_TEST(what_is_not_a_port_is_wrong_usage)
{
    static const char *const wrong[] = {
        "abc", "-1",  "70000", "65536", "",      "99999999999",
        "80x", "+80", " 80",   "0x50",  "80 81", "18446744073709551617"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct child *program =
            run(with_port[_i], (const char *[]){wrong[i], NULL});

        child_expect_exit(program, 2);
        child_expect_stdout(program, "%s", "");
        child_expect_stderr(program, "%s: '%s' is not a port\nusage: %s %s",
                            base(with_port[_i]), wrong[i], base(with_port[_i]),
                            port_usage);
        child_free(program);
    }
}
END_TEST

START_TEST(more_than_one_port_is_wrong_usage)
{
    struct child *program =
        run(with_port[_i], (const char *[]){"5000", "5001", NULL});

    child_expect_exit(program, 2);
    child_expect_stdout(program, "%s", "");
    child_expect_stderr(program, "%s: too many arguments\nusage: %s %s",
                        base(with_port[_i]), base(with_port[_i]), port_usage);
    child_free(program);
}
END_TEST

START_TEST(asked_for_help_it_prints_the_usage_on_stdout)
{
    struct child *program = run(with_port[_i], (const char *[]){"-h", NULL});

    child_expect_exit(program, 0);
    child_expect_stdout(program, "usage: %s %s", base(with_port[_i]),
                        port_usage);
    child_expect_stderr(program, "%s", "");
    child_free(program);
}
END_TEST

static const char *const with_targets[] = {"04_nonblocking_connect/connect",
                                           "04_nonblocking_connect/busy"};

static const char target_usage[] = " [-t SECONDS] [HOST[:PORT]]...\n"
                                   "  -t SECONDS   give up after that long; ";

static void expect_wrong_targets(const char *path, const char *const *arguments,
                                 const char *complaint)
{
    struct child *program = run(path, arguments);
    char words[200];

    child_expect_exit(program, 2);
    child_expect_stdout(program, "%s", "");
    stream_expect(program, &program->err, complaint);
    snprintf(words, sizeof words, "usage: %s%s", base(path), target_usage);
    stream_expect(program, &program->err, words);
    child_free(program);
}

START_TEST(what_is_not_a_time_is_wrong_usage)
{
    static const char *const wrong[] = {"0",  "-1",  "abc", "",
                                        "1s", "nan", "inf", "1e9"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_wrong_targets(
            with_targets[_i],
            (const char *[]){"-t", wrong[i], "127.0.0.1:9", NULL},
            "' is not a time in seconds\n");
    expect_wrong_targets(with_targets[_i], (const char *[]){"-t", NULL}, "t");
    expect_wrong_targets(with_targets[_i], (const char *[]){"-x", NULL}, "x");
}
END_TEST

START_TEST(what_is_not_a_target_is_wrong_usage)
{
    static const char *const wrong[] = {
        "127.0.0.1:99999", "127.0.0.1:", "127.0.0.1:x", "", ":80", "[::1",
        "[::1]x",          "[::1]:x"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_wrong_targets(with_targets[_i],
                             (const char *[]){"127.0.0.1:9", wrong[i], NULL},
                             "' is not HOST or HOST:PORT\n");
}
END_TEST

START_TEST(asked_for_help_it_names_the_options)
{
    struct child *program = run(with_targets[_i], (const char *[]){"-h", NULL});
    char words[200];

    child_expect_exit(program, 0);
    snprintf(words, sizeof words, "usage: %s%s", base(with_targets[_i]),
             target_usage);
    stream_expect(program, &program->out, words);
    child_expect_stderr(program, "%s", "");
    child_free(program);
}
END_TEST

static const char *const with_selector[] = {"03_selectors_callbacks/server",
                                            "03_selectors_callbacks/upper",
                                            "04_nonblocking_connect/connect"};

START_TEST(an_unknown_selector_is_named_with_those_that_exist)
{
    struct child *program = child_start(
        &(struct launch){.path = with_selector[_i], .selector = "nonsense"},
        (const char *[]){_i < 2 ? "0" : "127.0.0.1:9", NULL});

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
    struct child *server =
        server_start(&(struct launch){.path = with_selector[_i]});

    stream_expect(server, &server->out, best);
    child_stop(server);
}
END_TEST

/* -- nobody takes its words ------------------------------------------------ */

static struct child *start_unheard(const struct launch *launch)
{
    struct child *server = server_start_unheard(launch);

    leave(client_connect(server->port));
    return server;
}

/* Prints, resets and complaints, none of which may get in the way. */
static void come_and_go(struct child *server, int i)
{
    for (int round = 0; round < 20; round++) {
        int client = client_connect(server->port);

        converse(client, i);
        if (round % 2 == 0)
            client_reset(client);
        else
            leave(client);
    }
}

/* The first may have got the descriptor where a print or a complaint goes. */
static void expect_service_unheard(struct child *server, int i)
{
    bool one_at_a_time = strcmp(servers[i].suite, "01") == 0;
    int first = client_connect(server->port);

    converse(first, i);
    if (!one_at_a_time)
        come_and_go(server, i);
    converse(first, i);
    leave(first);
    come_and_go(server, i);
}

START_TEST(with_stdout_closed_it_goes_on)
{
    struct launch launch = launch_of(_i);
    struct child *server;

    if (is_wrapped()) { /* valgrind's log would take the free descriptor */
        skip("with stdout closed", "the wrapper takes its place");
        return;
    }
    launch.out = CLOSED;
    server = start_unheard(&launch);
    stream_expect(server, &server->err, ": goes on without stdout: ");
    expect_service_unheard(server, _i);
    child_stop(server);
}
END_TEST

START_TEST(with_everything_closed_it_goes_on)
{
    struct launch launch = launch_of(_i);
    struct child *server;

    if (is_wrapped()) {
        skip("with everything closed", "the wrapper needs its stderr");
        return;
    }
    launch.in = launch.out = launch.err = CLOSED;
    server = start_unheard(&launch);
    expect_service_unheard(server, _i);
    child_stop(server);
}
END_TEST

START_TEST(with_stdin_closed_it_goes_on)
{
    struct launch launch = launch_of(_i);
    struct child *server;

    launch.in = CLOSED;
    server = server_start(&launch);
    expect_service_unheard(server, _i);
    stream_expect(server, &server->out, "Connection from ");
    child_stop(server);
}
END_TEST

START_TEST(with_a_full_device_as_stdout_it_goes_on)
{
    struct launch launch = launch_of(_i);
    struct child *server;

    launch.out = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (launch.out == -1) {
        skip("a full device as stdout", "there is no /dev/full");
        return;
    }
    server = start_unheard(&launch);
    stream_expect(server, &server->err, strerror(ENOSPC));
    expect_service_unheard(server, _i);
    child_stop(server);
}
END_TEST

START_TEST(with_the_reader_of_its_stdout_gone_it_goes_on)
{
    struct launch launch = launch_of(_i);
    struct child *server;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    launch.out = ends[1];
    server = start_unheard(&launch);
    close(ends[1]);
    stream_expect(server, &server->err, strerror(EPIPE));
    expect_service_unheard(server, _i);
    child_stop(server);
}
END_TEST

START_TEST(with_stdout_and_stderr_a_full_pipe_it_goes_on)
{
    struct launch launch = launch_of(_i);
    struct child *server;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    pipe_fill(ends[1]);
    launch.out = launch.err = ends[1];
    server = start_unheard(&launch);
    expect_service_unheard(server, _i);
    child_stop(server);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

#define ADD(test) tcase_add_loop_test(tc, test, i, i + 1)

static void add_for_every_server(TCase *tc, int i)
{
    ADD(the_first_line_names_the_port_and_the_command_to_try);
    ADD(a_taken_port_is_named_with_the_command_that_shows_its_owner);
    ADD(with_stdout_closed_it_goes_on);
    ADD(with_stdin_closed_it_goes_on);
    ADD(with_everything_closed_it_goes_on);
    ADD(with_a_full_device_as_stdout_it_goes_on);
    ADD(with_the_reader_of_its_stdout_gone_it_goes_on);
    ADD(with_stdout_and_stderr_a_full_pipe_it_goes_on);
}

static void add_for_all_at_once(TCase *tc, int i)
{
    ADD(out_of_descriptors_it_says_so_once_for_everybody_it_turns_away);
    ADD(with_too_few_descriptors_it_does_not_listen);
    if (strcmp(servers[i].reply, REPLY) == 0) {
        ADD(every_connection_is_printed_with_its_address);
        ADD(a_reset_is_printed_and_a_farewell_is_not);
        ADD(a_client_that_never_reads_is_closed_and_the_reason_printed);
        ADD(a_descriptor_too_large_for_select_is_refused_with_a_message);
    } else {
        ADD(upper_prints_who_comes_and_who_is_closed);
        ADD(upper_prints_why_a_connection_has_broken);
    }
}

static void add_server(Suite *suite, int i)
{
    TCase *tc = tcase_create(servers[i].name);

    tcase_set_timeout(tc, 120);
    add_for_every_server(tc, i);
    if (i == 0)
        ADD(the_prints_of_01_server_show_where_it_sleeps);
    else if (i == 1)
        ADD(the_prints_of_01_functions_are_the_same_without_outside);
    else
        add_for_all_at_once(tc, i);
    suite_add_tcase(suite, tc);
}

static void add_port_usage(TCase *tc, const char *suite)
{
    for (int i = 0; i < 6; i++)
        if (strncmp(with_port[i], suite, 2) == 0) {
            ADD(what_is_not_a_port_is_wrong_usage);
            ADD(more_than_one_port_is_wrong_usage);
            ADD(asked_for_help_it_prints_the_usage_on_stdout);
        }
}

static void add_target_usage(TCase *tc)
{
    tcase_add_loop_test(tc, what_is_not_a_time_is_wrong_usage, 0, 2);
    tcase_add_loop_test(tc, what_is_not_a_target_is_wrong_usage, 0, 2);
    tcase_add_loop_test(tc, asked_for_help_it_names_the_options, 0, 2);
}

static Suite *stage(const char *name)
{
    Suite *suite;
    TCase *tc;

    if (!suite_is_wanted(name) || !is_wanted(NULL))
        return NULL;
    suite = suite_create(name);
    tc = tcase_create("command line");
    tcase_set_timeout(tc, 120);
    add_port_usage(tc, name);
    if (strcmp(name, "03") == 0) {
        tcase_add_loop_test(
            tc, without_a_choice_the_best_selector_of_the_system_is_taken, 0,
            2);
        tcase_add_loop_test(
            tc, an_unknown_selector_is_named_with_those_that_exist, 0, 2);
    }
    if (strcmp(name, "04") == 0) {
        add_target_usage(tc);
        tcase_add_loop_test(
            tc, an_unknown_selector_is_named_with_those_that_exist, 2, 3);
    }
    suite_add_tcase(suite, tc);
    for (int i = 0; i < SERVERS; i++)
        if (strcmp(servers[i].suite, name) == 0)
            add_server(suite, i);
    return suite;
}

int main(void)
{
    Suite *suites[] = {stage("01"), stage("02"), stage("03"), stage("04")};

    return suites_run(suites, 4);
}

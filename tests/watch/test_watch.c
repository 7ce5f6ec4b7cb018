/* test_watch.c -- does it show what happens? Real programs, real clients, and
 * what is written into a pipe meanwhile.
 */
#define _GNU_SOURCE /* or glibc hides posix_openpt() */
#include "harness.h"
#include "shown.h"
#include "suites.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELLO "Hello World\n"

/* -- the program that is watched ------------------------------------------- */

static struct child *start_with(int subject, const char *argument)
{
    struct launch launch = {.path = "tests/watch/watch",
                            .selector = subjects[subject].selector};

    shown_until = 0;
    return child_start(&launch, ARGS(subjects[subject].path, argument));
}

static struct child *start(int subject)
{
    struct child *watch = start_with(subject, "0");

    watch->port = server_await_port(watch);
    return watch;
}

/* NULL and a word if nothing is to be seen here. */
static struct child *start_seeing(int subject)
{
    struct child *watch;

    if (is_wrapped()) {
        skip("watch sees the program", "the wrapper is all that is to be seen");
        return NULL;
    }
    watch = start(subject);
    if (!stream_has(&watch->out, "(not told here"))
        return watch;
    skip("watch sees the program", "this system, or its rights, do not tell");
    child_free(watch);
    return NULL;
}

/* It asks on: there is a picture with news or with words, or none. */
static void stop(struct child *watch)
{
    char text[4 * TEXT];
    char *block = text;
    char *end;

    snprintf(text, sizeof text, "%s", watch->out.text);
    while ((end = strstr(block, "\n\n")) != NULL) {
        *end = '\0';
        if (block > text && strstr(block, "\n>") == NULL && block[0] != '>' &&
            strstr(block, "- what it prints -") == NULL)
            fail_with("expected no picture without news, got\n%s", block);
        block = end + 2;
    }
    child_free(watch);
}

/* -- stage 01 -------------------------------------------------------------- */

/* Of the program that watch has started; 0: who knows. */
static pid_t watched_pid(struct child *watch)
{
    char line[100];
    long pid = 0;
    FILE *ps;

    snprintf(line, sizeof line, "pgrep -n -P %ld 2>/dev/null",
             (long)watch->pid);
    ps = popen(line, "r");
    if (ps != NULL && fgets(line, sizeof line, ps) != NULL)
        pid = strtol(line, NULL, 10);
    if (ps != NULL)
        pclose(ps);
    return (pid_t)pid;
}

/* How often it has gone to sleep, and who traces it. */
static void count_switches(pid_t pid, char *switches, size_t size)
{
    char path[64];
    char line[200];
    FILE *status;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    switches[0] = '\0';
    status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "voluntary", 9) == 0 ||
            strstr(line, "TracerPid") != NULL)
            strncat(switches, line, size - strlen(switches) - 1);
    if (status != NULL)
        fclose(status);
}

START_TEST(the_second_client_of_a_blocking_server_is_seen_waiting)
{
    struct child *watch = start_seeing(_i);
    int first;
    int second;
    char before[400];
    char after[400];

    if (watch == NULL)
        return;
    expect_picture(watch, "*sleeps in accept()|*  listener 127.0.0.1:%d *read",
                   watch->port);
    first = client_connect(watch->port);
    client_ask(first, "one\n", HELLO);
    expect_picture(watch, "*sleeps in recv()|*  127.0.0.1:%d  *  read",
                   client_port(first));
    count_switches(watched_pid(watch), before, sizeof before);
    second = client_connect(watch->port);
    client_send_text(second, "two\n");
    expect_picture(
        watch,
        "*sleeps in recv()|*listener *  1 newcomer waits|"
        "* -  127.0.0.1:%d *  4 bytes not yet read *not accepted yet",
        client_port(second));
    count_switches(watched_pid(watch), after, sizeof after);
    ck_assert_str_eq(before, after); /* it has slept while it was looked at */
    close(first);
    client_expect_text(second, HELLO);
    expect_picture(watch, "*sleeps in recv()|*  127.0.0.1:%d  *  read",
                   client_port(second));
    stop(watch);
}
END_TEST

/* -- servers with a loop --------------------------------------------------- */

/* The line of the loop is shown; without optimization, or with something put
 * into each function, not all of its callers are. */
static void expect_callers(struct child *watch, const char *path)
{
    const char *functions =
        strstr(path, "02") == NULL
            ? "wait_*() <- selector_select() <- event_loop()"
            : "select_readable() <- event_loop()";

#if !defined __OPTIMIZE__ || defined __SANITIZE_ADDRESS__ || defined __clang__
    return;
#endif
    if (system("command -v readelf addr2line >/dev/null 2>&1") != 0)
        skip("the functions are shown", "there is no readelf or no addr2line");
    else
        expect_picture(watch, "?  %s  *.c:[0-9]*", functions);
}

START_TEST(whoever_is_on_the_list_appears_and_goes)
{
    struct child *watch = start_seeing(_i);
    int first;
    int second;

    if (watch == NULL)
        return;
    expect_callers(watch, subjects[_i].path);
    first = client_connect(watch->port);
    expect_picture(watch, "*listener *  read|>*  127.0.0.1:%d  *  read",
                   client_port(first));
    second = client_connect(watch->port);
    expect_picture(watch, " *  127.0.0.1:%d  *  read|>*  127.0.0.1:%d  *  read",
                   client_port(first), client_port(second));
    stream_expect(watch, &watch->out, " Connection from 127.0.0.1:%d",
                  client_port(second));
    client_leave(first);
    expect_picture(watch, ">* closed|*  127.0.0.1:%d  *  read",
                   client_port(second));
    stop(watch);
}
END_TEST

/* While it is stopped nothing is read: so all that can wait is seen waiting,
 * in the same words whatever it sleeps in. */
START_TEST(select_poll_and_epoll_are_shown_alike)
{
    struct child *watch = start_seeing(_i);
    int client;
    int leaver;
    int newcomer;
    pid_t server;

    if (watch == NULL)
        return;
    server = watched_pid(watch);
    if (server == 0) {
        skip("select, poll and epoll are shown alike", "there is no pgrep");
        child_free(watch);
        return;
    }
    client = client_connect(watch->port);
    leaver = client_connect(watch->port);
    expect_picture(watch,
                   "*sleeps in %s()|*  127.0.0.1:%d  *  read|"
                   "*  127.0.0.1:%d  *  read",
                   subjects[_i].selector ? subjects[_i].selector : "*",
                   client_port(client), client_port(leaver));
    kill(server, SIGSTOP);
    expect_picture(watch, ">*stopped in *()");
    client_send_text(client, "12345");
    client_finish_sending(leaver);
    newcomer = client_connect(watch->port);
    expect_picture(watch,
                   "*stopped in *()|"
                   "*listener *  1 newcomer waits *  read    ready|"
                   "*  127.0.0.1:%d  *  5 bytes not yet read  *  read    ready|"
                   "*  127.0.0.1:%d  *  the end, not yet read *  read    ready|"
                   "*-  127.0.0.1:%d *not accepted yet",
                   client_port(client), client_port(leaver),
                   client_port(newcomer));
    kill(server, SIGCONT);
    expect_picture(watch,
                   "*sleeps in *()|*listener *  read|"
                   "*  127.0.0.1:%d  *  read",
                   client_port(newcomer));
    stop(watch);
}
END_TEST

/* -- upper ----------------------------------------------------------------- */

START_TEST(a_queue_turns_read_into_write_and_back)
{
    enum { TOTAL = 32 * 1024 * 1024 };
    struct child *watch = start_seeing(_i);
    struct flow flow = {.seed = 1, .total = TOTAL};
    long long limit = now_ms() + patience_ms();
    char full[200];
    int client;

    if (watch == NULL)
        return;
    client = client_connect_small(watch->port);
    expect_picture(watch, "*  127.0.0.1:%d  *  read", client_port(client));
    snprintf(full, sizeof full,
             "*  127.0.0.1:%d  *bytes not yet * write|*bytes not yet taken*",
             client_port(client));
    while (!shown(watch, full)) {
        flow_send(client, &flow);
        if (flow.sent == TOTAL || !wait_until(limit, -1, 0))
            fail_with("expected a picture with \"%s\"", full);
    }
    flow.total = flow.sent;
    flow_finish(client, &flow);
    expect_picture(watch, "*sleeps in *|*  127.0.0.1:%d  *  read",
                   client_port(client));
    stop(watch);
}
END_TEST

/* -- busy ------------------------------------------------------------------ */

START_TEST(who_asks_in_a_loop_is_called_running)
{
    int pending[SILENT];
    int port;
    char target[40];
    struct child *watch;

    if (is_wrapped())
        return;
    if (!listener_silent(&port, pending)) {
        skip("busy is called running", "this system answers all the same");
        return;
    }
    snprintf(target, sizeof target, "127.0.0.1:%d", port);
    watch = start_with(_i, target);
    expect_picture(watch,
                   "*busy  running, *0 %% of a processor|"
                   "*  connecting to %s",
                   target);
    child_free(watch);
}
END_TEST

/* -- its life -------------------------------------------------------------- */

START_TEST(it_ends_as_the_program_does_and_says_so)
{
    struct child *watch = start_with(_i, "nonsense");

    child_expect_exit(watch, 2);
    stream_expect(watch, &watch->out, " usage: ");
    stream_expect(watch, &watch->out, "has ended: exit status 2\n");
    child_free(watch);
}
END_TEST

START_TEST(ctrl_c_ends_both)
{
    struct child *watch = start(_i);
    long long limit = now_ms() + patience_ms();
    int client = client_connect(watch->port);

    child_signal(watch, SIGINT);
    client_expect_closed(client);
    while (client_try_connect(watch->port, &client) && now_ms() < limit)
        close(client);
    ck_assert(!client_try_connect(watch->port, &client));
    while (child_runs(watch) && now_ms() < limit)
        poll(NULL, 0, 1);
    ck_assert(!child_runs(watch));
    child_free(watch);
}
END_TEST

/* It has looked as often as it has slept in between. */
static void let_it_look(struct child *watch, int times)
{
    long long limit = now_ms() + patience_ms();
    char before[400];
    char after[400];

    for (int i = 0; i < times; i++) {
        count_switches(watch->pid, before, sizeof before);
        do {
            wait_until(now_ms() + 1, -1, 0);
            count_switches(watch->pid, after, sizeof after);
        } while (strcmp(before, after) == 0 && now_ms() < limit);
    }
}

START_TEST(nothing_new_is_no_picture)
{
    struct child *watch = start_seeing(_i);
    size_t length;

    if (watch == NULL)
        return;
    expect_picture(watch, "*sleeps in *|*listener *  read|*Listening on *");
    length = watch->out.length;
    let_it_look(watch, 10);
    if (watch->out.length > length)
        fail_with("expected nothing new, got %s", watch->out.text + length);
    child_free(watch);
}
END_TEST

/* -- on a terminal --------------------------------------------------------- */

/* All that has been written there, until it has these words. */
static const char *read_terminal(int terminal, const char *words)
{
    static char text[4 * TEXT];
    long long limit = now_ms() + patience_ms();
    size_t length = 0;

    text[0] = '\0';
    while (strstr(text, words) == NULL && length < sizeof text - 1) {
        ssize_t more = -1;

        if (wait_until(limit, terminal, POLLIN))
            more = read(terminal, text + length, sizeof text - 1 - length);
        if (more <= 0)
            fail_with("expected %s on the terminal, got %s", words,
                      quoted(text, length));
        length += (size_t)more;
        text[length] = '\0';
    }
    return text;
}

static bool news_are_in_reverse(int subject, const char *no_colour)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    struct launch launch = {.path = "tests/watch/watch"};
    struct child *watch;
    int client;
    bool in_reverse;

    setenv("NO_COLOR", no_colour, 1);
    grantpt(terminal);
    unlockpt(terminal);
    launch.out = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ck_assert_int_ne(launch.out, -1);
    watch = child_start(&launch, ARGS(subjects[subject].path, "0"));
    client = client_connect(atoi(
        strstr(read_terminal(terminal, ", try: nc"), "on 127.0.0.1:") + 13));
    in_reverse =
        strstr(read_terminal(terminal, "Connection from"), "\033[7m>") != NULL;
    close(client);
    child_free(watch);
    close(launch.out);
    close(terminal);
    return in_reverse;
}

START_TEST(on_a_terminal_news_stand_out_unless_no_color_is_set)
{
    struct child *watch = start_seeing(_i);

    if (watch == NULL)
        return;
    child_free(watch);
    ck_assert(news_are_in_reverse(_i, ""));
    ck_assert(!news_are_in_reverse(_i, "1"));
}
END_TEST

/* -- another language ------------------------------------------------------ */

START_TEST(a_server_in_another_language_is_shown_without_functions)
{
    struct child *watch;
    int client;

    if (system("python3 -c 'import selectors' 2>/dev/null") != 0) {
        skip("a server in Python is watched", "there is no python3 here");
        return;
    }
    setenv("SERVER", "python3 tests/watch/server.py", 1);
    watch = start_seeing(_i);
    if (watch == NULL)
        return;
    client = client_connect(watch->port);
    expect_picture(watch,
                   "?python3 tests/watch/server.py  sleeps in *()|"
                   "*(no functions: *|   fd  what *|*  127.0.0.1:%d  *  read",
                   client_port(client));
    stream_expect(watch, &watch->out, " Connection from (");
    stop(watch);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add(TCase *tc, int i)
{
    const char *path = subjects[i].path;

    if (strcmp(path, "04_nonblocking_connect/busy") == 0) {
        ADD(who_asks_in_a_loop_is_called_running);
    } else if (strcmp(path, "01_blocking/server") == 0) {
        ADD(the_second_client_of_a_blocking_server_is_seen_waiting);
        ADD(it_ends_as_the_program_does_and_says_so);
    } else if (strcmp(path, "03_selectors_callbacks/upper") == 0) {
        ADD(a_queue_turns_read_into_write_and_back);
    } else if (strcmp(subjects[i].stage, "01") != 0) {
        ADD(whoever_is_on_the_list_appears_and_goes);
        ADD(select_poll_and_epoll_are_shown_alike);
    }
    if (strcmp(subjects[i].stage, "02") == 0) {
        ADD(ctrl_c_ends_both);
        ADD(nothing_new_is_no_picture);
        ADD(on_a_terminal_news_stand_out_unless_no_color_is_set);
        ADD(a_server_in_another_language_is_shown_without_functions);
    }
}

/* What is given in place of our programs has no part in this. */
int main(void)
{
    unsetenv("SERVER");
    unsetenv("UPPER");
    unsetenv("BUSY");
    return suites_run("SERVER UPPER BUSY", add);
}

/* test_prompt.c -- what the ">>>" client prints: prompts, reasons, and what it
 * does at a terminal.
 */
#define _XOPEN_SOURCE 700 /* posix_openpt() */

#include "suites.h"
#include "typed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* It ends well, and this is all that it has printed. */
static void finish_with_prints(struct child *client, const char *expected)
{
    child_expect_exit(client, 0);
    child_expect_stdout(client, "%s", expected);
    child_expect_stderr(client, "%s", "");
    child_free(client);
}
#define finish_with_prints(...) HERE(finish_with_prints, __VA_ARGS__)

START_TEST(it_prompts_and_says_that_the_server_has_closed)
{
    int server;
    struct child *client = start_client(&server);

    stream_expect(client, &client->out, ">>>");
    type_hello(client, server);
    client_send_text(server, "one\ntwo\n");
    stream_expect(client, &client->out, "two\n>>>");
    close(server);
    finish_with_prints(client, ">>>one\ntwo\n>>>\n"
                               "The server has closed the connection\n");
}
END_TEST

START_TEST(no_prompt_comes_before_the_end_of_a_line)
{
    int server;
    struct child *client = start_client(&server);

    stream_expect(client, &client->out, ">>>");
    client_send_text(server, "half");
    stream_expect(client, &client->out, "half");
    client_send_text(server, " and half\n");
    stream_expect(client, &client->out, "half and half\n>>>");
    client_send_text(server, "no end");
    stream_expect(client, &client->out, "no end");
    close(server);
    finish_with_prints(client, ">>>half and half\n>>>no end\n"
                               "The server has closed the connection\n");
}
END_TEST

START_TEST(after_the_end_of_its_input_there_are_no_prompts_and_no_complaints)
{
    int server;
    struct child *client = start_client(&server);

    stream_expect(client, &client->out, ">>>");
    child_end_input(client);
    client_expect_end(server);
    client_send_text(server, "one\ntwo\n");
    stream_expect(client, &client->out, "two\n");
    close(server);
    finish_with_prints(client, ">>>one\ntwo\n");
}
END_TEST

START_TEST(a_broken_connection_is_named_with_the_reason)
{
    int server;
    struct child *client = start_client(&server);
    int port = client_port(server);

    stream_expect(client, &client->out, ">>>");
    client_reset(server);
    child_expect_exit(client, 1);
    child_expect_stdout(client, ">>>\n");
    child_expect_stderr(client, "client: 127.0.0.1:%d: %s\n", port,
                        strerror(ECONNRESET));
    child_free(client);
}
END_TEST

START_TEST(a_refused_connection_is_named_with_the_reason)
{
    struct child *client = start_client_refused();

    child_expect_exit(client, 1);
    child_expect_stdout(client, "%s", "");
    stream_expect(client, &client->err, "%s", strerror(ECONNREFUSED));
    stream_expect(client, &client->err, "client: ");
    child_free(client);
}
END_TEST

START_TEST(when_nobody_reads_what_it_prints_the_client_fails)
{
    struct child *server = start_upper();
    struct child *client;
    int ends[2];

    pipe_make(ends);
    close(ends[0]);
    client = start_client_with(0, ends[1], server->port);
    close(ends[1]);
    child_expect_exit(client, 1);
    child_expect_stderr(client,
                        "client: not all that was printed reached stdout\n");
    child_free(client);
    child_stop(server);
}
END_TEST

/* Not the end of the input: a folder cannot be read, nor what is closed. */
START_TEST(input_that_cannot_be_read_is_named_with_the_reason)
{
    int inputs[] = {CLOSED, open("/", O_RDONLY | O_CLOEXEC)};
    int errors[] = {EBADF, EISDIR};
    struct child *server = start_upper();

    for (int i = is_wrapped() ? 1 : 0; i < 2; i++) {
        struct child *client = start_client_with(inputs[i], 0, server->port);

        child_expect_exit(client, 1);
        child_expect_stderr(client, "client: stdin: %s\n", strerror(errors[i]));
        child_free(client);
    }
    child_stop(server);
}
END_TEST

/* -- at a terminal --------------------------------------------------------- */

/* Reads what appears on the terminal until it ends with these words. It is
 * asked again and again: poll(2) knows no terminals on macOS. */
static void expect_on_terminal(int terminal, const char *words)
{
    enum { PAUSE_MS = 5 };
    char seen[4096] = "";
    size_t length = 0;
    long long limit = now_ms() + patience_ms();

    while (length < strlen(words) ||
           strcmp(seen + length - strlen(words), words) != 0) {
        ssize_t got = read(terminal, seen + length, sizeof seen - 1 - length);

        if (got > 0)
            length += (size_t)got;
        else if ((got == -1 && errno != EAGAIN) || now_ms() > limit)
            fail_with("expected %s on the terminal, got %s",
                      quoted(words, strlen(words)), quoted(seen, length));
        else
            wait_until(now_ms() + PAUSE_MS, -1, 0);
        seen[length] = '\0';
    }
}
#define expect_on_terminal(...) HERE(expect_on_terminal, __VA_ARGS__)

static void type(int terminal, const char *keys)
{
    ck_assert_int_eq(write(terminal, keys, strlen(keys)), (int)strlen(keys));
}

START_TEST(at_a_terminal_lines_are_typed_after_the_prompt)
{
    struct child *server = start_upper();
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    struct child *client;
    int slave;

    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(grantpt(terminal), 0);
    ck_assert_int_eq(unlockpt(terminal), 0);
    fcntl(terminal, F_SETFD, FD_CLOEXEC);
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    slave = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(slave, 0);
    client = start_client_with(slave, slave, server->port);
    expect_on_terminal(terminal, ">>>");
    type(terminal, "hello\n"); /* which the terminal shows itself */
    expect_on_terminal(terminal, "hello\r\nHELLO\r\n>>>");
    type(terminal, "again\n");
    expect_on_terminal(terminal, "again\r\nAGAIN\r\n>>>");
    type(terminal, "\004"); /* ctrl-D */
    child_finish(client, 0);
    close(slave);
    close(terminal);
    child_stop(server);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

static void add(TCase *tc, int i)
{
    ADD(it_prompts_and_says_that_the_server_has_closed);
    ADD(no_prompt_comes_before_the_end_of_a_line);
    ADD(after_the_end_of_its_input_there_are_no_prompts_and_no_complaints);
    ADD(a_broken_connection_is_named_with_the_reason);
    ADD(a_refused_connection_is_named_with_the_reason);
    ADD(input_that_cannot_be_read_is_named_with_the_reason);
    ADD(when_nobody_reads_what_it_prints_the_client_fails);
    ADD(at_a_terminal_lines_are_typed_after_the_prompt);
}

int main(void)
{
    return suites_run_ours("CLIENT", add);
}

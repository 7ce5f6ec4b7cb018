/* test_client.c -- the ">>>" client, against servers of our own making.
 *
 * 03_selectors_callbacks/client, or one of yours: make test-03
 * CLIENT="python3 mine.py". It connects to 127.0.0.1 and the port in its last
 * argument, sends what it reads from stdin and prints what the server sends. It
 * ends with status 0 when the server closes, with 1 when the connection breaks
 * or cannot be made. The end of its input is passed on (shutdown), and replies
 * that come after it are still printed.
 */
#define _XOPEN_SOURCE 700 /* posix_openpt() */

#include "harness.h"
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* With these as its stdin and stdout; 0: pipes to us. */
static struct child *start_with(int in, int out, int port)
{
    return child_start_on(
        &(struct launch){.path = "03_selectors_callbacks/client",
                         .variable = "CLIENT",
                         .in = in,
                         .out = out},
        port);
}
#define start_with(...) HERE(start_with, __VA_ARGS__)

/* The client, and the server's end of its connection, which is ours. */
static struct child *start(int *server)
{
    int port;
    int listener = listener_open(&port);
    struct child *client = start_with(0, 0, port);

    *server = listener_accept(listener);
    close(listener);
    return client;
}
#define start(...) HERE(start, __VA_ARGS__)

static struct child *start_refused(void)
{
    int port;

    listener_refusing(&port);
    return start_with(0, 0, port);
}

static struct child *start_upper(void)
{
    return server_start(
        &(struct launch){.path = "03_selectors_callbacks/upper"});
}

/* It is typed, and arrives. */
static void type_hello(struct child *client, int server)
{
    child_write(client, "hello\n", 6);
    client_expect_text(server, "hello\n");
}
#define type_hello(...) HERE(type_hello, __VA_ARGS__)

/* The replies alone: a prompt may come before, after or between them. */
static char *without_prompts(const struct stream *out)
{
    char *text = calloc(out->length + 1, 1);
    size_t length = 0;

    for (size_t i = 0; i < out->length; i++)
        if (strncmp(out->text + i, ">>>", 3) == 0)
            i += 2;
        else
            text[length++] = out->text[i];
    return text;
}

/* It ends well, and has printed these. */
static void finish_with_replies(struct child *client, const char *expected)
{
    char *replies;

    child_expect_exit(client, 0);
    replies = without_prompts(&client->out);
    if (strncmp(replies, expected, strlen(expected)) != 0)
        fail_with("expected the replies %s, got %s",
                  quoted(expected, strlen(expected)),
                  quoted(replies, strlen(replies)));
    free(replies);
    child_free(client);
}
#define finish_with_replies(...) HERE(finish_with_replies, __VA_ARGS__)

/* It ends well, and this is all that it has printed. */
static void finish_with_prints(struct child *client, const char *expected)
{
    child_expect_exit(client, 0);
    child_expect_stdout(client, "%s", expected);
    child_expect_stderr(client, "%s", "");
    child_free(client);
}
#define finish_with_prints(...) HERE(finish_with_prints, __VA_ARGS__)

/* -- for every client ------------------------------------------------------ */

START_TEST(what_is_typed_is_sent_and_the_reply_printed)
{
    int server;
    struct child *client = start(&server);

    for (int i = 0; i < 3; i++) {
        type_hello(client, server);
        client_send_text(server, i == 2 ? "last reply\n" : "a reply\n");
    }
    stream_expect(client, &client->out, "last reply\n");
    close(server);
    finish_with_replies(client, "a reply\na reply\nlast reply\n");
}
END_TEST

START_TEST(a_line_may_be_empty)
{
    int server;
    struct child *client = start(&server);

    child_write(client, "\n", 1);
    client_expect_text(server, "\n");
    type_hello(client, server);
    close(server);
    child_finish(client, 0);
}
END_TEST

START_TEST(a_reply_in_pieces_is_printed_as_one)
{
    int server;
    struct child *client = start(&server);

    type_hello(client, server);
    client_send_text(server, "a reply");
    stream_expect(client, &client->out, "a reply");
    client_send_text(server, " in three");
    stream_expect(client, &client->out, "a reply in three");
    client_send_text(server, " pieces\n");
    stream_expect(client, &client->out, "a reply in three pieces\n");
    close(server);
    child_finish(client, 0);
}
END_TEST

START_TEST(a_reply_may_be_a_single_byte)
{
    int server;
    struct child *client = start(&server);

    type_hello(client, server);
    client_send_text(server, "!");
    stream_expect(client, &client->out, "!");
    type_hello(client, server);
    client_send_text(server, "\n");
    close(server);
    finish_with_replies(client, "!\n");
}
END_TEST

START_TEST(when_the_server_closes_the_client_ends)
{
    int server;
    struct child *client = start(&server);

    close(server);
    child_finish(client, 0);
}
END_TEST

START_TEST(when_the_connection_breaks_the_client_fails)
{
    int server;
    struct child *client = start(&server);

    type_hello(client, server);
    client_reset(server);
    child_finish(client, 1);
}
END_TEST

START_TEST(when_nobody_listens_the_client_fails)
{
    child_finish(start_refused(), 1);
}
END_TEST

START_TEST(after_the_end_of_its_input_it_still_prints_what_it_is_owed)
{
    int server;
    struct child *client = start(&server);

    child_write(client, "hello\n", 6);
    child_end_input(client);
    client_expect_text(server, "hello\n");
    client_expect_end(server); /* half-close: it has not gone */
    client_send_text(server, "one\n");
    stream_expect(client, &client->out, "one\n");
    client_send_text(server, "two\n");
    close(server);
    finish_with_replies(client, "one\ntwo\n");
}
END_TEST

static char *make_lines(size_t size)
{
    char *text = malloc(size + 1);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(i % 64 == 63 ? '\n' : 'a' + (int)(i / 64 + i) % 26);
    text[size] = '\0';
    return text;
}

static void make_upper(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
}

START_TEST(a_mebibyte_through_a_pipe_comes_back_whole)
{
    enum { MEBIBYTE = 1024 * 1024 };
    struct child *server = start_upper();
    struct child *client = start_with(0, 0, server->port);
    char *text = make_lines(MEBIBYTE);

    child_write(client, text, MEBIBYTE);
    child_end_input(client);
    make_upper(text);
    finish_with_replies(client, text);
    free(text);
    child_stop(server);
}
END_TEST

/* Until the client cannot send what it has read: it sleeps, and the pipe is
 * full. */
static size_t write_until_full(struct child *client, const char *text,
                               size_t size)
{
    enum { WHILE_MS = 20 };
    size_t total = 0;

    fcntl(client->in, F_SETFL, O_NONBLOCK);
    do {
        while (total < size &&
               wait_until(now_ms() + WHILE_MS, client->in, POLLOUT)) {
            ssize_t written = write(client->in, text + total, size - total);

            total += written > 0 ? (size_t)written : 0;
        }
        child_expect_idle(client, "when it cannot send");
    } while (total < size && wait_until(0, client->in, POLLOUT));
    return total;
}

START_TEST(while_it_cannot_send_it_prints_what_comes)
{
    enum { LOTS = 64 * 1024 * 1024 };
    char *text = make_lines(LOTS);
    int server;
    struct child *client = start(&server);
    size_t total = write_until_full(client, text, LOTS);

    ck_assert_msg(total < LOTS, "expected that not all of it can be sent");
    client_send_text(server, "a reply\n");
    stream_expect(client, &client->out, "a reply\n");
    child_end_input(client);
    client_expect(server, text, total);
    client_expect_end(server);
    close(server);
    child_finish(client, 0);
    free(text);
}
END_TEST

START_TEST(input_may_come_from_a_file)
{
    struct child *server = start_upper();
    FILE *file = tmpfile();
    struct child *client;

    ck_assert_ptr_nonnull(file);
    fputs("one\ntwo\nthree\n", file);
    rewind(file);
    client = start_with(fileno(file), 0, server->port);
    finish_with_replies(client, "ONE\nTWO\nTHREE\n");
    fclose(file);
    child_stop(server);
}
END_TEST

START_TEST(input_may_be_empty)
{
    struct child *server = start_upper();
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);

    child_finish(start_with(empty, 0, server->port), 0);
    child_stop(server);
    close(empty);
}
END_TEST

START_TEST(while_nobody_says_anything_it_sleeps)
{
    int server;
    struct child *client = start(&server);

    type_hello(client, server);
    child_expect_idle(client, "while it waits for both sides");
    child_end_input(client);
    client_expect_end(server);
    child_expect_idle(client, "when its input has ended");
    close(server);
    child_finish(client, 0);
}
END_TEST

/* -- ours ------------------------------------------------------------------ */

START_TEST(it_prompts_and_says_that_the_server_has_closed)
{
    int server;
    struct child *client = start(&server);

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
    struct child *client = start(&server);

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
    struct child *client = start(&server);

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
    struct child *client = start(&server);
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
    struct child *client = start_refused();

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
    client = start_with(0, ends[1], server->port);
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
        struct child *client = start_with(inputs[i], 0, server->port);

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
    client = start_with(slave, slave, server->port);
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
    ADD(what_is_typed_is_sent_and_the_reply_printed);
    ADD(a_reply_in_pieces_is_printed_as_one);
    ADD(a_reply_may_be_a_single_byte);
    ADD(a_line_may_be_empty);
    ADD(while_it_cannot_send_it_prints_what_comes);
    ADD(when_the_server_closes_the_client_ends);
    ADD(when_the_connection_breaks_the_client_fails);
    ADD(when_nobody_listens_the_client_fails);
    ADD(after_the_end_of_its_input_it_still_prints_what_it_is_owed);
    ADD(a_mebibyte_through_a_pipe_comes_back_whole);
    ADD(input_may_come_from_a_file);
    ADD(input_may_be_empty);
    ADD(while_nobody_says_anything_it_sleeps);
    if (is_replaced(subjects[i].variable))
        return;
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
    return suites_run("CLIENT", add);
}

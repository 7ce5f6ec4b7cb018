/* test_client.c -- the ">>>" client, or one of yours, against servers of our
 * own making: what is typed, what arrives, what comes back, how it ends.
 */
#include "suites.h"
#include "typed.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

START_TEST(what_is_typed_is_sent_and_the_reply_printed)
{
    int server;
    struct child *client = start_client(&server);

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
    struct child *client = start_client(&server);

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
    struct child *client = start_client(&server);

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
    struct child *client = start_client(&server);

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
    struct child *client = start_client(&server);

    close(server);
    child_finish(client, 0);
}
END_TEST

START_TEST(when_the_connection_breaks_the_client_fails)
{
    int server;
    struct child *client = start_client(&server);

    type_hello(client, server);
    client_reset(server);
    child_finish(client, 1);
}
END_TEST

START_TEST(when_nobody_listens_the_client_fails)
{
    child_finish(start_client_refused(), 1);
}
END_TEST

START_TEST(after_the_end_of_its_input_it_still_prints_what_it_is_owed)
{
    int server;
    struct child *client = start_client(&server);

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
    struct child *client = start_client_with(0, 0, server->port);
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
    struct child *client = start_client(&server);
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
    client = start_client_with(fileno(file), 0, server->port);
    finish_with_replies(client, "ONE\nTWO\nTHREE\n");
    fclose(file);
    child_stop(server);
}
END_TEST

START_TEST(input_may_be_empty)
{
    struct child *server = start_upper();
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);

    child_finish(start_client_with(empty, 0, server->port), 0);
    child_stop(server);
    close(empty);
}
END_TEST

START_TEST(while_nobody_says_anything_it_sleeps)
{
    int server;
    struct child *client = start_client(&server);

    type_hello(client, server);
    child_expect_idle(client, "while it waits for both sides");
    child_end_input(client);
    client_expect_end(server);
    child_expect_idle(client, "when its input has ended");
    close(server);
    child_finish(client, 0);
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
}

int main(void)
{
    return suites_run("CLIENT", add);
}

/* test_unheard.c -- our servers go on when nobody takes what they print: stdout
 * closed, full, or without a reader.
 */
#include "suites.h"
#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Prints, resets and complaints, none of which may get in the way. */
static void come_and_go(struct child *server)
{
    for (int round = 0; round < 20; round++) {
        int client = client_connect(server->port);

        converse(client);
        if (round % 2 == 0)
            client_reset(client);
        else
            client_leave(client);
    }
}

/* The first may have got the descriptor where a print or a complaint goes. */
static void expect_all_goes_on(struct child *server, int i)
{
    int first = client_connect(server->port);

    converse(first);
    if (!subject_is(&subjects[i], "01")) /* which serve one at a time */
        come_and_go(server);
    converse(first);
    client_leave(first);
    come_and_go(server);
}
#define expect_all_goes_on(...) HERE(expect_all_goes_on, __VA_ARGS__)

/* It must say so and serve everybody. */
static void expect_to_go_on_with(const struct launch *launch, int i,
                                 const char *complaint)
{
    struct child *server = server_start_unheard(launch);

    client_leave(client_connect(server->port));
    if (*complaint != '\0')
        stream_expect(server, &server->err, "%s", complaint);
    expect_all_goes_on(server, i);
    child_stop(server);
}
#define expect_to_go_on_with(...) HERE(expect_to_go_on_with, __VA_ARGS__)

/* With these, as in struct launch. */
static void expect_to_go_on(int i, int in, int out, int err,
                            const char *complaint)
{
    struct launch launch = launch_for(i);

    launch.in = in;
    launch.out = out;
    launch.err = err;
    expect_to_go_on_with(&launch, i, complaint);
}
#define expect_to_go_on(...) HERE(expect_to_go_on, __VA_ARGS__)

START_TEST(with_stdout_closed_it_goes_on)
{
    if (is_wrapped()) /* valgrind's log would take the free descriptor */
        skip("with stdout closed", "the wrapper takes its place");
    else
        expect_to_go_on(_i, 0, CLOSED, 0, ": goes on without stdout: ");
}
END_TEST

START_TEST(with_everything_closed_it_goes_on)
{
    if (is_wrapped())
        skip("with everything closed", "the wrapper needs its stderr");
    else
        expect_to_go_on(_i, CLOSED, CLOSED, CLOSED, "");
}
END_TEST

START_TEST(with_stdin_closed_it_goes_on)
{
    struct launch launch = launch_for(_i);
    struct child *server;

    launch.in = CLOSED;
    server = server_start(&launch);
    expect_all_goes_on(server, _i);
    stream_expect(server, &server->out, "Connection from ");
    child_stop(server);
}
END_TEST

START_TEST(with_a_full_device_as_stdout_it_goes_on)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    if (full == -1)
        skip("a full device as stdout", "there is no /dev/full");
    else
        expect_to_go_on(_i, 0, full, 0, strerror(ENOSPC));
}
END_TEST

/* A byte more in a file, and the kernel kills who does not ignore SIGXFSZ. */
START_TEST(with_a_log_at_its_limit_it_goes_on)
{
    enum { LIMIT = 1 << 26 }; /* no other file that is written grows so large */
    struct launch launch = launch_for(_i);
    FILE *log = tmpfile();

    if (is_wrapped() || log == NULL) {
        skip("with a log at its limit", "the wrapper has one, too");
        return;
    }
    launch.out = fileno(log);
    launch.file_bytes = LIMIT;
    ck_assert_int_eq(lseek(fileno(log), LIMIT, SEEK_SET), LIMIT);
    expect_to_go_on_with(&launch, _i, strerror(EFBIG));
    fclose(log);
}
END_TEST

START_TEST(with_the_reader_of_its_stdout_gone_it_goes_on)
{
    int ends[2];

    pipe_make(ends);
    close(ends[0]);
    expect_to_go_on(_i, 0, ends[1], 0, strerror(EPIPE));
}
END_TEST

START_TEST(with_stdout_and_stderr_a_full_pipe_it_goes_on)
{
    int ends[2];

    pipe_make(ends);
    pipe_fill(ends[1]);
    expect_to_go_on(_i, 0, ends[1], ends[1], "");
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add(TCase *tc, int i)
{
    ADD(with_stdout_closed_it_goes_on);
    ADD(with_stdin_closed_it_goes_on);
    ADD(with_everything_closed_it_goes_on);
    ADD(with_a_full_device_as_stdout_it_goes_on);
    ADD(with_a_log_at_its_limit_it_goes_on);
    ADD(with_the_reader_of_its_stdout_gone_it_goes_on);
    ADD(with_stdout_and_stderr_a_full_pipe_it_goes_on);
}

int main(void)
{
    return suites_run_ours("SERVER UPPER", add);
}

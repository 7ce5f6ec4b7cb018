/* transfer.c -- reading and writing. */
#include "faults.h"

/* socket_recv() is inline: in this file, too, its recv() must be able to fail.
 */
#define recv faults_recv
#include "sockets.h"
#undef recv

#include "fixture.h"

#include <sys/wait.h>

START_TEST(a_socket_becomes_non_blocking)
{
    char byte;

    make_pair(ends);
    expect(socket_set_nonblocking(ends[0]), 0);
    expect(is_nonblocking(ends[0]), true);
    expect(is_nonblocking(ends[1]), false);
    expect_failure(socket_recv(ends[0], &byte, 1), EAGAIN);
    expect_failure(socket_set_nonblocking(-1), EBADF);
    faults_fail("fcntl", 1, EPERM);
    expect_failure(socket_set_nonblocking(ends[1]), EPERM);
}
END_TEST

START_TEST(recv_returns_what_is_there)
{
    char buffer[16] = "";

    make_pair(ends);
    expect(write(ends[1], "hello", 5), 5);
    expect(socket_recv(ends[0], buffer, 2), 2);
    expect_text(buffer, "he");
    expect(socket_recv(ends[0], buffer, sizeof buffer), 3);
    expect(memcmp(buffer, "llo", 3), 0);
    expect(write(ends[1], "end", 3), 3);
    expect_success(shutdown(ends[1], SHUT_WR));
    expect(socket_recv(ends[0], buffer, sizeof buffer), 3);
    for (int i = 0; i < 2; i++) /* the end of the file stays */
        expect(socket_recv(ends[0], buffer, sizeof buffer), 0);
}
END_TEST

START_TEST(recv_is_made_again_after_a_signal)
{
    char buffer[4];

    make_pair(ends);
    expect(write(ends[1], "abc", 3), 3);
    faults_reset();
    faults_fail("recv", 1, EINTR);
    expect(socket_recv(ends[0], buffer, sizeof buffer), 3);
    expect(faults_calls("recv"), 2);
    faults_fail("recv", 1, ENOMEM);
    expect_failure(socket_recv(ends[0], buffer, 1), ENOMEM);
    expect(faults_calls("recv"), 3);
}
END_TEST

START_TEST(recv_tells_of_a_reset)
{
    char byte;

    make_tcp(ends);
    reset_by_peer(ends[1]);
    expect_failure(socket_recv(ends[0], &byte, 1), ECONNRESET);
    expect(socket_recv(ends[0], &byte, 1), 0);
}
END_TEST

START_TEST(send_returns_how_much_was_taken)
{
    char buffer[8];

    make_pair(ends);
    expect(socket_send(ends[0], "hello", 5), 5);
    faults_shorten("send", 1, 2);
    expect(socket_send(ends[0], "hello", 5), 2);
    expect(read(ends[1], buffer, sizeof buffer), 7);
    expect(memcmp(buffer, "hellohe", 7), 0);
}
END_TEST

START_TEST(send_is_made_again_after_a_signal)
{
    char buffer[8];

    make_pair(ends);
    faults_reset();
    faults_fail("send", 1, EINTR);
    expect(socket_send(ends[0], "abc", 3), 3);
    expect(faults_calls("send"), 2);
    expect(read(ends[1], buffer, sizeof buffer), 3);
    faults_fail("send", 1, ENOBUFS);
    expect_failure(socket_send(ends[0], "abc", 3), ENOBUFS);
    expect(faults_calls("send"), 3);
}
END_TEST

START_TEST(send_to_a_peer_that_has_gone_fails)
{
    make_pair(ends);
    close(ends[1]);
    expect_failure(socket_send(ends[0], "x", 1), EPIPE);
    expect_failure(socket_sendall(ends[0], "x", 1), EPIPE);
    close(ends[0]);
    expect_failure(socket_send(ends[0], "x", 1), EBADF);
}
END_TEST

START_TEST(send_to_a_peer_that_does_not_read_fails_at_last)
{
    static const char block[4096];
    int blocks = 0;

    make_pair(ends);
    expect_success(socket_set_nonblocking(ends[0]));
    while (socket_send(ends[0], block, sizeof block) > 0)
        blocks++;
    expect(errno, EAGAIN);
    expect_true(blocks > 0);
    expect_failure(socket_sendall(ends[0], block, sizeof block), EAGAIN);
}
END_TEST

START_TEST(sendall_goes_on_after_a_short_send)
{
    char buffer[16];

    make_pair(ends);
    for (size_t taken = 1; taken < 11; taken++) {
        faults_reset();
        faults_shorten("send", 1, taken);
        expect(socket_sendall(ends[0], "hello world", 11), 0);
        expect(faults_calls("send"), 2);
        expect(read(ends[1], buffer, sizeof buffer), 11);
        expect(memcmp(buffer, "hello world", 11), 0);
    }
}
END_TEST

START_TEST(sendall_of_nothing_is_no_call)
{
    make_pair(ends);
    faults_reset();
    expect(socket_sendall(ends[0], "", 0), 0);
    expect(faults_calls(NULL), 0);
}
END_TEST

START_TEST(sendall_says_why_it_cannot_go_on)
{
    char buffer[16];

    make_pair(ends);
    faults_fail("send", 1, ECONNRESET);
    expect_failure(socket_sendall(ends[0], "hello", 5), ECONNRESET);
    faults_fail("send", 2, ECONNRESET);
    expect(socket_sendall(ends[0], "hello", 5), 0);
    expect(read(ends[1], buffer, sizeof buffer), 5);
}
END_TEST

enum { LONG_MESSAGE = 8 * 1024 * 1024 };

static unsigned char byte_at(size_t position)
{
    return (unsigned char)(position % 251);
}

/* Reads to the end. The status: 0, or 1 if a byte is missing or wrong. */
static int read_long_message(int fd)
{
    static unsigned char buffer[65536];
    size_t total = 0;
    ssize_t received;

    while ((received = read(fd, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i < received; i++)
            if (buffer[i] != byte_at(total++))
                return 1;
    return total == LONG_MESSAGE ? 0 : 1;
}

/* A message far longer than the kernel's buffer, and a signal every
 * millisecond: each may cut a send() short. */
START_TEST(sendall_sends_all_through_signals)
{
    static unsigned char message[LONG_MESSAGE];
    int status;
    pid_t child;

    for (size_t i = 0; i < LONG_MESSAGE; i++)
        message[i] = byte_at(i);
    make_pair(ends);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(read_long_message(ends[1]));
    }
    close(ends[1]);
    start_signals();
    expect(socket_sendall(ends[0], message, LONG_MESSAGE), 0);
    stop_alarms();
    close(ends[0]);
    expect(waitpid(child, &status, 0), child);
    expect_true(WIFEXITED(status));
    expect(WEXITSTATUS(status), 0);
}
END_TEST

void add_transfer(Suite *suite)
{
    TCase *tcase = new_case(suite, "reading and writing", NULL);

    ADD(a_socket_becomes_non_blocking);
    ADD(recv_returns_what_is_there);
    ADD(recv_is_made_again_after_a_signal);
    ADD(recv_tells_of_a_reset);
    ADD(send_returns_how_much_was_taken);
    ADD(send_is_made_again_after_a_signal);
    ADD(send_to_a_peer_that_has_gone_fails);
    ADD(send_to_a_peer_that_does_not_read_fails_at_last);
    ADD(sendall_goes_on_after_a_short_send);
    ADD(sendall_of_nothing_is_no_call);
    ADD(sendall_says_why_it_cannot_go_on);
    ADD(sendall_sends_all_through_signals);
}

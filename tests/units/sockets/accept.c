/* accept.c -- socket_accept(), with and without descriptors. */
#include "fixture.h"

#include <sys/wait.h>

START_TEST(accept_returns_the_connection_and_its_peer)
{
    char expected[SOCKET_NAME_SIZE];
    int client = new_client();
    int accepted = socket_accept(listener, peer);

    expect_success(accepted);
    snprintf(expected, sizeof expected, "127.0.0.1:%d", socket_port(client));
    expect_text(peer, expected);
    expect(is_nonblocking(accepted), false);
    expect(write(accepted, "x", 1), 1);
    expect(read(client, peer, 1), 1);
    close(accepted);
}
END_TEST

START_TEST(accept_returns_connections_in_their_order)
{
    int clients[5];
    char expected[SOCKET_NAME_SIZE];

    for (int i = 0; i < 5; i++)
        clients[i] = new_client();
    for (int i = 0; i < 5; i++) {
        close(socket_accept(listener, peer));
        snprintf(expected, sizeof expected, "127.0.0.1:%d",
                 socket_port(clients[i]));
        expect_text(peer, expected);
    }
}
END_TEST

START_TEST(a_non_blocking_listener_has_nobody_waiting)
{
    strcpy(peer, "untouched");
    expect_success(socket_set_nonblocking(listener));
    expect_failure(socket_accept(listener, peer), EAGAIN);
    expect_text(peer, "untouched");
}
END_TEST

/* Not on Linux; and whoever wants it one way or the other says so. */
START_TEST(a_connection_is_non_blocking_where_the_kernel_makes_it_so)
{
    new_client();
    expect_success(socket_set_nonblocking(listener));
    expect(is_nonblocking(socket_accept(listener, peer)),
           kernel()->accept_inherits);
}
END_TEST

START_TEST(accept_passes_over_signals_and_aborted_connections)
{
    static const int errors[] = {EINTR, ECONNABORTED};

    new_client();
    faults_reset();
    faults_fail("accept", 1, errors[_i]);
    expect_success(socket_accept(listener, peer));
    expect(faults_calls("accept"), 2);
}
END_TEST

/* A child that becomes a client, but not at once. */
/* Once the other end of the pipe is closed, if there is one. */
static pid_t connect_after(const int begin[2])
{
    struct sockaddr_in address = loopback(socket_port(listener));
    pid_t child = fork();

    if (child == 0) {
        int client = socket(AF_INET, SOCK_STREAM, 0);
        char byte;

        if (begin != NULL) {
            close(begin[1]);
            (void)!read(begin[0], &byte, 1);
        }
        poll(NULL, 0, 30); /* not to synchronise: signals are to come first */
        _exit(connect(client, (struct sockaddr *)&address, sizeof address));
    }
    return child;
}

/* Real signals: the client comes after some of them. */
START_TEST(accept_waits_through_signals)
{
    pid_t child = connect_after(NULL);

    start_signals();
    expect_success(socket_accept(listener, peer));
    stop_alarms();
    expect(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(a_failing_accept_says_why_and_the_listener_goes_on)
{
    static const int errors[] = {ENOMEM, ENOBUFS, EPROTO, EPERM, EINVAL};
    int before;

    new_client();
    before = faults_descriptors();
    faults_fail("accept", 1, errors[_i]);
    expect_failure(socket_accept(listener, peer), errors[_i]);
    expect(faults_descriptors(), before);
    expect_success(socket_accept(listener, peer)); /* the client still waits */
}
END_TEST

/* The listener is blocking, or it is not. */
static void set_mode(int nonblocking)
{
    subject = nonblocking ? "non-blocking" : "blocking";
    if (nonblocking)
        expect_success(socket_set_nonblocking(listener));
}

/* The reserve is a high number, or, where the limit is too low, a low one. */
START_TEST(without_descriptors_the_newcomer_is_closed_at_once)
{
    static const int limits[] = {256, 64};
    int first;
    int second;
    int before;

    if (under_valgrind()) {
        skip(__func__, "valgrind has its own limit of descriptors");
        return;
    }
    faults_descriptor_limit(limits[_i / 2]);
    open_listener();
    first = new_client();
    second = new_client();
    set_mode(_i % 2);
    while (dup(listener) != -1)
        continue;
    before = faults_descriptors();
    expect_failure(socket_accept(listener, peer), EMFILE);
    expect_closed(first);
    expect(faults_descriptors(), before); /* the reserve is there again */
    if (!kernel()->accept_drops) /* else it is this one that we have closed */
        expect_failure(socket_accept(listener, peer), EMFILE);
    expect_closed(second);
    expect(faults_descriptors(), before);
    close(first); /* somebody leaves */
    close(second);
    new_client();
    expect_success(socket_accept(listener, peer));
    faults_descriptor_limit(0);
}
END_TEST

START_TEST(when_the_system_has_no_descriptors_the_newcomer_is_closed)
{
    int client = new_client();
    int before = faults_descriptors();

    set_mode(_i);
    faults_fail("accept", 1, ENFILE);
    expect_failure(socket_accept(listener, peer), ENFILE);
    expect_closed(client);
    expect(faults_descriptors(), before);
}
END_TEST

/* macOS has dropped it by then, and a blocking listener must not wait for
 * another one. */
START_TEST(without_descriptors_and_without_a_newcomer_nothing_happens)
{
    int before;

    new_client();
    expect_success(socket_accept(listener, peer));
    before = faults_descriptors();
    set_mode(_i);
    faults_reset();
    faults_fail("accept", 1, EMFILE);
    expect_failure(socket_accept(listener, peer), EMFILE);
    expect(faults_calls("accept"), 1);
    expect(faults_descriptors(), before);
    set_mode(true);
    expect_failure(socket_accept(listener, peer), EAGAIN);
}
END_TEST

/* Linux and the BSDs say so before anybody is there: who came back at once
 * again and again would say so for ever. */
START_TEST(without_descriptors_a_blocking_listener_waits_for_a_newcomer)
{
    int begin[2];
    pid_t child;

    if (under_valgrind()) {
        skip(__func__, "valgrind has its own limit of descriptors");
        return;
    }
    make_pipe(begin);
    child = connect_after(begin);
    faults_descriptor_limit(64);
    while (dup(listener) != -1)
        continue;
    faults_fail("accept", 1, EMFILE); /* the BSD in us, whatever we are */
    expect_failure(socket_accept(listener, peer), EMFILE);
    close(begin[1]);
    close(begin[0]);
    while (dup(listener) != -1)
        continue;
    faults_reset();
    start_signals();
    expect_failure(socket_accept(listener, peer), EMFILE);
    stop_alarms();
    expect(faults_calls("accept"), kernel()->accept_drops ? 1 : 2);
    faults_descriptor_limit(0);
    expect(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(the_reserve_comes_back_as_soon_as_it_can)
{
    int before = faults_descriptors();

    set_mode(true);
    for (int lost = 1; lost <= 2; lost++) { /* the second time it has none */
        int client = new_client();

        faults_fail("accept", 1, EMFILE);
        faults_fail("socket", 1, EMFILE);
        expect_failure(socket_accept(listener, peer), EMFILE);
        expect_closed(client);
        close(client);
        expect(faults_descriptors(), before - 1);
    }
    expect_failure(socket_accept(listener, peer), EAGAIN);
    expect(faults_descriptors(), before);
}
END_TEST

START_TEST(the_reserve_comes_back_with_the_next_client)
{
    int client = new_client();
    int before = faults_descriptors();

    set_mode(true);
    faults_fail("accept", 1, EMFILE);
    faults_fail("socket", 1, EMFILE);
    expect_failure(socket_accept(listener, peer), EMFILE);
    close(client);
    new_client();
    expect_success(socket_accept(listener, peer));
    expect(faults_descriptors(), before + 1); /* his, and the reserve */
}
END_TEST

void add_accept(Suite *suite)
{
    TCase *tcase = case_with_listener(suite, "accept");

    ADD(accept_returns_the_connection_and_its_peer);
    ADD(accept_returns_connections_in_their_order);
    ADD(a_non_blocking_listener_has_nobody_waiting);
    ADD(a_connection_is_non_blocking_where_the_kernel_makes_it_so);
    ADD_TIMES(2, accept_passes_over_signals_and_aborted_connections);
    ADD(accept_waits_through_signals);
    ADD_TIMES(5, a_failing_accept_says_why_and_the_listener_goes_on);
    ADD_TIMES(2, when_the_system_has_no_descriptors_the_newcomer_is_closed);
    ADD_TIMES(2, without_descriptors_and_without_a_newcomer_nothing_happens);
    ADD(the_reserve_comes_back_as_soon_as_it_can);
    ADD(the_reserve_comes_back_with_the_next_client);
    ADD(without_descriptors_a_blocking_listener_waits_for_a_newcomer);
    tcase = new_case(suite, "out of descriptors", NULL);
    ADD_TIMES(4, without_descriptors_the_newcomer_is_closed_at_once);
}

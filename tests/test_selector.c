/* test_selector.c -- the contract of common/selector.h, for every backend.
 *
 * The list is the contract, each line a test of that name. G2, R1 ... are the
 * rows of Python's behaviour from which it comes: G general, R register, U
 * unregister, M modify, S select, H what is ready, C close, F fileno, P the
 * map, D the default. Unless a backend is named, a test runs once for each
 * that this system has or that emulation.c stands in for; a skip is allowed
 * only where the system's documented limit is in the way, and says so.
 *
 * Open and close
 *  1     backends_are_named_best_first
 *  2     each_backend_opens_by_its_name
 *  3     an_unknown_backend_is_refused
 *  4 D1  the_default_is_the_best_backend
 *  5 D1  the_default_is_the_first_backend_that_works
 *  6     a_backend_that_cannot_open_says_why
 *  7     opening_without_memory_fails_and_leaks_nothing
 *  8 F1  the_selectors_own_descriptor_is_close_on_exec
 *  9 F1  the_selectors_own_descriptor_is_readable_while_something_is_ready
 *        (epoll, kqueue)
 * 10 C1  closing_leaves_the_registered_descriptors_open
 * 11     closing_keeps_errno
 * 12 C1  closing_null_does_nothing
 *
 * Register
 * 13 G1  a_key_holds_what_was_registered
 * 14 R3  callback_and_data_may_be_null
 * 15 R1  bad_events_are_refused_before_the_descriptor_is_looked_at
 * 16 G2  a_negative_descriptor_is_invalid_everywhere
 * 17 R2  registering_twice_fails_and_changes_nothing
 * 18     each_change_costs_the_calls_of_its_backend_and_no_more
 * 19     a_change_without_memory_fails_and_changes_nothing
 * 20 R4  select_refuses_descriptors_beyond_fd_setsize
 * 21 R4  select_takes_descriptors_up_to_fd_setsize
 * 22 R4  select_and_poll_take_a_closed_descriptor (R5)
 * 23 R6  epoll_and_kqueue_refuse_a_closed_descriptor (R7)
 * 24 R6  epoll_refuses_files_directories_and_itself
 * 25 R6  what_the_kernel_refuses_leaves_no_key (R7, R8)
 * 26 R7  kqueue_deletes_the_first_filter_when_the_second_is_refused
 * 27 R7  kqueue_ignores_a_signal_during_a_change
 * 28 R7  kqueue_refuses_to_write_into_a_pipe_without_reader
 * 29 R8  devpoll_fails_when_its_write_is_short
 * 30 R9  epoll_refuses_the_number_that_a_duplicate_keeps_alive
 * 31     huge_numbers_neither_crash_nor_eat_memory
 * 32     huge_numbers_are_refused_where_memory_is_short
 * 33     one_descriptor_may_be_in_two_selectors
 *
 * Unregister
 * 34 U1  unregistering_the_unknown_fails
 * 35 U2  unregister_returns_the_key_and_ends_the_reports
 * 36 U2  a_descriptor_may_be_registered_again
 * 37 U3  a_closed_descriptor_can_be_unregistered
 * 38 U4  a_reused_number_can_be_unregistered
 * 39 U3  unregister_ignores_every_error_of_the_kernel
 * 40 U5  a_duplicate_of_a_closed_descriptor_does_no_harm
 * 41 U5  many_duplicates_of_closed_descriptors_do_no_harm
 * 42 U6  kqueue_deletes_the_second_filter_when_the_first_fails
 *
 * Modify
 * 43 M1  modifying_the_unknown_fails_whatever_the_events
 * 44 M2  modify_with_the_same_events_makes_no_system_call
 * 45 M3  new_data_can_be_given_even_to_a_closed_descriptor
 * 46 M4  modify_changes_what_is_reported (M6)
 * 47 M5  epoll_loses_the_key_of_a_descriptor_that_the_kernel_lost
 * 48 M5  a_modify_that_the_kernel_refuses_loses_the_key (M6)
 * 49 M6  kqueue_leaves_no_filter_behind_when_modify_fails
 * 50 M5  modify_of_a_closed_descriptor_cannot_fail_on_select_and_poll
 * 51 M6  kqueue_changes_only_the_filters_that_differ
 * 52 M7  modify_refuses_bad_events_and_keeps_the_key (M6)
 * 53 M5  devpoll_modifies_in_one_write
 *
 * Select
 * 54 S1  a_timeout_of_zero_only_looks
 * 55 S10 a_select_of_nothing_waits_for_the_timeout
 * 56 S3  no_wait_ends_early
 * 57 S1  a_negative_timeout_waits_until_something_happens
 * 58 S2  the_longest_timeout_is_not_taken_for_a_short_one
 * 59 S4  signals_neither_shorten_nor_prolong_a_wait (S6)
 * 60 S4  signals_do_not_end_an_endless_wait
 * 61 S4  an_interrupted_wait_is_started_again
 * 62     a_failing_wait_says_why_and_the_next_one_works
 * 63 S7  one_entry_has_both_events
 * 64 S7  only_the_events_asked_for_are_reported
 * 65 S7  what_is_ready_is_reported_until_it_is_consumed
 * 66 S9  all_that_is_ready_comes_from_one_call
 * 67 S9  it_works_with_the_last_descriptor_in_use
 * 68     five_thousand_descriptors_are_no_burden (not select)
 * 69     twelve_pairs_are_drained_as_in_pythons_test
 * 70     many_changes_leave_what_a_simple_model_says
 *
 * What counts as ready
 * 71 H   what_counts_as_ready, one test for each state and backend
 * 72 H4  select_fails_when_a_registered_descriptor_was_closed
 * 73 N2  epoll_and_kqueue_forget_a_closed_descriptor
 *
 * Next
 * 74     nothing_comes_before_the_first_select
 * 75     a_second_select_drops_what_was_not_handed_out
 * 76     a_key_unregistered_in_the_batch_is_not_handed_out
 * 77     a_newcomer_with_a_dead_clients_number_is_not_called
 * 78     a_descriptor_registered_again_in_the_batch_waits_for_the_next
 * 79     a_key_modified_in_the_batch_comes_as_it_is_now
 * 80     many_can_be_registered_in_the_batch
 * 81     the_event_loop_calls_what_was_registered
 *
 * Look-up
 * 82 P1  the_key_of_the_unknown_is_not_found
 * 83 P1  the_map_is_in_the_order_of_descriptors
 * 84 P1  the_map_is_cut_to_the_room_there_is
 * 85     looking_up_makes_no_system_call
 */
#include "selector.h"

#include "checks.h"
#include "faults.h"

#include <emulation.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

enum {
    BOTH = EVENT_READ | EVENT_WRITE,
    PATIENCE_S = 60 /* the longest a test may take, under valgrind too */
};

/* What is known of each backend: its class, the call that opens it, the one
 * that changes its set and the one that waits. */
static const struct backend {
    const char *name;
    const char *class_name;
    const char *opener;
    const char *changer;
    const char *waiter;
} known[] = {
    {"kqueue", "KqueueSelector", "kqueue", "kevent", "kevent"},
    {"epoll", "EpollSelector", "epoll_create1", "epoll_ctl", "epoll_wait"},
    {"devpoll", "DevpollSelector", "open", "write", "ioctl"},
    {"poll", "PollSelector", NULL, NULL, "poll"},
    {"select", "SelectSelector", NULL, NULL, "select"},
};

/* -- helpers --------------------------------------------------------------- */

static int backend_count(void)
{
    int count = 0;

    while (selector_backend_name(count) != NULL)
        count++;
    return count;
}

/* Of the backend that the test runs on. */
static const struct backend *info(void)
{
    const struct backend *backend = known;

    while (strcmp(backend->name, subject) != 0)
        backend++;
    return backend;
}

static bool runs_on(const char *name)
{
    return strcmp(subject, name) == 0;
}

/* A selector of the backend that the test runs on. */
static struct selector *open_one(void)
{
    struct selector *sel = selector_open(subject);

    ck_assert_msg(sel != NULL, "%s: selector_open(): %s", subject,
                  strerror(errno));
    faults_reset();
    return sel;
}

static struct selector *open_backend(int index)
{
    subject = selector_backend_name(index);
    return open_one();
}

static void called(int fd, int events, void *data)
{
}

static void called_instead(int fd, int events, void *data)
{
}

static void watch(struct selector *sel, int fd, int events)
{
    expect_success(selector_register(sel, fd, events, called, NULL));
}

static void make_pipe(int ends[2])
{
    ck_assert_msg(pipe(ends) == 0, "pipe(): %s", strerror(errno));
}

/* Two connected stream sockets. */
static void make_pair(int ends[2])
{
    ck_assert_msg(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0,
                  "socketpair(): %s", strerror(errno));
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static void put_byte(int fd)
{
    ck_assert_msg(write(fd, "x", 1) == 1, "write(): %s", strerror(errno));
}

static void take_byte(int fd)
{
    char byte;

    ck_assert_msg(read(fd, &byte, 1) == 1, "read(): %s", strerror(errno));
}

static int copy_of(int fd)
{
    int copy = dup(fd);

    ck_assert_msg(copy != -1, "dup(): %s", strerror(errno));
    return copy;
}

/* A number that is not open. */
static int closed_number(void)
{
    int fd = copy_of(STDIN_FILENO);

    close(fd);
    return fd;
}

static int count_keys(const struct selector *sel)
{
    return selector_get_map(sel, NULL, 0);
}

/* What is ready on fd at this moment. */
static int ready_on(struct selector *sel, int fd)
{
    int ready = selector_select(sel, 0);
    int handed_out = 0;
    int found = 0;
    struct selector_key key;
    int events;

    expect_true(ready >= 0);
    while (selector_next(sel, &key, &events)) {
        handed_out++;
        expect_true(key.fd != fd || found == 0);
        if (key.fd == fd)
            found = events;
    }
    expect(handed_out, ready);
    return found;
}

/* How many selector_next() hands out now. */
static int hand_out(struct selector *sel)
{
    struct selector_key key;
    int events;
    int count = 0;

    while (selector_next(sel, &key, &events))
        count++;
    return count;
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec * 1000LL) + (now.tv_nsec / 1000000);
}

/* How long selector_select() takes to find nothing, in microseconds. */
static long long wait_us(struct selector *sel, int timeout_ms)
{
    struct timespec start;
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &start);
    expect(selector_select(sel, timeout_ms), 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((end.tv_sec - start.tv_sec) * 1000000LL) +
           ((end.tv_nsec - start.tv_nsec) / 1000);
}

/* -- signals --------------------------------------------------------------- */

static volatile sig_atomic_t alarms;
static volatile sig_atomic_t alarm_to_write; /* at which one to write ... */
static int alarm_fd;                         /* ... and where */

static void count_alarm(int number)
{
    int saved = errno;

    alarms = alarms + 1;
    if (alarms == alarm_to_write && write(alarm_fd, "x", 1) != 1)
        abort();
    errno = saved;
}

/* A signal every so often; system calls are not restarted after it. The first
 * `quiet` of them do nothing, the next one writes a byte to fd. */
static void start_alarms(int interval_ms, int quiet, int fd)
{
    struct sigaction action = {.sa_handler = count_alarm};
    int us = interval_ms * (under_valgrind() ? 5000 : 1000);
    struct itimerval timer = {{0, us}, {0, us}};

    alarms = 0;
    alarm_to_write = quiet + 1;
    alarm_fd = fd;
    expect_success(sigaction(SIGALRM, &action, NULL));
    expect_success(setitimer(ITIMER_REAL, &timer, NULL));
}

static void stop_alarms(void)
{
    struct itimerval timer = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

/* -- open and close -------------------------------------------------------- */

START_TEST(backends_are_named_best_first)
{
    static const char *const best_first[] = {"kqueue", "epoll", "devpoll",
                                             "poll", "select"};
    int rank = -1;

    subject = "selector_backend_name()";
    for (int i = 0; i < backend_count(); i++) {
        int next = rank + 1;

        while (next < 5 &&
               strcmp(best_first[next], selector_backend_name(i)) != 0)
            next++;
        ck_assert_msg(next < 5, "'%s' is unknown, or not in the right place",
                      selector_backend_name(i));
        rank = next;
    }
    expect_true(backend_count() >= 2);
    expect_text(selector_backend_name(backend_count() - 1), "select");
    expect_true(selector_backend_name(-1) == NULL);
    expect_true(selector_backend_name(INT_MAX) == NULL);
    expect_true(selector_backend_name(INT_MIN) == NULL);
}
END_TEST

START_TEST(each_backend_opens_by_its_name)
{
    struct selector *sel = open_backend(_i);

    expect_text(selector_name(sel), info()->class_name);
    expect(count_keys(sel), 0);
    selector_close(sel);
}
END_TEST

START_TEST(an_unknown_backend_is_refused)
{
    static const char *const names[] = {"Epoll", "epol", "epolls", " poll",
                                        "port"};

    subject = names[_i];
    errno = 0;
    expect_true(selector_open(names[_i]) == NULL);
    expect(errno, EINVAL);
}
END_TEST

START_TEST(the_default_is_the_best_backend)
{
    struct selector *sel = selector_open(_i == 0 ? NULL : "");

    subject = selector_backend_name(0);
    ck_assert_msg(sel != NULL, "selector_open(): %s", strerror(errno));
    expect_text(selector_name(sel), info()->class_name);
    selector_close(sel);
}
END_TEST

/* poll and select fail only for want of memory: the first allocation of the
 * backend number _i is the allocation number _i + 1. */
START_TEST(the_default_is_the_first_backend_that_works)
{
    struct selector *sel;

    faults_reset();
    for (int i = 0; i < _i; i++) {
        subject = selector_backend_name(i);
        if (info()->opener != NULL)
            faults_fail(info()->opener, 1, ENOSYS);
        else
            faults_fail("calloc", i + 1, ENOMEM);
    }
    subject = selector_backend_name(_i);
    sel = selector_open(NULL);
    ck_assert_msg(sel != NULL, "selector_open(): %s", strerror(errno));
    expect_text(selector_name(sel), info()->class_name);
    selector_close(sel);
    expect(faults_blocks(), 0);
}
END_TEST

START_TEST(a_backend_that_cannot_open_says_why)
{
    int before = faults_descriptors();

    subject = selector_backend_name(_i);
    if (info()->opener == NULL)
        return;
    faults_fail(info()->opener, 1, EMFILE);
    errno = 0;
    expect_true(selector_open(subject) == NULL);
    expect(errno, EMFILE);
    expect(faults_blocks(), 0);
    if (!runs_on("kqueue"))
        return;
    faults_fail("fcntl", 1, EINVAL); /* close-on-exec */
    expect_true(selector_open(subject) == NULL);
    expect(errno, EINVAL);
    expect(faults_blocks(), 0);
    expect(faults_descriptors(), before);
}
END_TEST

/* Opens, with one allocation failing. NULL: it did fail. */
static struct selector *open_in_need(int nth)
{
    int before = faults_descriptors();
    struct selector *sel;

    faults_fail("calloc", nth, ENOMEM);
    errno = 0;
    sel = selector_open(subject);
    expect(sel == NULL, !faults_pending("calloc"));
    if (sel != NULL)
        return sel;
    expect(errno, ENOMEM);
    expect(faults_blocks(), 0);
    expect(faults_descriptors(), before);
    return NULL;
}

START_TEST(opening_without_memory_fails_and_leaks_nothing)
{
    int before = faults_descriptors();
    struct selector *sel = NULL;
    int nth = 1;

    subject = selector_backend_name(_i);
    while (sel == NULL) {
        expect_true(nth < 10);
        sel = open_in_need(nth++);
    }
    expect_true(nth > 2); /* at least one was refused */
    selector_close(sel);
    expect(faults_blocks(), 0);
    expect(faults_descriptors(), before);
}
END_TEST

START_TEST(the_selectors_own_descriptor_is_close_on_exec)
{
    struct selector *sel = open_backend(_i);

    if (info()->opener == NULL) {
        expect_failure(selector_fileno(sel), ENOSYS);
    } else {
        expect_success(selector_fileno(sel));
        expect(fcntl(selector_fileno(sel), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
    selector_close(sel);
}
END_TEST

START_TEST(the_selectors_own_descriptor_is_readable_while_something_is_ready)
{
    struct selector *sel = open_backend(_i);
    struct pollfd own = {.fd = selector_fileno(sel), .events = POLLIN};
    int ends[2];

    if (emulation_of(subject)) {
        skip(__func__, "the stand-in's descriptor cannot be polled");
        selector_close(sel);
        return;
    }
    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    expect(poll(&own, 1, 0), 0);
    put_byte(ends[1]);
    expect(poll(&own, 1, PATIENCE_S * 1000), 1);
    expect(own.revents, POLLIN);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(closing_leaves_the_registered_descriptors_open)
{
    int before = faults_descriptors();
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    watch(sel, ends[1], EVENT_WRITE);
    selector_close(sel);
    expect(faults_descriptors(), before + 2);
    expect(faults_blocks(), 0);
    put_byte(ends[1]);
    take_byte(ends[0]);
    close_both(ends);
}
END_TEST

START_TEST(closing_keeps_errno)
{
    struct selector *sel = open_backend(_i);

    if (info()->opener != NULL)
        faults_fail_late("close", 1, EIO);
    errno = E2BIG;
    selector_close(sel);
    expect(errno, E2BIG);
}
END_TEST

START_TEST(closing_null_does_nothing)
{
    faults_reset();
    selector_close(NULL);
    expect(faults_calls(NULL), 0);
}
END_TEST

/* -- register -------------------------------------------------------------- */

static void expect_key(const struct selector *sel, int fd, int events,
                       selector_callback *callback, const void *data)
{
    struct selector_key key;

    expect_success(selector_get_key(sel, fd, &key));
    expect(key.fd, fd);
    expect(key.events, events);
    expect_true(key.callback == callback);
    expect_true(key.data == data);
}

START_TEST(a_key_holds_what_was_registered)
{
    struct selector *sel = open_backend(_i);
    int ends[2];
    int data;

    make_pair(ends);
    expect(selector_register(sel, ends[0], EVENT_READ, called, &data), 0);
    expect(selector_register(sel, ends[1], BOTH, called_instead, ends), 0);
    expect_key(sel, ends[0], EVENT_READ, called, &data);
    expect_key(sel, ends[1], BOTH, called_instead, ends);
    expect(count_keys(sel), 2);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(callback_and_data_may_be_null)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    expect(selector_register(sel, ends[1], EVENT_WRITE, NULL, NULL), 0);
    expect_key(sel, ends[1], EVENT_WRITE, NULL, NULL);
    expect(ready_on(sel, ends[1]), EVENT_WRITE);
    selector_close(sel);
    close_both(ends);
}
END_TEST

static const int bad_events[] = {0, 4, 8, 3 | 4, -1, INT_MIN, INT_MAX, 256};

START_TEST(bad_events_are_refused_before_the_descriptor_is_looked_at)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    for (size_t i = 0; i < sizeof bad_events / sizeof *bad_events; i++) {
        int events = bad_events[i];
        int closed = closed_number();

        expect_failure(selector_register(sel, ends[1], events, called, NULL),
                       EINVAL);
        expect_failure(selector_register(sel, ends[0], events, NULL, ends),
                       EINVAL);
        expect_failure(selector_register(sel, closed, events, called, NULL),
                       EINVAL);
        expect_failure(selector_register(sel, INT_MAX, events, called, NULL),
                       EINVAL);
    }
    expect_key(sel, ends[0], EVENT_READ, called, NULL);
    expect(count_keys(sel), 1);
    expect(faults_calls(NULL), info()->changer == NULL ? 0 : 1);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(a_negative_descriptor_is_invalid_everywhere)
{
    static const int negative[] = {-1, -2, INT_MIN};
    struct selector *sel = open_backend(_i);
    struct selector_key key;

    for (int i = 0; i < 3; i++) {
        int fd = negative[i];

        expect_failure(selector_register(sel, fd, EVENT_READ, called, NULL),
                       EINVAL);
        expect_failure(selector_modify(sel, fd, EVENT_READ, called, NULL),
                       EINVAL);
        expect_failure(selector_unregister(sel, fd, &key), EINVAL);
        expect_failure(selector_get_key(sel, fd, &key), EINVAL);
    }
    expect(faults_calls(NULL), 0);
    selector_close(sel);
}
END_TEST

START_TEST(registering_twice_fails_and_changes_nothing)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], EVENT_READ);
    faults_reset();
    expect_failure(
        selector_register(sel, ends[0], EVENT_WRITE, called_instead, ends),
        EEXIST);
    expect(faults_calls(NULL), 0);
    expect_key(sel, ends[0], EVENT_READ, called, NULL);
    expect(count_keys(sel), 1);
    expect(ready_on(sel, ends[0]), 0);
    put_byte(ends[1]);
    expect(ready_on(sel, ends[0]), EVENT_READ);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* The calls made since the last time, all of them to the changer. */
static void expect_changes(int calls)
{
    expect(faults_calls(NULL), info()->changer == NULL ? 0 : calls);
    if (info()->changer != NULL)
        expect(faults_calls(info()->changer), calls);
    faults_reset();
}

START_TEST(each_change_costs_the_calls_of_its_backend_and_no_more)
{
    struct selector *sel = open_backend(_i);
    int filters = runs_on("kqueue") ? 2 : 1;
    int ends[2];

    make_pair(ends);
    expect(selector_register(sel, ends[0], EVENT_READ, called, NULL), 0);
    expect_changes(1);
    expect(selector_modify(sel, ends[0], EVENT_WRITE, called, NULL), 0);
    expect_changes(filters);
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect_changes(1);
    expect(selector_unregister(sel, ends[0], NULL), 0);
    expect_changes(filters);
    expect(selector_register(sel, ends[0], BOTH, called, NULL), 0);
    expect_changes(filters);
    expect(selector_select(sel, 0), 1);
    expect(faults_calls(info()->waiter), 1);
    expect(faults_calls(NULL), 1);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* Registers fd beside `keys` others, all ready, with one allocation failing.
 * false: it did fail. */
static bool register_in_need(struct selector *sel, int fd, int keys, int nth)
{
    struct selector_key key;
    int result;
    int error;

    faults_fail("calloc", nth, ENOMEM);
    errno = 0;
    result = selector_register(sel, fd, EVENT_READ, called, NULL);
    error = errno;
    expect(result, faults_pending("calloc") ? 0 : -1);
    if (result == 0)
        return true;
    expect(error, ENOMEM);
    expect_failure(selector_get_key(sel, fd, &key), ENOENT);
    expect(count_keys(sel), keys);
    expect(selector_select(sel, 0), keys);
    expect(hand_out(sel), keys);
    return false;
}

START_TEST(a_change_without_memory_fails_and_changes_nothing)
{
    enum { COUNT = 70 }; /* arrays grow at 16, 32, 64 */
    struct selector *sel = open_backend(_i);
    int copies[COUNT];
    int ends[2];

    make_pipe(ends);
    put_byte(ends[1]);
    for (int i = 0; i < COUNT; i++) {
        int nth = 1;

        copies[i] = copy_of(ends[0]);
        while (!register_in_need(sel, copies[i], i, nth))
            nth++;
        expect(count_keys(sel), i + 1);
    }
    faults_fail("calloc", 1, ENOMEM); /* these need no memory */
    for (int i = 0; i < COUNT; i++) {
        expect_success(
            selector_modify(sel, copies[i], EVENT_WRITE, NULL, NULL));
        expect_success(selector_unregister(sel, copies[i], NULL));
        close(copies[i]);
    }
    expect_true(faults_pending("calloc"));
    selector_close(sel);
    expect(faults_blocks(), 0);
    close_both(ends);
}
END_TEST

START_TEST(select_refuses_descriptors_beyond_fd_setsize)
{
    static const int beyond[] = {FD_SETSIZE, FD_SETSIZE + 1, FD_SETSIZE + 64,
                                 2 * FD_SETSIZE, INT_MAX};
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    faults_memory(1 << 24);
    for (int i = 0; i < 5; i++) {
        int fd = beyond[i];

        expect_failure(selector_register(sel, fd, BOTH, called, NULL), EINVAL);
        expect_failure(selector_get_key(sel, fd, &key), ENOENT);
        expect_failure(selector_unregister(sel, fd, &key), ENOENT);
    }
    expect(count_keys(sel), 1);
    expect(ready_on(sel, ends[0]), 0);
    put_byte(ends[1]);
    expect(ready_on(sel, ends[0]), EVENT_READ);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(select_takes_descriptors_up_to_fd_setsize)
{
    struct selector *sel = open_backend(_i);
    int last = FD_SETSIZE - 1;
    int ends[2];

    make_pipe(ends);
    faults_descriptor_limit(FD_SETSIZE);
    if (dup2(ends[0], last) == -1) {
        skip(__func__, "the limit of descriptors is below FD_SETSIZE");
        return;
    }
    watch(sel, last, EVENT_READ);
    expect(ready_on(sel, last), 0);
    put_byte(ends[1]);
    expect(ready_on(sel, last), EVENT_READ);
    selector_close(sel);
    close_both(ends);
    close(last);
    faults_descriptor_limit(0);
}
END_TEST

START_TEST(select_and_poll_take_a_closed_descriptor)
{
    struct selector *sel = open_backend(_i);
    int closed = closed_number();

    expect(selector_register(sel, closed, EVENT_READ, called, NULL), 0);
    expect_key(sel, closed, EVENT_READ, called, NULL);
    expect_success(selector_unregister(sel, closed, NULL));
    selector_close(sel);
}
END_TEST

START_TEST(epoll_and_kqueue_refuse_a_closed_descriptor)
{
    struct selector *sel = open_backend(_i);
    int closed = closed_number();

    for (int i = 0; i < 2; i++) /* again the same error, not EEXIST */
        expect_failure(selector_register(sel, closed, BOTH, called, NULL),
                       EBADF);
    expect(count_keys(sel), 0);
    selector_close(sel);
}
END_TEST

START_TEST(epoll_refuses_files_directories_and_itself)
{
    struct selector *sel = open_backend(_i);
    int own = selector_fileno(sel);
    FILE *file = tmpfile();
    int directory = open("/", O_RDONLY);

    ck_assert_msg(file != NULL && directory != -1, "tmpfile(), open()");
    for (int i = 0; i < 2; i++) {
        expect_failure(selector_register(sel, fileno(file), BOTH, called, NULL),
                       EPERM);
        expect_failure(
            selector_register(sel, directory, EVENT_READ, called, NULL), EPERM);
        expect_failure(selector_register(sel, own, EVENT_READ, called, NULL),
                       EINVAL);
    }
    expect(count_keys(sel), 0);
    selector_close(sel);
    fclose(file);
    close(directory);
}
END_TEST

START_TEST(what_the_kernel_refuses_leaves_no_key)
{
    static const int errors[] = {ENOMEM, ENOSPC, EBADF, EPERM, EEXIST, EIO};
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    make_pair(ends);
    watch(sel, ends[1], EVENT_WRITE);
    for (int i = 0; i < 6 && info()->changer != NULL; i++) {
        faults_fail(info()->changer, 1, errors[i]);
        expect_failure(
            selector_register(sel, ends[0], EVENT_WRITE, called, NULL),
            errors[i]);
        expect_failure(selector_get_key(sel, ends[0], &key), ENOENT);
        expect(count_keys(sel), 1);
        expect(ready_on(sel, ends[0]), 0);
        expect(ready_on(sel, ends[1]), EVENT_WRITE);
    }
    watch(sel, ends[0], EVENT_WRITE);
    expect(ready_on(sel, ends[0]), EVENT_WRITE);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* Whether the kernel has this filter, which is deleted on the way. */
static bool has_filter(const struct selector *sel, int fd, int filter)
{
    struct kevent change;

    EV_SET(&change, (uintptr_t)fd, (short)filter, EV_DELETE, 0, 0, NULL);
    return kevent(selector_fileno(sel), &change, 1, NULL, 0, NULL) == 0;
}

START_TEST(kqueue_deletes_the_first_filter_when_the_second_is_refused)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    make_pair(ends);
    faults_fail("kevent", 2, EPIPE);
    expect_failure(selector_register(sel, ends[0], BOTH, called, NULL), EPIPE);
    expect_failure(selector_get_key(sel, ends[0], &key), ENOENT);
    expect(has_filter(sel, ends[0], EVFILT_READ), false);
    expect(has_filter(sel, ends[0], EVFILT_WRITE), false);
    faults_reset();
    faults_fail("kevent", 1, ENOMEM);
    expect_failure(selector_register(sel, ends[0], BOTH, called, NULL), ENOMEM);
    expect_true(faults_calls("kevent") <= 3); /* nothing more is added */
    expect(has_filter(sel, ends[0], EVFILT_READ), false);
    expect(has_filter(sel, ends[0], EVFILT_WRITE), false);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(kqueue_ignores_a_signal_during_a_change)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    faults_fail_late("kevent", 1, EINTR);
    expect(selector_register(sel, ends[0], BOTH, called, NULL), 0);
    faults_fail_late("kevent", 2, EINTR);
    expect(selector_modify(sel, ends[0], EVENT_READ, called, NULL), 0);
    expect(ready_on(sel, ends[0]), 0);
    faults_fail_late("kevent", 1, EINTR);
    expect(selector_unregister(sel, ends[0], NULL), 0);
    expect(has_filter(sel, ends[0], EVFILT_READ), false);
    expect(has_filter(sel, ends[0], EVFILT_WRITE), false);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(kqueue_refuses_to_write_into_a_pipe_without_reader)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    close(ends[0]);
    if (selector_register(sel, ends[1], BOTH, called, NULL) == 0) {
        skip(__func__, "this system accepts it");
    } else {
        expect(errno, EPIPE);
        expect(count_keys(sel), 0);
        expect(has_filter(sel, ends[1], EVFILT_READ), false);
    }
    selector_close(sel);
    close(ends[1]);
}
END_TEST

START_TEST(devpoll_fails_when_its_write_is_short)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    make_pair(ends);
    faults_shorten("write", 1, sizeof(struct pollfd) / 2);
    expect(selector_register(sel, ends[0], EVENT_WRITE, called, NULL), -1);
    expect_failure(selector_get_key(sel, ends[0], &key), ENOENT);
    watch(sel, ends[0], EVENT_WRITE);
    faults_shorten("write", 1, sizeof(struct pollfd)); /* only POLLREMOVE */
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), -1);
    expect_failure(selector_get_key(sel, ends[0], &key), ENOENT);
    expect_true(wait_us(sel, 20) >= 20000);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* epoll keeps a registration as long as the file is open, under whatever
 * number: here the old one has come back to it. */
START_TEST(epoll_refuses_the_number_that_a_duplicate_keeps_alive)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];
    int duplicate;

    make_pipe(ends);
    duplicate = copy_of(ends[0]);
    watch(sel, ends[0], EVENT_READ);
    close(ends[0]);
    expect_success(selector_unregister(sel, ends[0], NULL));
    expect(dup2(duplicate, ends[0]), ends[0]);
    for (int i = 0; i < 2; i++)
        expect_failure(
            selector_register(sel, ends[0], EVENT_READ, called, NULL), EEXIST);
    expect_failure(selector_get_key(sel, ends[0], &key), ENOENT);
    expect(count_keys(sel), 0);
    selector_close(sel);
    close_both(ends);
    close(duplicate);
}
END_TEST

static long peak_memory_kb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    return usage.ru_maxrss / 1024;
#else
    return usage.ru_maxrss;
#endif
}

/* Registers a number that is not open, sees that the selector still works,
 * and takes it out again. false: it was refused. */
static bool try_number(struct selector *sel, int fd)
{
    struct selector_key key;

    if (selector_register(sel, fd, BOTH, called, NULL) == -1) {
        expect_true(errno == EBADF || errno == EINVAL || errno == ENOMEM);
        expect_failure(selector_get_key(sel, fd, &key), ENOENT);
        return false;
    }
    expect(selector_select(sel, 0), hand_out(sel));
    expect_success(selector_unregister(sel, fd, NULL));
    return true;
}

START_TEST(huge_numbers_neither_crash_nor_eat_memory)
{
    static const int huge[] = {100000, 1 << 20, INT_MAX - 1, INT_MAX};
    struct selector *sel = open_backend(_i);
    long before = peak_memory_kb();
    int count = 4;
    bool watched = under_valgrind();

#ifdef __SANITIZE_ADDRESS__
    watched = true;
#elif defined __has_feature
#if __has_feature(address_sanitizer)
    watched = true;
#endif
#endif
    if (watched)
        count = 1; /* they need memory of their own for every byte of ours */
    for (int i = 0; i < count; i++)
        try_number(sel, huge[i]);
    ck_assert_msg(watched || peak_memory_kb() - before < 16384,
                  "%s: %ld kB more memory", subject, peak_memory_kb() - before);
    selector_close(sel);
}
END_TEST

START_TEST(huge_numbers_are_refused_where_memory_is_short)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[1], EVENT_WRITE);
    faults_memory(1 << 24);
    expect(try_number(sel, INT_MAX), false);
    expect(ready_on(sel, ends[1]), EVENT_WRITE);
    expect(count_keys(sel), 1);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(one_descriptor_may_be_in_two_selectors)
{
    struct selector *one = open_backend(_i);
    struct selector *other = open_one();
    int ends[2];

    make_pair(ends);
    put_byte(ends[1]);
    watch(one, ends[0], EVENT_READ);
    watch(other, ends[0], EVENT_WRITE);
    expect(ready_on(one, ends[0]), EVENT_READ);
    expect(ready_on(other, ends[0]), EVENT_WRITE);
    expect_success(selector_unregister(one, ends[0], NULL));
    expect(ready_on(other, ends[0]), EVENT_WRITE);
    selector_close(one);
    expect(ready_on(other, ends[0]), EVENT_WRITE);
    selector_close(other);
    close_both(ends);
}
END_TEST

/* -- unregister ------------------------------------------------------------ */

START_TEST(unregistering_the_unknown_fails)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    make_pipe(ends);
    expect_failure(selector_unregister(sel, ends[0], &key), ENOENT);
    expect_failure(selector_unregister(sel, INT_MAX, NULL), ENOENT);
    watch(sel, ends[0], EVENT_READ);
    expect(selector_unregister(sel, ends[0], NULL), 0);
    expect_failure(selector_unregister(sel, ends[0], &key), ENOENT);
    expect(count_keys(sel), 0);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(unregister_returns_the_key_and_ends_the_reports)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    make_pair(ends);
    expect_success(selector_register(sel, ends[0], BOTH, called, ends));
    expect(ready_on(sel, ends[0]), EVENT_WRITE);
    expect(selector_unregister(sel, ends[0], &key), 0);
    expect(key.fd, ends[0]);
    expect(key.events, BOTH);
    expect_true(key.callback == called);
    expect_true(key.data == ends);
    put_byte(ends[1]);
    expect(ready_on(sel, ends[0]), 0);
    expect(count_keys(sel), 0);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(a_descriptor_may_be_registered_again)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], EVENT_WRITE);
    expect(ready_on(sel, ends[0]), EVENT_WRITE);
    expect_success(selector_unregister(sel, ends[0], NULL));
    expect_success(
        selector_register(sel, ends[0], EVENT_READ, called_instead, ends));
    expect_key(sel, ends[0], EVENT_READ, called_instead, ends);
    expect(ready_on(sel, ends[0]), 0);
    put_byte(ends[1]);
    expect(ready_on(sel, ends[0]), EVENT_READ);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(a_closed_descriptor_can_be_unregistered)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], BOTH);
    watch(sel, ends[1], EVENT_READ);
    close(ends[0]);
    expect(selector_unregister(sel, ends[0], NULL), 0);
    expect(count_keys(sel), 1);
    expect(ready_on(sel, ends[1]), EVENT_READ);
    selector_close(sel);
    close(ends[1]);
}
END_TEST

START_TEST(a_reused_number_can_be_unregistered)
{
    struct selector *sel = open_backend(_i);
    int ends[2];
    int others[2];

    make_pipe(ends);
    make_pair(others);
    watch(sel, ends[0], EVENT_READ);
    close(ends[0]);
    expect(dup2(others[0], ends[0]), ends[0]);
    expect(selector_unregister(sel, ends[0], NULL), 0);
    put_byte(others[1]);
    expect(ready_on(sel, ends[0]), 0);
    watch(sel, ends[0], EVENT_READ);
    expect(ready_on(sel, ends[0]), EVENT_READ);
    selector_close(sel);
    close_both(ends);
    close_both(others);
}
END_TEST

START_TEST(unregister_ignores_every_error_of_the_kernel)
{
    static const int errors[] = {EBADF, ENOENT, EPERM, EIO, ENOMEM};
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    for (int i = 0; i < 5 && info()->changer != NULL; i++) {
        watch(sel, ends[0], EVENT_READ);
        faults_fail(info()->changer, 1, errors[i]);
        expect(selector_unregister(sel, ends[0], NULL), 0);
        expect(count_keys(sel), 0);
        selector_close(sel); /* the kernel still has it */
        sel = open_one();
    }
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(a_duplicate_of_a_closed_descriptor_does_no_harm)
{
    struct selector *sel = open_backend(_i);
    int ends[2];
    int others[2];
    int duplicate;

    make_pipe(ends);
    make_pair(others);
    duplicate = copy_of(ends[0]);
    watch(sel, ends[0], EVENT_READ);
    watch(sel, others[0], EVENT_READ);
    put_byte(ends[1]);
    close(ends[0]);
    expect(selector_unregister(sel, ends[0], NULL), 0);
    expect(selector_select(sel, 20), 0);
    expect(hand_out(sel), 0);
    put_byte(others[1]);
    expect(ready_on(sel, others[0]), EVENT_READ);
    selector_close(sel);
    close(ends[1]);
    close_both(others);
    close(duplicate);
}
END_TEST

/* More than there is room for in a selector that never had so many keys. */
START_TEST(many_duplicates_of_closed_descriptors_do_no_harm)
{
    enum { COUNT = 200, FIRST = 300 };
    struct selector *sel = open_backend(_i);
    int ends[2];
    int others[2];

    make_pipe(ends);
    make_pair(others);
    put_byte(ends[1]);
    faults_descriptor_limit(FIRST + COUNT);
    for (int i = 0; i < COUNT; i++) {
        int copy = dup2(ends[0], FIRST + i);

        expect_success(copy);
        watch(sel, copy, EVENT_READ);
        close(copy);
        expect_success(selector_unregister(sel, copy, NULL));
    }
    watch(sel, others[0], EVENT_WRITE);
    for (int i = 0; i < COUNT; i++) {
        int ready = selector_select(sel, 0);

        expect_true(ready == 0 || ready == 1);
        expect(hand_out(sel), ready);
    }
    faults_descriptor_limit(0);
    selector_close(sel);
    close_both(ends);
    close_both(others);
}
END_TEST

START_TEST(kqueue_deletes_the_second_filter_when_the_first_fails)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], BOTH);
    faults_reset();
    faults_fail("kevent", 1, EIO);
    expect(selector_unregister(sel, ends[0], NULL), 0);
    expect(faults_calls("kevent"), 2);
    expect(has_filter(sel, ends[0], EVFILT_WRITE), false);
    expect(has_filter(sel, ends[0], EVFILT_READ), true);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* -- modify ---------------------------------------------------------------- */

START_TEST(modifying_the_unknown_fails_whatever_the_events)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    expect_failure(selector_modify(sel, ends[0], EVENT_READ, called, NULL),
                   ENOENT);
    expect_failure(selector_modify(sel, ends[0], 0, called, NULL), ENOENT);
    expect_failure(selector_modify(sel, INT_MAX, 999, called, NULL), ENOENT);
    expect(count_keys(sel), 0);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(modify_with_the_same_events_makes_no_system_call)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], BOTH);
    faults_reset();
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect(selector_modify(sel, ends[0], BOTH, called_instead, ends), 0);
    expect(faults_calls(NULL), 0);
    expect_key(sel, ends[0], BOTH, called_instead, ends);
    expect(ready_on(sel, ends[0]), EVENT_WRITE);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(new_data_can_be_given_even_to_a_closed_descriptor)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    expect_success(selector_register(sel, ends[0], EVENT_READ, called, ends));
    close(ends[0]);
    expect(selector_modify(sel, ends[0], EVENT_READ, called_instead, &sel), 0);
    expect_key(sel, ends[0], EVENT_READ, called_instead, &sel);
    expect(selector_modify(sel, ends[0], EVENT_READ, NULL, NULL), 0);
    expect_key(sel, ends[0], EVENT_READ, NULL, NULL); /* not kept */
    selector_close(sel);
    close(ends[1]);
}
END_TEST

START_TEST(modify_changes_what_is_reported)
{
    static const int changes[] = {EVENT_WRITE, BOTH,       EVENT_READ, BOTH,
                                  EVENT_WRITE, EVENT_READ, EVENT_WRITE};
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    put_byte(ends[1]);
    watch(sel, ends[0], EVENT_READ);
    for (int i = 0; i < 7; i++) {
        expect(selector_modify(sel, ends[0], changes[i], called_instead, ends),
               0);
        expect_key(sel, ends[0], changes[i], called_instead, ends);
        expect(ready_on(sel, ends[0]), changes[i]);
    }
    expect(count_keys(sel), 1);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(epoll_loses_the_key_of_a_descriptor_that_the_kernel_lost)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];
    int others[2];

    make_pipe(ends);
    make_pair(others);
    watch(sel, ends[0], EVENT_READ);
    close(ends[0]);
    expect_failure(selector_modify(sel, ends[0], BOTH, called, NULL), EBADF);
    expect_failure(selector_get_key(sel, ends[0], &key), ENOENT);
    watch(sel, ends[1], EVENT_WRITE);
    expect(dup2(others[0], ends[1]), ends[1]);
    expect_failure(selector_modify(sel, ends[1], BOTH, called, NULL), ENOENT);
    expect_failure(selector_get_key(sel, ends[1], &key), ENOENT);
    expect(count_keys(sel), 0);
    selector_close(sel);
    close(ends[1]);
    close_both(others);
}
END_TEST

START_TEST(a_modify_that_the_kernel_refuses_loses_the_key)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], EVENT_WRITE);
    if (info()->changer != NULL) {
        faults_fail(info()->changer, 1, ENOMEM);
        expect_failure(selector_modify(sel, ends[0], BOTH, called, NULL),
                       ENOMEM);
        expect_failure(selector_get_key(sel, ends[0], &key), ENOENT);
        expect(count_keys(sel), 0);
        expect_true(wait_us(sel, 20) >= 20000); /* the kernel has lost it too */
        watch(sel, ends[0], BOTH);
    }
    expect(ready_on(sel, ends[0]), EVENT_WRITE);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* Registers fd for `was`, and lets the nth call of a change to `now` fail.
 * false: it took fewer calls than that. */
static bool modify_in_vain(struct selector *sel, int fd, int was, int now,
                           int nth)
{
    watch(sel, fd, was);
    faults_fail("kevent", nth, ENOMEM);
    if (selector_modify(sel, fd, now, called, NULL) == 0) {
        expect(faults_pending("kevent"), true);
        expect_success(selector_unregister(sel, fd, NULL));
        faults_reset();
        return false;
    }
    expect(errno, ENOMEM);
    expect(count_keys(sel), 0);
    expect(has_filter(sel, fd, EVFILT_READ), false);
    expect(has_filter(sel, fd, EVFILT_WRITE), false);
    return true;
}

START_TEST(kqueue_leaves_no_filter_behind_when_modify_fails)
{
    struct selector *sel = open_backend(_i);
    int failures = 0;
    int ends[2];

    make_pair(ends);
    for (int was = EVENT_READ; was <= BOTH; was++)
        for (int now = EVENT_READ; now <= BOTH; now++)
            for (int nth = 1; was != now && nth <= 2; nth++)
                failures += modify_in_vain(sel, ends[0], was, now, nth);
    expect(failures, 8); /* R<->W take two calls, the other changes one */
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(modify_of_a_closed_descriptor_cannot_fail_on_select_and_poll)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], EVENT_READ);
    close(ends[0]);
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect_key(sel, ends[0], BOTH, called, NULL);
    selector_close(sel);
    close(ends[1]);
}
END_TEST

START_TEST(kqueue_changes_only_the_filters_that_differ)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], EVENT_READ);
    faults_reset();
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect(faults_calls("kevent"), 1);
    expect(selector_modify(sel, ends[0], EVENT_WRITE, called, NULL), 0);
    expect(faults_calls("kevent"), 2);
    expect(has_filter(sel, ends[0], EVFILT_READ), false);
    expect(has_filter(sel, ends[0], EVFILT_WRITE), true);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(modify_refuses_bad_events_and_keeps_the_key)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    expect_success(selector_register(sel, ends[0], EVENT_WRITE, called, ends));
    faults_reset();
    for (size_t i = 0; i < sizeof bad_events / sizeof *bad_events; i++)
        expect_failure(selector_modify(sel, ends[0], bad_events[i], NULL, NULL),
                       EINVAL);
    expect(faults_calls(NULL), 0);
    expect_key(sel, ends[0], EVENT_WRITE, called, ends);
    expect(ready_on(sel, ends[0]), EVENT_WRITE);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* POLLREMOVE and the new events together: between two writes the descriptor
 * would not be watched. */
START_TEST(devpoll_modifies_in_one_write)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], BOTH);
    faults_reset();
    expect(selector_modify(sel, ends[0], EVENT_READ, called, NULL), 0);
    expect(faults_calls("write"), 1);
    expect(ready_on(sel, ends[0]), 0); /* EVENT_WRITE was removed first */
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* -- select ---------------------------------------------------------------- */

START_TEST(a_timeout_of_zero_only_looks)
{
    struct selector *sel = open_backend(_i);
    int ends[2];
    long long start;

    make_pipe(ends);
    expect(selector_select(sel, 0), 0);
    watch(sel, ends[0], EVENT_READ);
    start = now_ms();
    faults_reset();
    for (int i = 0; i < 100; i++)
        expect(selector_select(sel, 0), 0);
    expect(faults_calls(NULL), 100);
    expect(faults_calls("clock_gettime"), 0);
    expect_true(now_ms() - start < PATIENCE_S * 1000 / 10);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(a_select_of_nothing_waits_for_the_timeout)
{
    struct selector *sel = open_backend(_i);

    expect_true(wait_us(sel, 30) >= 30000);
    expect(faults_calls(info()->waiter), 1);
    selector_close(sel);
}
END_TEST

START_TEST(no_wait_ends_early)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    for (int timeout_ms = 1; timeout_ms <= 12; timeout_ms++) {
        long long us = wait_us(sel, timeout_ms);

        ck_assert_msg(us >= timeout_ms * 1000LL,
                      "%s: waited %lld us, expected at least %d ms", subject,
                      us, timeout_ms);
    }
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(a_negative_timeout_waits_until_something_happens)
{
    static const int negative[] = {-1, -2, -1000, INT_MIN};
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    for (int i = 0; i < 4; i++) {
        start_alarms(20, 0, ends[1]);
        expect(selector_select(sel, negative[i]), 1);
        stop_alarms();
        take_byte(ends[0]);
    }
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(the_longest_timeout_is_not_taken_for_a_short_one)
{
    static const int longest[] = {INT_MAX, INT_MAX - 1, INT_MAX / 2 + 1};
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    for (int i = 0; i < 3; i++) {
        start_alarms(10, 2, ends[1]);
        expect(selector_select(sel, longest[i]), 1);
        stop_alarms();
        take_byte(ends[0]);
    }
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* Until enough signals have come: on a busy machine several count as one. */
START_TEST(signals_neither_shorten_nor_prolong_a_wait)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    start_alarms(3, INT_MAX - 1, -1);
    while (alarms < 30) {
        long long us = wait_us(sel, 7);

        ck_assert_msg(us >= 7000, "%s: waited %lld us, expected 7 ms", subject,
                      us);
    }
    stop_alarms();
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(signals_do_not_end_an_endless_wait)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[0], EVENT_READ);
    start_alarms(3, 10, ends[1]);
    expect(selector_select(sel, -1), 1);
    stop_alarms();
    expect_true(alarms > 10);
    expect(hand_out(sel), 1);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(an_interrupted_wait_is_started_again)
{
    static const int timeouts_ms[] = {0, 10, -1};
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[1], EVENT_WRITE);
    for (int i = 0; i < 3; i++) {
        faults_reset();
        faults_fail(info()->waiter, 1, EINTR);
        expect(selector_select(sel, timeouts_ms[i]), 1);
        expect(faults_calls(info()->waiter), 2);
    }
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(a_failing_wait_says_why_and_the_next_one_works)
{
    static const int errors[] = {EBADF, EFAULT, EINVAL, ENOMEM};
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    watch(sel, ends[1], EVENT_WRITE);
    for (int i = 0; i < 4; i++) {
        expect(selector_select(sel, 0), 1);
        faults_fail(info()->waiter, 1, errors[i]);
        expect_failure(selector_select(sel, -1), errors[i]);
        expect(hand_out(sel), 0);
        expect(ready_on(sel, ends[1]), EVENT_WRITE);
    }
    expect(count_keys(sel), 1);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(one_entry_has_both_events)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int events;
    int ends[2];

    make_pair(ends);
    put_byte(ends[1]);
    expect_success(selector_register(sel, ends[0], BOTH, called, ends));
    expect(selector_select(sel, -1), 1);
    expect(selector_next(sel, &key, &events), true);
    expect(events, BOTH);
    expect(key.fd, ends[0]);
    expect(key.events, BOTH);
    expect_true(key.callback == called);
    expect_true(key.data == ends);
    expect(selector_next(sel, &key, &events), false);
    expect(selector_next(sel, &key, &events), false);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(only_the_events_asked_for_are_reported)
{
    struct selector *sel = open_backend(_i);
    int ends[2];
    int copies[3];

    make_pair(ends);
    put_byte(ends[1]);
    for (int events = EVENT_READ; events <= BOTH; events++) {
        copies[events - 1] = copy_of(ends[0]);
        watch(sel, copies[events - 1], events);
    }
    for (int events = EVENT_READ; events <= BOTH; events++)
        expect(ready_on(sel, copies[events - 1]), events);
    take_byte(ends[0]);
    expect(ready_on(sel, copies[EVENT_READ - 1]), 0);
    expect(ready_on(sel, copies[EVENT_WRITE - 1]), EVENT_WRITE);
    expect(ready_on(sel, copies[BOTH - 1]), EVENT_WRITE);
    selector_close(sel);
    close_both(ends);
    for (int i = 0; i < 3; i++)
        close(copies[i]);
}
END_TEST

START_TEST(what_is_ready_is_reported_until_it_is_consumed)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], EVENT_READ);
    put_byte(ends[1]);
    put_byte(ends[1]);
    for (int i = 0; i < 3; i++)
        expect(ready_on(sel, ends[0]), EVENT_READ);
    take_byte(ends[0]);
    expect(ready_on(sel, ends[0]), EVENT_READ);
    take_byte(ends[0]);
    expect(ready_on(sel, ends[0]), 0);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(all_that_is_ready_comes_from_one_call)
{
    enum { COUNT = 150 };
    struct selector *sel = open_backend(_i);
    int copies[COUNT];
    int ends[2];

    make_pair(ends);
    put_byte(ends[1]);
    for (int i = 0; i < COUNT; i++) {
        copies[i] = copy_of(ends[0]);
        watch(sel, copies[i], BOTH);
    }
    expect_true(faults_calls("calloc") < 20); /* three arrays that double */
    faults_reset();
    expect(selector_select(sel, -1), COUNT);
    expect(faults_calls(info()->waiter), 1);
    expect(faults_calls(NULL), 1);
    expect(faults_calls("clock_gettime"), 0);
    expect(hand_out(sel), COUNT);
    selector_close(sel);
    close_both(ends);
    for (int i = 0; i < COUNT; i++)
        close(copies[i]);
}
END_TEST

/* /dev/poll refuses to look for as many events as a process may have
 * descriptors, and no selector needs to. */
START_TEST(it_works_with_the_last_descriptor_in_use)
{
    enum { LIMIT = 64 };
    struct selector *sel = open_backend(_i);
    int watched = 0;
    int last = 0;
    int ends[2];

    make_pipe(ends);
    put_byte(ends[1]);
    faults_descriptor_limit(LIMIT);
    for (int fd = dup(ends[0]); fd != -1; fd = dup(ends[0])) {
        watch(sel, fd, EVENT_READ);
        watched++;
        last = fd;
        expect(selector_select(sel, 0), watched);
    }
    expect(last, LIMIT - 1);
    expect(hand_out(sel), watched);
    for (int fd = last; fd > last - watched; fd--)
        close(fd);
    selector_close(sel);
    close_both(ends);
    faults_descriptor_limit(0);
}
END_TEST

START_TEST(five_thousand_descriptors_are_no_burden)
{
    enum { COUNT = 5000, LIMIT = COUNT + 100 };
    struct selector *sel = open_backend(_i);
    struct rlimit limit;
    static int copies[COUNT];
    int ends[2];

    expect_success(getrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_max < LIMIT) {
        skip(__func__, "the limit of descriptors is too low");
        selector_close(sel);
        return;
    }
    if (limit.rlim_cur < LIMIT)
        faults_descriptor_limit(LIMIT);
    make_pipe(ends);
    for (int i = 0; i < COUNT; i++) {
        copies[i] = copy_of(ends[0]);
        watch(sel, copies[i], EVENT_READ);
    }
    watch(sel, ends[1], EVENT_WRITE);
    expect(selector_select(sel, -1), 1);
    put_byte(ends[1]);
    expect(selector_select(sel, -1), COUNT + 1);
    expect(hand_out(sel), COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        expect_success(selector_unregister(sel, copies[i], NULL));
        close(copies[i]);
    }
    expect(ready_on(sel, ends[1]), EVENT_WRITE);
    faults_descriptor_limit(0);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* The pair of one of the writers that are ready; nobody else is. */
static const int *ready_pair(struct selector *sel, int writers)
{
    const int *pair = NULL;
    struct selector_key key;
    int events;

    expect(selector_select(sel, -1), writers);
    while (selector_next(sel, &key, &events)) {
        expect(events, EVENT_WRITE);
        pair = key.data;
    }
    return pair;
}

/* Python's test_selectors.py, test_selector(). */
START_TEST(twelve_pairs_are_drained_as_in_pythons_test)
{
    enum { PAIRS = 12 };
    struct selector *sel = open_backend(_i);
    int pairs[PAIRS][2];

    for (int i = 0; i < PAIRS; i++) {
        make_pair(pairs[i]);
        expect_success(
            selector_register(sel, pairs[i][0], EVENT_READ, NULL, pairs[i]));
        expect_success(
            selector_register(sel, pairs[i][1], EVENT_WRITE, NULL, pairs[i]));
    }
    for (int left = PAIRS; left > 0; left--) {
        const int *pair = ready_pair(sel, left);

        put_byte(pair[1]);
        expect(ready_on(sel, pair[0]), EVENT_READ);
        take_byte(pair[0]);
        expect_success(selector_unregister(sel, pair[0], NULL));
        expect_success(selector_unregister(sel, pair[1], NULL));
        close_both(pair);
    }
    expect(count_keys(sel), 0);
    selector_close(sel);
}
END_TEST

/* -- many changes ---------------------------------------------------------- */

enum { MODEL_SIZE = 40 };

struct model {
    int ends[2]; /* the first is watched */
    int events;  /* what for; 0: it is not registered */
    bool full;   /* there is something to read */
};

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245U + 12345U;
    return *state >> 16;
}

static void change_at_random(struct selector *sel, struct model *item,
                             unsigned *state)
{
    int events = (int)(next_random(state) % 3) + 1;

    if (next_random(state) % 3 == 0) {
        (item->full ? take_byte : put_byte)(item->ends[!item->full]);
        item->full = !item->full;
        return;
    }
    if (item->events == 0) {
        watch(sel, item->ends[0], events);
    } else if (next_random(state) % 2 == 0) {
        expect_success(
            selector_modify(sel, item->ends[0], events, called, NULL));
    } else {
        expect_success(selector_unregister(sel, item->ends[0], NULL));
        events = 0;
    }
    item->events = events;
}

/* What selector_select() finds must be what the model says, no more, no less.
 */
static void compare(struct selector *sel, struct model *model)
{
    int found[1024] = {0};
    struct selector_key key;
    int events;

    expect_true(selector_select(sel, 0) >= 0);
    while (selector_next(sel, &key, &events)) {
        expect(found[key.fd], 0);
        found[key.fd] = events;
    }
    for (int i = 0; i < MODEL_SIZE; i++) {
        int ready = EVENT_WRITE | (model[i].full ? EVENT_READ : 0);

        expect(found[model[i].ends[0]], model[i].events & ready);
    }
}

START_TEST(many_changes_leave_what_a_simple_model_says)
{
    struct selector *sel = open_backend(_i);
    struct model model[MODEL_SIZE] = {0};
    unsigned state = 1;

    for (int i = 0; i < MODEL_SIZE; i++)
        make_pair(model[i].ends);
    for (int i = 0; i < 1000; i++) {
        change_at_random(sel, &model[next_random(&state) % MODEL_SIZE], &state);
        compare(sel, model);
    }
    for (int i = 0; i < MODEL_SIZE; i++)
        close_both(model[i].ends);
    selector_close(sel);
}
END_TEST

/* -- what counts as ready -------------------------------------------------- */

/* A descriptor to watch, ends[0], and what is to happen to it once it is. */
static void nothing(int ends[2])
{
}

static void write_other(int ends[2])
{
    put_byte(ends[1]);
}

static void close_other(int ends[2])
{
    close(ends[1]);
    ends[1] = -1;
}

static void close_watched(int ends[2])
{
    close(ends[0]);
}

static void shut_other(int ends[2])
{
    expect_success(shutdown(ends[1], SHUT_WR));
}

static void fill_watched(int ends[2])
{
    char block[4096] = {0};

    expect_success(fcntl(ends[0], F_SETFL, O_NONBLOCK));
    while (write(ends[0], block, sizeof block) > 0)
        ;
    while (write(ends[0], block, 1) > 0)
        ;
    expect(errno, EAGAIN);
}

static void make_pipe_backwards(int ends[2])
{
    int pipe_ends[2];

    make_pipe(pipe_ends);
    ends[0] = pipe_ends[1];
    ends[1] = pipe_ends[0];
}

static void make_file(int ends[2])
{
    char name[] = "/tmp/test_selector.XXXXXX";

    ends[0] = mkstemp(name);
    ck_assert_msg(ends[0] != -1, "mkstemp(): %s", strerror(errno));
    unlink(name);
    expect(pwrite(ends[0], "x", 1, 0), 1);
    ends[1] = -1;
}

static void make_unconnected(int ends[2])
{
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    ends[1] = -1;
    expect_success(ends[0]);
}

/* Two ends of a TCP connection. */
static void make_tcp(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    expect_success(bind(listener, (struct sockaddr *)&address, size));
    expect_success(listen(listener, 1));
    expect_success(getsockname(listener, (struct sockaddr *)&address, &size));
    ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    expect_success(connect(ends[1], (struct sockaddr *)&address, size));
    ends[0] = accept(listener, NULL, NULL);
    expect_success(ends[0]);
    close(listener);
}

static void wait_for(int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};

    expect(poll(&entry, 1, PATIENCE_S * 1000), 1);
}

static void send_urgent(int ends[2])
{
    expect(send(ends[1], "!", 1, MSG_OOB), 1);
    wait_for(ends[0], POLLPRI);
}

static void reset_other(int ends[2])
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    expect_success(
        setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    close_other(ends);
    wait_for(ends[0], POLLIN);
}

/* For a key that asks for R, for W, for RW: what is ready. "x": the descriptor
 * cannot be registered, "?": nobody has said. */
static const struct state {
    const char *name;
    void (*make)(int ends[2]);
    void (*happen)(int ends[2]);
    const char *select;
    const char *poll; /* and /dev/poll */
    const char *epoll;
    const char *kqueue;
    bool only_linux; /* elsewhere the kernels differ */
} states[] = {
    {"an idle socket", make_pair, nothing, "- W W", "- W W", "- W W", "- W W",
     false},
    {"a socket with data", make_pair, write_other, "R W RW", "R W RW", "R W RW",
     "R W RW", false},
    {"a full socket", make_pair, fill_watched, "- - -", "- - -", "- - -",
     "- - -", false},
    {"an idle pipe", make_pipe, nothing, "- - -", "- - -", "- - -", "- - -",
     true},
    {"H1 a pipe, the writer gone", make_pipe, close_other, "R - R", "R W RW",
     "R W RW", "R - R", true},
    {"H2 a pipe, the reader gone", make_pipe_backwards, close_other, "R W RW",
     "R W RW", "R W RW", "- W W", true},
    {"H3 a socket, the peer closed", make_pair, close_other, "R W RW", "R W RW",
     "R W RW", "R W RW", false},
    {"H3 a socket, the peer finished", make_pair, shut_other, "R W RW",
     "R W RW", "R W RW", "R W RW", false},
    {"H3 a TCP connection, reset", make_tcp, reset_other, "R W RW", "R W RW",
     "R W RW", "R W RW", false},
    {"H4 a closed descriptor", make_pair, close_watched, NULL, "R W RW",
     "- - -", "- - -", false},
    {"H5 a regular file", make_file, nothing, "R W RW", "R W RW", "x x x",
     "R W RW", false},
    {"H6 urgent data", make_tcp, send_urgent, "- W W", "- W W", "- W W",
     "? W ?", true},
    {"H7 a socket never connected", make_unconnected, nothing, "R W RW",
     "R W RW", "R W RW", "- - -", true},
};

enum { STATES = sizeof states / sizeof *states };

/* What the table says for this backend and a key with these events. */
static const char *wanted(const struct state *state, int events)
{
    static char word[8];
    const char *row = runs_on("select")   ? state->select
                      : runs_on("epoll")  ? state->epoll
                      : runs_on("kqueue") ? state->kqueue
                                          : state->poll;

    if (row == NULL)
        return "?";
    for (int i = EVENT_READ; i < events; i++)
        row = strchr(row, ' ') + 1;
    sscanf(row, "%7s", word);
    return word;
}

static const char *ready_now(struct selector *sel, int fd)
{
    static const char *const words[] = {"-", "R", "W", "RW"};

    return words[ready_on(sel, fd)];
}

static void check_state(const struct state *state, int events)
{
    const char *expected = wanted(state, events);
    struct selector *sel = open_one();
    const char *came = "x";
    int ends[2];

    state->make(ends);
    if (selector_register(sel, ends[0], events, called, NULL) == 0) {
        state->happen(ends);
        came = ready_now(sel, ends[0]);
    }
    ck_assert_msg(strcmp(came, expected) == 0,
                  "%s: %s, events %d: ready is %s, expected %s", subject,
                  state->name, events, came, expected);
    selector_close(sel);
    close_both(ends);
}

START_TEST(what_counts_as_ready)
{
    const struct state *state = &states[_i % STATES];

    subject = selector_backend_name(_i / STATES);
#ifndef __linux__
    if (state->only_linux)
        return;
#endif
    for (int events = EVENT_READ; events <= BOTH; events++)
        if (*wanted(state, events) != '?')
            check_state(state, events);
}
END_TEST

START_TEST(select_fails_when_a_registered_descriptor_was_closed)
{
    struct selector *sel = open_backend(_i);
    int ends[2];
    int others[2];

    make_pair(ends);
    make_pipe(others);
    watch(sel, ends[0], EVENT_READ);
    watch(sel, others[1], EVENT_WRITE);
    expect(selector_select(sel, 0), 1);
    close(ends[0]);
    for (int i = 0; i < 2; i++) {
        expect_failure(selector_select(sel, -1), EBADF);
        expect(hand_out(sel), 0);
    }
    expect(count_keys(sel), 2);
    expect_success(selector_unregister(sel, ends[0], NULL));
    expect(ready_on(sel, others[1]), EVENT_WRITE);
    selector_close(sel);
    close(ends[1]);
    close_both(others);
}
END_TEST

START_TEST(epoll_and_kqueue_forget_a_closed_descriptor)
{
    struct selector *sel = open_backend(_i);
    int ends[2];
    int others[2];

    make_pipe(ends);
    make_pipe(others);
    watch(sel, ends[0], EVENT_READ);
    put_byte(ends[1]);
    close(ends[0]);
    expect_true(wait_us(sel, 20) >= 20000);
    put_byte(others[1]);
    expect(dup2(others[0], ends[0]), ends[0]); /* the next connection */
    expect(ready_on(sel, ends[0]), 0);
    expect(count_keys(sel), 1);
    selector_close(sel);
    close_both(ends);
    close_both(others);
}
END_TEST

/* -- next ------------------------------------------------------------------ */

START_TEST(nothing_comes_before_the_first_select)
{
    struct selector *sel = open_backend(_i);
    int ends[2];

    make_pipe(ends);
    expect(hand_out(sel), 0);
    watch(sel, ends[1], EVENT_WRITE);
    expect(hand_out(sel), 0);
    expect(selector_select(sel, 0), 1);
    expect(hand_out(sel), 1);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(a_second_select_drops_what_was_not_handed_out)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int events;
    int ends[2];
    int copies[3];

    make_pipe(ends);
    put_byte(ends[1]);
    for (int i = 0; i < 3; i++) {
        copies[i] = copy_of(ends[0]);
        watch(sel, copies[i], EVENT_READ);
    }
    expect(selector_select(sel, 0), 3);
    expect(selector_next(sel, &key, &events), true);
    expect(selector_select(sel, 0), 3); /* found again */
    expect(hand_out(sel), 3);
    expect(selector_select(sel, 0), 3);
    take_byte(ends[0]);
    expect(selector_select(sel, 0), 0);
    expect(hand_out(sel), 0);
    selector_close(sel);
    close_both(ends);
    for (int i = 0; i < 3; i++)
        close(copies[i]);
}
END_TEST

/* A selector with `count` readable ends of a pipe, and the first of them
 * handed out. */
struct batch {
    struct selector *sel;
    int ends[2];
    int copies[8];
    struct selector_key first;
};

static struct batch start_batch(int index, int count)
{
    struct batch batch = {.sel = open_backend(index)};
    int events;

    make_pipe(batch.ends);
    put_byte(batch.ends[1]);
    for (int i = 0; i < count; i++) {
        batch.copies[i] = copy_of(batch.ends[0]);
        watch(batch.sel, batch.copies[i], EVENT_READ);
    }
    expect(selector_select(batch.sel, 0), count);
    expect(selector_next(batch.sel, &batch.first, &events), true);
    expect(events, EVENT_READ);
    return batch;
}

static void end_batch(const struct batch *batch, int count)
{
    selector_close(batch->sel);
    close_both(batch->ends);
    for (int i = 0; i < count; i++)
        close(batch->copies[i]);
}

START_TEST(a_key_unregistered_in_the_batch_is_not_handed_out)
{
    struct batch batch = start_batch(_i, 3);

    for (int i = 0; i < 3; i++)
        expect_success(selector_unregister(batch.sel, batch.copies[i], NULL));
    expect(hand_out(batch.sel), 0);
    end_batch(&batch, 3);
}
END_TEST

/* A handler closes another client whose event is still in the batch; accept()
 * gives the number to a newcomer, who has something to read as well. */
START_TEST(a_newcomer_with_a_dead_clients_number_is_not_called)
{
    struct batch batch = start_batch(_i, 2);
    int victim = batch.copies[batch.first.fd == batch.copies[0] ? 1 : 0];
    struct selector_key key;
    int events;
    int newcomer[2];

    expect_success(selector_unregister(batch.sel, victim, NULL));
    close(victim);
    make_pair(newcomer);
    put_byte(newcomer[1]);
    expect(dup2(newcomer[0], victim), victim);
    expect_success(
        selector_register(batch.sel, victim, BOTH, called_instead, newcomer));
    expect(hand_out(batch.sel), 0);
    take_byte(batch.ends[0]);
    expect(selector_select(batch.sel, 0), 1); /* now it is its turn */
    expect(selector_next(batch.sel, &key, &events), true);
    expect(key.fd, victim);
    expect(events, BOTH);
    expect_true(key.callback == called_instead);
    expect_true(key.data == newcomer);
    end_batch(&batch, 2);
    close_both(newcomer);
}
END_TEST

START_TEST(a_descriptor_registered_again_in_the_batch_waits_for_the_next)
{
    struct batch batch = start_batch(_i, 3);

    for (int i = 0; i < 3; i++) {
        expect_success(selector_unregister(batch.sel, batch.copies[i], NULL));
        watch(batch.sel, batch.copies[i], EVENT_READ);
    }
    expect(hand_out(batch.sel), 0);
    expect(selector_select(batch.sel, 0), 3);
    expect(hand_out(batch.sel), 3);
    end_batch(&batch, 3);
}
END_TEST

START_TEST(a_key_modified_in_the_batch_comes_as_it_is_now)
{
    struct batch batch = start_batch(_i, 2);
    int other = batch.copies[batch.first.fd == batch.copies[0] ? 1 : 0];
    struct selector_key key;
    int events;

    expect_success(
        selector_modify(batch.sel, other, BOTH, called_instead, &key));
    expect(selector_next(batch.sel, &key, &events), true);
    expect(key.fd, other);
    expect(key.events, BOTH);
    expect(events, EVENT_READ);
    expect_true(key.callback == called_instead);
    expect_true(key.data == &key);
    expect(selector_select(batch.sel, 0), 2);
    for (int i = 0; i < 2; i++) /* what was found is not asked for now */
        expect_success(selector_modify(batch.sel, batch.copies[i], EVENT_WRITE,
                                       called, NULL));
    expect(hand_out(batch.sel), 0);
    end_batch(&batch, 2);
}
END_TEST

START_TEST(many_can_be_registered_in_the_batch)
{
    enum { MORE = 100 };
    struct batch batch = start_batch(_i, 8);
    int more[MORE];

    for (int i = 0; i < MORE; i++) {
        more[i] = copy_of(batch.ends[0]);
        watch(batch.sel, more[i], EVENT_READ);
    }
    expect(hand_out(batch.sel), 7);
    expect(selector_select(batch.sel, 0), 8 + MORE);
    expect(hand_out(batch.sel), 8 + MORE);
    end_batch(&batch, 8);
    for (int i = 0; i < MORE; i++)
        close(more[i]);
}
END_TEST

/* The loop of stage 03, with two handlers that end it after some rounds. */
struct counter {
    struct selector *sel;
    int reads;
    int writes;
};

static void count_read(int fd, int events, void *data)
{
    struct counter *counter = data;

    expect(events, EVENT_READ);
    take_byte(fd);
    counter->reads++;
}

static void count_write(int fd, int events, void *data)
{
    struct counter *counter = data;

    expect(events, EVENT_WRITE);
    put_byte(fd);
    if (++counter->writes == 5)
        expect_success(selector_unregister(counter->sel, fd, NULL));
}

START_TEST(the_event_loop_calls_what_was_registered)
{
    struct counter counter = {.sel = open_backend(_i)};
    struct selector_key key;
    int mask;
    int ends[2];

    make_pipe(ends);
    expect_success(selector_register(counter.sel, ends[0], EVENT_READ,
                                     count_read, &counter));
    expect_success(selector_register(counter.sel, ends[1], EVENT_WRITE,
                                     count_write, &counter));
    while (counter.reads < 5 && selector_select(counter.sel, -1) != -1)
        while (selector_next(counter.sel, &key, &mask))
            key.callback(key.fd, mask, key.data);
    expect(counter.writes, 5);
    expect(count_keys(counter.sel), 1);
    selector_close(counter.sel);
    close_both(ends);
}
END_TEST

/* -- look-up --------------------------------------------------------------- */

START_TEST(the_key_of_the_unknown_is_not_found)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    expect_failure(selector_get_key(sel, 0, &key), ENOENT);
    make_pipe(ends);
    watch(sel, ends[1], EVENT_WRITE);
    expect_failure(selector_get_key(sel, ends[0], &key), ENOENT);
    expect_failure(selector_get_key(sel, 1000, &key), ENOENT);
    expect_failure(selector_get_key(sel, INT_MAX, &key), ENOENT);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(the_map_is_in_the_order_of_descriptors)
{
    static const int order[] = {2, 0, 3, 1};
    struct selector *sel = open_backend(_i);
    struct selector_key keys[6];
    int ends[2];
    int copies[4];

    make_pair(ends);
    for (int i = 0; i < 4; i++)
        copies[i] = copy_of(ends[0]);
    for (int i = 0; i < 4; i++)
        expect_success(selector_register(sel, copies[order[i]], EVENT_WRITE,
                                         called, &copies[order[i]]));
    expect(selector_get_map(sel, keys, 6), 4);
    for (int i = 0; i < 4; i++) {
        expect(keys[i].fd, copies[i]);
        expect(keys[i].events, EVENT_WRITE);
        expect_true(keys[i].callback == called);
        expect_true(keys[i].data == &copies[i]);
    }
    selector_close(sel);
    close_both(ends);
    for (int i = 0; i < 4; i++)
        close(copies[i]);
}
END_TEST

START_TEST(the_map_is_cut_to_the_room_there_is)
{
    struct selector *sel = open_backend(_i);
    struct selector_key keys[3] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
    int ends[2];

    make_pair(ends);
    expect(selector_get_map(sel, keys, 3), 0);
    watch(sel, ends[0], EVENT_READ);
    watch(sel, ends[1], EVENT_READ);
    expect(selector_get_map(sel, NULL, 0), 2);
    expect(selector_get_map(sel, keys, 0), 2);
    expect(keys[0].fd, -1);
    expect(selector_get_map(sel, keys, 1), 2);
    expect(keys[0].fd, ends[0]);
    expect(keys[1].fd, -1);
    expect(selector_get_map(sel, keys, 3), 2);
    expect(keys[1].fd, ends[1]);
    expect(keys[2].fd, -1);
    selector_close(sel);
    close_both(ends);
}
END_TEST

START_TEST(looking_up_makes_no_system_call)
{
    struct selector *sel = open_backend(_i);
    struct selector_key key;
    int ends[2];

    make_pair(ends);
    watch(sel, ends[0], BOTH);
    expect(selector_select(sel, 0), 1);
    faults_reset();
    expect(hand_out(sel), 1);
    expect_success(selector_get_key(sel, ends[0], &key));
    expect(selector_get_map(sel, &key, 1), 1);
    expect_text(selector_name(sel), info()->class_name);
    selector_fileno(sel);
    expect(faults_calls(NULL), 0);
    selector_close(sel);
    close_both(ends);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

/* Adds a test for every backend, or for one that may not be there. */
static void add(TCase *tcase, const TTest *test)
{
    tcase_add_loop_test(tcase, test, 0, backend_count());
}

static void add_for(TCase *tcase, const char *backend, const TTest *test)
{
    for (int i = 0; i < backend_count(); i++)
        if (strcmp(selector_backend_name(i), backend) == 0)
            tcase_add_loop_test(tcase, test, i, i + 1);
}

static void add_for_both(TCase *tcase, const char *one, const char *other,
                         const TTest *test)
{
    add_for(tcase, one, test);
    add_for(tcase, other, test);
}

static TCase *new_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, PATIENCE_S);
    tcase_add_checked_fixture(tcase, faults_reset, NULL);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static void add_open(TCase *tcase)
{
    tcase_add_test(tcase, backends_are_named_best_first);
    add(tcase, each_backend_opens_by_its_name);
    tcase_add_loop_test(tcase, an_unknown_backend_is_refused, 0, 5);
    tcase_add_loop_test(tcase, the_default_is_the_best_backend, 0, 2);
    add(tcase, the_default_is_the_first_backend_that_works);
    add(tcase, a_backend_that_cannot_open_says_why);
    add(tcase, opening_without_memory_fails_and_leaks_nothing);
    add(tcase, the_selectors_own_descriptor_is_close_on_exec);
    add_for_both(
        tcase, "epoll", "kqueue",
        the_selectors_own_descriptor_is_readable_while_something_is_ready);
    add(tcase, closing_leaves_the_registered_descriptors_open);
    add(tcase, closing_keeps_errno);
    tcase_add_test(tcase, closing_null_does_nothing);
}

static void add_register(TCase *tcase)
{
    add(tcase, a_key_holds_what_was_registered);
    add(tcase, callback_and_data_may_be_null);
    add(tcase, bad_events_are_refused_before_the_descriptor_is_looked_at);
    add(tcase, a_negative_descriptor_is_invalid_everywhere);
    add(tcase, registering_twice_fails_and_changes_nothing);
    add(tcase, each_change_costs_the_calls_of_its_backend_and_no_more);
    add(tcase, a_change_without_memory_fails_and_changes_nothing);
    add_for(tcase, "select", select_refuses_descriptors_beyond_fd_setsize);
    add_for(tcase, "select", select_takes_descriptors_up_to_fd_setsize);
    add_for_both(tcase, "select", "poll",
                 select_and_poll_take_a_closed_descriptor);
    add_for_both(tcase, "epoll", "kqueue",
                 epoll_and_kqueue_refuse_a_closed_descriptor);
    add_for(tcase, "epoll", epoll_refuses_files_directories_and_itself);
    add(tcase, what_the_kernel_refuses_leaves_no_key);
    add_for(tcase, "kqueue",
            kqueue_deletes_the_first_filter_when_the_second_is_refused);
    add_for(tcase, "kqueue", kqueue_ignores_a_signal_during_a_change);
    add_for(tcase, "kqueue",
            kqueue_refuses_to_write_into_a_pipe_without_reader);
    add_for(tcase, "devpoll", devpoll_fails_when_its_write_is_short);
    add_for(tcase, "epoll",
            epoll_refuses_the_number_that_a_duplicate_keeps_alive);
    add(tcase, huge_numbers_neither_crash_nor_eat_memory);
    add(tcase, huge_numbers_are_refused_where_memory_is_short);
    add(tcase, one_descriptor_may_be_in_two_selectors);
}

static void add_unregister(TCase *tcase)
{
    add(tcase, unregistering_the_unknown_fails);
    add(tcase, unregister_returns_the_key_and_ends_the_reports);
    add(tcase, a_descriptor_may_be_registered_again);
    add(tcase, a_closed_descriptor_can_be_unregistered);
    add(tcase, a_reused_number_can_be_unregistered);
    add(tcase, unregister_ignores_every_error_of_the_kernel);
    add(tcase, a_duplicate_of_a_closed_descriptor_does_no_harm);
    add(tcase, many_duplicates_of_closed_descriptors_do_no_harm);
    add_for(tcase, "kqueue",
            kqueue_deletes_the_second_filter_when_the_first_fails);
}

static void add_modify(TCase *tcase)
{
    add(tcase, modifying_the_unknown_fails_whatever_the_events);
    add(tcase, modify_with_the_same_events_makes_no_system_call);
    add(tcase, new_data_can_be_given_even_to_a_closed_descriptor);
    add(tcase, modify_changes_what_is_reported);
    add_for(tcase, "epoll",
            epoll_loses_the_key_of_a_descriptor_that_the_kernel_lost);
    add(tcase, a_modify_that_the_kernel_refuses_loses_the_key);
    add_for(tcase, "kqueue", kqueue_leaves_no_filter_behind_when_modify_fails);
    add_for_both(tcase, "select", "poll",
                 modify_of_a_closed_descriptor_cannot_fail_on_select_and_poll);
    add_for(tcase, "kqueue", kqueue_changes_only_the_filters_that_differ);
    add(tcase, modify_refuses_bad_events_and_keeps_the_key);
    add_for(tcase, "devpoll", devpoll_modifies_in_one_write);
}

static void add_select(TCase *tcase)
{
    add(tcase, a_timeout_of_zero_only_looks);
    add(tcase, a_select_of_nothing_waits_for_the_timeout);
    add(tcase, no_wait_ends_early);
    add(tcase, a_negative_timeout_waits_until_something_happens);
    add(tcase, the_longest_timeout_is_not_taken_for_a_short_one);
    add(tcase, signals_neither_shorten_nor_prolong_a_wait);
    add(tcase, signals_do_not_end_an_endless_wait);
    add(tcase, an_interrupted_wait_is_started_again);
    add(tcase, a_failing_wait_says_why_and_the_next_one_works);
    add(tcase, one_entry_has_both_events);
    add(tcase, only_the_events_asked_for_are_reported);
    add(tcase, what_is_ready_is_reported_until_it_is_consumed);
    add(tcase, all_that_is_ready_comes_from_one_call);
    add(tcase, it_works_with_the_last_descriptor_in_use);
    add_for_both(tcase, "kqueue", "epoll",
                 five_thousand_descriptors_are_no_burden);
    add_for_both(tcase, "devpoll", "poll",
                 five_thousand_descriptors_are_no_burden);
    add(tcase, twelve_pairs_are_drained_as_in_pythons_test);
    add(tcase, many_changes_leave_what_a_simple_model_says);
}

static void add_ready(TCase *tcase)
{
    tcase_add_loop_test(tcase, what_counts_as_ready, 0,
                        STATES * backend_count());
    add_for(tcase, "select",
            select_fails_when_a_registered_descriptor_was_closed);
    add_for_both(tcase, "epoll", "kqueue",
                 epoll_and_kqueue_forget_a_closed_descriptor);
}

static void add_next(TCase *tcase)
{
    add(tcase, nothing_comes_before_the_first_select);
    add(tcase, a_second_select_drops_what_was_not_handed_out);
    add(tcase, a_key_unregistered_in_the_batch_is_not_handed_out);
    add(tcase, a_newcomer_with_a_dead_clients_number_is_not_called);
    add(tcase, a_descriptor_registered_again_in_the_batch_waits_for_the_next);
    add(tcase, a_key_modified_in_the_batch_comes_as_it_is_now);
    add(tcase, many_can_be_registered_in_the_batch);
    add(tcase, the_event_loop_calls_what_was_registered);
}

static void add_lookup(TCase *tcase)
{
    add(tcase, the_key_of_the_unknown_is_not_found);
    add(tcase, the_map_is_in_the_order_of_descriptors);
    add(tcase, the_map_is_cut_to_the_room_there_is);
    add(tcase, looking_up_makes_no_system_call);
}

int main(void)
{
    Suite *suite = suite_create("selector");

    add_open(new_case(suite, "open and close"));
    add_register(new_case(suite, "register"));
    add_unregister(new_case(suite, "unregister"));
    add_modify(new_case(suite, "modify"));
    add_select(new_case(suite, "select"));
    add_ready(new_case(suite, "what counts as ready"));
    add_next(new_case(suite, "next"));
    add_lookup(new_case(suite, "look-up"));
    return run_suite(suite);
}

/* test_selector.c -- the contract of common/selector.h, for every backend.
 *
 * CONTRACT is the list: each line is a rule, with its number, the rows of
 * PYTHON.md from which it comes, the backends for which it holds, and the test
 * that shows it. A test runs once for each of these backends that this system
 * has or that emulation.c stands in for; a skip is allowed only where the
 * system's documented limit is in the way, and says so.
 */
#include "selector.h"

#include "backends.h"
#include "checks.h"
#include "selector_impl.h"

#include <emulation.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

/* A bit for each backend, by its rank; or how often, whatever the backends. */
enum {
    KQUEUE = 1 << 0,
    EPOLL = 1 << 1,
    DEVPOLL = 1 << 2,
    POLL = 1 << 3,
    SELECT = 1 << 4,
    OURS = KQUEUE | EPOLL | DEVPOLL | POLL | SELECT,
    ADDED = 1 << 5, /* all that somebody has added */
    EACH = OURS | ADDED,
    KERNEL_SET = KQUEUE | EPOLL | DEVPOLL | ADDED, /* the kernel may have it */
    IN_EVERY_STATE = 1 << 6,                       /* and on each backend */
    ONCE = -1
};
#define TIMES(n) (-(n))

/* clang-format off: it would fill the lines */
#define CONTRACT(CASE, ITEM)                                                   \
    CASE("open and close")                                                     \
    ITEM(1, "", ONCE, backends_are_named_best_first)                           \
    ITEM(2, "", EACH, each_backend_opens_by_its_name)                          \
    ITEM(3, "", TIMES(5), an_unknown_backend_is_refused)                       \
    ITEM(4, "D1", TIMES(2), the_default_is_the_best_backend)                   \
    ITEM(5, "D1", EACH, the_default_is_the_first_backend_that_works)           \
    ITEM(6, "", KERNEL_SET, a_backend_that_cannot_open_says_why)               \
    ITEM(7, "", EACH, opening_without_memory_fails_and_leaks_nothing)          \
    ITEM(8, "F1", EACH, the_selectors_own_descriptor_is_close_on_exec)         \
    ITEM(9, "F1", EPOLL | KQUEUE,                                              \
         the_selectors_own_descriptor_is_readable_while_something_is_ready)    \
    ITEM(10, "C1", EACH, closing_leaves_the_registered_descriptors_open)       \
    ITEM(11, "", EACH, closing_keeps_errno)                                    \
    ITEM(12, "C1", ONCE, closing_null_does_nothing)                            \
    ITEM(13, "C1", KERNEL_SET,                                                 \
         a_selector_closes_its_own_descriptor_even_0_or_1)                     \
    CASE("register")                                                           \
    ITEM(14, "G1", EACH, a_key_holds_what_was_registered)                      \
    ITEM(15, "R3", EACH, callback_and_data_may_be_null)                        \
    ITEM(16, "R1", EACH,                                                       \
         bad_events_are_refused_before_the_descriptor_is_looked_at)            \
    ITEM(17, "G2", EACH, a_negative_descriptor_is_invalid_everywhere)          \
    ITEM(18, "R2", EACH, registering_twice_fails_and_changes_nothing)          \
    ITEM(19, "", OURS, each_change_costs_the_calls_of_its_backend_and_no_more) \
    ITEM(20, "", EACH, a_change_without_memory_fails_and_changes_nothing)      \
    ITEM(21, "R4", SELECT, select_refuses_descriptors_beyond_fd_setsize)       \
    ITEM(22, "R4", SELECT, select_takes_descriptors_up_to_fd_setsize)          \
    ITEM(23, "R4, R5", SELECT | POLL,                                          \
         select_and_poll_take_a_closed_descriptor)                             \
    ITEM(24, "R6, R7", EPOLL | KQUEUE,                                         \
         epoll_and_kqueue_refuse_a_closed_descriptor)                          \
    ITEM(25, "R6", EPOLL, epoll_refuses_files_directories_and_itself)          \
    ITEM(26, "R6, R7, R8", EACH, what_the_kernel_refuses_leaves_no_key)        \
    ITEM(27, "R7", KQUEUE,                                                     \
         kqueue_deletes_the_first_filter_when_the_second_is_refused)           \
    ITEM(28, "R7", KQUEUE, kqueue_ignores_a_signal_during_a_change)            \
    ITEM(29, "R7, N4", KQUEUE,                                                 \
         kqueue_refuses_to_write_into_a_pipe_without_reader)                   \
    ITEM(30, "R8", DEVPOLL, devpoll_fails_when_its_write_is_short)             \
    ITEM(31, "R9", EPOLL,                                                      \
         epoll_refuses_the_number_that_a_duplicate_keeps_alive)                \
    ITEM(32, "", EACH, huge_numbers_neither_crash_nor_eat_memory)              \
    ITEM(33, "", EACH, huge_numbers_are_refused_where_memory_is_short)         \
    ITEM(34, "", EACH, one_descriptor_may_be_in_two_selectors)                 \
    ITEM(35, "", EACH, descriptor_0_is_like_any_other)                         \
    CASE("unregister")                                                         \
    ITEM(36, "U1", EACH, unregistering_the_unknown_fails)                      \
    ITEM(37, "U2", EACH, unregister_removes_the_key_and_ends_the_reports)      \
    ITEM(38, "U2", EACH, a_descriptor_may_be_registered_again)                 \
    ITEM(39, "U3", EACH, a_closed_descriptor_can_be_unregistered)              \
    ITEM(40, "U4", EACH, a_reused_number_can_be_unregistered)                  \
    ITEM(41, "U3", KERNEL_SET, unregister_ignores_every_error_of_the_kernel)   \
    ITEM(42, "U5, S8", EACH, a_duplicate_of_a_closed_descriptor_does_no_harm)  \
    ITEM(43, "U5", EACH, many_duplicates_of_closed_descriptors_do_no_harm)     \
    ITEM(44, "U6", KQUEUE,                                                     \
         kqueue_deletes_the_second_filter_when_the_first_fails)                \
    ITEM(45, "U2", EACH, a_key_that_is_gone_leaves_nothing_behind)             \
    CASE("modify")                                                             \
    ITEM(46, "M1", EACH, modifying_the_unknown_fails_whatever_the_events)      \
    ITEM(47, "M2", EACH, modify_with_the_same_events_makes_no_system_call)     \
    ITEM(48, "M3", EACH, new_data_can_be_given_even_to_a_closed_descriptor)    \
    ITEM(49, "M4, M6", EACH, modify_changes_what_is_reported)                  \
    ITEM(50, "M5", EPOLL,                                                      \
         epoll_loses_the_key_of_a_descriptor_that_the_kernel_lost)             \
    ITEM(51, "M5, M6", EACH, a_modify_that_the_kernel_refuses_loses_the_key)   \
    ITEM(52, "M6", KQUEUE, kqueue_leaves_no_filter_behind_when_modify_fails)   \
    ITEM(53, "M5", SELECT | POLL,                                              \
         modify_of_a_closed_descriptor_cannot_fail_on_select_and_poll)         \
    ITEM(54, "M6", KQUEUE, kqueue_changes_only_the_filters_that_differ)        \
    ITEM(55, "M7, M6", EACH, modify_refuses_bad_events_and_keeps_the_key)      \
    ITEM(56, "M5", DEVPOLL, devpoll_modifies_in_one_write)                     \
    CASE("select")                                                             \
    ITEM(57, "S1", EACH, a_timeout_of_zero_only_looks)                         \
    ITEM(58, "S10", EACH, a_select_of_nothing_waits_for_the_timeout)           \
    ITEM(59, "S3", EACH, no_wait_ends_early)                                   \
    ITEM(60, "S1", EACH, a_negative_timeout_waits_until_something_happens)     \
    ITEM(61, "S2", EACH, the_longest_timeout_is_not_taken_for_a_short_one)     \
    ITEM(62, "S4, S6", EACH, signals_neither_shorten_nor_prolong_a_wait)       \
    ITEM(63, "S4", EACH, signals_do_not_end_an_endless_wait)                   \
    ITEM(64, "S4", EACH, an_interrupted_wait_is_started_again)                 \
    ITEM(65, "S3, S4", EACH, an_interrupted_wait_does_not_end_early)           \
    ITEM(66, "S3", OURS, the_system_waits_for_as_long_as_was_asked)            \
    ITEM(67, "", EACH, a_failing_wait_says_why_and_the_next_one_works)         \
    ITEM(68, "S7, S11", EACH, one_entry_has_both_events)                       \
    ITEM(69, "S7", EACH, only_the_events_asked_for_are_reported)               \
    ITEM(70, "S7", EACH, what_is_ready_is_reported_until_it_is_consumed)       \
    ITEM(71, "S9", EACH, all_that_is_ready_comes_from_one_call)                \
    ITEM(72, "S9, S11", EACH, whatever_their_number_all_come_with_both_events) \
    ITEM(73, "S9", EACH, it_works_with_the_last_descriptor_in_use)             \
    ITEM(74, "", KERNEL_SET | POLL, five_thousand_descriptors_are_no_burden)   \
    ITEM(75, "", EACH, twelve_pairs_are_drained_as_in_pythons_test)            \
    ITEM(76, "", EACH, many_changes_leave_what_a_simple_model_says)            \
    CASE("what counts as ready")                                               \
    ITEM(77, "H1, H2, H3, H4, H5, H6, H7, S12", IN_EVERY_STATE,                \
         what_counts_as_ready)                                                 \
    ITEM(78, "H4", SELECT,                                                     \
         select_fails_when_a_registered_descriptor_was_closed)                 \
    ITEM(79, "N2", EPOLL | KQUEUE,                                             \
         epoll_and_kqueue_forget_a_closed_descriptor)                          \
    CASE("next")                                                               \
    ITEM(80, "", EACH, nothing_comes_before_the_first_select)                  \
    ITEM(81, "", EACH, a_second_select_drops_what_was_not_handed_out)          \
    ITEM(82, "", EACH, a_key_unregistered_in_the_batch_is_not_handed_out)      \
    ITEM(83, "", EACH, a_newcomer_with_a_dead_clients_number_is_not_called)    \
    ITEM(84, "", EACH,                                                         \
         a_descriptor_registered_again_in_the_batch_waits_for_the_next)        \
    ITEM(85, "", EACH, a_key_modified_in_the_batch_comes_as_it_is_now)         \
    ITEM(86, "", EACH, many_can_be_registered_in_the_batch)                    \
    ITEM(87, "", EACH, the_event_loop_calls_what_was_registered)               \
    CASE("look-up")                                                            \
    ITEM(88, "P1", EACH, the_key_of_the_unknown_is_not_found)                  \
    ITEM(89, "P1, P2", EACH, the_map_is_in_the_order_of_descriptors)           \
    ITEM(90, "P1", EACH, the_map_is_cut_to_the_room_there_is)                  \
    ITEM(91, "", EACH, looking_up_makes_no_system_call)
/* clang-format on */

enum { BOTH = EVENT_READ | EVENT_WRITE };

/* -- what every test works with -------------------------------------------- */

/* begin() makes it, finish() takes it away. */
static struct selector *sel;
static int ends[2] = {-1, -1}; /* of a pipe or a pair: the first is watched */
static int others[2] = {-1, -1};
static int copies[5000]; /* of ends[0] */
static int copy_count;

/* Of the backend that the test runs on. */
static const struct backend *info(void)
{
    return backend_find(subject);
}

static bool runs_on(const char *name)
{
    return strcmp(subject, name) == 0;
}

/* A selector of the backend that the test runs on. */
static struct selector *open_one(void)
{
    struct selector *opened = selector_open(subject);

    ck_assert_msg(opened != NULL, "%s: selector_open(): %s", subject,
                  strerror(errno));
    faults_reset();
    return opened;
}

static void nothing(int pair[2])
{
}

/* The test runs on this backend (Check's _i), with these ends. */
static void begin(int backend, void (*make)(int pair[2]))
{
    subject = selector_backend_name(backend);
    info();
    sel = open_one();
    make(ends);
}

/* After every test; some have closed a part of it. */
static void finish(void)
{
    faults_descriptor_limit(0);
    selector_close(sel);
    sel = NULL;
    expect(faults_blocks(), 0);
    close_both(ends);
    close_both(others);
    ends[0] = ends[1] = others[0] = others[1] = -1;
    while (copy_count > 0)
        close(copies[--copy_count]);
}

/* A test that begins like this on each of its backends. */
#define RULE(name, make)                                                       \
    static void name##_fn_(void);                                              \
    START_TEST(name)                                                           \
    {                                                                          \
        begin(_i, make);                                                       \
        name##_fn_();                                                          \
    }                                                                          \
    END_TEST                                                                   \
    static void name##_fn_(void)

static int copy_of(int fd)
{
    int copy = dup(fd);

    expect_success(copy);
    copies[copy_count++] = copy;
    return copy;
}

/* A number that is not open. */
static int closed_number(void)
{
    int fd = dup(STDIN_FILENO);

    expect_success(fd);
    close(fd);
    return fd;
}

/* -- what it does with it -------------------------------------------------- */

static void called(int fd, int events, void *data)
{
}

static void called_instead(int fd, int events, void *data)
{
}

static void watch_with(int fd, int events, selector_callback *callback,
                       void *data)
{
    expect_done(selector_register(sel, fd, events, callback, data));
}

static void watch(int fd, int events)
{
    watch_with(fd, events, called, NULL);
}

static void unwatch(int fd)
{
    expect_done(selector_unregister(sel, fd));
}

static void watch_copies(int count, int events)
{
    for (int i = 0; i < count; i++)
        watch(copy_of(ends[0]), events);
}

static int count_keys(void)
{
    return selector_get_map(sel, NULL, 0);
}

static void expect_fields(const struct selector_key *key, int fd, int events,
                          selector_callback *callback, const void *data)
{
    expect(key->fd, fd);
    expect(key->events, events);
    expect_true(key->callback == callback);
    expect_true(key->data == data);
}

static void expect_key(int fd, int events, selector_callback *callback,
                       const void *data)
{
    struct selector_key key;

    expect_done(selector_get_key(sel, fd, &key));
    expect_fields(&key, fd, events, callback, data);
}

/* fd has none, this many others have. */
static void expect_no_key(int fd, int keys)
{
    struct selector_key key;

    expect_failure(selector_get_key(sel, fd, &key), ENOENT);
    expect(count_keys(), keys);
}

/* The calls since the last faults_reset(): so many waits, and nothing else. One
 * that was added may wait in its own way. */
static void expect_waits(int calls)
{
    if (backend_is_added(subject))
        return;
    expect(faults_calls(info()->waiter), calls);
    expect(faults_calls(NULL), calls);
    expect(faults_calls("clock_gettime"), 0);
}

/* What is ready on fd at this moment. */
static int ready_on(int fd)
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
static int hand_out(void)
{
    struct selector_key key;
    int events;
    int count = 0;

    while (selector_next(sel, &key, &events))
        count++;
    return count;
}

/* The key of the next one that selector_next() hands out. */
static struct selector_key take_next(int ready)
{
    struct selector_key key;
    int events;

    expect(selector_next(sel, &key, &events), true);
    expect(events, ready);
    return key;
}

static long long now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec * 1000000LL) + (now.tv_nsec / 1000);
}

/* Nothing comes, and that is said when the time is up, not before. */
static void expect_wait(int timeout_ms)
{
    long long start = now_us();
    long long waited;

    expect(selector_select(sel, timeout_ms), 0);
    waited = now_us() - start;
    ck_assert_msg(waited >= timeout_ms * 1000LL,
                  "%s: waited %lld us, expected at least %d ms", subject,
                  waited, timeout_ms);
}

/* The byte that comes with the first signal after the quiet ones. */
static void expect_wake_up(int timeout_ms, int interval_ms, int quiet)
{
    start_alarms(interval_ms, quiet, ends[1]);
    expect(selector_select(sel, timeout_ms), 1);
    stop_alarms();
    take_byte(ends[0]);
}

/* -- open and close -------------------------------------------------------- */

START_TEST(backends_are_named_best_first)
{
    int last = -1;

    for (int i = 0; i < backend_count(); i++) {
        subject = selector_backend_name(i);
        if (!backend_is_added(subject)) {
            expect_true(backend_rank(subject) > last);
            last = backend_rank(subject);
        }
    }
    expect(last, backend_rank("select"));
    expect_true(backend_count() >= 2);
    expect_true(selector_backend_name(-1) == NULL);
    expect_true(selector_backend_name(INT_MAX) == NULL);
    expect_true(selector_backend_name(INT_MIN) == NULL);
}
END_TEST

RULE(each_backend_opens_by_its_name, nothing)
{
    expect_text(selector_name(sel), backend_class_name(subject));
    expect(count_keys(), 0);
}

/* opened is NULL for this reason, and nothing is left behind. */
static void expect_refusal(const struct selector *opened, int error)
{
    expect(errno, error);
    expect_true(opened == NULL);
    expect(faults_blocks(), 0);
}

START_TEST(an_unknown_backend_is_refused)
{
    static const char *const names[] = {"Epoll", "epol", "epolls", " poll",
                                        "port"};

    subject = names[_i];
    errno = 0;
    expect_refusal(selector_open(names[_i]), EINVAL);
}
END_TEST

/* The selector of a program that does not care, or whose user does not. */
static void expect_default(const char *no_name, int backend)
{
    subject = selector_backend_name(backend);
    sel = selector_open(no_name);
    ck_assert_msg(sel != NULL, "%s: selector_open(): %s", subject,
                  strerror(errno));
    expect_text(selector_name(sel), backend_class_name(subject));
}

START_TEST(the_default_is_the_best_backend)
{
    expect_default(_i == 0 ? NULL : "", 0);
}
END_TEST

/* Those without a call that opens them, poll and select, fail only for want of
 * memory: the first allocation of the backend number i is the allocation number
 * i + 1. */
START_TEST(the_default_is_the_first_backend_that_works)
{
    int i;

    for (i = 0; i < _i; i++) {
        subject = selector_backend_name(i);
        if (info()->opener == NULL)
            break;
        faults_fail(info()->opener, 1, ENOSYS);
    }
    faults_fail_times("calloc", i + 1, _i - i, ENOMEM);
    expect_default(NULL, _i);
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
    expect_refusal(selector_open(subject), EMFILE);
    if (runs_on("kqueue")) {
        faults_fail("fcntl", 1, EINVAL); /* close-on-exec */
        expect_refusal(selector_open(subject), EINVAL);
    }
    expect(faults_descriptors(), before);
}
END_TEST

START_TEST(opening_without_memory_fails_and_leaks_nothing)
{
    int before = faults_descriptors();
    int nth = 0; /* the allocation that fails; at last there are not so many */

    subject = selector_backend_name(_i);
    for (;;) {
        expect_true(++nth < 10);
        faults_fail("calloc", nth, ENOMEM);
        errno = 0;
        sel = selector_open(subject);
        expect(sel == NULL, !faults_pending("calloc"));
        if (sel != NULL)
            break;
        expect_refusal(sel, ENOMEM);
        expect(faults_descriptors(), before);
    }
    expect_true(nth > 1); /* at least one was refused */
    selector_close(sel);
    sel = NULL;
    expect(faults_blocks(), 0);
    expect(faults_descriptors(), before);
}
END_TEST

RULE(the_selectors_own_descriptor_is_close_on_exec, nothing)
{
    bool has = backend_is_added(subject) ? selector_fileno(sel) != -1
                                         : info()->opener != NULL;

    if (has)
        expect(fcntl(selector_fileno(sel), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    else
        expect_failure(selector_fileno(sel), ENOSYS);
}

RULE(the_selectors_own_descriptor_is_readable_while_something_is_ready,
     make_pipe)
{
    struct pollfd own = {.fd = selector_fileno(sel), .events = POLLIN};

    if (emulation_of(subject)) {
        skip(__func__, "the stand-in's descriptor cannot be polled");
        return;
    }
    watch(ends[0], EVENT_READ);
    expect(poll(&own, 1, 0), 0);
    put_byte(ends[1]);
    expect(poll(&own, 1, PATIENCE_S * 1000), 1);
    expect(own.revents, POLLIN);
}

RULE(closing_leaves_the_registered_descriptors_open, make_pipe)
{
    int before = faults_descriptors() - (selector_fileno(sel) != -1);

    watch(ends[0], EVENT_READ);
    watch(ends[1], EVENT_WRITE);
    selector_close(sel);
    sel = NULL;
    expect(faults_descriptors(), before);
    expect(faults_blocks(), 0);
    put_byte(ends[1]);
    take_byte(ends[0]);
}

RULE(closing_keeps_errno, nothing)
{
    if (info()->opener != NULL)
        faults_fail_late("close", 1, EIO);
    errno = E2BIG;
    selector_close(sel);
    sel = NULL;
    expect(errno, E2BIG);
}

START_TEST(closing_null_does_nothing)
{
    selector_close(NULL);
    expect(faults_calls(NULL), 0);
}
END_TEST

RULE(a_selector_closes_its_own_descriptor_even_0_or_1, nothing)
{
    for (int fd = 0; fd <= 1 && selector_fileno(sel) != -1; fd++) {
        int saved = dup(fd);
        int own;
        int flags;
        struct selector *other;

        expect_success(saved);
        close(fd);
        other = selector_open(subject);
        own = other == NULL ? -1 : selector_fileno(other);
        selector_close(other);
        flags = fcntl(fd, F_GETFD);
        dup2(saved, fd);
        close(saved);
        expect(own, fd);
        expect(flags, -1);
    }
}

/* -- register -------------------------------------------------------------- */

RULE(a_key_holds_what_was_registered, make_pair)
{
    int data;

    watch_with(ends[0], EVENT_READ, called, &data);
    watch_with(ends[1], BOTH, called_instead, ends);
    expect_key(ends[0], EVENT_READ, called, &data);
    expect_key(ends[1], BOTH, called_instead, ends);
    expect(count_keys(), 2);
}

RULE(callback_and_data_may_be_null, make_pipe)
{
    watch_with(ends[1], EVENT_WRITE, NULL, NULL);
    expect_key(ends[1], EVENT_WRITE, NULL, NULL);
    expect(ready_on(ends[1]), EVENT_WRITE);
}

static const int bad_events[] = {0, 4, 8, 3 | 4, -1, INT_MIN, INT_MAX, 256};

RULE(bad_events_are_refused_before_the_descriptor_is_looked_at, make_pipe)
{
    watch(ends[0], EVENT_READ);
    faults_reset();
    for (int i = 0; i < ROWS(bad_events); i++) {
        int fds[] = {ends[1], ends[0], closed_number(), INT_MAX};

        for (int j = 0; j < ROWS(fds); j++)
            expect_failure(
                selector_register(sel, fds[j], bad_events[i], NULL, ends),
                EINVAL);
    }
    expect_key(ends[0], EVENT_READ, called, NULL);
    expect(count_keys(), 1);
    expect(faults_calls(NULL), 0);
}

RULE(a_negative_descriptor_is_invalid_everywhere, nothing)
{
    static const int negative[] = {-1, -2, INT_MIN};
    struct selector_key key;

    for (int i = 0; i < ROWS(negative); i++) {
        int fd = negative[i];

        expect_failure(selector_register(sel, fd, EVENT_READ, called, NULL),
                       EINVAL);
        expect_failure(selector_modify(sel, fd, EVENT_READ, called, NULL),
                       EINVAL);
        expect_failure(selector_unregister(sel, fd), EINVAL);
        expect_failure(selector_get_key(sel, fd, &key), EINVAL);
    }
    expect(faults_calls(NULL), 0);
}

RULE(registering_twice_fails_and_changes_nothing, make_pair)
{
    watch(ends[0], EVENT_READ);
    faults_reset();
    expect_failure(
        selector_register(sel, ends[0], EVENT_WRITE, called_instead, ends),
        EEXIST);
    expect(faults_calls(NULL), 0);
    expect_key(ends[0], EVENT_READ, called, NULL);
    expect(count_keys(), 1);
    expect(ready_on(ends[0]), 0);
    put_byte(ends[1]);
    expect(ready_on(ends[0]), EVENT_READ);
}

/* The calls made since the last time, all of them to the changer. */
static void expect_changes(int calls)
{
    expect(faults_calls(NULL), info()->changer == NULL ? 0 : calls);
    if (info()->changer != NULL)
        expect(faults_calls(info()->changer), calls);
    faults_reset();
}

RULE(each_change_costs_the_calls_of_its_backend_and_no_more, make_pair)
{
    int filters = runs_on("kqueue") ? 2 : 1;

    watch(ends[0], EVENT_READ);
    expect_changes(1);
    expect(selector_modify(sel, ends[0], EVENT_WRITE, called, NULL), 0);
    expect_changes(filters);
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect_changes(1);
    unwatch(ends[0]);
    expect_changes(filters);
    watch(ends[0], BOTH);
    expect_changes(filters);
    expect(selector_select(sel, 0), 1);
    expect(faults_calls(info()->waiter), 1);
    expect(faults_calls(NULL), 1);
}

/* Registers fd beside `keys` others, all ready, with one allocation failing.
 * false: it did fail. */
static bool register_in_need(int fd, int keys, int nth)
{
    int result;

    faults_fail("calloc", nth, ENOMEM);
    errno = 0;
    result = selector_register(sel, fd, EVENT_READ, called, NULL);
    if (result == 0) {
        expect(faults_pending("calloc"), true);
        return true;
    }
    expect(errno, ENOMEM);
    expect(result, -1);
    expect(faults_pending("calloc"), false);
    expect_no_key(fd, keys);
    expect(selector_select(sel, 0), keys);
    expect(hand_out(), keys);
    return false;
}

RULE(a_change_without_memory_fails_and_changes_nothing, make_pipe)
{
    enum { COUNT = 70 }; /* arrays grow at 16 and 64 */

    put_byte(ends[1]);
    for (int i = 0; i < COUNT; i++) {
        int copy = copy_of(ends[0]);
        int nth = 1;

        while (!register_in_need(copy, i, nth))
            nth++;
        expect(count_keys(), i + 1);
    }
    faults_fail("calloc", 1, ENOMEM); /* these need no memory */
    for (int i = 0; i < COUNT; i++) {
        expect_success(
            selector_modify(sel, copies[i], EVENT_WRITE, NULL, NULL));
        unwatch(copies[i]);
    }
    expect_true(faults_pending("calloc"));
}

RULE(select_refuses_descriptors_beyond_fd_setsize, make_pipe)
{
    static const int beyond[] = {FD_SETSIZE, FD_SETSIZE + 1, FD_SETSIZE + 64,
                                 2 * FD_SETSIZE, INT_MAX};

    watch(ends[0], EVENT_READ);
    faults_memory(1 << 24);
    for (int i = 0; i < ROWS(beyond); i++) {
        int fd = beyond[i];

        expect_failure(selector_register(sel, fd, BOTH, called, NULL), EINVAL);
        expect_no_key(fd, 1);
        expect_failure(selector_unregister(sel, fd), ENOENT);
    }
    expect(ready_on(ends[0]), 0);
    put_byte(ends[1]);
    expect(ready_on(ends[0]), EVENT_READ);
}

RULE(select_takes_descriptors_up_to_fd_setsize, make_pipe)
{
    int last = FD_SETSIZE - 1;

    faults_descriptor_limit(FD_SETSIZE);
    if (dup2(ends[0], last) == -1) {
        skip(__func__, "the limit of descriptors is below FD_SETSIZE");
        return;
    }
    watch(last, EVENT_READ);
    expect(ready_on(last), 0);
    put_byte(ends[1]);
    expect(ready_on(last), EVENT_READ);
    close(last);
}

RULE(select_and_poll_take_a_closed_descriptor, nothing)
{
    int closed = closed_number();

    watch(closed, EVENT_READ);
    expect_key(closed, EVENT_READ, called, NULL);
    unwatch(closed);
}

/* The second time it is the same error again, not EEXIST. */
static void expect_refused_twice(int fd, int events, int error)
{
    for (int i = 0; i < 2; i++)
        expect_failure(selector_register(sel, fd, events, called, NULL), error);
    expect_no_key(fd, 0);
}

RULE(epoll_and_kqueue_refuse_a_closed_descriptor, nothing)
{
    expect_refused_twice(closed_number(), BOTH, EBADF);
}

RULE(epoll_refuses_files_directories_and_itself, nothing)
{
    FILE *file = tmpfile();
    int directory = open("/", O_RDONLY);

    ck_assert_msg(file != NULL && directory != -1, "tmpfile(), open()");
    expect_refused_twice(fileno(file), BOTH, EPERM);
    expect_refused_twice(directory, EVENT_READ, EPERM);
    expect_refused_twice(selector_fileno(sel), EVENT_READ, EINVAL);
    fclose(file);
    close(directory);
}

RULE(what_the_kernel_refuses_leaves_no_key, make_pair)
{
    static const int errors[] = {ENOMEM, ENOSPC, EBADF, EPERM, EEXIST, EIO};

    watch(ends[1], EVENT_WRITE);
    for (int i = 0; i < ROWS(errors) && info()->changer != NULL; i++) {
        faults_fail(info()->changer, 1, errors[i]);
        expect_failure(
            selector_register(sel, ends[0], EVENT_WRITE, called, NULL),
            errors[i]);
        expect_no_key(ends[0], 1);
        expect(ready_on(ends[0]), 0);
        expect(ready_on(ends[1]), EVENT_WRITE);
    }
    watch(ends[0], EVENT_WRITE);
    expect(ready_on(ends[0]), EVENT_WRITE);
}

/* Whether the kernel has this filter, which is deleted on the way. */
static bool has_filter(int fd, int filter)
{
    struct kevent change;

    EV_SET(&change, (uintptr_t)fd, (short)filter, EV_DELETE, 0, 0, NULL);
    return kevent(selector_fileno(sel), &change, 1, NULL, 0, NULL) == 0;
}

/* Which filters the kernel has for fd; they are deleted on the way. */
static void expect_filters(int fd, int events)
{
    expect(has_filter(fd, EVFILT_READ), (events & EVENT_READ) != 0);
    expect(has_filter(fd, EVFILT_WRITE), (events & EVENT_WRITE) != 0);
}

RULE(kqueue_deletes_the_first_filter_when_the_second_is_refused, make_pair)
{
    for (int nth = 2; nth >= 1; nth--) {
        int error = nth == 2 ? EPIPE : ENOMEM;

        faults_reset();
        faults_fail("kevent", nth, error);
        expect_failure(selector_register(sel, ends[0], BOTH, called, NULL),
                       error);
        /* So many attempts, nothing more is added, and one deletion. */
        expect(faults_calls("kevent"), nth + 1);
        expect_no_key(ends[0], 0);
        expect_filters(ends[0], 0);
    }
}

RULE(kqueue_ignores_a_signal_during_a_change, make_pair)
{
    faults_fail_late("kevent", 1, EINTR);
    watch(ends[0], BOTH);
    faults_fail_late("kevent", 2, EINTR);
    expect(selector_modify(sel, ends[0], EVENT_READ, called, NULL), 0);
    expect(ready_on(ends[0]), 0);
    faults_fail_late("kevent", 1, EINTR);
    unwatch(ends[0]);
    expect_filters(ends[0], 0);
}

RULE(kqueue_refuses_to_write_into_a_pipe_without_reader, make_pipe)
{
    close(ends[0]);
    if (selector_register(sel, ends[1], BOTH, called, NULL) == 0) {
        skip(__func__, "this system accepts it");
        return;
    }
    expect(errno, EPIPE);
    expect(count_keys(), 0);
    expect(has_filter(ends[1], EVFILT_READ), false);
}

RULE(devpoll_fails_when_its_write_is_short, make_pair)
{
    faults_shorten("write", 1, sizeof(struct pollfd) / 2);
    expect(selector_register(sel, ends[0], EVENT_WRITE, called, NULL), -1);
    expect_no_key(ends[0], 0);
    watch(ends[0], EVENT_WRITE);
    faults_shorten("write", 1, sizeof(struct pollfd)); /* only POLLREMOVE */
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), -1);
    expect_no_key(ends[0], 0);
    expect_wait(20);
}

/* epoll keeps a registration as long as the file is open, under whatever
 * number: here the old one has come back to it. */
RULE(epoll_refuses_the_number_that_a_duplicate_keeps_alive, make_pipe)
{
    int duplicate = copy_of(ends[0]);

    watch(ends[0], EVENT_READ);
    close(ends[0]);
    unwatch(ends[0]);
    expect(dup2(duplicate, ends[0]), ends[0]);
    expect_refused_twice(ends[0], EVENT_READ, EEXIST);
}

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
static bool try_number(int fd)
{
    int before = count_keys();

    if (selector_register(sel, fd, BOTH, called, NULL) == -1) {
        expect_true(errno == EBADF || errno == EINVAL || errno == ENOMEM);
        expect_no_key(fd, before);
        return false;
    }
    expect(selector_select(sel, 0), hand_out());
    unwatch(fd);
    return true;
}

RULE(huge_numbers_neither_crash_nor_eat_memory, nothing)
{
    static const int huge[] = {100000, 1 << 20, INT_MAX - 1, INT_MAX};
    long before = peak_memory_kb();
    bool watched = under_valgrind();

#ifdef __SANITIZE_ADDRESS__
    watched = true;
#elif defined __has_feature
#if __has_feature(address_sanitizer)
    watched = true;
#endif
#endif
    /* Watched, they need memory of their own for every byte of ours. */
    for (int i = 0; i < (watched ? 1 : ROWS(huge)); i++)
        try_number(huge[i]);
    ck_assert_msg(watched || peak_memory_kb() - before < 16384,
                  "%s: %ld kB more memory", subject, peak_memory_kb() - before);
}

RULE(huge_numbers_are_refused_where_memory_is_short, make_pipe)
{
    watch(ends[1], EVENT_WRITE);
    faults_memory(1 << 24);
    expect(try_number(INT_MAX), false);
    expect(ready_on(ends[1]), EVENT_WRITE);
    expect(count_keys(), 1);
}

RULE(one_descriptor_may_be_in_two_selectors, make_pair)
{
    struct selector *one = sel;
    struct selector *other = open_one();

    put_byte(ends[1]);
    watch(ends[0], EVENT_READ);
    sel = other;
    watch(ends[0], EVENT_WRITE);
    expect(ready_on(ends[0]), EVENT_WRITE);
    sel = one;
    expect(ready_on(ends[0]), EVENT_READ);
    unwatch(ends[0]);
    sel = other;
    expect(ready_on(ends[0]), EVENT_WRITE);
    selector_close(one);
    expect(ready_on(ends[0]), EVENT_WRITE);
}

RULE(descriptor_0_is_like_any_other, make_pipe)
{
    int saved = dup(0);
    struct selector_key key;
    int ready;
    int keys;

    expect_success(saved);
    put_byte(ends[1]);
    expect(dup2(ends[0], 0), 0);
    watch_with(0, EVENT_READ, called, ends);
    ready = ready_on(0);
    keys = selector_get_map(sel, &key, 1);
    expect_key(0, EVENT_READ, called, ends);
    unwatch(0);
    dup2(saved, 0);
    close(saved);
    expect(ready, EVENT_READ);
    expect(keys, 1);
    expect_fields(&key, 0, EVENT_READ, called, ends);
    expect_no_key(0, 0);
}

/* -- unregister ------------------------------------------------------------ */

RULE(unregistering_the_unknown_fails, make_pipe)
{
    expect_failure(selector_unregister(sel, ends[0]), ENOENT);
    expect_failure(selector_unregister(sel, INT_MAX), ENOENT);
    watch(ends[0], EVENT_READ);
    unwatch(ends[0]);
    expect_failure(selector_unregister(sel, ends[0]), ENOENT);
    expect(count_keys(), 0);
}

RULE(unregister_removes_the_key_and_ends_the_reports, make_pair)
{
    watch_with(ends[0], BOTH, called, ends);
    expect(ready_on(ends[0]), EVENT_WRITE);
    expect_key(ends[0], BOTH, called, ends);
    expect(selector_unregister(sel, ends[0]), 0);
    expect_no_key(ends[0], 0);
    put_byte(ends[1]);
    expect(ready_on(ends[0]), 0);
    expect(count_keys(), 0);
}

RULE(a_descriptor_may_be_registered_again, make_pair)
{
    watch(ends[0], EVENT_WRITE);
    expect(ready_on(ends[0]), EVENT_WRITE);
    unwatch(ends[0]);
    watch_with(ends[0], EVENT_READ, called_instead, ends);
    expect_key(ends[0], EVENT_READ, called_instead, ends);
    expect(ready_on(ends[0]), 0);
    put_byte(ends[1]);
    expect(ready_on(ends[0]), EVENT_READ);
}

RULE(a_closed_descriptor_can_be_unregistered, make_pair)
{
    watch(ends[0], BOTH);
    watch(ends[1], EVENT_READ);
    close(ends[0]);
    unwatch(ends[0]);
    expect(count_keys(), 1);
    expect(ready_on(ends[1]), EVENT_READ);
}

RULE(a_reused_number_can_be_unregistered, make_pipe)
{
    make_pair(others);
    watch(ends[0], EVENT_READ);
    close(ends[0]);
    expect(dup2(others[0], ends[0]), ends[0]);
    unwatch(ends[0]);
    put_byte(others[1]);
    expect(ready_on(ends[0]), 0);
    watch(ends[0], EVENT_READ);
    expect(ready_on(ends[0]), EVENT_READ);
}

START_TEST(unregister_ignores_every_error_of_the_kernel)
{
    static const int errors[] = {EBADF, ENOENT, EPERM, EIO, ENOMEM};

    for (int i = 0; i < ROWS(errors); i++) {
        begin(_i, make_pair);
        watch(ends[0], EVENT_READ);
        if (info()->changer != NULL)
            faults_fail(info()->changer, 1, errors[i]);
        unwatch(ends[0]);
        expect(count_keys(), 0);
        finish(); /* the kernel still has it */
    }
}
END_TEST

RULE(a_duplicate_of_a_closed_descriptor_does_no_harm, make_pipe)
{
    make_pair(others);
    copy_of(ends[0]);
    watch(ends[0], EVENT_READ);
    watch(others[0], EVENT_READ);
    put_byte(ends[1]);
    close(ends[0]);
    unwatch(ends[0]);
    expect(selector_select(sel, 20), 0);
    expect(hand_out(), 0);
    put_byte(others[1]);
    expect(ready_on(others[0]), EVENT_READ);
}

/* More than there is room for in a selector that never had so many keys. */
RULE(many_duplicates_of_closed_descriptors_do_no_harm, make_pipe)
{
    enum { COUNT = 200, FIRST = 300 };

    make_pair(others);
    put_byte(ends[1]);
    faults_descriptor_limit(FIRST + COUNT);
    for (int i = 0; i < COUNT; i++) {
        int copy = dup2(ends[0], FIRST + i);

        expect_success(copy);
        watch(copy, EVENT_READ);
        close(copy);
        unwatch(copy);
    }
    watch(others[0], EVENT_WRITE);
    for (int i = 0; i < COUNT; i++) {
        int ready = selector_select(sel, 0);

        expect_true(ready == 0 || ready == 1);
        expect(hand_out(), ready);
    }
}

RULE(kqueue_deletes_the_second_filter_when_the_first_fails, make_pair)
{
    watch(ends[0], BOTH);
    faults_reset();
    faults_fail("kevent", 1, EIO);
    unwatch(ends[0]);
    expect(faults_calls("kevent"), 2);
    expect_filters(ends[0], EVENT_READ);
}

/* Or what data points to would look reachable, and no tool could tell that it
 * was never freed. */
static void expect_empty_slot(int fd)
{
    expect_fields(&sel->slots[fd].key, 0, 0, NULL, NULL);
}

RULE(a_key_that_is_gone_leaves_nothing_behind, make_pair)
{
    watch_with(ends[0], BOTH, called, ends);
    unwatch(ends[0]);
    expect_empty_slot(ends[0]);
    if (info()->changer == NULL)
        return;
    watch_with(ends[0], EVENT_READ, called, ends);
    faults_fail(info()->changer, 1, ENOMEM);
    expect_failure(selector_modify(sel, ends[0], BOTH, called, ends), ENOMEM);
    expect_empty_slot(ends[0]);
}

/* -- modify ---------------------------------------------------------------- */

RULE(modifying_the_unknown_fails_whatever_the_events, make_pipe)
{
    expect_failure(selector_modify(sel, ends[0], EVENT_READ, called, NULL),
                   ENOENT);
    expect_failure(selector_modify(sel, ends[0], 0, called, NULL), ENOENT);
    expect_failure(selector_modify(sel, INT_MAX, 999, called, NULL), ENOENT);
    expect(count_keys(), 0);
}

RULE(modify_with_the_same_events_makes_no_system_call, make_pair)
{
    watch(ends[0], BOTH);
    faults_reset();
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect(selector_modify(sel, ends[0], BOTH, called_instead, ends), 0);
    expect(faults_calls(NULL), 0);
    expect_key(ends[0], BOTH, called_instead, ends);
    expect(ready_on(ends[0]), EVENT_WRITE);
}

RULE(new_data_can_be_given_even_to_a_closed_descriptor, make_pair)
{
    watch_with(ends[0], EVENT_READ, called, ends);
    close(ends[0]);
    expect(selector_modify(sel, ends[0], EVENT_READ, called_instead, &sel), 0);
    expect_key(ends[0], EVENT_READ, called_instead, &sel);
    expect(selector_modify(sel, ends[0], EVENT_READ, NULL, NULL), 0);
    expect_key(ends[0], EVENT_READ, NULL, NULL); /* not kept */
}

RULE(modify_changes_what_is_reported, make_pair)
{
    static const int changes[] = {EVENT_WRITE, BOTH,       EVENT_READ, BOTH,
                                  EVENT_WRITE, EVENT_READ, EVENT_WRITE};

    put_byte(ends[1]);
    watch(ends[0], EVENT_READ);
    for (int i = 0; i < ROWS(changes); i++) {
        expect(selector_modify(sel, ends[0], changes[i], called_instead, ends),
               0);
        expect_key(ends[0], changes[i], called_instead, ends);
        expect(ready_on(ends[0]), changes[i]);
    }
    expect(count_keys(), 1);
}

RULE(epoll_loses_the_key_of_a_descriptor_that_the_kernel_lost, make_pipe)
{
    make_pair(others);
    watch(ends[0], EVENT_READ);
    close(ends[0]);
    expect_failure(selector_modify(sel, ends[0], BOTH, called, NULL), EBADF);
    expect_no_key(ends[0], 0);
    watch(ends[1], EVENT_WRITE);
    expect(dup2(others[0], ends[1]), ends[1]);
    expect_failure(selector_modify(sel, ends[1], BOTH, called, NULL), ENOENT);
    expect_no_key(ends[1], 0);
}

/* Registers ends[0] for `was`, and lets the nth call of a change to `now`
 * fail. false: it took fewer calls than that. */
static bool modify_in_vain(int was, int now, int nth)
{
    const char *changer = info()->changer;
    int result;

    watch(ends[0], was);
    if (changer != NULL)
        faults_fail(changer, nth, ENOMEM);
    result = selector_modify(sel, ends[0], now, called, NULL);
    if (result == 0) {
        expect_true(changer == NULL || faults_pending(changer));
        faults_reset();
        unwatch(ends[0]);
        return false;
    }
    expect(errno, ENOMEM);
    expect(result, -1);
    expect_no_key(ends[0], 1); /* the other one stays */
    return true;
}

/* Each change, each of its calls: how many fail. Then something is to hold. */
static int modify_each_in_vain(void (*expect_what)(void))
{
    int failures = 0;

    make_pipe(others);
    watch(others[0], EVENT_READ);
    for (int was = EVENT_READ; was <= BOTH; was++)
        for (int now = EVENT_READ; now <= BOTH; now++)
            for (int nth = 1; was != now && nth <= 2; nth++)
                if (modify_in_vain(was, now, nth)) {
                    expect_what();
                    failures++;
                }
    return failures;
}

/* The kernel has lost it too, and nothing else. */
static void expect_only_the_other(void)
{
    expect_wait(20);
    put_byte(others[1]);
    expect(ready_on(ends[0]), 0);
    expect(ready_on(others[0]), EVENT_READ);
    take_byte(others[0]);
}

RULE(a_modify_that_the_kernel_refuses_loses_the_key, make_pair)
{
    int changes = info()->changer == NULL ? 0
                  : runs_on("kqueue")     ? 8 /* R<->W take two calls */
                                          : 6;
    int failures;

    put_byte(ends[1]);
    failures = modify_each_in_vain(expect_only_the_other);
    expect_true(failures == changes || backend_is_added(subject));
    watch(ends[0], BOTH);
    expect(ready_on(ends[0]), BOTH);
}

static void expect_no_filters(void)
{
    expect_filters(ends[0], 0);
}

RULE(kqueue_leaves_no_filter_behind_when_modify_fails, make_pair)
{
    expect(modify_each_in_vain(expect_no_filters), 8);
}

RULE(modify_of_a_closed_descriptor_cannot_fail_on_select_and_poll, make_pair)
{
    watch(ends[0], EVENT_READ);
    close(ends[0]);
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect_key(ends[0], BOTH, called, NULL);
}

RULE(kqueue_changes_only_the_filters_that_differ, make_pair)
{
    watch(ends[0], EVENT_READ);
    faults_reset();
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect(faults_calls("kevent"), 1);
    expect(selector_modify(sel, ends[0], EVENT_WRITE, called, NULL), 0);
    expect(faults_calls("kevent"), 2);
    expect_filters(ends[0], EVENT_WRITE);
}

RULE(modify_refuses_bad_events_and_keeps_the_key, make_pair)
{
    watch_with(ends[0], EVENT_WRITE, called, ends);
    faults_reset();
    for (int i = 0; i < ROWS(bad_events); i++)
        expect_failure(selector_modify(sel, ends[0], bad_events[i], NULL, NULL),
                       EINVAL);
    expect(faults_calls(NULL), 0);
    expect_key(ends[0], EVENT_WRITE, called, ends);
    expect(ready_on(ends[0]), EVENT_WRITE);
}

/* POLLREMOVE and the new events together: between two writes the descriptor
 * would not be watched. */
RULE(devpoll_modifies_in_one_write, make_pair)
{
    watch(ends[0], BOTH);
    faults_reset();
    expect(selector_modify(sel, ends[0], EVENT_READ, called, NULL), 0);
    expect(faults_calls("write"), 1);
    expect(ready_on(ends[0]), 0); /* EVENT_WRITE was removed first */
}

/* -- select ---------------------------------------------------------------- */

RULE(a_timeout_of_zero_only_looks, make_pipe)
{
    long long start;

    expect(selector_select(sel, 0), 0);
    watch(ends[0], EVENT_READ);
    start = now_us();
    faults_reset();
    for (int i = 0; i < 100; i++)
        expect(selector_select(sel, 0), 0);
    expect_waits(100);
    expect_true(now_us() - start < PATIENCE_S * 1000000LL / 10);
}

RULE(a_select_of_nothing_waits_for_the_timeout, nothing)
{
    expect_wait(30);
    if (!backend_is_added(subject))
        expect(faults_calls(info()->waiter), 1);
}

RULE(no_wait_ends_early, make_pipe)
{
    watch(ends[0], EVENT_READ);
    for (int timeout_ms = 1; timeout_ms <= 12; timeout_ms++)
        expect_wait(timeout_ms);
}

RULE(a_negative_timeout_waits_until_something_happens, make_pipe)
{
    static const int negative[] = {-1, -2, -1000, INT_MIN};

    watch(ends[0], EVENT_READ);
    for (int i = 0; i < ROWS(negative); i++)
        expect_wake_up(negative[i], 20, 0);
}

RULE(the_longest_timeout_is_not_taken_for_a_short_one, make_pipe)
{
    static const int longest[] = {INT_MAX, INT_MAX - 1, INT_MAX / 2 + 1};

    watch(ends[0], EVENT_READ);
    for (int i = 0; i < ROWS(longest); i++)
        expect_wake_up(longest[i], 10, 2);
}

/* Until enough signals have come: on a busy machine several count as one. */
RULE(signals_neither_shorten_nor_prolong_a_wait, make_pipe)
{
    watch(ends[0], EVENT_READ);
    start_alarms(3, INT_MAX - 1, -1);
    while (alarms < 30)
        expect_wait(7);
    stop_alarms();
}

RULE(signals_do_not_end_an_endless_wait, make_pipe)
{
    watch(ends[0], EVENT_READ);
    expect_wake_up(-1, 3, 10);
    expect_true(alarms > 10);
    expect(hand_out(), 1);
}

static const char cannot_fail[] = "faults.c does not know its system call";

RULE(an_interrupted_wait_is_started_again, make_pipe)
{
    static const int timeouts_ms[] = {0, 10, -1};
    const char *waiter = info()->waiter;

    if (waiter == NULL) {
        skip(__func__, cannot_fail);
        return;
    }
    watch(ends[1], EVENT_WRITE);
    for (int i = 0; i < ROWS(timeouts_ms); i++) {
        faults_reset();
        faults_fail(waiter, 1, EINTR);
        expect(selector_select(sel, timeouts_ms[i]), 1);
        expect_true(faults_calls(waiter) == 2 || backend_is_added(subject));
    }
}

RULE(an_interrupted_wait_does_not_end_early, make_pipe)
{
    if (info()->waiter == NULL) {
        skip(__func__, cannot_fail);
        return;
    }
    watch(ends[0], EVENT_READ);
    for (int timeout_ms = 1; timeout_ms <= 12; timeout_ms++) {
        faults_fail(info()->waiter, 1, EINTR);
        expect_wait(timeout_ms);
    }
}

/* Seen where it arrives, as nobody wants to wait for minutes here. */
RULE(the_system_waits_for_as_long_as_was_asked, make_pipe)
{
    static const int timeouts_ms[] = {0,    1,     999,    1000,
                                      1001, 59999, 600000, INT_MAX};

    watch(ends[1], EVENT_WRITE);
    for (int i = 0; i < ROWS(timeouts_ms); i++) {
        expect(selector_select(sel, timeouts_ms[i]), 1);
        expect(faults_timeout_ns(), timeouts_ms[i] * 1000000LL);
    }
    expect(selector_select(sel, -1), 1);
    expect(faults_timeout_ns(), -1);
}

RULE(a_failing_wait_says_why_and_the_next_one_works, make_pipe)
{
    static const int errors[] = {EBADF, EFAULT, EINVAL, ENOMEM};

    if (info()->waiter == NULL) {
        skip(__func__, cannot_fail);
        return;
    }
    watch(ends[1], EVENT_WRITE);
    for (int i = 0; i < ROWS(errors); i++) {
        expect(selector_select(sel, 0), 1);
        faults_fail(info()->waiter, 1, errors[i]);
        expect_failure(selector_select(sel, -1), errors[i]);
        expect(hand_out(), 0);
        expect(ready_on(ends[1]), EVENT_WRITE);
    }
    expect(count_keys(), 1);
}

RULE(one_entry_has_both_events, make_pair)
{
    struct selector_key key;

    put_byte(ends[1]);
    watch_with(ends[0], BOTH, called, ends);
    expect(selector_select(sel, -1), 1);
    key = take_next(BOTH);
    expect_fields(&key, ends[0], BOTH, called, ends);
    expect(hand_out(), 0);
    expect(hand_out(), 0);
}

RULE(only_the_events_asked_for_are_reported, make_pair)
{
    put_byte(ends[1]);
    for (int events = EVENT_READ; events <= BOTH; events++)
        watch_copies(1, events);
    for (int events = EVENT_READ; events <= BOTH; events++)
        expect(ready_on(copies[events - 1]), events);
    take_byte(ends[0]);
    expect(ready_on(copies[EVENT_READ - 1]), 0);
    expect(ready_on(copies[EVENT_WRITE - 1]), EVENT_WRITE);
    expect(ready_on(copies[BOTH - 1]), EVENT_WRITE);
}

RULE(what_is_ready_is_reported_until_it_is_consumed, make_pair)
{
    watch(ends[0], EVENT_READ);
    put_byte(ends[1]);
    put_byte(ends[1]);
    for (int i = 0; i < 3; i++)
        expect(ready_on(ends[0]), EVENT_READ);
    take_byte(ends[0]);
    expect(ready_on(ends[0]), EVENT_READ);
    take_byte(ends[0]);
    expect(ready_on(ends[0]), 0);
}

RULE(all_that_is_ready_comes_from_one_call, make_pair)
{
    enum { COUNT = 150 };

    put_byte(ends[1]);
    watch_copies(COUNT, BOTH);
    expect_true(faults_calls("calloc") < 20); /* three arrays that quadruple */
    faults_reset();
    expect(selector_select(sel, -1), COUNT);
    expect_waits(1);
    expect(hand_out(), COUNT);
}

/* Arrays are full, and grow, at some of these. */
RULE(whatever_their_number_all_come_with_both_events, make_pair)
{
    put_byte(ends[1]);
    for (int count = 1; count <= 70; count++) {
        watch_copies(1, BOTH);
        expect(selector_select(sel, 0), count);
        for (int i = 0; i < count; i++)
            take_next(BOTH);
    }
}

/* /dev/poll refuses to look for as many events as a process may have
 * descriptors, and no selector needs to. */
RULE(it_works_with_the_last_descriptor_in_use, make_pipe)
{
    enum { LIMIT = 64 };

    put_byte(ends[1]);
    faults_descriptor_limit(LIMIT);
    do {
        watch_copies(1, EVENT_READ);
        expect(selector_select(sel, 0), copy_count);
    } while (copies[copy_count - 1] < LIMIT - 1);
    expect(dup(ends[0]), -1);
    expect(hand_out(), copy_count);
}

RULE(five_thousand_descriptors_are_no_burden, make_pipe)
{
    enum { COUNT = 5000, LIMIT = COUNT + 100 };
    struct rlimit limit;

    expect_success(getrlimit(RLIMIT_NOFILE, &limit));
    if (sel->backend->limit != 0) {
        skip(__func__, "it cannot have so many");
        return;
    }
    if (limit.rlim_max < LIMIT) {
        skip(__func__, "the limit of descriptors is too low");
        return;
    }
    if (limit.rlim_cur < LIMIT)
        faults_descriptor_limit(LIMIT);
    watch_copies(COUNT, EVENT_READ);
    watch(ends[1], EVENT_WRITE);
    expect(selector_select(sel, -1), 1);
    put_byte(ends[1]);
    expect(selector_select(sel, -1), COUNT + 1);
    expect(hand_out(), COUNT + 1);
    for (int i = 0; i < COUNT; i++)
        unwatch(copies[i]);
    expect(ready_on(ends[1]), EVENT_WRITE);
}

/* The pair of one of the writers that are ready; nobody else is. */
static const int *ready_pair(int writers)
{
    const int *pair = NULL;

    expect(selector_select(sel, -1), writers);
    for (int i = 0; i < writers; i++)
        pair = take_next(EVENT_WRITE).data;
    expect(hand_out(), 0);
    return pair;
}

/* Python's test_selectors.py, test_selector(). */
RULE(twelve_pairs_are_drained_as_in_pythons_test, nothing)
{
    enum { PAIRS = 12 };
    int pairs[PAIRS][2];

    for (int i = 0; i < PAIRS; i++) {
        make_pair(pairs[i]);
        watch_with(pairs[i][0], EVENT_READ, NULL, pairs[i]);
        watch_with(pairs[i][1], EVENT_WRITE, NULL, pairs[i]);
    }
    for (int left = PAIRS; left > 0; left--) {
        const int *pair = ready_pair(left);

        put_byte(pair[1]);
        expect(ready_on(pair[0]), EVENT_READ);
        take_byte(pair[0]);
        unwatch(pair[0]);
        unwatch(pair[1]);
        close_both(pair);
    }
    expect(count_keys(), 0);
}

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

static void change_at_random(struct model *item, unsigned *state)
{
    int events = (int)(next_random(state) % 3) + 1;

    if (next_random(state) % 3 == 0) {
        (item->full ? take_byte : put_byte)(item->ends[!item->full]);
        item->full = !item->full;
        return;
    }
    if (item->events == 0) {
        watch(item->ends[0], events);
    } else if (next_random(state) % 2 == 0) {
        expect_success(
            selector_modify(sel, item->ends[0], events, called, NULL));
    } else {
        unwatch(item->ends[0]);
        events = 0;
    }
    item->events = events;
}

/* What is ready must be what the model says, no more and no less. */
static void compare(const struct model *model)
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

RULE(many_changes_leave_what_a_simple_model_says, nothing)
{
    struct model model[MODEL_SIZE] = {0};
    unsigned state = 1;

    for (int i = 0; i < MODEL_SIZE; i++)
        make_pair(model[i].ends);
    for (int i = 0; i < 1000; i++) {
        change_at_random(&model[next_random(&state) % MODEL_SIZE], &state);
        compare(model);
    }
    for (int i = 0; i < MODEL_SIZE; i++)
        close_both(model[i].ends);
}

/* -- what counts as ready -------------------------------------------------- */

/* A descriptor to watch, the first, and what is to happen to it once it is. */
static void write_other(int pair[2])
{
    put_byte(pair[1]);
}

static void close_other(int pair[2])
{
    close(pair[1]);
    pair[1] = -1;
}

static void close_watched(int pair[2])
{
    close(pair[0]);
}

static void shut_other(int pair[2])
{
    expect_success(shutdown(pair[1], SHUT_WR));
}

static void fill_watched(int pair[2])
{
    char block[4096] = {0};

    expect_success(fcntl(pair[0], F_SETFL, O_NONBLOCK));
    while (write(pair[0], block, sizeof block) > 0)
        ;
    while (write(pair[0], block, 1) > 0)
        ;
    expect(errno, EAGAIN);
}

static void make_pipe_backwards(int pair[2])
{
    int forwards[2];

    make_pipe(forwards);
    pair[0] = forwards[1];
    pair[1] = forwards[0];
}

static void make_file(int pair[2])
{
    char name[] = "/tmp/test_selector.XXXXXX";

    pair[0] = mkstemp(name);
    ck_assert_msg(pair[0] != -1, "mkstemp(): %s", strerror(errno));
    unlink(name);
    expect(pwrite(pair[0], "x", 1, 0), 1);
    pair[1] = -1;
}

static void make_unconnected(int pair[2])
{
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    pair[1] = -1;
    expect_success(pair[0]);
}

/* Two ends of a TCP connection. */
static void make_tcp(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    expect_success(bind(listener, (struct sockaddr *)&address, size));
    expect_success(listen(listener, 1));
    expect_success(getsockname(listener, (struct sockaddr *)&address, &size));
    pair[1] = socket(AF_INET, SOCK_STREAM, 0);
    expect_success(connect(pair[1], (struct sockaddr *)&address, size));
    pair[0] = accept(listener, NULL, NULL);
    expect_success(pair[0]);
    close(listener);
}

static void send_urgent(int pair[2])
{
    expect(send(pair[1], "!", 1, MSG_OOB), 1);
    wait_for(pair[0], POLLPRI);
}

static void reset_other(int pair[2])
{
    reset_by_peer(pair[1]);
    pair[1] = -1;
    wait_for(pair[0], POLLIN);
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

enum { STATES = ROWS(states) };

/* The word of a row for a key with these events. */
static void copy_word(const char *row, int events, char word[8])
{
    if (row == NULL)
        row = "? ? ?";
    for (int i = EVENT_READ; i < events; i++)
        row = strchr(row, ' ') + 1;
    sscanf(row, "%7s", word);
}

/* What the table says for this backend; for one that was added what it says for
 * all of them. */
static void find_wanted(const struct state *state, int events, char word[8])
{
    const struct {
        const char *name;
        const char *row;
    } rows[] = {{"select", state->select},
                {"poll", state->poll},
                {"devpoll", state->poll},
                {"epoll", state->epoll},
                {"kqueue", state->kqueue}};
    bool added = backend_is_added(subject);
    char other[8];

    copy_word(state->select, events, word);
    for (int i = 0; i < ROWS(rows); i++) {
        copy_word(rows[i].row, events, other);
        if (runs_on(rows[i].name))
            strcpy(word, other);
        else if (added && strcmp(word, other) != 0)
            strcpy(word, "?");
    }
}

static void check_state(const struct state *state, int backend, int events)
{
    static const char *const words[] = {"-", "R", "W", "RW"};
    char expected[8];
    const char *came = "x";

    find_wanted(state, events, expected);
    if (*expected == '?')
        return;
    begin(backend, state->make);
    if (selector_register(sel, ends[0], events, called, NULL) == 0) {
        state->happen(ends);
        came = words[ready_on(ends[0])];
    }
    ck_assert_msg(strcmp(came, expected) == 0,
                  "%s: %s, events %d: ready is %s, expected %s", subject,
                  state->name, events, came, expected);
    finish();
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
        check_state(state, _i / STATES, events);
}
END_TEST

RULE(select_fails_when_a_registered_descriptor_was_closed, make_pair)
{
    make_pipe(others);
    watch(ends[0], EVENT_READ);
    watch(others[1], EVENT_WRITE);
    expect(selector_select(sel, 0), 1);
    close(ends[0]);
    for (int i = 0; i < 2; i++) {
        expect_failure(selector_select(sel, -1), EBADF);
        expect(hand_out(), 0);
    }
    expect(count_keys(), 2);
    unwatch(ends[0]);
    expect(ready_on(others[1]), EVENT_WRITE);
}

RULE(epoll_and_kqueue_forget_a_closed_descriptor, make_pipe)
{
    make_pipe(others);
    watch(ends[0], EVENT_READ);
    put_byte(ends[1]);
    close(ends[0]);
    expect_wait(20);
    put_byte(others[1]);
    expect(dup2(others[0], ends[0]), ends[0]); /* the next connection */
    expect(ready_on(ends[0]), 0);
    expect(count_keys(), 1);
}

/* -- next ------------------------------------------------------------------ */

RULE(nothing_comes_before_the_first_select, make_pipe)
{
    expect(hand_out(), 0);
    watch(ends[1], EVENT_WRITE);
    expect(hand_out(), 0);
    expect(selector_select(sel, 0), 1);
    expect(hand_out(), 1);
}

/* `count` readable copies of a pipe's end, and one of them handed out.
 * Returns another one. */
static int begin_batch(int count)
{
    int first;

    put_byte(ends[1]);
    watch_copies(count, EVENT_READ);
    expect(selector_select(sel, 0), count);
    first = take_next(EVENT_READ).fd;
    return copies[first == copies[0] ? 1 : 0];
}

RULE(a_second_select_drops_what_was_not_handed_out, make_pipe)
{
    begin_batch(3);
    expect(selector_select(sel, 0), 3); /* found again */
    expect(hand_out(), 3);
    expect(selector_select(sel, 0), 3);
    take_byte(ends[0]);
    expect(selector_select(sel, 0), 0);
    expect(hand_out(), 0);
}

RULE(a_key_unregistered_in_the_batch_is_not_handed_out, make_pipe)
{
    begin_batch(3);
    for (int i = 0; i < 3; i++)
        unwatch(copies[i]);
    expect(hand_out(), 0);
}

/* A handler closes another client whose event is still in the batch; accept()
 * gives the number to a newcomer, who has something to read as well. */
RULE(a_newcomer_with_a_dead_clients_number_is_not_called, make_pipe)
{
    int victim = begin_batch(2);
    struct selector_key key;

    unwatch(victim);
    close(victim);
    make_pair(others);
    put_byte(others[1]);
    expect(dup2(others[0], victim), victim);
    watch_with(victim, BOTH, called_instead, others);
    expect(hand_out(), 0);
    take_byte(ends[0]);
    expect(selector_select(sel, 0), 1); /* now it is its turn */
    key = take_next(BOTH);
    expect_fields(&key, victim, BOTH, called_instead, others);
}

RULE(a_descriptor_registered_again_in_the_batch_waits_for_the_next, make_pipe)
{
    begin_batch(3);
    for (int i = 0; i < 3; i++) {
        unwatch(copies[i]);
        watch(copies[i], EVENT_READ);
    }
    expect(hand_out(), 0);
    expect(selector_select(sel, 0), 3);
    expect(hand_out(), 3);
}

RULE(a_key_modified_in_the_batch_comes_as_it_is_now, make_pipe)
{
    int other = begin_batch(2);
    struct selector_key key;

    expect_success(selector_modify(sel, other, BOTH, called_instead, &key));
    key = take_next(EVENT_READ);
    expect_fields(&key, other, BOTH, called_instead, &key);
    expect(selector_select(sel, 0), 2);
    for (int i = 0; i < 2; i++) /* what was found is not asked for now */
        expect_success(
            selector_modify(sel, copies[i], EVENT_WRITE, called, NULL));
    expect(hand_out(), 0);
}

RULE(many_can_be_registered_in_the_batch, make_pipe)
{
    enum { FEW = 8, MORE = 100 };

    begin_batch(FEW);
    watch_copies(MORE, EVENT_READ);
    expect(hand_out(), FEW - 1);
    expect(selector_select(sel, 0), FEW + MORE);
    expect(hand_out(), FEW + MORE);
}

/* The loop of stage 03, with two handlers that end it after some rounds. */
static void count_read(int fd, int events, void *data)
{
    expect(events, EVENT_READ);
    take_byte(fd);
    ++*(int *)data;
}

static void count_write(int fd, int events, void *data)
{
    expect(events, EVENT_WRITE);
    put_byte(fd);
    if (++*(int *)data == 5)
        unwatch(fd);
}

RULE(the_event_loop_calls_what_was_registered, make_pipe)
{
    struct selector_key key;
    int mask;
    int reads = 0;
    int writes = 0;

    watch_with(ends[0], EVENT_READ, count_read, &reads);
    watch_with(ends[1], EVENT_WRITE, count_write, &writes);
    while (reads < 5 && selector_select(sel, -1) != -1)
        while (selector_next(sel, &key, &mask))
            key.callback(key.fd, mask, key.data);
    expect(writes, 5);
    expect(count_keys(), 1);
}

/* -- look-up --------------------------------------------------------------- */

RULE(the_key_of_the_unknown_is_not_found, make_pipe)
{
    expect_no_key(0, 0);
    watch(ends[1], EVENT_WRITE);
    expect_no_key(ends[0], 1);
    expect_no_key(1000, 1);
    expect_no_key(INT_MAX, 1);
}

RULE(the_map_is_in_the_order_of_descriptors, make_pair)
{
    static const int order[] = {2, 0, 3, 1};
    struct selector_key keys[6];

    for (int i = 0; i < 4; i++)
        copy_of(ends[0]);
    for (int i = 0; i < 4; i++)
        watch_with(copies[order[i]], EVENT_WRITE, called, &copies[order[i]]);
    expect(selector_get_map(sel, keys, 6), 4);
    for (int i = 0; i < 4; i++)
        expect_fields(&keys[i], copies[i], EVENT_WRITE, called, &copies[i]);
}

RULE(the_map_is_cut_to_the_room_there_is, make_pair)
{
    struct selector_key keys[3] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};

    expect(selector_get_map(sel, keys, 3), 0);
    watch(ends[0], EVENT_READ);
    watch(ends[1], EVENT_READ);
    expect(selector_get_map(sel, NULL, 0), 2);
    expect(selector_get_map(sel, keys, 0), 2);
    expect(keys[0].fd, -1);
    expect(selector_get_map(sel, keys, 1), 2);
    expect(keys[0].fd, ends[0]);
    expect(keys[1].fd, -1);
    expect(selector_get_map(sel, keys, 3), 2);
    expect(keys[1].fd, ends[1]);
    expect(keys[2].fd, -1);
}

RULE(looking_up_makes_no_system_call, make_pair)
{
    struct selector_key key;

    watch(ends[0], BOTH);
    expect(selector_select(sel, 0), 1);
    faults_reset();
    expect(hand_out(), 1);
    expect_success(selector_get_key(sel, ends[0], &key));
    expect(selector_get_map(sel, &key, 1), 1);
    expect_text(selector_name(sel), backend_class_name(subject));
    selector_fileno(sel);
    expect(faults_calls(NULL), 0);
}

/* -- the suite ------------------------------------------------------------- */

struct rule {
    const char *tcase; /* begins here; NULL: it is a rule */
    int backends;
    const TTest *const *test;
};

#define AS_CASE(name) {name, 0, NULL},
#define AS_RULE(number, rows, backends, test) {NULL, backends, &(test)},
static const struct rule rules[] = {CONTRACT(AS_CASE, AS_RULE)};

static int bit_of(int backend)
{
    const char *name = selector_backend_name(backend);

    return backend_is_added(name) ? ADDED : 1 << backend_rank(name);
}

static void add_for(TCase *tcase, const struct rule *rule, int backend)
{
    if (rule->backends == IN_EVERY_STATE)
        tcase_add_loop_test(tcase, *rule->test, STATES * backend,
                            STATES * (backend + 1));
    else if (rule->backends & bit_of(backend))
        tcase_add_loop_test(tcase, *rule->test, backend, backend + 1);
}

static void add(TCase *tcase, const struct rule *rule)
{
    if (rule->backends < 0)
        tcase_add_loop_test(tcase, *rule->test, 0, -rule->backends);
    for (int i = 0; rule->backends > 0 && i < backend_count(); i++)
        if (backend_wanted(i))
            add_for(tcase, rule, i);
}

int main(void)
{
    Suite *suite = suite_create("selector");
    TCase *tcase = NULL;

    for (int i = 0; i < ROWS(rules); i++)
        if (rules[i].tcase != NULL)
            tcase = new_case(suite, rules[i].tcase, finish);
        else
            add(tcase, &rules[i]);
    return run_suite(suite);
}

/* select.c -- rules: how long it waits, and for whom. */
#include "contract.h"

#include "basics.h"

#include <sys/resource.h>

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

/* The byte that comes with the first signal after the quiet ones. */
static void expect_wake_up(int timeout_ms, int interval_ms, int quiet)
{
    start_alarms(interval_ms, quiet, ends[1]);
    expect(selector_select(sel, timeout_ms), 1);
    stop_alarms();
    take_byte(ends[0]);
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

/* Whether its waits can be made to fail. */
static bool can_fail(const char *test)
{
    if (info()->waiter == NULL)
        skip(test, "faults.c does not know its system call");
    return info()->waiter != NULL;
}

RULE(an_interrupted_wait_is_started_again, make_pipe)
{
    static const int timeouts_ms[] = {0, 10, -1};
    const char *waiter = info()->waiter;

    if (!can_fail(__func__))
        return;
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
    if (!can_fail(__func__))
        return;
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

    if (!can_fail(__func__))
        return;
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

/* So many are ready; a call may not find all of them. */
static void expect_each_once(int left)
{
    int most = runs_on("kqueue") ? kernel()->most_events : INT_MAX;
    struct selector_key key;
    int events;

    while (left > 0) {
        expect(selector_select(sel, -1), left < most ? left : most);
        while (selector_next(sel, &key, &events)) {
            unwatch(key.fd);
            left--;
        }
    }
    expect(count_keys(), 0);
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
    expect_each_once(COUNT + 1);
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

static void change_at_random(struct model *item, uint32_t *state)
{
    int events = (int)random_below(state, 3) + 1;

    if (random_below(state, 3) == 0) {
        (item->full ? take_byte : put_byte)(item->ends[!item->full]);
        item->full = !item->full;
        return;
    }
    if (item->events == 0) {
        watch(item->ends[0], events);
    } else if (random_below(state, 2) == 0) {
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
    uint32_t state = 1;

    for (int i = 0; i < MODEL_SIZE; i++)
        make_pair(model[i].ends);
    for (int i = 0; i < 1000; i++) {
        change_at_random(&model[random_below(&state, MODEL_SIZE)], &state);
        compare(model);
    }
    for (int i = 0; i < MODEL_SIZE; i++)
        close_both(model[i].ends);
}

END_OF_PART(select, "select")

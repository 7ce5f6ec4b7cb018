/* modify.c -- rules: who is to wait for something else. */
#include "contract.h"

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
    for (int i = 0; i < BAD_EVENTS; i++)
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

END_OF_PART(modify, "modify")

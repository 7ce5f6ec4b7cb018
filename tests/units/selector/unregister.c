/* unregister.c -- rules: who leaves, and what stays behind. */
#include "contract.h"

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

END_OF_PART(unregister, "unregister")

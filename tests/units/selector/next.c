/* next.c -- rules: what is handed out, and what no more. */
#include "contract.h"

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

END_OF_PART(next, "next")

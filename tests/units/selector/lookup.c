/* lookup.c -- rules: what keys there are. */
#include "contract.h"

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

RULE(a_walk_finds_each_key_whatever_is_done_meanwhile, make_pair)
{
    struct selector_key key = {.fd = -1};

    expect(selector_map_next(sel, &key), false);
    for (int i = 0; i < 4; i++)
        watch_with(copy_of(ends[0]), EVENT_WRITE, called, &copies[i]);
    for (int i = 0; i < 4; i++) {
        expect(selector_map_next(sel, &key), true);
        expect_fields(&key, copies[i], EVENT_WRITE, called, &copies[i]);
        unwatch(copies[i]); /* where the walk is, ... */
        if (i == 0)
            unwatch(copies[2]); /* ... further on, ... */
        if (i == 1)             /* ... and again */
            watch_with(copies[2], EVENT_WRITE, called, &copies[2]);
    }
    expect(selector_map_next(sel, &key), false);
    expect(key.fd, copies[3]);
    key.fd = INT_MAX;
    expect(selector_map_next(sel, &key), false);
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
    key.fd = -1;
    expect(selector_map_next(sel, &key), true);
    expect_text(selector_name(sel), backend_class_name(subject));
    selector_fileno(sel);
    expect(faults_calls(NULL), 0);
}

END_OF_PART(lookup, "look-up")

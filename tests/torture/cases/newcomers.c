/* newcomers.c -- who is served when. */
#include "../case.h"

static void nothing(void)
{
}

static void second_client(void)
{
    int first = come("the first client");
    int second;
    bool waits;

    serve(first, "the first client");
    second = come("the second client");
    waits = is_kept_waiting(second, "the second client");
    serve(first, "the first client, while a second is there,");
    leave(first, "the first client");
    if (waits)
        hear(second, "and me?\n",
             "the second client, after the first has left,");
    leave(second, "the second client");
}

static void one_leaves(void)
{
    for (int i = 0; i < TIMES; i++) {
        int first = come("the first of two");
        int second = come("the second of two");

        serve(first, "the first of two");
        leave(first, "the first of two");
        serve(second, "the other, after one has left,");
        serve(second, "the other, after one has left,");
        leave(second, "the other, after one has left,");
    }
}

/* A case more: a function above, its row here, as told at struct row. */
const struct row newcomer_cases[] = {
    {"nobody comes", nothing,
     .faults = {{"busy-polls", SPINS}, {"never-closes", LEAKS}}},
    {"second client, first idle", second_client, .holds_up = true,
     .faults = {{"starves", WAITS}}},
    {"one leaves, others go on", one_leaves,
     .faults = {{"forgets-to-remove", SPINS}, {"closes-before-remove", DIES}}},
    {.name = NULL},
};

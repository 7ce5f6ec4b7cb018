/* crowds.c -- many at a time, silent and busy, up to the limits. */
#include "../case.h"

#include <stdio.h>
#include <unistd.h>

enum { CROWD_MOST = 1100 };
static int crowd[CROWD_MOST]; /* -1: turned away */
static int silent;            /* the first who had no answer, or crowd_size */
static int crowd_size;

/* Whoever has no answer is the last to ask. */
static void crowd_asks(int who)
{
    switch (try_asking(crowd[who], "room for me?\n")) {
    case ANSWERED:
        outcome.served++;
        break;
    case CLOSED_BY_SERVER:
        close(crowd[who]);
        crowd[who] = -1;
        break;
    case UNANSWERED:
        silent = who;
    }
}

/* One after the other, each when the one before is connected and was answered,
 * and those who say nothing only a few at a time: a backlog is no place for a
 * thousand. The first who is not connected is the last to try. */
static void crowd_comes(int count, bool asks)
{
    enum { A_FEW = 50 };

    silent = count;
    outcome.connected = 0;
    outcome.served = asks ? 0 : -1;
    for (crowd_size = 0; crowd_size < count; crowd_size++) {
        crowd[crowd_size] = try_to_come();
        if (crowd[crowd_size] == -1)
            break;
        outcome.connected++;
        if (asks && silent == count)
            crowd_asks(crowd_size);
        else if (crowd_size % A_FEW == 0)
            let_it_sleep();
    }
    if (silent == count)
        silent = crowd_size;
    if (crowd_size < 2)
        end_with(STUCK, "of many only %d could connect", crowd_size);
}

static void two_hundred_silent(void)
{
    int other;
    bool waits;

    crowd_comes(200, false);
    other = try_to_come();
    if (other == -1) /* a short backlog */
        other = crowd[--crowd_size];
    waits = is_kept_waiting(other, "one more client");
    expect_rest("with 200 silent clients");
    if (!waits) {
        serve(crowd[0], "the first of the silent");
        serve(crowd[crowd_size - 1], "the last of the silent");
    }
    for (int i = 0; i < crowd_size; i++)
        close(crowd[i]);
    if (waits)
        hear(other, "and me?\n", "one more client, when the silent have left,");
    leave(other, "one more client");
}

static const char *words_of(int client, int round)
{
    static char text[400];

    snprintf(text, sizeof text,
             "client %d, round %d: %0300d, 300 digits, and that is all\n",
             client, round, client * 1000 + round);
    return text;
}

static void all_talk_at_once(int round)
{
    for (int i = 0; i < crowd_size; i++)
        say(crowd[i], words_of(i, round));
    for (int i = 0; i < crowd_size; i++)
        hear(crowd[i], words_of(i, round), "one of many busy clients");
}

/* Each gets its turn when those before have left. */
static void one_after_the_other(void)
{
    for (int i = silent + 1; i < crowd_size; i++)
        say(crowd[i], "room for me?\n");
    for (int i = 0; i < crowd_size; i++) {
        if (i >= silent)
            hear(crowd[i], "room for me?\n",
                 "one of many, when those before had left,");
        leave(crowd[i], "one of many, when it was answered,");
    }
    had_to_wait("no. %d of %d", silent + 1, crowd_size);
}

static void two_hundred_busy(void)
{
    enum { ROUNDS = 5 };

    crowd_comes(200, true);
    for (int i = 0; i < crowd_size; i++)
        if (crowd[i] == -1)
            end_with(DROPS, "no. %d of 200 was turned away", i + 1);
    if (silent < crowd_size) {
        one_after_the_other();
        return;
    }
    for (int round = 0; round < ROUNDS; round++)
        all_talk_at_once(round);
    for (int i = 0; i < crowd_size; i++)
        leave(crowd[i], "one of many busy clients");
}

static void crowd_goes_on(void)
{
    for (int i = 0; i < silent; i++)
        if (crowd[i] != -1)
            serve(crowd[i], "one who was served before all were there");
}

static void crowd_leaves(int from, int to)
{
    for (int i = from; i < to; i++)
        if (crowd[i] != -1)
            close(crowd[i]);
}

/* One says good-bye, so that the server has seen that all have left. */
static void all_but_the_first_leave(void)
{
    int last = crowd_size - 1;

    while (last > 0 && crowd[last] == -1)
        last--;
    crowd_leaves(1, last);
    if (last > 0)
        leave(crowd[last], "the last of many");
}

static void newcomer_takes_place(void)
{
    int newcomer;

    if (crowd[0] == -1)
        end_with(DROPS, "the first client was turned away");
    leave(crowd[0], "the first of many");
    newcomer = come("a newcomer, when one has left,");
    serve(newcomer, "a newcomer, when one has left,");
    close(newcomer);
}

/* Whoever does not get an answer must get it when the others have left. */
static void silent_is_answered(void)
{
    crowd_leaves(0, silent);
    crowd_leaves(silent + 1, crowd_size);
    hear(crowd[silent], "room for me?\n",
         "one who had no answer, when the others had left,");
    leave(crowd[silent], "one who had no answer, when the others had left,");
}

/* Those for whom there is no room may be turned away, all of them at once. When
 * there was room for enough, they may be left waiting as well. */
static void too_many(int count, int enough, const char *when)
{
    crowd_comes(count, true);
    expect_rest(when);
    crowd_goes_on();
    if (silent == crowd_size) {
        newcomer_takes_place();
        all_but_the_first_leave();
        return;
    }
    silent_is_answered();
    if (outcome.served < enough)
        had_to_wait("no. %d of %d", silent + 1, crowd_size);
}

static void out_of_descriptors(void)
{
    too_many(100, 32, "with no descriptor left");
}

static void eleven_hundred(void)
{
    if (!raise_descriptor_limit())
        end_with(SKIPPED, "ulimit -Hn is too low for 1100 clients");
    too_many(CROWD_MOST, CROWD_MOST, "with 1100 clients come");
}

/* A case more: a function above, its row here, as told at struct row. */
const struct row crowd_cases[] = {
    {"200 silent clients", two_hundred_silent, .holds_up = true,
     .counts = CONNECTED,
     .faults = {{"starves", WAITS},
                {"always-asks-to-write", SPINS},
                {"forgets-the-101st", STUCK}}},
    {"200 busy clients", two_hundred_busy, .holds_up = true, .counts = SERVED,
     .faults = {{"cuts-replies", WRONG}, {"starves", WAITS}}},
    {"64 descriptors, 100 come", out_of_descriptors, .holds_up = true,
     .counts = SERVED, .descriptors = 64,
     .faults = {{"dies-of-emfile", DIES}, {"spins-on-emfile", SPINS}}},
    {"1100 come (FD_SETSIZE)", eleven_hundred, .holds_up = true,
     .counts = SERVED, .descriptors = 1300,
     .faults = {{"overflows-fd-set", DIES},
                {"forgets-above-fd-setsize", STUCK},
                {"leaks-memory", GROWS},
                {"keeps-32-kib", OK},
                {"starves", WAITS}}},
    {.name = NULL},
};

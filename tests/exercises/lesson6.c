/* lesson6.c -- the checks of the exercises of lesson 6. */
#include "check.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char reply[] = "Hello World\n";

enum { TALKERS = 4 };

/* -- 6.1: timers ----------------------------------------------------------- */

/* The server has closed: has it ended, and by itself? */
static void say_how_it_has_ended(void)
{
    enum { MOMENT_MS = 200 };
    long long limit = now_ms() + MOMENT_MS;

    while (child_runs(program) && now_ms() < limit)
        wait_until(now_ms() + 1, -1, 0);
    because(NULL);
    if (program->ended && WIFEXITED(program->status))
        because("selector_select() returns 0 when its time is over and nobody "
                "is ready. That is no end: an alarm is to ring.");
}

/* Nothing came. Perhaps it does if somebody else wakes the server? */
static void say_why_it_does_not_ring(int client, const char *when_woken)
{
    int other;

    because("Nobody says anything any more, so nothing wakes the server: its "
            "selector_select() must not sleep longer than until the earliest "
            "alarm.");
    if (!client_try_connect(program->port, &other))
        return;
    client_send_text(other, "60000\n");
    if (wait_until(now_ms() + patience_ms() / 2, client, POLLIN))
        because("It rang as soon as somebody else had woken the server, and by "
                "itself the server slept on. %s",
                when_woken);
    close(other);
}

/* Returns how long after started it rang. when_woken: what is behind it if it
 * does so only when somebody else wakes the server. */
static long long rings(int client, const char *name, long long started,
                       const char *when_woken)
{
    char byte;

    step("%s hears \"Hello World\\n\"", name);
    if (!wait_until(now_ms() + patience_ms(), client, POLLIN)) {
        say_why_it_does_not_ring(client, when_woken);
        fail_with("expected %s to hear \"Hello World\\n\", got nothing", name);
    }
    if (recv(client, &byte, 1, MSG_PEEK) != 1)
        say_how_it_has_ended();
    client_expect_text(client, reply);
    return now_ms() - started;
}

static void rings_once(int client)
{
    because("An alarm rings once. When it has rung, no time is left of it, for "
            "ever: it must not count any more.");
    has_heard_nothing(client, "since then");
}

/* A busy machine may be late a few times; whoever sleeps too long is each
 * time. */
static void rings_in_time(int a)
{
    enum { AFTER_MS = 230, LATE_MS = AFTER_MS + 250, ATTEMPTS = 3 };
    long long took = LATE_MS;

    for (int i = 0; i < ATTEMPTS && took >= LATE_MS; i++) {
        long long started = now_ms();

        says(a, "230\n");
        took = rings(a, "A", started,
                     "The alarm has a moment: selector_select() must wake at "
                     "that.");
        because("deadline_left_ms() says how long the server may sleep. Its "
                "end is not before the alarm.");
        if (took < AFTER_MS)
            fail_with("expected A to hear it after %d ms, got %lld", AFTER_MS,
                      took);
        rings_once(a);
    }
    because("The server slept longer than it may. deadline_left_ms() counts in "
            "milliseconds, and so does selector_select().");
    if (took >= LATE_MS)
        fail_with("expected A to hear it after %d ms, got %lld, %d times of %d",
                  AFTER_MS, took, ATTEMPTS, ATTEMPTS);
    because("An alarm rings once. When it has rung, no time is left of it, for "
            "ever: it must not count any more.");
    server_sleeps("when it has rung");
    rings_once(a);
}

/* Whoever has set it, and when. */
static void earliest_counts(int a, int b)
{
    static const char whoever[] =
        "Perhaps until another alarm, that of a minute. The earliest one "
        "counts, whoever has set it, and whenever.";

    says(a, "60000\n");
    says(b, "100\n");
    rings(b, "B", now_ms(), whoever);
    has_heard_nothing(a, "as its minute is not over");
    says(a, "100\n");
    says(b, "60000\n");
    rings(a, "A", now_ms(), whoever);
    has_heard_nothing(b, "as its minute is not over");
}

/* Returns the longest time for which it was silent until B heard something. */
static long long talk_every_20_ms(int b, int c)
{
    long long limit = now_ms() + patience_ms();
    long long last = now_ms();
    long long longest = 0;

    do {
        if (now_ms() > limit)
            fail_with(
                "expected B to hear \"Hello World\\n\" while C talks, got "
                "nothing");
        longest = now_ms() - last > longest ? now_ms() - last : longest;
        last = now_ms();
        client_send_text(c, "60000\n");
    } while (!wait_until(now_ms() + 20, b, POLLIN));
    return longest;
}

/* Once more if a busy machine has let C pause for so long that even an alarm
 * that begins anew each time could ring. */
static void rings_while_others_talk(int b, int c)
{
    enum { AFTER_MS = 300, ATTEMPTS = 5 };
    long long silent_ms = AFTER_MS;

    says(b, "300\n");
    step("C says \"60000\\n\" every 20 ms");
    because("Whenever C says something the time of B begins anew, it seems. "
            "What counts is a moment, and what is left until then: "
            "deadline_left_ms(), in every round.");
    for (int i = 0; i < ATTEMPTS && silent_ms > AFTER_MS / 2; i++) {
        if (i > 0)
            says(b, "300\n");
        silent_ms = talk_every_20_ms(b, c);
        hears(b, reply);
    }
    has_heard_nothing(c, "as its minute is not over");
}

/* Sends to all of them what goes, until B has heard something. Returns how much
 * the server has taken from them since that moment; what the kernel keeps for
 * it was full before. It is bytes that are counted, because a busy machine may
 * need any time for them. */
static size_t talk_until(int b, const int *talkers, long long moment_ms)
{
    enum { ENOUGH = 64 * 1024 * 1024 };
    static char nines[64 * 1024]; /* later than it keeps: no alarm is set */
    struct pollfd entries[TALKERS + 1] = {{.fd = b, .events = POLLIN}};
    long long limit = moment_ms + patience_ms();
    size_t taken = 0;

    memset(nines, '9', sizeof nines);
    for (int i = 0; i < TALKERS; i++)
        entries[i + 1] = (struct pollfd){.fd = talkers[i], .events = POLLOUT};
    while (taken < ENOUGH && now_ms() < limit &&
           wait_for_any(limit, entries, TALKERS + 1) && entries[0].revents == 0)
        for (int i = 0; i < TALKERS; i++) {
            ssize_t sent = send(talkers[i], nines, sizeof nines, 0);

            if (sent > 0 && now_ms() > moment_ms)
                taken += (size_t)sent;
        }
    return entries[0].revents != 0 ? 0 : taken;
}

/* So much that somebody is ready whenever it asks; once the machine may have
 * been too busy to talk that much. */
static void rings_while_others_never_pause(int b, int c)
{
    enum { AFTER_MS = 60, ATTEMPTS = 3 };
    int talkers[TALKERS];

    because("D and the others send so much that somebody is ready each time, "
            "and selector_select() never returns 0. An alarm rings when its "
            "moment has come, whatever selector_select() has returned: that is "
            "looked at after each sleep.");
    for (int i = 0; i < TALKERS; i++)
        talkers[i] = client_connect(program->port);
    step("D and %d others connect, and send nines without a pause",
         TALKERS - 1);
    for (int i = 0; i < ATTEMPTS; i++) {
        size_t taken;

        says(b, "60\n");
        client_ask(c, "0\n", reply); /* so what B has said was read */
        taken = talk_until(b, talkers, now_ms() + AFTER_MS);
        if (taken > 0)
            fail_with("expected B to hear %s after %d ms, got nothing, while "
                      "the server has read %zu MiB more from the others",
                      quoted(reply, strlen(reply)), AFTER_MS,
                      taken / 1024 / 1024);
        hears(b, reply);
    }
    for (int i = 0; i < TALKERS; i++)
        close(talkers[i]);
}

/* The next one who comes gets its number. */
static void leaves_before_it_rings(int b)
{
    int d = connects("D");
    int e;

    says(d, "100\n");
    leaves(d);
    because("D has left, and E has got its number. The alarm was D's: whoever "
            "has left has no alarm any more.");
    e = connects("E");
    says(b, "250\n");
    rings(b, "B", now_ms(),
          "E has set no alarm, so nothing is left of it, and "
          "deadline_left_ms() says -1: that is for ever, and not the earliest "
          "of all.");
    has_heard_nothing(e, "as it has set no alarm");
    leaves(e);
}

/* How often it went to sleep is known when it has ended. To begin with it may
 * do so a few times more on a busy machine. */
static void sleeps_until_then(void)
{
    enum { QUIET_MS = 1500, FEW = 12 };
    long before = sleeps_until_now();
    long times;
    int a;

    story_begins(NULL);
    server_starts();
    a = connects("A");
    says(a, "60000\n");
    step("nobody says anything for 1.5 s, and the server sleeps");
    wait_until(now_ms() + QUIET_MS, a, POLLIN);
    child_stop(program);
    times = sleeps_until_now() - before;
    because("It seems to wake again and again to see whether it is time. It "
            "knows when that is: until then there is nothing to see.");
    if (times > FEW)
        fail_with("expected the server to sleep until the alarm, but it woke "
                  "up %ld times",
                  times);
}

static void check_6_1(void)
{
    int a, b, c;

    server_starts();
    because("Nobody has set an alarm. Then selector_select() sleeps for ever, "
            "and that is -1: 0 would be an alarm that is to ring now.");
    server_sleeps("while there is no alarm");
    a = connects("A");
    rings_in_time(a);
    b = connects("B");
    earliest_counts(a, b);
    c = connects("C");
    rings_while_others_talk(b, c);
    rings_while_others_never_pause(b, c);
    leaves_before_it_rings(b);
    because(NULL);
    leaves(a);
    server_ends_well();
    sleeps_until_then();
}

const struct exercise lesson6[] = {
    {"6.1", check_6_1},
    {"6.2", check_6_2},
    {0},
};

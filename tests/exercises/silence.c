/* silence.c -- exercise 2.5: who is silent for a second is closed, nobody else.
 *
 * Here time itself is examined. That somebody was closed too early is certain:
 * when we saw it, less time had passed than was granted. That somebody was
 * closed too late is not, if we were late ourselves: then the story is played
 * again.
 */
#include "lesson2.h"

#include <poll.h>
#include <setjmp.h>
#include <unistd.h>

static const char reply[] = "Hello World\n";

/* What a millisecond taken for a microsecond looks like. */
static const char unit[] =
    " Is its time in the right unit? tv_sec counts seconds, tv_usec counts "
    "microseconds: a millisecond has 1000 of them.";

enum { EARLY_MS = 980, LATE_MS = 1450, BEAT_MS = 200, BUSY_MS = 100 };

static jmp_buf once_more;
static int tries_left;
static bool were_late;

static _Noreturn void play_again(void)
{
    because(NULL);
    if (tries_left-- == 0)
        fail_with("This machine is too busy to see who is closed when.");
    child_free(program);
    story_begins(NULL);
    longjmp(once_more, 1);
}

/* Until the moment, or until something comes to the client (true). */
static bool hears_something_until(int client, long long moment_ms)
{
    bool heard = wait_until(moment_ms, client, POLLIN);

    were_late = were_late || (!heard && now_ms() > moment_ms + BUSY_MS);
    return heard;
}

static struct {
    int client;
    long long spoke_ms;
} b;

/* It must not have been closed. */
static void b_speaks(void)
{
    long long now = now_ms();

    if (!client_is_answered(b.client, "I am here\n", reply)) {
        long long silent_ms = now_ms() - b.spoke_ms;

        if (silent_ms > EARLY_MS)
            play_again();
        fail_with("expected B to stay, got the end of its connection %lld ms "
                  "after it had spoken",
                  silent_ms);
    }
    b.spoke_ms = now;
}

/* Again and again; true: meanwhile the client has heard something. */
static bool b_speaks_until(long long moment_ms, int client)
{
    while (now_ms() < moment_ms) {
        b_speaks();
        if (hears_something_until(client, now_ms() + BEAT_MS))
            return true;
    }
    return false;
}

static _Noreturn void say_why_late(int a, long long came_ms)
{
    bool heard;

    if (were_late)
        play_again();
    step("A is still there, and B speaks once more");
    because("A was closed when B spoke, because then the server was awake. It "
            "must wake up by itself when the first client's time is up: so "
            "long may select() sleep, and no longer.");
    b_speaks();
    heard = hears_something_until(a, now_ms() + BEAT_MS);
    if (!heard) {
        step("A is still there, and B is silent, too");
        because("A was closed when B was silent, too. What B says puts off "
                "B's end, and not A's: each client has a deadline of its own, "
                "and select() sleeps until the earliest.");
        heard = hears_something_until(a, now_ms() + EARLY_MS + 3 * BEAT_MS);
    }
    if (heard)
        fail_with("expected A to be closed after 1000 ms, it was after %lld ms",
                  now_ms() - came_ms);
    because("Nobody is closed, whoever is silent.");
    if (wait_until(0, b.client, POLLIN))
        because("B was closed, and has said something; A has never said "
                "anything, and is still there. A's time began when it came.");
    fail_with("expected A to be closed after 1000 ms, after %lld ms it is "
              "still there",
              now_ms() - came_ms);
}

static void is_closed_after(const char *name, int client, long long spoke_ms)
{
    long long silent_ms = now_ms() - spoke_ms;

    client_expect_closed(client);
    close(client);
    if (silent_ms < EARLY_MS)
        fail_with("expected %s to be closed after 1000 ms, it was after %lld "
                  "ms",
                  name, silent_ms);
}

/* Over all that time, and not for a moment now: whoever computes because
 * somebody's time will be up soon stops when it is. */
static void has_slept(long long cpu_ns, long long since_ms)
{
    long long used_ms = (child_cpu_ns(program) - cpu_ns) / 1000000;
    long long passed_ms = now_ms() - since_ms;

    step("the server has slept nearly all the time");
    because("Perhaps select() is given no time at all, as if somebody's time "
            "were up already, or very little.%s",
            unit);
    if (used_ms > passed_ms / 50)
        fail_with("expected the server to sleep, but of %lld ms it has "
                  "computed for %lld",
                  passed_ms, used_ms);
}

static void a_is_silent_and_b_is_not(void)
{
    long long came_ms = now_ms();
    long long cpu_ns = child_cpu_ns(program);
    int a = connects("A");

    hears_something_until(a, came_ms + 300);
    b.spoke_ms = now_ms();
    b.client = connects("B");
    step("B says something every %d ms, A nothing: A is to be closed after "
         "1000 ms",
         BEAT_MS);
    because(
        "B has come after A, and says something all the time: it must stay.");
    if (!b_speaks_until(came_ms + 850, a) &&
        !hears_something_until(a, came_ms + LATE_MS))
        say_why_late(a, came_ms);
    because("A is to be closed when it has been silent for 1000 ms.");
    is_closed_after("A", a, came_ms);
    step("B is still there");
    because("A's time was up, B's was not. Perhaps all are closed together; "
            "perhaps B has A's deadline now, as it has A's place on the list.");
    because_if(ENDED, "A number that is closed and still on the list makes "
                      "select() fail for everybody (Bad file descriptor). A "
                      "was closed: was it taken off the list, too?");
    b_speaks();
    because("What a client says must put off its end.");
    b_speaks_until(came_ms + 1600, b.client);
    b_speaks();
    has_slept(cpu_ns, came_ms);
}

/* Once for each who comes, speaks or leaves, and for each whose time is up.
 * Known when it has ended. */
static void has_slept_until_then(long since)
{
    enum { OFTEN = 40, VERY_OFTEN = 100 };
    long times = sleeps_until_now() - since;

    step("the server has not woken up in between");
    because("It seems to wake up again and again to see whether somebody's "
            "time is up. It knows when that is: so long may select() sleep, "
            "if nobody comes or speaks.%s",
            times > VERY_OFTEN ? unit : "");
    if (times > OFTEN)
        fail_with("expected it to wake up for what happens, some %d times, got "
                  "%ld",
                  OFTEN / 2, times);
}

void check_2_5(void)
{
    static long sleeps;
    int c;

    tries_left = 5;
    (void)setjmp(once_more);
    sleeps = sleeps_until_now();
    were_late = false;
    server_starts();
    a_is_silent_and_b_is_not();
    because("The listener is no client: it may be silent for ever, and stays "
            "open and on the list.");
    c = connects("C");
    asks(c, "I am new\n", reply);
    leaves(c);
    because("A was closed in time, and now B is silent.");
    step("B is silent, and is closed");
    client_expect_readable(b.client);
    is_closed_after("B", b.client, b.spoke_ms);
    because("There is nobody whose time could be up, so select() may sleep for "
            "ever.");
    server_sleeps("when nobody is there any more");
    asks(connects("D"), "I am new, too\n", reply);
    because(NULL);
    server_ends_well();
    has_slept_until_then(sleeps);
}

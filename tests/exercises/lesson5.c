/* lesson5.c -- the checks of the exercises of lesson 5. */
#include "check.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char reply[] = "Hello World\n";

/* -- what becomes of somebody who has asked -------------------------------- */

enum fate { SERVES, ENDS, BUSY, HANGS };

/* Until it hears something, or the server has computed for much longer than an
 * answer takes; on a busy machine it may not get so far. */
static enum fate fate_of(int client)
{
    enum { LITTLE_NS = 30 * 1000 * 1000, MUCH_NS = 10 * LITTLE_NS };
    long long limit = now_ms() + patience_ms();
    long long before = child_cpu_ns(program);
    long long used = 0;
    char byte;

    while (now_ms() < limit && used < MUCH_NS) {
        if (wait_until(now_ms() + 10, client, POLLIN))
            return recv(client, &byte, 1, MSG_PEEK) == 1 ? SERVES : ENDS;
        used = child_cpu_ns(program) - before;
    }
    return used > LITTLE_NS ? BUSY : HANGS;
}

/* Whether the server has ended, or is about to: its connections end first. */
static bool has_ended(void)
{
    enum { MOMENT_MS = 200 };
    long long limit = now_ms() + MOMENT_MS;

    while (child_runs(program) && now_ms() < limit)
        wait_until(now_ms() + 1, -1, 0);
    return program->ended;
}

/* -- 5.1: SIGPIPE ---------------------------------------------------------- */

/* Connects, says that much, and has closed before the server can answer: its
 * system answers the first piece of the reply by a reset. */
static void comes_and_goes_unheard(size_t size)
{
    static const char text[5000];
    int client = client_connect(program->port);

    child_pause(program);
    client_send(client, text, size);
    close(client);
    child_signal(program, SIGCONT);
}

/* What becomes of the server: seen by somebody who comes next. */
static enum fate fate_of_server(void)
{
    int next;
    enum fate fate;

    if (!client_try_connect(program->port, &next))
        return ENDS;
    (void)!send(next, "two\n", 4, 0);
    fate = fate_of(next);
    if (fate == SERVES) {
        client_expect_text(next, reply);
        client_leave(next);
    }
    return fate;
}

static bool was_killed_by_sigpipe(void)
{
    return WIFSIGNALED(program->status) && WTERMSIG(program->status) == SIGPIPE;
}

/* Whether it would have outlived this after a client that stays to the end. */
static bool is_wiser_after_the_first(void)
{
    struct child *dead = program;
    bool is_wiser;

    program = server_start(&program_launch);
    server_expect_service(program, "one\n", reply);
    comes_and_goes_unheard(4);
    is_wiser = fate_of_server() == SERVES;
    child_free(program);
    program = dead;
    return is_wiser;
}

/* reason: if SIGPIPE has ended it after all. */
static void next_is_served(const char *gone, const char *next,
                           const char *reason)
{
    enum fate fate;

    step("%s connects, says \"two\\n\", and hears \"Hello World\\n\"", next);
    because(NULL);
    fate = fate_of_server();
    if (fate == SERVES)
        return;
    if (fate == BUSY) {
        because("It computes without end. Trying again would not help: nothing "
                "that is sent to %s arrives any more, and send() says so each "
                "time.",
                gone);
    } else if (fate == HANGS) {
        because("It sleeps, but not in accept(): it waits for somebody who "
                "will say no more.");
    } else if (has_ended() && WIFEXITED(program->status)) {
        because("No signal has ended it, it has ended itself. That %s has "
                "gone concerns %s: close it, and go on with the next.",
                gone, gone);
    } else if (!was_killed_by_sigpipe()) {
        because(NULL);
    } else if (reason == NULL && is_wiser_after_the_first()) {
        because("It outlives this if another client was there before. So what "
                "is to become of the signal is said too late.");
    } else {
        because("%s",
                reason != NULL
                    ? reason
                    : "A's system has answered the first piece: nobody is "
                      "here any more. The next piece brings a signal, and "
                      "SIGPIPE ends whoever has not said what else is to be "
                      "done. No line of the program is reached after it.");
    }
    fail_with("expected the server to answer %s", next);
}

static void check_5_1(void)
{
    int before;

    server_starts();
    step("A connects, says \"one\\n\", and is gone before it is answered");
    comes_and_goes_unheard(4);
    next_is_served("A", "B", NULL);
    before = child_descriptors(program);
    step("C connects, says \"one\\n\", and is gone before it is answered");
    comes_and_goes_unheard(4);
    next_is_served("C", "D",
                   "It was survived with A, and not with C: it seems that what "
                   "you have said holds once only. On some systems a function "
                   "that is set by signal() does (man signal); one that is set "
                   "by sigaction() stays, and so does SIG_IGN.");
    because("A client that has gone is gone for the server, too: its socket "
            "must be closed, or each costs a descriptor for ever.");
    step("the server has as many descriptors as before C");
    child_expect_descriptors(program, before, "after C has gone");
    step("E says 5000 bytes, which is more than one recv() takes, and is gone");
    comes_and_goes_unheard(5000);
    next_is_served("E", "F",
                   "E was answered twice, as it had said so much, and the "
                   "second answer has brought SIGPIPE. Whatever you send, and "
                   "in how many pieces: there may be one piece before it.");
    because(NULL);
    server_sleeps("when all have gone");
    server_ends_well();
}

/* -- 5.2: no descriptor is left -------------------------------------------- */

enum { DESCRIPTORS = 9, COMERS = 12 };

static const char *const names[COMERS] = {"A", "B", "C", "D", "E", "F",
                                          "G", "H", "I", "J", "K", "L"};
static int clients[COMERS];

/* Who was there before is served; whether without having to wait. when_ended:
 * what is behind it if the server is no more. */
static bool first_is_served(const char *when_ended)
{
    enum { LONG_MS = 500 };
    long long started;

    step("A asks twice more, and hears \"Hello World\\n\" each time");
    if (!client_is_answered(clients[0], "still there?\n", reply)) {
        because("%s", has_ended()
                          ? when_ended
                          : "A is cut off. Nobody who was there before is to "
                            "suffer from it that somebody else comes.");
        fail_with("expected the server to go on serving A");
    }
    started = now_ms();
    client_ask(clients[0], "still there?\n", reply);
    return now_ms() - started < LONG_MS;
}

static const char ends_for_all[] =
    "That there is no room for one must not end it for all.";

static void there_was_no_limit(void)
{
    first_is_served(ends_for_all);
    fail_with("expected no room for %d clients with %d descriptors", COMERS,
              DESCRIPTORS);
}

/* From clients[i] on they come, while there is room. Returns the first for whom
 * there is none, and what has become of it. */
static int come_until_it_is_full(int i, enum fate *fate)
{
    for (;; i++) {
        child_pause(program); /* so that it cannot be turned away before */
        clients[i] = connects(names[i]);
        says(clients[i], "hello\n");
        child_signal(program, SIGCONT);
        *fate = fate_of(clients[i]);
        if (*fate != SERVES)
            return i;
        hears(clients[i], reply);
        if (i == COMERS - 1)
            there_was_no_limit();
    }
}

/* seen: what is behind it if it waits. */
static void is_turned_away(int i, enum fate fate, const char *seen,
                           const char *when_ended)
{
    bool at_once = first_is_served(when_ended);

    step("the server closes the connection of %s, as there is no room",
         names[i]);
    because("%s", seen);
    if (fate == BUSY)
        fail_with("expected the server to sleep while there is no room, but it "
                  "computes without end");
    if (!at_once)
        because("A had to wait, too: who sleeps keeps everybody waiting. And "
                "%s is still where it was.",
                names[i]);
    if (fate == HANGS)
        fail_with("expected the server to close the connection of %s",
                  names[i]);
    because(NULL);
    server_sleeps("while there is no room");
    close(clients[i]);
}

static void check_5_2(void)
{
    static const char again[] =
        "The first time it went well. What was given up to make room for a "
        "moment must be kept again, for the next time; its old number may be "
        "somebody else's by then.";
    enum fate fate;
    int last;

    step("in the shell: ulimit -n %d", DESCRIPTORS);
    program_launch.descriptors = DESCRIPTORS;
    server_starts();
    last = come_until_it_is_full(0, &fate);
    is_turned_away(last, fate,
                   fate == BUSY
                       ? "accept() has failed, and the newcomer is still in "
                         "the backlog: so the listener is readable, and "
                         "select() returns at once, again and again."
                       : "The newcomer is connected, as the kernel does that. "
                         "It waits in the backlog, and it is told nothing: "
                         "perhaps for hours.",
                   ends_for_all);
    leaves(clients[0]);
    because("A has made room. If the listener is closed, or watched no more, "
            "nobody can come any more, room or not.");
    clients[0] = connects("A again");
    asks(clients[0], "room for me?\n", reply);
    last = come_until_it_is_full(last + 1, &fate);
    is_turned_away(last, fate, again, again);
    server_ends_well();
}

/* -- 5.3: a number that is used again -------------------------------------- */

/* The newcomer has a number that was another's before. */
static void newcomer_is_served(int client, const char *name, const char *cut)
{
    enum fate fate;

    says(client, "here I am\n");
    fate = fate_of(client);
    if (fate == SERVES) {
        hears(client, reply);
        return;
    }
    step("%s hears \"Hello World\\n\"", name);
    if (fate == ENDS)
        because("%s", has_ended() ? "It has ended for everybody." : cut);
    else
        because("It seems that it is the number that is marked, and for ever: "
                "who has got it next is never called.");
    fail_with("expected %s to be answered, got %s", name,
              fate == ENDS ? "the end of the connection" : "nothing");
}

/* Two things happen while the server does not look: one poll() tells of both,
 * of the listener first. */
static int comes_while_other_is_reset(const char *name, int other)
{
    int newcomer;

    step("the server is stopped");
    child_pause(program);
    resets(other);
    newcomer = connects(name);
    step("the server goes on");
    child_signal(program, SIGCONT);
    return newcomer;
}

static void check_5_3(void)
{
    int a, b, c, d;
    int before;

    server_starts();
    a = connects("A");
    asks(a, "one\n", reply);
    b = connects("B");
    asks(b, "two\n", reply);
    c = connects("C");
    newcomer_is_served(c, "C",
                       "Both places were taken, but whoever comes gets a "
                       "place: that of who came first.");
    because("A has made room, and must hear of it: its socket must be closed.");
    is_closed(a);
    because(NULL);
    asks(b, "still there?\n", reply);
    before = child_descriptors(program);
    d = comes_while_other_is_reset("D", b);
    newcomer_is_served(d, "D",
                       "One poll() has told of both. The listener was first in "
                       "the batch: B made room, and D got its place and its "
                       "number. What came next in the batch, with this number, "
                       "was B's event, that it has gone. D was closed for it.");
    because("C has nothing to do with it.");
    asks(c, "and I?\n", reply);
    because("B's socket must be closed, too.");
    step("the server has as many descriptors as before");
    child_expect_descriptors(program, before, "with two clients again");
    because(NULL);
    leaves(d);
    server_sleeps("when D has left");
    server_ends_well();
}

const struct exercise lesson5[] = {
    {"5.1", check_5_1},
    {"5.2", check_5_2},
    {"5.3", check_5_3},
    {0},
};

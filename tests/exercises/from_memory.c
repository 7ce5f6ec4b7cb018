/* from_memory.c -- exercise 2.6: stage 02 from (nearly) an empty file.
 *
 * A long story, in the order in which such a program is best written: each part
 * asks for one thing more, and says which.
 */
#include "lesson2.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static const char reply[] = "Hello World\n";

enum { PARTS = 10 };

static void part(int number, const char *what)
{
    step("-- %d of %d: %s --", number, PARTS, what);
}

/* Here the reply is the student's, too: no answer and a wrong one have
 * different reasons. */
static void is_answered(int client)
{
    char bytes[64];
    ssize_t size;

    if (!wait_until(now_ms() + patience_ms(), client, POLLIN))
        fail_with("client %d: expected %s, got nothing", client_port(client),
                  quoted(reply, strlen(reply)));
    size = recv(client, bytes, sizeof bytes, MSG_PEEK);
    if (size <= 0 || ((size_t)size == strlen(reply) &&
                      memcmp(bytes, reply, strlen(reply)) == 0)) {
        hears(client, reply);
        return;
    }
    because("The reply has %zu bytes, of which the last is the end of a line.",
            strlen(reply));
    fail_with("client %d: expected %s, got %s", client_port(client),
              quoted(reply, strlen(reply)), quoted(bytes, (size_t)size));
}

/* TCP knows neither lines nor messages. */
static void whatever_comes_is_answered(void)
{
    int a = connects("A");

    because("A has said something, and it does not matter whether a line has "
            "ended: each chunk of bytes, as recv() brings it, is answered.");
    asks(a, "no end of a line", reply);
    because("Two lines came in one piece, and one recv() has brought them: "
            "that is one chunk, and has one reply, whatever is in it.");
    asks(a, "two\nlines\n", reply);
    leaves(a);
}

static void one_client(void)
{
    int a;

    part(1, "one client");
    because_if(ENDED,
               "The server has ended. It must go on until it is killed.");
    a = connects("A");
    because("A is connected (the kernel does that), but not answered. Does the "
            "server accept() it, read what A says, and reply?");
    because_if(SPINS, "A is not answered, but the server computes all the "
                      "time. Has select() said that the listener is readable, "
                      "and nobody has called accept()?");
    because_if(ENDED,
               "The server has ended. It must go on until it is killed.");
    says(a, "one\n");
    is_answered(a);
    because("A was answered once, and may say more. Is A on the list of those "
            "whom select() watches, and the set made anew each time?");
    asks(a, "two\n", reply);
    part(2, "one after the other");
    because("A will say no more: recv() returns 0. Then the server must close "
            "its socket, or A waits for ever.");
    leaves(a);
    because("A has left, and now the server serves nobody.");
    because_if(ENDED, "A has left, and select() fails for everybody if a "
                      "number that is closed is in the set (Bad file "
                      "descriptor). Is A on the list still?");
    a = connects("B");
    asks(a, "three\n", reply);
    leaves(a);
    whatever_comes_is_answered();
    because("Nobody is there, and nothing is to be done. Perhaps those who "
            "have left are still watched; perhaps select() has a timeout of 0; "
            "perhaps it fails, and its result is not looked at.");
    server_sleeps("while nobody is there");
}

static void two_clients(int a, int b)
{
    part(3, "two at a time");
    asks(a, "one\n", reply);
    because("A is there, and B is not answered. Where does the server sleep? "
            "Whoever sleeps in recv() waits for one client. Only select() may "
            "sleep, for all of them: those on the list, up to the largest "
            "number plus one.");
    asks(b, "two\n", reply);
    because("A was silent when B spoke, and is not answered any more. Is A in "
            "the set each time?");
    asks(a, "three\n", reply);
}

static int a_silent_client(int a, int b)
{
    int c;

    part(4, "a silent one");
    c = connects("C");
    because("C is connected and says nothing, and the others are not answered. "
            "Perhaps recv() is called for C before select() has said that "
            "there is something to read.");
    asks(b, "four\n", reply);
    asks(a, "five\n", reply);
    because("C was silent while others spoke. It must be in the set each time: "
            "in the last answer of select() its bit was not set.");
    asks(c, "six\n", reply);
    because("All are answered, nobody says anything.");
    server_sleeps("when all are answered");
    return c;
}

static void one_leaves(int a, int b, int c)
{
    int before = child_descriptors(program);
    int d;

    part(5, "one leaves, the others stay");
    leaves(b);
    because("B has left, and now the others are not watched any more. Perhaps "
            "one of them was taken off the list in place of B.");
    because_if(ENDED, "B has left, and select() fails for everybody if a "
                      "number that is closed is in the set (Bad file "
                      "descriptor). Was B taken off the list?");
    asks(a, "seven\n", reply);
    asks(c, "eight\n", reply);
    because("B has left. Is it still watched? Its end is there to be read, "
            "again and again.");
    server_sleeps("after B has left");
    d = connects("D");
    asks(d, "nine\n", reply);
    because("Whoever leaves must be closed, too.");
    step("the server has as many descriptors as with B");
    child_expect_descriptors(program, before, "with D in place of B");
    leaves(d);
}

static void resets_harm_nobody(int a)
{
    int e = connects("E");

    part(6, "a reset");
    asks(e, "ten\n", reply);
    resets(e);
    because("E's connection is broken: recv() or send() returns -1. That is "
            "the end of E, and of nobody else.");
    asks(a, "eleven\n", reply);
    resets(connects("F"));
    asks(a, "twelve\n", reply);
    server_sleeps("after the resets");
}

static void many_at_once(int a)
{
    enum { MANY = 40 };
    int clients[MANY];

    part(7, "many");
    step("%d more connect, and all say something", MANY);
    because("Some are answered, and some are not. Does select() look far "
            "enough? Its first argument is the largest number plus one, and "
            "that is not a count of those who have come: there may be gaps.");
    for (int i = 0; i < MANY; i++)
        clients[i] = client_connect(program->port);
    for (int i = 0; i < MANY; i++)
        client_send_text(clients[i], "all of us\n");
    for (int i = 0; i < MANY; i++)
        client_expect_text(clients[i], reply);
    step("while the server is stopped, half of them leave, the others speak");
    because("The list has changed while the event loop went through those that "
            "are ready. Has it left somebody out, or looked where nobody is?");
    child_pause(program);
    for (int i = 0; i < MANY; i += 2) {
        close(clients[i]);
        client_send_text(clients[i + 1], "still here\n");
    }
    child_signal(program, SIGCONT);
    for (int i = 1; i < MANY; i += 2)
        client_expect_text(clients[i], reply);
    for (int i = 1; i < MANY; i += 2)
        client_leave(clients[i]);
    asks(a, "thirteen\n", reply);
    server_sleeps("when they have left");
    many_come_and_go();
}

static const char nobody[] =
    "accept() has returned -1: there is no newcomer now, and -1 is nobody's "
    "number. Perhaps it was put on the list all the same; FD_SET(-1) and an "
    "array[-1] change what is not theirs.";

/* Whoever has been closed was not answered. Some C libraries end a program that
 * calls FD_SET(-1). */
static void is_still_served(int client, const char *name, const char *closed)
{
    step("%s says \"I am still here\\n\", and is answered", name);
    if (client_is_answered(client, "I am still here\n", reply))
        return;
    because("%s", closed);
    because_if(KILLED, "%s", nobody);
    fail_with("expected %s to be answered, got the end of its connection",
              name);
}

static void nothing_was_there_after_all(void)
{
    static const char closed[] =
        "recv() has returned -1, but errno was EAGAIN: nothing was there after "
        "all. Whoever has nothing to say has not left; back to select().";
    int a, b;

    if (!server_starts_with_faults(
            FAULTS(select, 2, 6, 0), NULL,
            "-- 8 of 10: from the second time on select() says five times that "
            "all are readable, and they are not --"))
        return;
    a = connects("A");
    b = connects("B");
    because("select() has said that somebody is readable, and nothing was "
            "there: what has come may be thrown away, whoever has come may be "
            "gone. Then accept() or recv() sleeps, and everybody with it, but "
            "for sockets that are non-blocking: are the listener and each "
            "client?");
    because_if(ENDED, "accept() or recv() has returned -1, and errno was "
                      "EAGAIN: nothing was there after all. That is no "
                      "failure.");
    is_still_served(b, "B", closed);
    is_still_served(a, "A", closed);
    is_still_served(b, "B", closed);
    server_sleeps("when that is over");
    leaves(a);
    leaves(b);
    server_ends_well();
}

static void a_signal_is_no_failure(void)
{
    static const char no_failure[] =
        "select() has returned -1, and errno was EINTR: a signal has "
        "interrupted it. That is no failure, and nobody has left: it is called "
        "once more.";
    int a;

    if (!server_starts_with_faults(
            FAULT(select, 2, EINTR), NULL,
            "-- 8 of 10: the second select() is interrupted by a signal --"))
        return;
    a = connects("A");
    because("%s", no_failure);
    because_if(ENDED, "%s", no_failure);
    is_still_served(a, "A", no_failure);
    leaves(a);
    server_ends_well();
}

static void who_does_not_read_is_closed(void)
{
    int a, b;

    if (!server_starts_with_faults(
            FAULT(send, 2, EAGAIN), NULL,
            "-- 8 of 10: B does not read, and the second send() fails --"))
        return;
    a = connects("A");
    asks(a, "one\n", reply);
    b = connects("B");
    because("send() for B has returned -1, and errno was EAGAIN: there is no "
            "room on the way to B, which does not read. Its reply is lost, "
            "and nobody can be kept waiting for it, so B is to be closed. Does "
            "anybody look at what send() returns?");
    because_if(ENDED, "B does not read, so there is no room on the way to it. "
                      "That is the end of B, and of nobody else.");
    says(b, "two\n");
    is_closed(b);
    because("B was closed because it does not read. The others must not "
            "notice.");
    asks(a, "three\n", reply);
    leaves(a);
    server_ends_well();
}

/* So often that no list has room for all of them. C's number is large, and the
 * small ones are in use: select() looks at them all, and a bit that is set for
 * -1 is the bit of a file that is nobody's business. */
static void who_is_not_there_is_not_watched(void)
{
    int a;
    int before;

    if (!server_starts_with_faults(FAULTS(accept, 2, 3000, ENETDOWN), NULL,
                                   "-- 10 of 10: from the second time on "
                                   "accept() fails, very often --"))
        return;
    a = connects("A");
    asks(a, "one\n", reply);
    before = child_descriptors(program);
    because("%s", nobody);
    because_if(KILLED, "%s", nobody);
    because_if(ENDED, "accept() has returned -1. That concerns the newcomer "
                      "alone: the server must not end. It must not put -1 on "
                      "the list, either.");
    asks(connects("B"), "two\n", reply);
    asks(connects("C"), "three\n", reply);
    asks(a, "four\n", reply);
    server_sleeps("when that is over");
    step("the server has two descriptors more than before, for B and C");
    if (before != -1)
        child_expect_descriptors(program, before + 2, "with B and C there");
    server_ends_well();
}

void check_2_6(void)
{
    int a, b, c;

    server_starts();
    one_client();
    a = connects("A");
    b = connects("B");
    two_clients(a, b);
    c = a_silent_client(a, b);
    one_leaves(a, b, c);
    resets_harm_nobody(a);
    many_at_once(a);
    because(NULL);
    server_ends_well();
    nothing_was_there_after_all();
    a_signal_is_no_failure();
    who_does_not_read_is_closed();
    if (!raise_descriptor_limit())
        return; /* no number is too large here */
    occupy_numbers(FD_SETSIZE, FOR_THREE);
    story_begins(NULL);
    part(9, "a number that select() cannot watch");
    somebody_gets_number(
        FD_SETSIZE, "A set has FD_SETSIZE bits, for the numbers from 0 to "
                    "FD_SETSIZE - 1. Whoever has a larger number cannot be "
                    "watched, and must be refused.");
    who_is_not_there_is_not_watched();
}

/* chat.c -- the check of exercise 6.2: a chat server, and hostile guests.
 *
 * The scenes are in the order in which such a server is written. The first ones
 * are friendly; then come those who speak in pieces, do not read, speak without
 * end, vanish, and come in too great a number.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { QUEUE = 64 * 1024, LINE = 1000, GROWTH_KIB = 1024 };

/* Comes and has a name. */
static int joins(const char *name)
{
    int client = connects(name);
    char line[64];
    char reply[64];

    snprintf(line, sizeof line, "%s\n", name);
    snprintf(reply, sizeof reply, "* %s has come\n", name);
    asks(client, line, reply);
    return client;
}

/* -- friends --------------------------------------------------------------- */

static void they_hear_each_other(int anna, int bob)
{
    because("A line goes to all others who have a name, and not to the one who "
            "has said it: its next line would not be the one expected here.");
    says(anna, "hello\n");
    hears(bob, "anna: hello\n");
    says(bob, "hi\n");
    hears(anna, "bob: hi\n");
}

static void names_are_taken_once(int anna, int bob)
{
    int third = connects("a third");

    because("A name belongs to one client, has 1 to 20 bytes, and until a "
            "client has one it hears nothing of the others.");
    for (int i = 0; i < 3; i++) {
        static const char *const bad[] = {"anna\n", "\n",
                                          "a-name-of-twenty-one-\n"};

        asks(third, bad[i], "* ");
        hears_in_the_end(third, "\n");
    }
    says(anna, "who is there?\n");
    hears(bob, "anna: who is there?\n");
    has_heard_nothing(third, "as it has no name");
    asks(third, "carl\n", "* carl has come\n");
    hears(anna, "* carl has come\n");
    hears(bob, "* carl has come\n");
    because("Who leaves is taken off the list, and the others are told.");
    leaves(third);
    hears(anna, "* carl has left\n");
    hears(bob, "* carl has left\n");
}

static void lines_come_in_pieces(int anna, int bob)
{
    because("TCP carries bytes, not lines: one recv() may bring half a line, "
            "or two. What has no newline yet waits for it.");
    says(anna, "a line ");
    has_heard_nothing(bob, "of half a line");
    says(anna, "in pieces\nand ano");
    hears(bob, "anna: a line in pieces\n");
    says(anna, "ther\n");
    hears(bob, "anna: and another\n");
    says(anna, "two\nat once\n");
    hears(bob, "anna: two\nanna: at once\n");
}

static void half_close(int anna, int bob)
{
    int dora = joins("dora");

    hears(anna, "* dora has come\n");
    hears(bob, "* dora has come\n");
    because("The end of what it says is not the end of the connection: its "
            "last line counts, with a newline or without, and then it leaves.");
    says(dora, "bye");
    leaves(dora);
    hears(bob, "dora: bye\n* dora has left\n");
    hears(anna, "dora: bye\n* dora has left\n");
}

/* -- others ---------------------------------------------------------------- */

static const char farewell[] = "* deaf has left\n";

/* The next line; whether it was the farewell, which may come at any time. */
static bool is_farewell(int client, const char *line)
{
    char first[2];

    if (client_receive(client, first, 1, now_ms() + patience_ms()) == 1 &&
        *first == '*') {
        client_expect_text(client, farewell + 1);
        return true;
    }
    client_expect_text(client, line + 1);
    return false;
}

static void somebody_does_not_read(int anna, int bob)
{
    enum { LINES = 6000 };
    static char line[LINE + 1];
    static char heard[sizeof line + 8];
    int deaf = client_connect_small(program->port);
    long before = child_memory(program);
    bool told = false;

    step("deaf connects with small buffers, has a name, and reads no more");
    client_ask(deaf, "deaf\n", "* deaf has come\n");
    client_expect_text(anna, "* deaf has come\n");
    client_expect_text(bob, "* deaf has come\n");
    memset(line, 'x', LINE);
    line[LINE] = '\n';
    snprintf(heard, sizeof heard, "anna: %.*s\n", LINE, line);
    because("Nobody waits for a slow reader. A send() that blocks, or a queue "
            "that is waited for, holds up everybody else.");
    step("anna says 6000 long lines, and bob hears each of them");
    for (int i = 0; i < LINES; i++) {
        client_send(anna, line, sizeof line);
        while (is_farewell(bob, heard))
            told = true;
    }
    because("What waits for a client is bounded: beyond 64 KiB it is closed, "
            "and the others are told that it has left.");
    if (!told)
        hears(bob, farewell);
    hears(anna, farewell);
    because("The memory for one client is bounded, and given back.");
    step("the server has not grown by more than %d KiB", GROWTH_KIB);
    if (child_memory(program) - before > GROWTH_KIB)
        fail_with("expected it to grow by at most %d KiB, got %ld KiB",
                  GROWTH_KIB, child_memory(program) - before);
    close(deaf);
}

static void somebody_speaks_without_end(int anna, int bob)
{
    static char much[2 * LINE];
    int erna = joins("erna");

    hears(anna, "* erna has come\n");
    hears(bob, "* erna has come\n");
    memset(much, 'y', sizeof much);
    because("A line of more than 1000 bytes is more than the server keeps for "
            "a client: it is closed, and nobody else notices.");
    step("erna says 2000 bytes without a newline, and is closed");
    client_send(erna, much, sizeof much);
    client_expect_closed(erna);
    close(erna);
    hears(anna, "* erna has left\n");
    hears(bob, "* erna has left\n");
}

static void somebody_vanishes(int anna, int bob)
{
    int fred = joins("fred");

    hears(anna, "* fred has come\n");
    hears(bob, "* fred has come\n");
    because("A reset ends the connection of one client and nothing else.");
    says(fred, "half a");
    resets(fred);
    for (int i = 0; i < 20; i++)
        client_reset(client_connect(program->port));
    hears_in_the_end(anna, "* fred has left\n");
    hears_in_the_end(bob, "* fred has left\n");
    they_hear_each_other(anna, bob);
}

static void too_many_come(int anna, int bob)
{
    enum { MANY = 12 };
    int guests[MANY];

    because("When no descriptor is left a newcomer is closed at once; the "
            "others are served, and the processor sleeps.");
    step("%d more come than there are descriptors for", MANY);
    for (int i = 0; i < MANY; i++)
        guests[i] = client_connect(program->port);
    they_hear_each_other(anna, bob);
    server_sleeps("although it has no descriptor left");
    for (int i = 0; i < MANY; i++)
        close(guests[i]);
    step("they leave, and somebody new has a place");
    guests[0] = joins("gina");
    hears(anna, "* gina has come\n");
    close(guests[0]);
    hears(anna, "* gina has left\n");
}

/* -- the check ------------------------------------------------------------- */

static void friends_and_others(void)
{
    int anna;
    int bob;

    server_starts();
    because("The first line of a client is its name. Everybody who has one, "
            "itself too, hears that it has come.");
    anna = joins("anna");
    bob = joins("bob");
    hears(anna, "* bob has come\n");
    they_hear_each_other(anna, bob);
    lines_come_in_pieces(anna, bob);
    names_are_taken_once(anna, bob);
    half_close(anna, bob);
    because("Who says nothing is waited for in select(), without work.");
    server_sleeps("when nobody speaks");
    somebody_does_not_read(anna, bob);
    somebody_speaks_without_end(anna, bob);
    somebody_vanishes(anna, bob);
    because(NULL);
    server_ends_well();
    close(anna);
    close(bob);
}

/* More come than there are descriptors for. */
static void a_full_house(void)
{
    int anna;
    int bob;

    story_begins(NULL);
    program_launch.descriptors = 12;
    server_starts();
    anna = joins("anna");
    bob = joins("bob");
    hears(anna, "* bob has come\n");
    too_many_come(anna, bob);
    server_ends_well();
}

void check_6_2(void)
{
    on_every_selector(friends_and_others);
    a_full_house();
}

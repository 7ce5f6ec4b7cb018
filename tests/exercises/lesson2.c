/* lesson2.c -- the checks of the exercises of lesson 2. */
#include "check.h"

#include <unistd.h>

static const char reply[] = "Hello World\n";

/* The order of two calls of one thread cannot be seen from outside. */
static void forgets_before_it_closes(void)
{
    step("send_message() takes the client off the list, then closes it");
    if (source_order(program_source, "send_message(int", "close(client",
                     "forget(client"))
        fail_with("expected forget() first, got close() before forget()");
}

static void check_2_1(void)
{
    int a, b, c;
    int before;

    server_starts();
    a = connects("A");
    b = connects("B");
    asks(a, "one\n", reply);
    asks(b, "two\n", reply);
    before = child_descriptors(program);
    c = connects("C");
    asks(c, "three\n", reply);
    because("C has left. While it is on the list select() finds it readable, "
            "for its end is there to be read, again and again.");
    step("C closes its connection, and the server sleeps again");
    close(c);
    child_expect_idle(program, "after C has left");
    because("The server goes on watching a number that is closed. That makes "
            "select() fail for everybody: forget() must take it off the list.");
    asks(a, "one more\n", reply);
    because("It was on the list no more, but its socket must be closed, too: "
            "otherwise each client costs a descriptor for ever.");
    step("the server has as many descriptors as before C");
    child_expect_descriptors(program, before, "after C has left");
    because("A was the first of the list, and C the last. It seems that "
            "somebody else was taken off the list than the one who left.");
    leaves(a);
    asks(b, "two more\n", reply);
    because(NULL);
    server_sleeps("after A has left");
    because("After close() the number belongs to the next client that comes.");
    forgets_before_it_closes();
    server_ends_well();
}

const struct exercise lesson2[] = {
    {"2.1", check_2_1},
    {0},
};

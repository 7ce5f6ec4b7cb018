/* lesson2.c -- the checks of the exercises of lesson 2. */
#include "lesson2.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static const char reply[] = "Hello World\n";

static void come_and_go(int visitors)
{
    step("%d more come and go, one after the other", visitors);
    for (int i = 0; i < visitors; i++)
        server_expect_service(program, "I am off again\n", reply);
}

/* Whoever writes behind the end of the list is killed for it, or spoils
 * something: perhaps the number of those on the list, and then it is one who
 * has come late who is watched no more. */
void many_come_and_go(void)
{
    static const char why[] =
        "Perhaps the places of those who have left are not used again, and "
        "the list has come to its end.";
    int late;

    because("%s", why);
    because_if(KILLED, "%s", why);
    come_and_go(1000);
    late = connects("Z");
    come_and_go(1100);
    asks(late, "I am still here\n", reply);
    leaves(late);
}

/* After the second question it is certain that select() has been called since
 * what happened before the first. */
static void asks_twice(int client)
{
    asks(client, "one more\n", reply);
    asks(client, "and another\n", reply);
}

/* -- 2.1 ------------------------------------------------------------------- */

/* The order of two calls of one thread cannot be seen from outside. */
static void forgets_before_it_closes(void)
{
    step("send_message() takes the client off the list, then closes it");
    because("After close() the number belongs to the next client that comes.");
    if (source_order(program_source, "send_message(int", "close(", "forget("))
        fail_with("expected forget() first, got close() before forget()");
}

static void the_last_on_the_list_leaves(int first)
{
    int before = child_descriptors(program);
    int c = connects("C");

    asks(c, "three\n", reply);
    vanishes(c);
    because("Since C has left, A is not watched any more. Perhaps A was taken "
            "off the list in place of C.");
    because_if(SPINS, "Since C has left, A is not answered, and the server "
                      "computes all the time. Perhaps a loop does not end; "
                      "perhaps A was taken off the list in place of C.");
    because_if(ENDED, "A number that is closed makes select() fail for "
                      "everybody (Bad file descriptor). C is closed, but it "
                      "is still on the list: forget() must take it off.");
    asks_twice(first);
    because("C has left. While it is on the list and open, select() finds it "
            "readable: its end is there to be read, again and again.");
    server_sleeps("after C has left");
    because("C is on the list no more, but its socket must be closed, too: "
            "otherwise each client costs a descriptor for ever.");
    step("the server has as many descriptors as before C");
    child_expect_descriptors(program, before, "after C has left");
}

static void the_first_on_the_list_leaves(int first, int second)
{
    because("C could leave, A cannot. C was the last on the list, A was not: "
            "perhaps somebody else was taken off the list in place of A.");
    leaves(first);
    asks(second, "two more\n", reply);
    server_sleeps("after A has left");
}

static void check_2_1(void)
{
    int a, b;

    server_starts();
    a = connects("A");
    b = connects("B");
    asks(a, "one\n", reply);
    asks(b, "two\n", reply);
    the_last_on_the_list_leaves(a);
    the_first_on_the_list_leaves(a, b);
    many_come_and_go();
    forgets_before_it_closes();
    because(NULL);
    server_ends_well();
}

/* -- 2.2 ------------------------------------------------------------------- */

static void because_of_the_set(const char *why)
{
    because("%s", why);
    because_if(KILLED, "It was killed. Perhaps the set was not emptied with "
                       "FD_ZERO() before it was filled: then bits are set for "
                       "numbers that nobody has, select() fails, and what it "
                       "was given is no answer. Whoever looks there all the "
                       "same calls recv() for one who is not on the list, and "
                       "forget() looks for it behind the end of the list.");
    because_if(ENDED, "-1 says that select() has failed. Has it? And if it "
                      "has, what does errno say?");
    because_if(SPINS, "select() comes back for it again and again, but nobody "
                      "is called. The event loop looks at the numbers up to "
                      "the one that select_readable() returns: that is the "
                      "largest on the list, not what select() returns.");
}

static void sleeps_while_nobody_is_there(void)
{
    because_of_the_set("");
    because_if(SPINS, "Nobody is there, and nobody has said anything: select() "
                      "should sleep. Perhaps its timeout is 0, which is no "
                      "time (NULL is for ever); perhaps it fails, and nobody "
                      "looks; perhaps it is not called.");
    server_sleeps("while nobody is there");
}

static void all_are_in_the_set(int a, int b)
{
    because_of_the_set(
        "The listener is readable, and select() does not say so. Perhaps its "
        "bit is not in the set (FD_SET() wants the number, not its place on "
        "the list); perhaps the set stands where select() wants those to write "
        "to; perhaps select() does not look that far: the first argument is "
        "the largest number plus one. strace shows all three.");
    step("the server prints that A is there");
    stream_expect(program, &program->out, "Connection from");
    because_of_the_set(
        "A is on the list and has said something, but select() does not say "
        "so. Either A's bit is not in the set, or select() does not look that "
        "far. The set is to be made anew each time, from the whole list.");
    asks(a, "one\n", reply);
    asks(b, "two\n", reply);
    because_of_the_set(
        "A was silent when B spoke. In the answer of select() A's bit was not "
        "set, and the answer was written over the set: it must be made anew "
        "each time.");
    asks(a, "three\n", reply);
}

static void who_has_left_is_not_in_the_set(int a, int b, int c)
{
    because_of_the_set("A will say no more, and select() does not say so.");
    leaves(a);
    because_of_the_set("Since A has left, the list is in another order: C has "
                       "the largest number, but is not the last.");
    because_if(ENDED, "A has left and is closed, it is not on the list any "
                      "more; but select() was given its number (Bad file "
                      "descriptor). A's bit is left over from the last "
                      "answer: the set must be emptied, with FD_ZERO(), before "
                      "it is filled.");
    asks(b, "four\n", reply);
    asks(c, "five\n", reply);
    because("Everybody was answered, nobody has said anything since.");
    server_sleeps("when all are answered");
}

/* It sleeps in select() when the signal comes, and has looked at everybody
 * when it answers afterwards. */
static void a_signal_is_no_news(int b, int c)
{
    step("the server gets a signal, SIGUSR1");
    child_signal(program, SIGUSR1);
    stream_expect(program, &program->out, "Interrupted");
    because("A signal interrupts select(). It returns -1, and errno is EINTR: "
            "that is no failure, and nobody has left.");
    asks(b, "six\n", reply);
    asks(c, "seven\n", reply);
    step("and nobody was asked who had said nothing");
    because("select() was interrupted and returned -1. Then nobody is ready, "
            "and what is in the set is not its answer: yet the event loop has "
            "looked there. Is the result of select() asked for?");
    if (has_printed(&program->out, "was there after all"))
        fail_with("expected no call of recv() or accept(), got \"Nothing was "
                  "there after all\"");
}

static void a_failure_is_told(void)
{
    int a;

    if (!server_starts_with_faults(FAULT(select, 2, ENOMEM), NULL,
                                   "the second select() fails (ENOMEM)"))
        return;
    a = connects("A");
    because("select() has returned -1, and errno is not EINTR: it has failed, "
            "and would fail again. Then select_readable() returns -1, and the "
            "event loop ends.");
    step("the server ends with 1, and says why");
    child_expect_exit(program, 1);
    stream_expect(program, &program->err, "%s", strerror(ENOMEM));
    close(a);
}

static void check_2_2(void)
{
    int a, b, c;

    server_starts();
    sleeps_while_nobody_is_there();
    a = connects("A");
    b = connects("B");
    all_are_in_the_set(a, b);
    c = connects("C");
    asks(c, "I am C\n", reply);
    who_has_left_is_not_in_the_set(a, b, c);
    a_signal_is_no_news(b, c);
    because(NULL);
    server_ends_well();
    a_failure_is_told();
}

/* -- 2.3 ------------------------------------------------------------------- */

static void one_leaves_and_the_others_stay(int a, int b, int c)
{
    because("B will say no more: recv() returned 0. Then its socket must be "
            "closed, or B waits for ever, and a descriptor is lost.");
    leaves(b);
    because("B has left, and now A or C is not watched any more. Perhaps it "
            "was taken off the list in place of B.");
    because_if(SPINS, "select() fails, again and again: it is given a number "
                      "that is closed. To go on all the same cures nothing, "
                      "it is given the same number the next time.");
    because_if(ENDED, "select() fails for everybody if one of the numbers that "
                      "it is given is closed. Which one is it, and where does "
                      "the set come from, each time anew?");
    asks(a, "four\n", reply);
    asks(c, "five\n", reply);
    because("B has left. While it is on the list and open, select() finds it "
            "readable: its end is there to be read, again and again.");
    server_sleeps("after B has left");
}

static void nobody_is_asked_who_is_closed(void)
{
    step("and nobody was asked who is closed");
    because("The others are answered, but only because recv() fails for B, "
            "which was closed and is still on the list. By then its number "
            "may belong to another client.");
    if (has_printed(&program->err, "Bad file descriptor"))
        fail_with("expected nothing on stderr, got \"Bad file descriptor\"");
}

/* A place behind the end of the list still has the number that was there, so a
 * second forget() for it takes away another one, without a word; or it finds
 * none, and goes on. */
static void because_it_is_gone(const char *what)
{
    static const char twice[] =
        "Perhaps forget() is called twice for one client, in a branch and "
        "again at the end. What does its loop do when the number is no longer "
        "on the list?";

    because("%s Since then the others are not answered. %s", what, twice);
    because_if(SPINS, "%s Since then the server computes all the time. %s",
               what, twice);
    because_if(KILLED, "%s Then the server was killed. %s", what, twice);
    because_if(ENDED,
               "%s It is gone like somebody who leaves, and select() "
               "fails for everybody if a number that is closed is on "
               "the list (Bad file descriptor). Was it taken off?",
               what);
}

/* The third way to the end of send_message(). */
static void who_does_not_read_is_taken_off(void)
{
    int a, b;

    if (!server_starts_with_faults(FAULT(send, 2, EAGAIN), NULL,
                                   "B does not read, and the second send() "
                                   "fails"))
        return;
    a = connects("A");
    b = connects("B");
    asks(a, "one\n", reply);
    because("B's reply could not be sent, so B is to be closed.");
    says(b, "two\n");
    is_closed(b);
    because_it_is_gone("B's reply could not be sent, and B was closed.");
    asks_twice(a);
    server_ends_well();
}

static int comes_in_place_of(int leaver, const char *name)
{
    int client;

    child_pause(program);
    step("while the server is stopped, somebody leaves");
    vanishes(leaver);
    client = connects(name);
    child_signal(program, SIGCONT);
    because("It has come just when somebody left, and may have the same "
            "number.");
    asks(client, "am I new here?\n", reply);
    return client;
}

/* Where there are threads somebody else may get the number in that moment. */
static void a_number_says_nothing_about_whose_it_is(void)
{
    int a, b;
    int before;

    if (!server_starts_with_faults(
            FAULT(close, 1, 0), NULL,
            "the first number that is closed will belong to somebody else at "
            "once, a file in this process"))
        return;
    a = connects("A");
    b = connects("B");
    asks(a, "one\n", reply);
    asks(b, "two\n", reply);
    before = child_descriptors(program);
    leaves(b);
    because("B was closed, and its number is open again: it belongs to "
            "somebody else. Whoever goes through the list and asks each number "
            "whether it is open keeps B's, and watches a stranger. It is known "
            "who has left: client_socket is to be taken off, and no other.");
    asks_twice(a);
    step("that file is still open, and nobody has touched it");
    if (before != -1 && child_descriptors(program) != before)
        fail_with("expected B's old number to belong to that file, got it "
                  "closed: it was still on the list");
    server_sleeps("after B has left");
    server_ends_well();
}

static void check_2_3(void)
{
    int a, b, c, d;
    int before;

    server_starts();
    a = connects("A");
    b = connects("B");
    c = connects("C");
    asks(a, "one\n", reply);
    asks(b, "two\n", reply);
    asks(c, "three\n", reply);
    before = child_descriptors(program);
    one_leaves_and_the_others_stay(a, b, c);
    nobody_is_asked_who_is_closed();
    d = connects("D");
    asks(d, "six\n", reply);
    because("Whoever leaves must be taken off the list, and closed, too.");
    step("the server has as many descriptors as with B");
    child_expect_descriptors(program, before, "with D in place of B");
    d = comes_in_place_of(d, "E");
    resets(d);
    because_it_is_gone("E has reset its connection, so recv() returned -1.");
    asks_twice(c);
    many_come_and_go();
    forgets_before_it_closes();
    because(NULL);
    server_ends_well();
    who_does_not_read_is_taken_off();
    a_number_says_nothing_about_whose_it_is();
}

/* -- 2.4 ------------------------------------------------------------------- */

static void is_refused(int client, int number)
{
    step("D would get number %d, says \"four\\n\", and is closed", number);
    (void)!send(client, "four\n", 5, 0); /* it may be closed already */
    if (!wait_until(now_ms() + patience_ms(), client, POLLIN)) {
        because("Number %d does not fit into an fd_set. Perhaps FD_SET() was "
                "called for it all the same, and has written past its end; "
                "perhaps D was left out, and whoever has accepted it was not "
                "told, and cannot close it.",
                number);
        fail_with("expected the end of D's connection, but D is neither served "
                  "nor closed");
    }
    client_expect_closed(client);
    close(client);
}

void somebody_gets_number(int number, const char *why)
{
    int a, b, c;

    server_starts();
    step("it has three numbers left below %d%s", FD_SETSIZE,
         number > FD_SETSIZE ? ", and that one is taken, too" : "");
    because("The numbers are large here, and there is a gap between them. "
            "Perhaps select() does not look that far: its first argument is "
            "the largest number plus one, and that is not a count of those "
            "who have come. Perhaps an array has no place for such a number.");
    a = connects("A");
    b = connects("B");
    asks(a, "one\n", reply);
    asks(b, "two\n", reply);
    c = connects("C");
    because("C has the number %d: the last that fits, for bits are counted "
            "from 0.",
            FD_SETSIZE - 1);
    asks(c, "three\n", reply);
    because("%s", why);
    because_if(KILLED, "%s", why);
    is_refused(connects("D"), number);
    because("D was refused; the others must not notice.");
    because_if(KILLED, "%s", why);
    asks(a, "five\n", reply);
    asks(c, "six\n", reply);
    server_sleeps("although somebody was refused");
    leaves(c);
    because("C has left, so its number is free for another client.");
    asks(connects("E"), "seven\n", reply);
    because(NULL);
    server_ends_well();
}

/* Which errors may stand for "that number is too large". */
static bool says_why(const struct stream *err)
{
    static const int errors[] = {EMFILE, ENFILE, EINVAL, ERANGE, EOVERFLOW,
                                 EDOM,   EBADF,  ENOSPC, ENOMEM, ENOBUFS};
    const char *line = strstr(err->text, "cannot watch");

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (line != NULL && strstr(line, strerror(errors[i])) != NULL)
            return true;
    return false;
}

/* The number of D is given away, if that is possible here. */
static void is_refused_once_and_for_a_reason(void)
{
    bool given_away = server_starts_with_faults(
        FAULT(close, 1, 0), NULL,
        "D's number, when it is closed, will belong to somebody else at once, "
        "a file in this process");
    int before;

    if (!given_away) {
        story_begins(NULL);
        server_starts();
    }
    connects("A");
    connects("B");
    asks(connects("C"), "three\n", reply);
    before = child_descriptors(program);
    is_refused(connects("D"), FD_SETSIZE);
    step("the server says why it cannot watch D");
    because("D was closed, and nobody has said why. accept_connection() says "
            "it, and closes D, when monitor() returns -1: does it?");
    stream_expect(program, &program->err, "cannot watch");
    because("Whoever called monitor() asks errno for the reason, and says it. "
            "monitor() has returned -1 and left in errno whatever was there.");
    if (!says_why(&program->err))
        fail_with("expected a reason such as \"%s\" (EMFILE), got %s",
                  strerror(EMFILE),
                  quoted(program->err.text, program->err.length));
    server_sleeps("although somebody was refused");
    step("that file is still open: D was closed once");
    because("accept_connection() closes D when monitor() returns -1. If "
            "monitor() has closed D, too, the second close() hits whoever has "
            "got the number in between.");
    if (given_away && before != -1 && child_descriptors(program) == before)
        fail_with("expected D to be closed once, it was closed twice");
    server_ends_well();
}

static void check_2_4(void)
{
    char why[256];

    occupy_numbers(FD_SETSIZE, FOR_THREE);
    occupy_number(FD_SETSIZE);
    somebody_gets_number(
        FD_SETSIZE + 1,
        "A set has FD_SETSIZE bits, for the numbers from 0 to FD_SETSIZE - 1. "
        "For a larger one FD_SET() writes past its end, noticed or not. It is "
        "the number that counts, not how many are on the list.");
    close(FD_SETSIZE);
    story_begins(NULL);
    snprintf(why, sizeof why,
             "In a first run D had number %d and was refused, here it has %d "
             "and is not. A set has FD_SETSIZE bits, but the first is for "
             "number 0: so the last is for FD_SETSIZE - 1.",
             FD_SETSIZE + 1, FD_SETSIZE);
    somebody_gets_number(FD_SETSIZE, why);
    is_refused_once_and_for_a_reason();
}

const struct exercise lesson2[] = {
    {"2.1", check_2_1},
    {"2.2", check_2_2},
    {"2.3", check_2_3},
    {"2.4", check_2_4},
    {"2.5", check_2_5},
    {"2.6", check_2_6},
    {0},
};

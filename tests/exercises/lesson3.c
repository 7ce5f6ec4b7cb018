/* lesson3.c -- the checks of the exercises of lesson 3. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char reply[] = "Hello World\n";

static struct trace *trace;

/* -- 3.1 ------------------------------------------------------------------- */

/* Two mistakes look alike: A hears nothing. One of them says something. */
static void is_answered_for_the_first_time(int client)
{
    because("A was accepted, and what it has said waits in the kernel. Nobody "
            "reads it unless A's socket is watched, too: which event is waited "
            "for, and which function called?");
    says(client, "one\n");
    step("A hears an answer");
    if (!wait_until(now_ms() + patience_ms(), client, POLLIN)) {
        if (stream_has(&program->err, "accept: "))
            because("The server has called accept() for A's socket, which is "
                    "no listener. Which function is to be called when a client "
                    "has said something?");
        fail_with("A: expected %s, got nothing", quoted(reply, strlen(reply)));
    }
    because(NULL);
    if (has_printed(&program->err, "File exists"))
        because("selector_register() has failed (File exists): that number is "
                "on the list already. Whose is it?");
    client_expect_text(client, reply);
}

static void leaves_in_good_order(int client)
{
    because("C is done: recv() returns 0, now and each time. As long as it is "
            "watched the loop is woken for it, for ever.");
    step("C says that it is done");
    client_finish_sending(client);
    server_sleeps("after C has left");
    because("C is watched no more, but its socket must be closed, too. "
            "Otherwise C waits for the end, and a descriptor is lost.");
    step("C hears the end");
    client_expect_end(client);
}

static void story_3_1(void)
{
    int a, b, c, d;
    int before;

    server_starts();
    a = connects("A");
    is_answered_for_the_first_time(a);
    because("A has been answered and says nothing, yet the loop is woken again "
            "and again. For which event is A watched? A socket can nearly "
            "always be written to.");
    server_sleeps("after it has answered A");
    because("A was answered once, and may say more. Is A watched, or was "
            "send_message() called once, without a selector?");
    asks(a, "one more\n", reply);
    because("Perhaps B was never accepted: is the listener still watched, now "
            "that A has come?");
    b = connects("B");
    asks(b, "two\n", reply);
    before = child_descriptors(program);
    c = connects("C");
    asks(c, "three\n", reply);
    leaves_in_good_order(c);
    because("C has left and was closed, but not unregistered: the selector "
            "still has its number, which D was given now. epoll cannot watch "
            "D, poll() is woken for ever, select() fails for everybody.");
    d = connects("D");
    asks(d, "four\n", reply);
    because("D has reset its connection: recv() returns -1, and it is as gone "
            "as C.");
    resets(d);
    asks(a, "five\n", reply);
    asks(b, "six\n", reply);
    step("the server has as many descriptors as before C");
    child_expect_descriptors(program, before, "after C and D have left");
    server_ends_well();
}

static void nothing_was_there_after_all(void)
{
    int a, b;

    if (!server_starts_with_faults(
            FAULTS(poll, 2, 6, 0), "poll",
            "from the second time on poll() says five times that all are "
            "readable, and they are not"))
        return;
    a = connects("A");
    b = connects("B");
    because("A was said to be readable, and nothing was there: what has come "
            "may be thrown away. Then recv() sleeps, and everybody with it, "
            "unless A's socket is non-blocking. That was done in "
            "accept_connection(), in the condition: is it still?");
    asks(b, "one\n", reply);
    because("A was said to be readable, and nothing was there: recv() has "
            "returned -1, and errno was EAGAIN. So A has not left.");
    asks(a, "two\n", reply);
    server_ends_well();
}

/* After a reset recv() returns -1 once, and then 0. */
static void a_failure_is_told_once(void)
{
    int a, b;

    if (!server_starts_with_faults(FAULT(recv, 2, ECONNRESET), "poll",
                                   "the second recv() fails"))
        return;
    a = connects("A");
    asks(a, "one\n", reply);
    b = connects("B");
    because("recv() has returned -1 for B: it is gone. 0 is one way to go, a "
            "failure is another; EAGAIN alone means that B is still there. "
            "Perhaps only 0 leads to the lines that clean up.");
    says(b, "two\n");
    is_closed(b);
    asks(a, "three\n", reply);
    server_ends_well();
}

static void check_3_1(void)
{
    int a, b;

    on_every_selector(story_3_1);
    nothing_was_there_after_all();
    a_failure_is_told_once();
    trace = program_is_traced();
    server_starts();
    a = connects("A");
    b = connects("B");
    leaves(b);
    asks(a, "one\n", reply);
    because("After close() the number belongs to the next client that comes, "
            "and you would unregister that one. Here nobody comes in between, "
            "in a larger program somebody does.");
    step("B was first unregistered, then closed");
    if (trace->closed_watched != 0)
        fail_with("expected selector_unregister() before close(), got "
                  "close(%d) while %d was registered",
                  trace->closed_watched, trace->closed_watched);
    because("selector_register() can fail, and did so for C. Nobody will ever "
            "read what C says, so it is to be closed.");
    trace->not_watched = 1;
    is_closed(connects("C"));
    asks(a, "two\n", reply);
    server_ends_well();
}

/* -- 3.2 ------------------------------------------------------------------- */

/* What traced.c leaves in memory looks like "#-1515870810". */
static void is_counted(int client, const char *text, const char *answer)
{
    char got[8] = "";

    says(client, text);
    client_expect_readable(client);
    (void)!recv(client, got, sizeof got - 1, MSG_PEEK);
    if (strncmp(got, "#-15158", 7) == 0)
        because("A number like this is what malloc() finds in memory, and what "
                "free() leaves there. Was the counter never set to 0? Or freed "
                "while A is still there?");
    else if (*got == '\0')
        because(
            "A byte 0 has come: more was sent than the text has. snprintf() "
            "returns how many bytes that are.");
    hears(client, answer);
}

/* A number of two digits makes the reply longer. */
static void twelve_times(void)
{
    int client = connects("L");
    char answer[32];

    because("From the tenth on the number has two digits, and the reply 16 "
            "bytes: has it room for them, and is as much sent as snprintf() "
            "has written?");
    because_if(KILLED, "From the tenth on the number has two digits, and the "
                       "reply 16 bytes and a NUL: has it room for them?");
    step("L asks twelve times");
    for (int i = 1; i <= 12; i++) {
        snprintf(answer, sizeof answer, "#%d Hello World\n", i);
        client_ask(client, "x", answer);
    }
    because(NULL);
    leaves(client);
}

/* Returns A, who is at #3 and stays. */
static int each_has_its_own_counter(void)
{
    int a = connects("A");
    int b, c;

    because("Each reply carries the number of the request.");
    is_counted(a, "one\n", "#1 Hello World\n");
    because("It is A's second request. Where is the counter between two calls "
            "of send_message()?");
    is_counted(a, "two\n", "#2 Hello World\n");
    because("It is B's first request. It seems that there is one counter for "
            "everybody: what is global or static is there once.");
    b = connects("B");
    asks(b, "three\n", "#1 Hello World\n");
    because("Two clients, two counters. Which of them is used in "
            "send_message()? It is told with what was registered: data.");
    asks(a, "four\n", "#3 Hello World\n");
    asks(b, "five\n", "#2 Hello World\n");
    because("B has left. Is all done that is to be done then, once?");
    leaves(b);
    because("B has left, and C was given its descriptor, but it is somebody "
            "else and begins with #1.");
    c = connects("C");
    asks(c, "six\n", "#1 Hello World\n");
    leaves(c);
    twelve_times();
    return a;
}

/* Once A is answered, all is done that was to be done for others. */
static void nothing_is_left(int a, const char *next, int before)
{
    client_ask(a, "next\n", next);
    step("nothing of that is left in memory");
    if (trace->freed_again > 0)
        fail_with("expected each piece of memory to be freed once, but one was "
                  "freed that was free already");
    if (trace->held != before)
        fail_with("expected as many pieces of memory to be in use as before, "
                  "got %d more",
                  trace->held - before);
}

static void many_come_and_go(int a)
{
    enum { MANY = 50, SOME = 5 };
    int before;

    asks(a, "five\n", "#4 Hello World\n");
    before = trace->held;
    because("Whoever leaves gives back what was allocated for it when it came. "
            "Follow the lines that are run when recv() has returned 0: free() "
            "must be among them, and be called once.");
    step("%d clients come one after the other, ask, and leave", MANY);
    for (int i = 0; i < MANY; i++)
        server_expect_service(program, "x", "#1 Hello World\n");
    nothing_is_left(a, "#5 Hello World\n", before);
    because("These have not said goodbye: recv() returns -1. They are as gone "
            "as those who leave.");
    step("%d clients come, ask, and reset their connections", SOME);
    for (int i = 0; i < SOME; i++) {
        int client = client_connect(program->port);

        client_ask(client, "x", "#1 Hello World\n");
        client_reset(client);
    }
    client_ask(a, "next\n", "#6 Hello World\n");
    nothing_is_left(a, "#7 Hello World\n", before);
}

static void one_does_not_read(int a)
{
    int before = trace->held;
    int client = connects("F");

    asks(client, "one\n", "#1 Hello World\n");
    because("F does not read, so the reply could not be sent, and F is closed. "
            "It is as gone as those who leave, and what was allocated for it "
            "is to be given back. Do all ways to the end of send_message() "
            "lead over free()?");
    trace->no_room = 1;
    says(client, "two\n");
    is_closed(client);
    nothing_is_left(a, "#10 Hello World\n", before);
}

static void some_cannot_be_served(int a)
{
    int before = trace->held;
    int client;

    because("selector_register() has failed for D, and send_message() will "
            "never be called for it. So what D was given must be given back in "
            "accept_connection().");
    trace->not_watched = 1;
    is_closed(connects("D"));
    nothing_is_left(a, "#8 Hello World\n", before);
    because("malloc() returns NULL when there is no memory, and did so for E. "
            "Then E is to be closed, and the others go on.");
    trace->no_memory = 1;
    client = connects("E");
    step("there is no memory for E, if the server asks for some");
    client_is_answered(client, "x", "#1 Hello World\n");
    trace->no_memory = 0;
    close(client);
    asks(a, "still there?\n", "#9 Hello World\n");
    one_does_not_read(a);
}

/* A selector has no FD_SETSIZE. */
static void some_have_large_numbers(void)
{
    enum { LARGE = 3500, FEW = 20, TIMES = 8 };
    int a, b;

    if (!raise_descriptor_limit() || sysconf(_SC_OPEN_MAX) < LARGE + 100)
        return;
    occupy_numbers(LARGE, 0);
    story_begins(NULL);
    server_starts();
    because("Descriptors have large numbers here, and an array with a place "
            "for each number comes to its end. What was registered with the "
            "client, data, has no number at all.");
    because_if(KILLED, "Descriptors have large numbers here, and an array with "
                       "a place for each number has come to its end. What was "
                       "registered with the client, data, needs no array.");
    step("all descriptors below %d are taken but for a few, and %d come for "
         "these",
         LARGE, FEW);
    for (int i = 0; i < FEW; i++)
        client_ask(client_connect(program->port), "x", "#1 Hello World\n");
    a = connects("A");
    b = connects("B");
    for (int i = 1; i <= TIMES; i++) {
        char answer[32];

        snprintf(answer, sizeof answer, "#%d Hello World\n", i);
        asks(a, "one more\n", answer);
    }
    asks(b, "one\n", "#1 Hello World\n");
    leaves(a);
    server_ends_well();
}

static void story_3_2(void)
{
    server_starts();
    each_has_its_own_counter();
    server_ends_well();
}

static void check_3_2(void)
{
    const char *own = program_path;
    int a;

    trace = program_is_traced();
    server_starts();
    a = each_has_its_own_counter();
    many_come_and_go(a);
    some_cannot_be_served(a);
    server_ends_well();
    program_path = own;
    on_every_selector(story_3_2);
    some_have_large_numbers();
}

/* -- 3.3 ------------------------------------------------------------------- */

/* The server's stdin is a socket: like a terminal, it can be written to; unlike
 * one, it can be read with recv(), see stdin_is_a_pipe(). */
static int terminal;

static void make_a_terminal(void)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
        fail_with("cannot make a terminal for the server");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    terminal = ends[0];
    program_launch.in = ends[1];
}

static void server_starts_with_a_terminal(void)
{
    make_a_terminal();
    server_starts();
    close(program_launch.in);
}

static void is_typed(const char *text)
{
    step("%s is typed at the server", quoted(text, strlen(text)));
    client_send_text(terminal, text);
}

static void hears_as_it_was_typed(int client, const char *line)
{
    struct heard heard;

    client_expect_readable(client);
    heard = hears_line(client);
    if (heard.size > strlen(line))
        because("More was sent than was typed. read() returns how many bytes "
                "have come; sizeof is how many there is room for.");
    else if (heard.size == strlen(line) - 1)
        because("The end of the line is missing. What is typed goes to all as "
                "it is, the end of a line like any other byte.");
    must_be(client, &heard, line);
}

static void all_is_heard_at_once(int a, int b)
{
    is_typed("good morning\n");
    step("A hears it as it is");
    hears_as_it_was_typed(a, "good morning\n");
    because("All that was typed must come, and at once. getchar(), fgets() and "
            "their kin take what is there and keep what they do not hand out: "
            "no selector sees it there.");
    hears(b, "good morning\n");
    is_typed("one\ntwo\n");
    hears(a, "one\ntwo\n");
    hears(b, "one\ntwo\n");
    because("This is not a whole line. Whoever waits for the rest of it keeps "
            "everybody waiting; read() takes what is there.");
    is_typed("wait");
    hears(a, "wait");
    hears(b, "wait");
    because("A byte 0 is a byte like any other, and what was read is no C "
            "string: read() has returned how many bytes there are.");
    step("\"nu\\0ll\\n\" is typed, with a byte 0 in it");
    client_send(terminal, "nu\0ll\n", 6);
    client_expect(a, "nu\0ll\n", 6);
    client_expect(b, "nu\0ll\n", 6);
}

static void only_clients_hear(int a)
{
    char byte;

    because(
        "The server has sent it to its own stdin, too, which is on the list "
        "like everybody who is watched. Who of them is a client?");
    asks(a, "three\n", reply);
    step("nothing has come back to the terminal");
    if (recv(terminal, &byte, 1, MSG_DONTWAIT) == 1)
        fail_with("expected nothing, got what was typed");
    because("The listener is on the list, too. Nothing can be sent to it, and "
            "if it is treated like a client that has gone, nobody comes in any "
            "more. Who of those on the list is a client?");
    asks(connects("C"), "four\n", reply);
}

static void stdin_ends(int a)
{
    static const char goes_on[] =
        "The server goes on without stdin; yours has ended with it.";

    because("stdin has ended, and is readable for ever: read() returns 0, each "
            "time. What is to be done with a descriptor that is not to be "
            "watched any more?");
    because_if(ENDED, "%s", goes_on);
    step("stdin ends");
    shutdown(terminal, SHUT_WR);
    server_sleeps("after the end of its stdin");
    because("The end of stdin is no reason to do anything but to watch it no "
            "more.");
    because_if(ENDED, "%s", goes_on);
    asks(a, "five\n", reply);
    close(terminal);
}

/* At a terminal stdin is no socket, and at a pipe it is none either. */
static void stdin_is_a_pipe(void)
{
    int ends[2];
    int a;

    if (pipe(ends) == -1)
        fail_with("cannot make a pipe");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    program_launch.in = ends[0];
    server_starts();
    close(ends[0]);
    a = connects("A");
    asks(a, "one\n", reply);
    because("Until now stdin was a socket; here it is a pipe, and in a shell a "
            "terminal. recv(), and so socket_recv(), is for sockets only "
            "(Socket operation on non-socket): read() reads anything.");
    step("its stdin is a pipe, and \"good evening\\n\" comes through it");
    (void)!write(ends[1], "good evening\n", 13);
    hears(a, "good evening\n");
    close(ends[1]);
    server_ends_well();
}

/* It is for a server in the background. epoll cannot watch it. */
static void stdin_cannot_be_watched(void)
{
    int a;

    program_launch.in = open("/dev/null", O_RDONLY);
    step("its stdin is /dev/null");
    server_starts_or("/dev/null is always readable, and has nothing to say: "
                     "epoll refuses to watch it, as it does with files. "
                     "Without stdin the server is a server all the same.");
    close(program_launch.in);
    a = connects("A");
    asks(a, "one\n", reply);
    server_ends_well();
}

static void story_3_3(void)
{
    int a, b;

    server_starts_with_a_terminal();
    a = connects("A");
    b = connects("B");
    because("The server may sleep in one place only, selector_select(). "
            "Whoever waits for stdin elsewhere does not hear the clients.");
    asks(a, "one\n", reply);
    asks(b, "two\n", reply);
    because("STDIN_FILENO is a descriptor like any other: it can be registered "
            "with a callback of its own, which reads what was typed and sends "
            "it to all clients.");
    all_is_heard_at_once(a, b);
    only_clients_hear(a);
    stdin_ends(a);
    server_ends_well();
}

static void all_of_it_is_sent(void)
{
    int a;

    make_a_terminal();
    if (!server_starts_with_faults(FAULT(send, 2, 0), "poll",
                                   "the second send() takes one byte only, as "
                                   "if there was no more room"))
        return;
    close(program_launch.in);
    a = connects("A");
    asks(a, "one\n", reply);
    because("send() returns how many bytes it has taken, which may be fewer "
            "than it was given: what is left is to be sent, too. "
            "socket_sendall() does that.");
    is_typed("good night\n");
    hears(a, "good night\n");
    close(terminal);
    server_ends_well();
}

static void a_crowd_hears_it(void)
{
    enum { CROWD = 100 };
    int crowd[CROWD];

    because("Does the loop go through all of them? selector_map_next() does. "
            "selector_get_map() fills in as many keys as there is room for, "
            "and returns how many there are, which may be more.");
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = client_connect(program->port);
        client_ask(crowd[i], "hello\n", reply);
    }
    step("%d clients come", CROWD);
    is_typed("welcome\n");
    step("all of them hear \"welcome\\n\"");
    for (int i = 0; i < CROWD; i++)
        client_expect_text(crowd[i], "welcome\n");
    for (int i = 0; i < CROWD; i++)
        client_leave(crowd[i]);
    because("They have left, and whoever comes now may get the number of one "
            "of them. That number must be unregistered before it is closed.");
}

static void who_does_not_read_is_closed(int a)
{
    enum { PAGE = 4096, PAGES = 4096 };
    static char page[PAGE];
    int before = child_descriptors(program) + 1; /* with E */
    int deaf = connects("D");
    int e;

    asks(deaf, "hello\n", reply);
    e = connects("E");
    asks(e, "hello\n", reply);
    memset(page, 'p', PAGE);
    because(
        "D does not read, so there is no more room on the way to it, and "
        "send() fails with EAGAIN. Then D is to be closed. A and E must not "
        "wait for it, and not notice: each page goes to all.");
    step("page after page is typed: A and E hear it all, D reads nothing and "
         "is closed");
    for (int i = 0; child_descriptors(program) > before; i++) {
        if (i == PAGES)
            fail_with("expected D to be closed, it is still there");
        client_send(terminal, page, PAGE);
        client_expect(a, page, PAGE);
        client_expect(e, page, PAGE);
    }
    close(deaf);
}

static void check_3_3(void)
{
    int a;

    on_every_selector(story_3_3);
    story_begins(NULL);
    stdin_is_a_pipe();
    story_begins(NULL);
    stdin_cannot_be_watched();
    all_of_it_is_sent();
    story_begins(NULL);
    server_starts_with_a_terminal();
    a_crowd_hears_it();
    a = connects("A");
    asks(a, "one\n", reply);
    who_does_not_read_is_closed(a);
    server_ends_well();
    because("What is new is in a callback. The loop calls whatever was "
            "registered, and need not know what that is.");
    step("event_loop() is as it was");
    if (!source_is(program_source, "event_loop(",
                   "event_loop(void) {"
                   "    struct selector_key key;"
                   "    int mask;"
                   "    while (selector_select(selector, -1) != -1)"
                   "        while (selector_next(selector, &key, &mask))"
                   "            key.callback(key.fd, mask, key.data);"
                   "    program_fail(\"select\");"))
        fail_with("expected event_loop() as it was given, it has changed");
}

const struct exercise lesson3[] = {
    {"3.1", check_3_1},
    {"3.2", check_3_2},
    {"3.3", check_3_3},
    {0},
};

/* lesson1.c -- the checks of the exercises of the lessons 1 and 1½. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char hello[] = "Hello World\n";

/* -- 1.1: the inner loop --------------------------------------------------- */

static const char *why_no_second_answer(const struct heard *heard)
{
    size_t same = heard->size < sizeof hello ? heard->size : sizeof hello - 1;

    if (heard->size == 0)
        return "A has one question more. After each answer the server must go "
               "back to recv(), until that says that A has left; only then, "
               "behind the loop, is A's connection closed.";
    if (*heard->bytes == '\0')
        return "Before it came a byte that belongs to the first answer: \\000, "
               "with which C ends a string. It is not part of the text, and "
               "sizeof counts it. \"Hello World\\n\" has 12 bytes, \\n is one "
               "of them.";
    if (memcmp(heard->bytes, hello, same) != 0)
        return "Perhaps the first answer had more than its 12 bytes, and these "
               "are the others.";
    return "Perhaps it is sent twice, or with more, or less, than its 12 "
           "bytes.";
}

static void asks_once_more(int client)
{
    struct heard heard;

    step("A says \"two\\n\", and hears \"Hello World\\n\"");
    client_send_text(client, "two\n");
    heard = hears_line(client);
    because("%s", why_no_second_answer(&heard));
    must_be(client, &heard, hello);
}

/* What a client hears that will say no more: the end, and nothing else. */
static void hears_the_end(int client)
{
    char byte;
    ssize_t received;

    step("A says that it is done, and hears the end");
    client_finish_sending(client);
    received = client_receive(client, &byte, 1, now_ms() + patience_ms());
    if (received == 0)
        return;
    because("recv() has returned 0 (A will say no more), and that ends the "
            "inner loop. The server is still in it.");
    if (received == 1)
        because("recv() has returned 0: A will say no more, and asked nothing. "
                "Look at what recv() returned before you answer.");
    else if (has_printed(&program->err, strerror(EBADF)))
        because("A's connection is still open, and the server has closed "
                "another number, perhaps the listener: accept() fails since "
                "then (%s), and nobody can connect any more. A has "
                "client_socket.",
                strerror(EBADF));
    else if (stream_count(&program->out, "Before accept()\n") > 1)
        because("The server is done with A and back in accept(), and the "
                "connection is still open: nobody has closed it.");
    fail_with("client %d: expected the end of the connection, got %s",
              client_port(client),
              received == 1 ? "one more answer" : "nothing");
}

/* How often the server has announced a recv() for its nth client. What it
 * printed before it sent something is there when that has been heard. */
static int recvs_for(int nth)
{
    static const char newcomer[] = "Connection from ";
    const char *line;
    const char *next = program->out.text;
    int count = 0;

    wait_until(0, -1, 0);
    for (int i = 0; i < nth && next != NULL; i++)
        next = strstr(next + 1, newcomer);
    line = next;
    next = line == NULL ? NULL : strstr(line + 1, newcomer);
    while (line != NULL && (line = strstr(line + 1, "Before recv()\n")) != NULL)
        if (next == NULL || line < next)
            count++;
    return count;
}

static void announces_each_recv(void)
{
    int count = recvs_for(1);

    because("The prints show where the server sleeps: one right before each "
            "recv(). For A there were three: two brought a word, the third "
            "the end.");
    step("the server has printed \"Before recv()\" three times for A");
    if (count != 3)
        fail_with("expected 3 lines \"Before recv()\" for A, got %d", count);
}

static void ends_with_one_who_was_cut_off(void)
{
    because("For B, who was cut off, recv() returned -1. Perhaps only 0 ends "
            "the inner loop? Then it goes on with a connection that is gone.");
    step("the server has called recv() twice for B: for its word and its end");
    if (recvs_for(2) != 2)
        fail_with("expected 2 lines \"Before recv()\" for B, got %d",
                  recvs_for(2));
}

static void check_1_1(void)
{
    int a, b, c;

    server_starts();
    a = connects("A");
    because("The inner loop takes what A says with socket_recv(), and sends "
            "the reply with socket_sendall(): its 12 bytes, all of them.");
    asks(a, "one\n", hello);
    asks_once_more(a);
    hears_the_end(a);
    announces_each_recv();
    because("A has left. The server must go on: back to accept(), for the "
            "next one.");
    b = connects("B");
    asks(b, "three\n", hello);
    because("B was cut off: recv() returned -1. That concerns B alone.");
    resets(b);
    c = connects("C");
    asks(c, "four\n", hello);
    ends_with_one_who_was_cut_off();
    because(NULL);
    leaves(c);
    server_ends_well();
}

/* -- 1.2: to start again at once ------------------------------------------- */

/* The server is ended while somebody is connected, so it is the server's side
 * that closes first and keeps the connection in TIME_WAIT. */
static void is_ended_with_a_client(int client)
{
    step("the server is ended, with A still there");
    child_stop(program);
    step("A hears the end, and closes");
    client_expect_end(client);
    close(client);
}

/* Where the order of the calls can be seen in the source, it says more. */
static const char *why_it_is_refused(void)
{
    static const char function[] = "listen_on(int";

    if (source_order(program_source, function, "listen(", "SO_REUSEADDR"))
        return "When it is asked SO_REUSEADDR is not set yet: that comes even "
               "after listen().";
    if (source_order(program_source, function, "bind(", "SO_REUSEADDR"))
        return "Look at the order of the calls: what does bind() know when it "
               "is asked?";
    if (source_order(program_source, function, "{", "SO_REUSEADDR"))
        return "SO_REUSEADDR permits it all the same. Is it set on the "
               "listener, at the level SOL_SOCKET, and to 1?";
    return "Does listen_on() still set SO_REUSEADDR? That was the right wish, "
           "at the wrong place.";
}

static void starts_again_on(int port)
{
    step("the server is started again, on the same port");
    program = child_start_on(&program_launch, port);
    snprintf(program->name, sizeof program->name, "the server");
    program->port = server_await_port(program);
    because("The kernel keeps A's connection for a while (TIME_WAIT), for what "
            "may still be on its way. As long as it does so bind() refuses the "
            "port. %s",
            why_it_is_refused());
    if (program->port == 0)
        fail_with("expected the server to listen on its port again, it could "
                  "not");
}

static void refuses_a_second_one(int port)
{
    struct child *second;

    step("a second server is started on that port: it is refused");
    second = child_start_on(&program_launch, port);
    snprintf(second->name, sizeof second->name, "the second server");
    because("Both listen on one port, and the kernel gives each connection to "
            "one of them. That is what SO_REUSEPORT asks for: another wish. "
            "SO_REUSEADDR forgives connections that are over, and no more.");
    if (server_await_port(second) != 0)
        fail_with("expected the second server not to get the port, but it did");
    child_free(second);
}

static void check_1_2(void)
{
    int port;
    int a, b;

    server_starts();
    port = program->port;
    a = connects("A");
    asks(a, "one\n", hello);
    is_ended_with_a_client(a);
    starts_again_on(port);
    refuses_a_second_one(port);
    because(NULL);
    b = connects("B");
    asks(b, "two\n", hello);
    leaves(b);
    server_ends_well();
}

/* -- 1.3: replies with a number -------------------------------------------- */

enum { REPLY_SIZE = 40, MANY = 12 };

static void reply_with(int number, char text[REPLY_SIZE])
{
    snprintf(text, REPLY_SIZE, "Hello World #%d\n", number);
}

/* Which of the first replies it is; -1: none. */
static int number_in(const struct heard *heard)
{
    char text[REPLY_SIZE];

    for (int number = 0; number <= 2 * MANY; number++) {
        reply_with(number, text);
        if (is_heard(heard, text))
            return number;
    }
    return -1;
}

static const char *why_another_number(int got, int wanted, int before)
{
    if (got == before + 1 && before > 0)
        return "The count goes on where that of the client before has ended. "
               "Each has a count of its own: where in the program does a "
               "client's life begin?";
    if (got == 1)
        return "The count begins anew with each reply. It must live as long as "
               "the client is there, not only for one turn of the inner loop.";
    return wanted == 1 ? "The first reply to a client is #1."
                       : "Each reply counts one, no more and no less.";
}

/* The reply that was to be `text`, with the number `wanted`; A has heard so
 * many `before` this client. */
static const char *why_not(const struct heard *heard, const char *text,
                           int wanted, int before)
{
    if (heard->size == 0)
        return "Is the reply still sent?";
    if (is_heard(heard, hello))
        return "This is the reply without its number.";
    if (memchr(heard->bytes, '%', heard->size) != NULL)
        return "socket_sendall() sends the bytes as they are. Only printf() "
               "and its kin put a number in the place of %d; snprintf() "
               "writes into an array.";
    if (number_in(heard) != -1)
        return why_another_number(number_in(heard), wanted, before);
    if (memchr(heard->bytes, '\0', heard->size) != NULL)
        return "Bytes were sent that are not part of the text (\\000 ends a C "
               "string, or was there before it). How many bytes the text has "
               "is what snprintf() returns.";
    if (heard->size < strlen(text) &&
        memcmp(heard->bytes, text, heard->size) == 0)
        return "The end is missing. How many bytes does this reply have, and "
               "how many are sent? (\\n is one of them; #10 has one more than "
               "#9.)";
    return "Compare the two letter by letter.";
}

static void hears_number(int client, const char *name, int wanted, int before)
{
    char text[REPLY_SIZE];
    struct heard heard;

    reply_with(wanted, text);
    if (wanted < 3)
        step("%s asks, and hears %s", name, quoted(text, strlen(text)));
    else if (wanted == 3)
        step("%s goes on asking, up to #%d", name, MANY);
    client_send_text(client, "again\n");
    heard = hears_line(client);
    because("%s", why_not(&heard, text, wanted, before));
    must_be(client, &heard, text);
}

static void check_1_3(void)
{
    int a, b, c;

    server_starts();
    a = connects("A");
    for (int i = 1; i <= MANY; i++)
        hears_number(a, "A", i, 0);
    because("Behind the last reply more bytes came, or the connection stayed "
            "open.");
    leaves(a);
    because("A has left. The server must go on, with the next one.");
    b = connects("B");
    hears_number(b, "B", 1, MANY);
    hears_number(b, "B", 2, MANY);
    resets(b);
    c = connects("C");
    hears_number(c, "C", 1, 2);
    because(NULL);
    leaves(c);
    server_ends_well();
}

/* -- 1.4: a process for each client ---------------------------------------- */

enum { CROWD = 8 };

struct family {
    int living;
    int zombies;
};

/* The server's children, as /proc or ps(1) knows them. */
static struct family children(void)
{
    static const char list_all[] =
        "if [ -r /proc/self/stat ]; then"
        " sed -n 's/.*) \\(.\\) \\([0-9]*\\) .*/\\2 \\1/p' /proc/[0-9]*/stat;"
        " else ps -A -o ppid= -o stat=; fi 2>/dev/null";
    struct family family = {0};
    FILE *list = popen(list_all, "r");
    long parent;
    char state;

    while (list != NULL &&
           fscanf(list, "%ld %c%*[^\n]", &parent, &state) == 2) {
        family.living += parent == program->pid && state != 'Z';
        family.zombies += parent == program->pid && state == 'Z';
    }
    if (list != NULL)
        pclose(list);
    return family;
}

/* Those that are left when no more than that are, or patience is over. */
static struct family children_at_most(int living, int zombies)
{
    enum { PAUSE_MS = 50 };
    long long limit = now_ms() + patience_ms();
    struct family family = children();

    while ((family.living > living || family.zombies > zombies) &&
           now_ms() < limit) {
        wait_until(now_ms() + PAUSE_MS, -1, 0);
        family = children();
    }
    return family;
}

static void is_answered_while_another_is_there(int client)
{
    struct heard heard;

    says(client, "two\n");
    step("B hears \"Hello World\\n\", with A still there");
    heard = hears_line(client);
    if (is_heard(&heard, hello))
        return;
    if (children().living == 0)
        because("The server has no child: one process serves them all, one "
                "after the other. Who calls fork(), and when?");
    else
        because("A has a child of its own, and yet B is not taken: the parent "
                "must come back to accept() at once. It must not wait() until "
                "that child has ended, nor talk to A itself.");
    must_be(client, &heard, hello);
}

/* before: the descriptors that the server had when there was no client. */
static void hears_that_it_is_closed(int client, int before)
{
    char byte;

    step("A says that it is done, and hears the end");
    client_finish_sending(client);
    if (client_receive(client, &byte, 1, now_ms() + patience_ms()) == 0)
        return;
    because("recv() has returned 0 to A's child: it must leave its loop, and "
            "end.");
    if (child_descriptors(program) > before)
        because("After fork() the descriptor is there twice, and a connection "
                "ends when the last of them is closed. A's child does its part "
                "when it ends; the parent, too, has one, and no use for it.");
    fail_with("client %d: expected the end of the connection, got no end",
              client_port(client));
}

static void one_child_is_left(void)
{
    struct family family;

    step("A's child has ended, B's is there, and so is the server");
    family = children_at_most(1, CROWD);
    because("A has left, so its child has nothing more to do: _exit() ends it. "
            "If it goes back to the loop instead it calls accept() there, and "
            "the server has become two.");
    if (family.living > 1)
        fail_with("expected one child, for B, got %d", family.living);
    because("It is the server itself that has ended with A. fork() returns "
            "twice: 0 in the child, the child's number in the parent.");
    if (!child_runs(program))
        fail_with("expected the server to run on");
}

/* So many at once, and they all leave before the server can take notice. (When
 * somebody has come after them it has nothing more to do for them.) */
static void a_crowd_comes_and_leaves(void)
{
    int crowd[CROWD];

    because("B is there all the time, and newcomers are not served any more. "
            "Does the server wait() for B's child, perhaps in a handler?");
    step("%d more connect, ask, and leave while the server is stopped "
         "(SIGSTOP)",
         CROWD);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = client_connect(program->port);
        client_ask(crowd[i], "and me?\n", hello);
    }
    server_expect_service(program, "and me?\n", hello);
    child_pause(program);
    for (int i = 0; i < CROWD; i++)
        client_leave(crowd[i]);
    child_signal(program, SIGCONT);
    step("it goes on, and %d more come and go, one after the other", CROWD);
    for (int i = 0; i < CROWD; i++)
        server_expect_service(program, "and me?\n", hello);
}

static void no_zombies_are_left(void)
{
    enum { ALL_ENDED = 1 + CROWD + 1 + CROWD };
    /* Whoever looks for them at each newcomer may be one or two behind. */
    enum { BEHIND = 2 };
    struct family family;

    step("none of their processes is left");
    family = children_at_most(1, BEHIND);
    because("A child that has ended remains as a zombie until its parent has "
            "waited for it, or has said that it never will (man 2 waitpid).");
    if (family.zombies == ALL_ENDED - 1)
        because("One was waited for, the others remain as zombies. Perhaps by "
                "a handler that signal() has set? That can be good for one "
                "signal only; sigaction() sets it for good.");
    else if (family.zombies < ALL_ENDED)
        because("Some were waited for, the others remain as zombies. Several "
                "may have ended when the server looks for them (one SIGCHLD "
                "stands for all): waitpid(-1, NULL, WNOHANG) must be called "
                "until there is none left.");
    if (family.zombies > BEHIND)
        fail_with("expected the %d children that have ended to be gone, got "
                  "%d zombies",
                  ALL_ENDED, family.zombies);
    because("All but B have left.");
    if (family.living > 1)
        fail_with("expected one child, for B, got %d", family.living);
}

static void the_parent_keeps_no_client(int before)
{
    long long limit = now_ms() + patience_ms();

    because("The parent has a copy of each client's descriptor, and must close "
            "it: only the child needs one.");
    step("the parent has as many descriptors as before A");
    while (child_descriptors(program) > before && now_ms() < limit)
        wait_until(now_ms() + 1, -1, 0);
    child_expect_descriptors(program, before, "with B there");
}

/* The harness must not know yet that it has ended: it might clear away what is
 * left of it. */
static bool has_ended(void)
{
    long long limit = now_ms() + patience_ms();
    siginfo_t how = {0};

    while (waitid(P_PID, (id_t)program->pid, &how,
                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
           how.si_pid == 0 && now_ms() < limit)
        wait_until(now_ms() + 1, -1, 0);
    return how.si_pid != 0;
}

static void leaves_its_port(void)
{
    int port = program->port;
    int client;

    step("the server is ended, with B still there, and its port is free");
    if (!child_runs(program))
        fail_with("expected the server to run on, but it has ended");
    child_signal(program, SIGTERM);
    if (!has_ended())
        fail_with("expected the server to end after SIGTERM");
    because("B's child is there, and has a copy of the listener: as long as it "
            "lives the port is taken, and the server cannot be started again. "
            "A child has no use for the listener.");
    if (client_try_connect(port, &client))
        fail_with("expected nobody to listen there any more, but somebody "
                  "does");
    child_free(program);
}

static void without_a_child(void)
{
    int a, b;

    if (!server_starts_with_faults(FAULT(fork, 2, EAGAIN) FAULT(exit, 1, 0),
                                   NULL, "the second fork() fails"))
        return;
    a = connects("A");
    asks(a, "one\n", hello);
    b = connects("B");
    because("fork() has returned -1: there is no child for B, and it is the "
            "parent that goes on. B cannot be served, so it is closed, and the "
            "parent must be there for the next one. Perhaps -1 is taken for a "
            "child's number, or for the 0 that the child gets?");
    is_closed(b);
    asks(connects("C"), "two\n", hello);
    leaves(a);
    step("A's child has ended with _exit()");
    because("exit() is the end of the program: it writes what stands in the "
            "buffers of stdio, and does what atexit() was told. The child has "
            "a copy of all that, and it would be done twice. It is the "
            "parent's; a child leaves with _exit(), without a word.");
    if (has_printed(&program->err, "this is exit()"))
        fail_with("expected A's child to call _exit(), it has called exit()");
    server_ends_well();
}

/* A real reset is told once: after it recv() returns 0. */
static void a_connection_breaks(void)
{
    int a;

    if (!server_starts_with_faults(FAULT(recv, 2, ETIMEDOUT), NULL,
                                   "the second recv() of each child fails"))
        return;
    a = connects("A");
    asks(a, "one\n", hello);
    because("recv() has returned -1 to A's child: A is gone, without a "
            "goodbye. Perhaps only 0 ends the child's loop.");
    is_closed(a);
    server_ends_well();
}

static void check_1_4(void)
{
    int a, b;
    int before;

    server_starts();
    before = child_descriptors(program);
    because("A is connected and has said something. It must be accepted, and "
            "a child must answer it.");
    a = connects("A");
    asks(a, "one\n", hello);
    because("The parent goes on listening while A is served.");
    b = connects("B");
    is_answered_while_another_is_there(b);
    because("Both are there, each with a process of its own.");
    asks(a, "three\n", hello);
    hears_that_it_is_closed(a, before);
    one_child_is_left();
    a_crowd_comes_and_leaves();
    no_zombies_are_left();
    the_parent_keeps_no_client(before);
    because(NULL);
    asks(b, "four\n", hello);
    leaves_its_port();
    without_a_child();
    a_connection_breaks();
}

const struct exercise lesson1[] = {
    {"1.1", check_1_1},
    {"1.2", check_1_2},
    {"1.3", check_1_3},
    {"1.4", check_1_4},
    {0},
};

/* lesson1.c -- the checks of the exercises of the lessons 1 and 1½. */
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char hello[] = "Hello World\n";

/* -- 1.1: the inner loop --------------------------------------------------- */

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
    because("A has one question more. After each answer the server must go "
            "back to recv(), until that says that A has left.");
    asks(a, "two\n", hello);
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

const struct exercise lesson1[] = {
    {"1.1", check_1_1},
    {"1.2", check_1_2},
    {"1.3", check_1_3},
    {0},
};

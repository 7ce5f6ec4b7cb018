/* guest.c -- a client for scripts: it can do what nc cannot.
 *
 *     guest PORT WORD...
 *
 * Each word is done when the one before is done. The first that does not go as
 * it should ends the guest with status 1, and says what it has waited for:
 *
 *     come          connect; what follows is about this connection
 *     say TEXT      send that; \n and \0 in it are what they are in C
 *     send BYTES    send so many bytes
 *     hear          the answer "Hello World\n" must come, exactly
 *     over          an answer must come, or else the end: who is turned away
 *                   is told so, too
 *     finish        send no more (half-close)
 *     end           the server must close; until then only answers come
 *     leave         close
 *     reset         close with a reset (RST)
 *     flood         come and send without reading, until nothing more goes
 *     first         what follows is about the first of the connections
 *     alone         close all the others
 *     run COMMAND   a command for sh must succeed; meanwhile all are connected
 *     times N ...   do the words behind it N times, as far as a "next"
 *
 * So "come say x hear" is a client who is answered, "times 9 come" nine who say
 * nothing. It waits at most $PATIENCE seconds for something, 3 if that is not
 * set.
 */
#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 2000 };

static const char answer[] = "Hello World\n";

static int port;
static int connections[CONNECTIONS]; /* -1: closed by us */
static int count;
static int now = -1; /* which of them it is about */

static _Noreturn void usage(const char *word, const char *why)
{
    fprintf(stderr,
            "guest: \"%s\": %s\n"
            "usage: guest PORT WORD...   with the words come, say TEXT, send "
            "BYTES, hear, over,\n"
            "  finish, end, leave, reset, flood, first, alone, run COMMAND, "
            "times N ... [next ...]\n",
            word, why);
    exit(2);
}

/* In place of a line of this file: which word it is. */
static const char *current = "";

static _Noreturn void not_as_expected(const char *message)
{
    const char *said = strncmp(message, "client ", 7) == 0
                           ? strchr(message, ':') + 2
                           : message;

    fprintf(stderr, "guest, at \"%s\"%s: %s\n", current,
            count > 1 ? " with several connections" : "", said);
    exit(1);
}

static int connection(const char *word)
{
    if (now == -1 || connections[now] == -1)
        usage(word, "nobody is connected, \"come\" must stand before it");
    return connections[now];
}

static long number(const char *word, const char *text)
{
    char *end;
    long value = text == NULL ? 0 : strtol(text, &end, 10);

    if (text == NULL || end == text || *end != '\0' || value < 0)
        usage(word, "a number must follow");
    return value;
}

/* -- the words ------------------------------------------------------------- */

static int newcomer(const char *word, int connected)
{
    if (count == CONNECTIONS)
        usage(word, "that is too often");
    now = count++;
    return connections[now] = connected;
}

static void come(const char *word)
{
    newcomer(word, client_connect(port));
}

static void say(const char *word, const char *text)
{
    char bytes[4096];
    size_t size = 0;

    for (; *text != '\0' && size < sizeof bytes; text++)
        if (*text == '\\' && (text[1] == 'n' || text[1] == '0'))
            bytes[size++] = *++text == 'n' ? '\n' : '\0';
        else
            bytes[size++] = *text;
    client_send(connection(word), bytes, size);
}

static void send_bytes(const char *word, const char *text)
{
    static const char bytes[4096];
    size_t left = (size_t)number(word, text);

    for (size_t size; left > 0; left -= size) {
        size = left < sizeof bytes ? left : sizeof bytes;
        client_send(connection(word), bytes, size);
    }
}

static void hear(const char *word)
{
    client_expect_text(connection(word), answer);
}

/* Turned away, or gone: both end the connection, with or without a reset. */
static void over(const char *word)
{
    (void)client_is_answered(connection(word), "", answer);
}

static void finish(const char *word)
{
    client_finish_sending(connection(word));
}

static void end(const char *word)
{
    enum { ANSWER = sizeof answer - 1 };
    int fd = connection(word);
    long long limit = now_ms() + patience_ms();
    char bytes[ANSWER];
    size_t got = 0;
    ssize_t received;

    while ((received = client_receive(fd, bytes + got, ANSWER - got, limit)) >
           0) {
        got += (size_t)received;
        if (memcmp(bytes, answer, got) != 0)
            fail_with("expected %s before the end, got %s",
                      quoted(answer, ANSWER), quoted(bytes, got));
        got %= ANSWER;
    }
    if (received == -1 || got > 0)
        fail_with("expected the server to close after a whole answer, got %s%s",
                  got > 0 ? "a piece of one and " : "",
                  client_heard(received, bytes));
}

static void leave(const char *word)
{
    close(connection(word));
    connections[now] = -1;
}

static void reset(const char *word)
{
    client_reset(connection(word));
    connections[now] = -1;
}

/* When nothing goes for a while all that the kernel has for both directions is
 * full, or the server has ended the connection. */
static void flood(const char *word)
{
    enum { A_WHILE_MS = 500, ENOUGH = 512 * 1024 * 1024 };
    static const char bytes[64 * 1024];
    int fd = newcomer(word, client_connect_small(port));
    size_t total = 0;
    ssize_t sent = 0;

    while (total < ENOUGH && wait_until(now_ms() + A_WHILE_MS, fd, POLLOUT)) {
        sent = send(fd, bytes, sizeof bytes, 0);
        if (sent == -1 && errno != EAGAIN && errno != EINTR)
            break;
        total += sent > 0 ? (size_t)sent : 0;
    }
}

static void first(const char *word)
{
    now = 0;
    while (now < count && connections[now] == -1)
        now++;
    if (now == count)
        usage(word, "nobody is connected, \"come\" must stand before it");
}

static void alone(const char *word)
{
    int mine = connection(word);

    for (int i = 0; i < count; i++)
        if (connections[i] != -1 && connections[i] != mine) {
            close(connections[i]);
            connections[i] = -1;
        }
}

static void run(const char *word, const char *command)
{
    if (system(command) != 0)
        fail_with("expected this to succeed with %d connections made: %s",
                  count, command);
}

/* -- what there is to do --------------------------------------------------- */

static const struct word {
    const char *name;
    void (*plain)(const char *word);
    void (*with)(const char *word, const char *argument);
} words[] = {
    {"come", come, NULL},   {"say", NULL, say},     {"send", NULL, send_bytes},
    {"hear", hear, NULL},   {"over", over, NULL},   {"finish", finish, NULL},
    {"end", end, NULL},     {"leave", leave, NULL}, {"reset", reset, NULL},
    {"flood", flood, NULL}, {"first", first, NULL}, {"alone", alone, NULL},
    {"run", NULL, run},
};

enum { WORDS = sizeof words / sizeof *words };

static bool is(const char *word, const char *other)
{
    return word != NULL && strcmp(word, other) == 0;
}

static char **next(char **argument)
{
    while (*argument != NULL && !is(*argument, "next"))
        argument++;
    return argument;
}

/* One word, with what belongs to it; returns the last of these. */
static char **perform_one(char **argument)
{
    const char *name = current = *argument;
    int i = 0;

    while (i < WORDS && !is(name, words[i].name))
        i++;
    if (i == WORDS)
        usage(name, "it does not know that word");
    if (words[i].plain != NULL) {
        words[i].plain(name);
        return argument;
    }
    if (argument[1] == NULL)
        usage(name, "something must follow");
    words[i].with(name, argument[1]);
    return argument + 1;
}

static void perform(char **argument, char **end)
{
    for (; argument < end; argument++)
        if (!is(*argument, "times")) {
            argument = perform_one(argument);
        } else {
            char **last = next(argument);

            for (long n = number("times", argument[1]); n > 0; n--)
                perform(argument + 2, last);
            argument = last;
        }
}

/* The harness waits twenty seconds, or so many times that. */
static void set_patience(void)
{
    const char *patience = getenv("PATIENCE");
    double seconds = patience == NULL ? 0 : strtod(patience, NULL);
    char text[32];

    snprintf(text, sizeof text, "%f", (seconds > 0 ? seconds : 3) / 20);
    setenv("CK_TIMEOUT_MULTIPLIER", text, 1);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        usage("guest", "a port and at least one word must follow");
    port = (int)number("guest", argv[1]);
    harness_failed = not_as_expected;
    set_patience();
    raise_descriptor_limit();
    perform(argv + 2, argv + argc);
    return 0;
}

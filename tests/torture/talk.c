/* talk.c -- what clients say to a program, and what must come back. */
#include "case.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO "Hello World\n"

static enum { AS_SENT, IN_UPPER_CASE, HELLO_WORLD } manner;

bool answers_hello(void)
{
    return manner == HELLO_WORLD;
}

const char *reply_to(const char *bytes, size_t *size)
{
    static char reply[1024];

    if (manner == HELLO_WORLD) {
        *size = strlen(HELLO);
        return HELLO;
    }
    for (size_t i = 0; i < *size && i < sizeof reply; i++) {
        bool lower = bytes[i] >= 'a' && bytes[i] <= 'z';

        reply[i] = (char)(bytes[i] - (lower && manner == IN_UPPER_CASE) * 32);
    }
    return reply;
}

int try_to_come(void)
{
    int client;

    return client_try_connect(server->port, &client) ? client : -1;
}

int come(const char *whoever)
{
    int client = try_to_come();

    if (client == -1)
        end_with(STUCK, "%s could not connect", whoever);
    return client;
}

/* Whether the connection is still there is seen when hearing. */
void say(int client, const char *text)
{
    (void)!send(client, text, strlen(text), 0);
}

static enum answer answer_to(int client, const char *text, int within_ms)
{
    long long moment = now_ms() + within_ms;
    char bytes[1024];
    size_t size = strlen(text);
    const char *reply = reply_to(text, &size);
    size_t heard = 0;

    while (heard < size) {
        ssize_t received =
            client_receive(client, bytes + heard, size - heard, moment);

        if (received == -1 && errno == ETIMEDOUT)
            return UNANSWERED;
        if (received <= 0)
            return CLOSED_BY_SERVER;
        heard += (size_t)received;
        if (memcmp(bytes, reply, heard) != 0)
            end_with(WRONG, "expected %s, got %s", quoted(reply, size),
                     quoted(bytes, heard));
    }
    return ANSWERED;
}

static void must(enum answer answer, const char *whoever)
{
    if (answer == UNANSWERED)
        end_with(STUCK, "%s was not answered within %d ms", whoever,
                 patience_ms());
    if (answer == CLOSED_BY_SERVER)
        end_with(DROPS, "the connection of %s was closed before an answer",
                 whoever);
}

void hear(int client, const char *text, const char *whoever)
{
    must(answer_to(client, text, patience_ms()), whoever);
}

void ask(int client, const char *text, const char *whoever)
{
    say(client, text);
    hear(client, text, whoever);
}

void serve(int client, const char *whoever)
{
    ask(client, "here, please\n", whoever);
}

enum answer try_asking(int client, const char *text)
{
    say(client, text);
    return answer_to(client, text, newcomer_ms());
}

void leave(int client, const char *whoever)
{
    char bytes[64];
    ssize_t received;

    client_finish_sending(client);
    received =
        client_receive(client, bytes, sizeof bytes, now_ms() + patience_ms());
    if (received > 0)
        end_with(WRONG, "%s expected nothing more, got %s", whoever,
                 quoted(bytes, (size_t)received));
    if (received == -1 && errno == ETIMEDOUT)
        end_with(rests_for_a_moment() ? LEAKS : STUCK,
                 "%s has finished sending and expected the end of the "
                 "connection within %d ms, got nothing: does the server close "
                 "its end when recv() has returned 0?",
                 whoever, patience_ms());
    if (received == -1)
        end_with(DROPS,
                 "%s has finished sending and expected the end of the "
                 "connection, got %s",
                 whoever, strerror(errno));
    close(client);
}

bool is_kept_waiting(int client, const char *whoever)
{
    enum answer answer = try_asking(client, "and me?\n");

    if (answer == UNANSWERED)
        had_to_wait("%s", whoever);
    else
        must(answer, whoever);
    return answer == UNANSWERED;
}

/* What a server in place of ours answers is found out by asking. */
void learn_manner(int client)
{
    static const char question[] = "Are you there?\n";
    static const char *const replies[] = {question, "ARE YOU THERE?\n", HELLO};
    char bytes[sizeof question] = "";
    size_t heard = 0;
    long long moment = now_ms() + patience_ms();

    say(client, question);
    while (strchr(bytes, '\n') == NULL && heard + 1 < sizeof bytes) {
        ssize_t received = client_receive(client, bytes + heard,
                                          sizeof bytes - 1 - heard, moment);

        if (received <= 0)
            must(received == 0 || errno != ETIMEDOUT ? CLOSED_BY_SERVER
                                                     : UNANSWERED,
                 "the first client");
        heard += (size_t)received;
    }
    for (manner = AS_SENT; manner <= HELLO_WORLD; manner++)
        if (strcmp(bytes, replies[manner]) == 0)
            return;
    end_with(WRONG,
             "expected \"Hello World\\n\", or the text in upper case, or as it "
             "was, in answer to \"Are you there?\\n\", got %s",
             quoted(bytes, heard));
}

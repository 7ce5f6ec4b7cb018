/* people.c -- those who talk to the program, by their names. */
#include "check.h"
#include "parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct person {
    int fd;
    int port;
    const char *name;
} people[PEOPLE];
static int people_count;

void people_are_forgotten(void)
{
    people_count = 0;
}

/* The newest first: numbers are used again. */
const char *person_at(int port)
{
    for (int i = people_count - 1; i >= 0; i--)
        if (people[i].port == port)
            return people[i].name;
    return NULL;
}

static const char *name_of(int client)
{
    for (int i = people_count - 1; i >= 0; i--)
        if (people[i].fd == client)
            return people[i].name;
    return "somebody";
}

static int is_called(const char *name, int fd)
{
    if (people_count < PEOPLE)
        people[people_count++] =
            (struct person){.fd = fd, .port = client_port(fd), .name = name};
    return fd;
}

int connects(const char *name)
{
    step("%s connects", name);
    return is_called(name, client_connect(program->port));
}

int connects_small(const char *name)
{
    step("%s connects, with little room for what it hears", name);
    return is_called(name, client_connect_small(program->port));
}

void says(int client, const char *text)
{
    step("%s says %s", name_of(client), quoted(text, strlen(text)));
    client_send_text(client, text);
}

/* Takes what comes, at most so many bytes in all; false: nothing more comes. */
static bool take(int client, struct heard *heard, size_t most, long long limit)
{
    ssize_t received = client_receive(client, heard->bytes + heard->size,
                                      most - heard->size, limit);

    if (received > 0)
        heard->size += (size_t)received;
    else if (received == 0)
        heard->then = "the end of the connection";
    else
        heard->then = errno == ETIMEDOUT ? "nothing" : strerror(errno);
    return received > 0;
}

struct heard hears_line(int client)
{
    long long limit = now_ms() + patience_ms();
    struct heard heard = {.then = ""};

    while (heard.size < sizeof heard.bytes &&
           memchr(heard.bytes, '\n', heard.size) == NULL)
        if (!take(client, &heard, sizeof heard.bytes, limit))
            break;
    return heard;
}

bool is_heard(const struct heard *heard, const char *text)
{
    return heard->size == strlen(text) &&
           memcmp(heard->bytes, text, heard->size) == 0;
}

void must_be(int client, const struct heard *heard, const char *reply)
{
    if (is_heard(heard, reply))
        return;
    fail_with("client %d: expected %s, got %s%s%s", client_port(client),
              quoted(reply, strlen(reply)),
              heard->size == 0 ? "" : quoted(heard->bytes, heard->size),
              heard->size == 0 || *heard->then == '\0' ? "" : ", then ",
              heard->then);
}

/* Not one byte more than the reply: another may stand behind it. */
static void hear(int client, const char *reply)
{
    long long limit = now_ms() + patience_ms();
    struct heard heard = {.then = ""};
    size_t size = strlen(reply);

    if (size > sizeof heard.bytes)
        fail_with("a reply of %zu bytes is too long for hears()", size);
    while (heard.size < size && memcmp(heard.bytes, reply, heard.size) == 0)
        if (!take(client, &heard, size, limit))
            break;
    must_be(client, &heard, reply);
}

void hears(int client, const char *reply)
{
    step("%s hears %s", name_of(client), quoted(reply, strlen(reply)));
    hear(client, reply);
}

void hears_in_the_end(int client, const char *words)
{
    char heard[64 * 1024];
    size_t length = 0;

    step("%s hears %s", name_of(client), quoted(words, strlen(words)));
    do {
        if (client_receive(client, heard + length, 1,
                           now_ms() + patience_ms()) != 1 ||
            length + 2 > sizeof heard)
            fail_with("expected %s to hear %s, got %s", name_of(client),
                      quoted(words, strlen(words)), quoted(heard, length));
        heard[++length] = '\0';
    } while (length < strlen(words) ||
             strcmp(heard + length - strlen(words), words) != 0);
}

void asks(int client, const char *text, const char *reply)
{
    step("%s says %s, and hears %s", name_of(client),
         quoted(text, strlen(text)), quoted(reply, strlen(reply)));
    client_send_text(client, text);
    hear(client, reply);
}

void has_heard_nothing(int client, const char *when)
{
    step("%s has heard nothing %s", name_of(client), when);
    client_expect_silence(client, when);
}

void leaves(int client)
{
    step("%s says that it is done, and hears the end", name_of(client));
    client_leave(client);
}

void vanishes(int client)
{
    step("%s closes its connection", name_of(client));
    close(client);
}

void resets(int client)
{
    step("%s resets its connection", name_of(client));
    client_reset(client);
}

void is_closed(int client)
{
    step("the server closes %s's connection", name_of(client));
    client_expect_closed(client);
    close(client);
}

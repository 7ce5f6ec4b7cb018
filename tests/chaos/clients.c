/* clients.c -- conversations with programs that connect. */
#include "chaos_run.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- client ---------------------------------------------------------------- */

enum { LINES = 4096, LINE_SIZE = 64 };

/* Without the prompts, which are there as often as a piece of a reply ended
 * with a line. */
static size_t without_prompts(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0';)
        if (strncmp(from, ">>>", 3) == 0)
            from += 3;
        else
            *to++ = *from++;
    *to = '\0';
    return (size_t)(to - text);
}

static void expect_lines(char *text)
{
    size_t length = without_prompts(text);

    for (int i = 0; i < LINES; i++) {
        char line[LINE_SIZE];
        int size = snprintf(line, sizeof line, "LINE %d OF WHAT WAS SAID\n", i);

        if (length < (size_t)size || strncmp(text, line, (size_t)size) != 0)
            fail_with("expected %s from the client, got %s",
                      quoted(line, (size_t)size), quoted(text, length));
        text += size;
        length -= (size_t)size;
    }
    if (strcmp(text, "") != 0 && strcmp(text, "\n") != 0)
        fail_with("expected nothing more from the client, got %s",
                  quoted(text, length));
}

/* With an upper that has no faults. */
void talk_to_client(void)
{
    const struct launch calm = {.path = "03_selectors_callbacks/upper"};
    struct child *upper = server_start(&calm);
    struct child *client;
    char port[12];

    snprintf(port, sizeof port, "%d", upper->port);
    client = start(ARGS(port));
    for (int i = 0; i < LINES; i++) {
        char line[LINE_SIZE];
        int size = snprintf(line, sizeof line, "line %d of what was said\n", i);

        child_write(client, line, (size_t)size);
    }
    child_end_input(client);
    child_expect_exit(client, 0);
    expect_lines(client->out.text);
    child_free(client);
    child_stop(upper);
}

/* -- connect --------------------------------------------------------------- */

enum { LISTENERS = 20, CONNECTS = 200, NAME_SIZE = 24 };

struct host {
    char name[NAME_SIZE];
    int listener;
    bool refuses;
};

/* How many lines begin with these words. */
PRINTF_LIKE(2, 3)
static int count(const struct stream *stream, const char *format, ...)
{
    const char *line = stream->length == 0 ? "" : stream->text;
    char words[100];
    va_list arguments;
    int found = 0;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    for (; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        found += strncmp(line, words, strlen(words)) == 0;
    return found;
}

static int accepted(int listener)
{
    int count = 0;
    int fd;

    for (; (fd = accept(listener, NULL, NULL)) != -1; count++)
        close(fd);
    return count;
}

/* Each of its targets has come to one end, and to the right one. Returns how
 * many were given up because of a fault. */
static int expect_host(struct child *child, const struct host *host)
{
    enum { EACH = CONNECTS / LISTENERS };
    const char *program = subject_program(run->line->subject);
    const char *name = host->name;
    int connected = count(&child->out, "connected! %s ", name) +
                    count(&child->out, "connected! %s\n", name);
    int unwatched = count(&child->err, "%s: cannot watch %s,", program, name);
    int failed = count(&child->err, "%s: %s: ", program, name) +
                 count(&child->err, "%s: %s (", program, name) + unwatched;
    int given_up =
        count(&child->err, "%s: %s: %s\n", program, name, strerror(EMFILE)) +
        count(&child->err, "%s: %s: %s\n", program, name,
              gai_strerror(EAI_MEMORY)) +
        unwatched;
    int really = host->refuses ? 0 : accepted(host->listener);

    if (connected + failed != EACH)
        fail_with("expected that %d connects to %s are decided, but %d were "
                  "connected and %d failed",
                  EACH, host->name, connected, failed);
    if (host->refuses ? connected > 0 : failed != given_up)
        fail_with("%s %s, but %d were connected and %d failed, %d of these "
                  "because of a fault",
                  host->name, host->refuses ? "refuses" : "listens", connected,
                  failed, given_up);
    if (!host->refuses && (really < connected || really > connected + given_up))
        fail_with("%d connects to %s are said to be connected, but %d are",
                  connected, host->name, really);
    return given_up;
}

static void open_hosts(struct host *hosts)
{
    for (int i = 0; i < LISTENERS; i++) {
        int port;

        hosts[i].refuses = i % 4 == 3;
        hosts[i].listener =
            hosts[i].refuses ? listener_refusing(&port) : listener_open(&port);
        snprintf(hosts[i].name, sizeof hosts[i].name, "127.0.0.1:%d", port);
    }
}

void talk_to_connect(void)
{
    struct host hosts[LISTENERS];
    const char *arguments[CONNECTS + 1] = {NULL};
    int given_up = 0;
    struct child *child;

    open_hosts(hosts);
    for (int i = 0; i < CONNECTS; i++)
        arguments[i] = hosts[i % LISTENERS].name;
    child = start(arguments);
    child_expect_exit(child, 1); /* some are refused */
    for (int i = 0; i < LISTENERS; i++)
        given_up += expect_host(child, &hosts[i]);
    expect_reasons(given_up, "connects were given up",
                   faults(CHAOS_EMFILE) + faults(CHAOS_ENOMEM));
    child_free(child);
}

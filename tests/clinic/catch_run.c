/* catch_run.c -- the check looks at one server. */
#define _GNU_SOURCE /* or glibc hides F_SETPIPE_SZ */
#include "catch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* So many that a client can bring a server to the end of them and beyond
 * FD_SETSIZE; a check must be able to have more. */
enum { SERVER_DESCRIPTORS = 1100 };

static struct run *this_run;

static _Noreturn void server_is_lost(const char *message)
{
    this_run->word = LOST;
    snprintf(this_run->said, SAID, "%s", message);
    exit(0);
}

/* Nobody reads what it prints, but for the line with its port; where the pipe
 * can be small it is soon full. */
static struct child *start_server(const char *command)
{
    const struct launch launch = {.path = "",
                                  .command = command,
                                  .descriptors = SERVER_DESCRIPTORS,
                                  .err = open("/dev/null", O_WRONLY)};
    struct child *server = server_start(&launch);

#ifdef F_SETPIPE_SZ
    fcntl(server->out.fd, F_SETPIPE_SZ, 4096);
#endif
    server->out.fd = -1; /* open, and forgotten by the harness */
    return server;
}

/* What is in the text is kept so that its end is there. */
static void hear(const char *bytes, size_t size)
{
    size_t length = strlen(this_run->said);
    size_t room = SAID - 1;
    size_t kept;

    this_run->printed += size;
    if (size > room) {
        bytes += size - room;
        size = room;
    }
    kept = length + size > room ? room - size : length;
    memmove(this_run->said, this_run->said + length - kept, kept);
    memcpy(this_run->said + kept, bytes, size);
    for (size_t i = kept; i < kept + size; i++)
        if (this_run->said[i] == '\0')
            this_run->said[i] = '?';
    this_run->said[kept + size] = '\0';
}

/* Until nothing more is there. */
static void read_output(int output)
{
    char bytes[4096];
    ssize_t size;

    fcntl(output, F_SETFL, O_NONBLOCK);
    while ((size = read(output, bytes, sizeof bytes)) > 0)
        hear(bytes, (size_t)size);
}

/* One piece; -1 instead of a descriptor that is at its end. */
static int read_some(int output)
{
    char bytes[65536];
    ssize_t size = read(output, bytes, sizeof bytes);

    if (size > 0)
        hear(bytes, (size_t)size);
    return size == 0 ? -1 : output;
}

/* true: by itself, in time. */
static bool await(const struct kept *kept, long long limit)
{
    struct pollfd entries[] = {{.fd = kept->output, .events = POLLIN},
                               {.fd = kept->done, .events = POLLIN}};

    while (wait_for_any(limit, entries, 2)) {
        if (entries[0].revents != 0)
            entries[0].fd = read_some(entries[0].fd);
        if (entries[1].revents != 0)
            return true;
        entries[0].revents = 0;
        if (now_ms() > limit)
            break;
    }
    return this_run->has_ended;
}

static enum word word_of(int status)
{
    if (WIFSIGNALED(status))
        return KILLED;
    switch (WEXITSTATUS(status)) {
    case 0:
        return YES;
    case 126:
    case 127:
        return CANNOT_RUN;
    }
    return NO;
}

void play(struct run *run)
{
    struct child *server;
    struct kept kept;

    this_run = run;
    harness_failed = server_is_lost;
    raise_descriptor_limit();
    server = start_server(run->command);
    kept = keep_script(plan.script, server->port, server->pid, run);
    if (await(&kept, now_ms() + plan.limit_s * 1000)) {
        run->word = word_of(run->status);
    } else {
        run->word = HANGS;
        close(kept.lifeline);
        wait_until(now_ms() + patience_ms(), kept.done, POLLIN);
    }
    read_output(kept.output);
    exit(0); /* which ends the server */
}

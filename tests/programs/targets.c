/* targets.c -- programs that connect, and to what. */
#define TARGETS_C
#include "targets.h"

#include <stdio.h>

static struct target target_at(int port, int fd)
{
    struct target target = {.port = port, .fd = fd};

    snprintf(target.port_text, sizeof target.port_text, "%d", port);
    snprintf(target.text, sizeof target.text, "127.0.0.1:%d", port);
    return target;
}

struct target target_listening(void)
{
    int port;
    int fd = listener_open(&port);

    return target_at(port, fd);
}

struct target target_refusing(void)
{
    int port;
    int fd = listener_refusing(&port);

    return target_at(port, fd);
}

bool target_silent(struct target *target, const char *test)
{
    int pending[SILENT];
    int port;
    bool is_silent = listener_silent(&port, pending);

    *target = target_at(port, -1);
    if (!is_silent)
        skip(test, "this system answers although the backlog is full");
    return is_silent;
}

struct child *start_program(int descriptors, int i,
                            const char *const *arguments)
{
    struct launch launch = launch_of(&subjects[i], descriptors);

    return child_start(&launch, arguments);
}

void finish(struct child *program, int status, int connected)
{
    child_expect_exit(program, status);
    stream_expect_count(&program->out, "connected!", connected);
    child_free(program);
}

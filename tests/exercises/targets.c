/* targets.c -- whom a program connects to, for the exercises of lesson 4. */
#include "targets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- whom it connects to --------------------------------------------------- */

static struct target target_at(int port, int fd)
{
    static char next = 'A';
    struct target target = {.name = {next++}, .fd = fd};

    snprintf(target.text, sizeof target.text, "127.0.0.1:%d", port);
    return target;
}

struct target listening(void)
{
    int port;
    int fd = listener_open(&port);
    struct target target = target_at(port, fd);

    step("%s listens on %s", target.name, target.text);
    return target;
}

struct target refusing(void)
{
    int port;
    int fd = listener_refusing(&port);
    struct target target = target_at(port, fd);

    step("%s refuses: nobody listens on %s", target.name, target.text);
    return target;
}

/* A connection that is begun; nobody waits for its end. */
static int begun(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    fcntl(fd, F_SETFD, FD_CLOEXEC); /* the program must not keep it */
    fcntl(fd, F_SETFL, O_NONBLOCK);
    (void)!connect(fd, (struct sockaddr *)&address, sizeof address);
    return fd;
}

/* It listens, but its queue is full: who connects hears nothing. false: this
 * system answers all the same, and this proves nothing. */
bool is_silent(struct target *target)
{
    enum { WHILE_MS = 20 };
    int port;
    int fd = listener_refusing(&port);

    *target = target_at(port, fd);
    listen(fd, 1); /* 0 is as many as can be on the BSDs */
    for (int i = 0; i < SILENT; i++)
        target->pending[i] = begun(port);
    if (wait_until(now_ms() + WHILE_MS, target->pending[SILENT - 1], POLLOUT)) {
        skip("a silent target", "this system answers although nobody accepts");
        return false;
    }
    step("%s is silent, %s: it neither answers nor refuses", target->name,
         target->text);
    return true;
}

/* Its queue is empty now: who connects once more is accepted. */
void speaks_again(const struct target *target)
{
    int fd;

    for (int i = 0; i < SILENT; i++)
        close(target->pending[i]);
    while ((fd = accept(target->fd, NULL, NULL)) != -1)
        close(fd);
    step("%s is silent no more", target->name);
}

/* -- what it does ---------------------------------------------------------- */

/* A line with both. */
bool has_line(const struct stream *stream, const char *words, const char *name)
{
    const char *line = stream->length == 0 ? "" : stream->text;

    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        const char *one = strstr(line, words);
        const char *other = strstr(line, name);

        if (one != NULL && other != NULL && one < line + length &&
            other < line + length)
            return true;
        line += length + (line[length] == '\n');
    }
    return false;
}

/* By itself, and all that it has printed is read; false: not in time. */
bool ends(void)
{
    long long limit = now_ms() + patience_ms();

    while (program->out.fd > 0 || program->err.fd > 0 || child_runs(program)) {
        if (now_ms() > limit)
            return false;
        wait_until(now_ms() + 10, -1, 0);
    }
    return true;
}

/* Fails, and shows what it has printed. */
void fail_as_printed(const char *format, ...)
{
    char expected[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    if (program->out.length == 0)
        fail_with("expected %s; nothing was printed on stdout", expected);
    fail_with("expected %s; on stdout:\n%s", expected, program->out.text);
}

/* The program connects to it: the other end of that connection. */
int visitor_of(const struct target *target)
{
    long long limit = now_ms() + patience_ms();

    step("the program connects to %s", target->name);
    while (!wait_until(now_ms() + 10, target->fd, POLLIN)) {
        if (!child_runs(program) && program->out.length == 0 &&
            program->err.length == 0)
            because("The program has ended without a word. (An event loop ends "
                    "when nobody is registered any more.)");
        if (now_ms() > limit || !child_runs(program))
            fail_as_printed("a connection to %s, %s", target->name,
                            target->text);
    }
    return listener_accept(target->fd);
}

/* The program closes it. */
void is_left(int visitor, const struct target *target)
{
    char byte;

    step("the program closes the connection to %s", target->name);
    if (client_receive(visitor, &byte, 1, now_ms() + patience_ms()) == -1 &&
        errno == ETIMEDOUT)
        fail_as_printed("the connection to %s, %s, to be closed", target->name,
                        target->text);
    close(visitor);
}

void must_end(void)
{
    step("the program ends");
    if (!ends())
        fail_as_printed("the program to end, but it runs on");
    if (WIFSIGNALED(program->status)) {
        because(NULL);
        fail_as_printed("the program to end by itself");
    }
}

/* programs.c -- start a program, hear what it prints, see how it ends. */
#include "programs.h"

#include "basics.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN = 64 };
enum { MOST_WATCHED = 16 + 2 * CHILDREN };

static struct child children[CHILDREN];
static pid_t owner; /* of these: who we are */

/* -- time ------------------------------------------------------------------ */

int patience_ms(void)
{
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    double times = multiplier == NULL ? 1 : strtod(multiplier, NULL);

    return (int)(20000 * (times > 0 ? times : 1));
}

long long now_ms(void)
{
    return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

static void watch(struct stream *stream, struct pollfd *entries,
                  struct stream **streams, int *count)
{
    if (stream->fd <= 0)
        return;
    streams[*count] = stream;
    entries[(*count)++] = (struct pollfd){.fd = stream->fd, .events = POLLIN};
}

/* How many files have grown. They cannot be waited for: the wait gets short. */
static int read_files(long long *left_ms)
{
    enum { GLANCE_MS = 2 };
    int grown = 0;

    for (int i = 0; i < CHILDREN; i++) {
        struct stream *out = &children[i].out;
        size_t before = out->length;

        if (children[i].pid == 0 || children[i].file == 0)
            continue;
        stream_read_file(out, children[i].file);
        grown += out->length > before;
        *left_ms = *left_ms > GLANCE_MS ? GLANCE_MS : *left_ms;
    }
    return grown;
}

/* Adds what the programs print to the first count entries, waits, and reads it.
 * How many are ready. */
static int wait_and_read(struct pollfd *entries, int count, long long left_ms)
{
    struct stream *streams[MOST_WATCHED];
    int own = count;
    int grown = read_files(&left_ms);
    int ready;

    for (int i = 0; i < CHILDREN; i++) {
        watch(&children[i].out, entries, streams, &count);
        watch(&children[i].err, entries, streams, &count);
    }
    if (left_ms < 0 || grown > 0)
        left_ms = 0;
    ready = poll(entries, (nfds_t)count, (int)left_ms);
    for (int i = own; ready > 0 && i < count; i++)
        if (entries[i].revents != 0)
            stream_read(streams[i]);
    return (ready < 0 ? 0 : ready) + grown;
}

bool wait_for_any(long long moment_ms, struct pollfd *fds, int count)
{
    struct pollfd entries[MOST_WATCHED];
    long long left;

    do {
        left = moment_ms - now_ms();
        memcpy(entries, fds, (size_t)count * sizeof *fds);
        if (wait_and_read(entries, count, left) > 0) {
            memcpy(fds, entries, (size_t)count * sizeof *fds);
            return true;
        }
    } while (left > 0);
    return false;
}

bool wait_until(long long moment_ms, int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};

    while (wait_for_any(moment_ms, &entry, 1))
        if (fd == -1 || entry.revents != 0)
            return true;
    return false;
}

/* -- its life -------------------------------------------------------------- */

bool child_runs(struct child *child)
{
    if (!child->ended)
        child->ended =
            process_has_ended(child->pid, &child->status, &child->cpu_ns);
    return !child->ended;
}

bool children_have_ended(void)
{
    int count = 0;

    for (int i = 0; i < CHILDREN; i++) {
        count += children[i].pid != 0;
        if (children[i].pid != 0 && child_runs(&children[i]))
            return false;
    }
    return count > 0;
}

const char *child_state(struct child *child)
{
    static char text[80];

    if (child_runs(child))
        snprintf(text, sizeof text, "still running");
    else if (WIFSIGNALED(child->status))
        snprintf(text, sizeof text, "killed by signal %d (%s)",
                 WTERMSIG(child->status), strsignal(WTERMSIG(child->status)));
    else
        snprintf(text, sizeof text, "exit status %d",
                 WEXITSTATUS(child->status));
    return text;
}

void child_signal(struct child *child, int number)
{
    kill(child->pid, number);
}

void child_pause(struct child *child)
{
    siginfo_t how = {0};

    kill(child->pid, SIGSTOP);
    while (waitid(P_PID, (id_t)child->pid, &how,
                  WSTOPPED | WEXITED | WNOWAIT) == -1 &&
           errno == EINTR)
        continue;
    if (how.si_code != CLD_STOPPED)
        fail_with("expected %s to stop, but it has ended", child->name);
}

void child_write(struct child *child, const void *data, size_t size)
{
    const char *rest = data;
    long long limit = now_ms() + patience_ms();

    fcntl(child->in, F_SETFL, O_NONBLOCK);
    while (size > 0) {
        ssize_t written = write(child->in, rest, size);

        if (written > 0) {
            rest += written;
            size -= (size_t)written;
        } else if (errno != EAGAIN && errno != EINTR) {
            fail_with("expected %s to read its stdin, got: %s", child->name,
                      strerror(errno));
        } else if (!wait_until(limit, child->in, POLLOUT)) {
            fail_with("expected %s to read its stdin, but %zu bytes stay there",
                      child->name, size);
        }
    }
}

void child_end_input(struct child *child)
{
    close(child->in);
    child->in = -1;
}

/* -- its end --------------------------------------------------------------- */

static bool is_heard(const struct child *child)
{
    return child->out.fd > 0 || child->err.fd > 0;
}

/* Reads what is still in its pipes. */
static void drain(const struct child *child)
{
    while (is_heard(child) && wait_until(0, -1, 0))
        continue;
}

/* There is no wait with a time limit for a process, so it is asked again and
 * again; mostly once both pipes have ended. What is in them comes at the end.
 */
static bool child_ends(struct child *child)
{
    enum { GLANCE_MS = 50 };
    long long limit = now_ms() + patience_ms();

    while (child_runs(child) && now_ms() < limit)
        if (is_heard(child))
            wait_until(now_ms() + GLANCE_MS, -1, 0);
        else
            poll(NULL, 0, 1);
    drain(child);
    return child->ended;
}

void child_end(struct child *child)
{
    if (!child->ended)
        process_end(child->pid, &child->status, &child->cpu_ns);
    child->ended = true;
    drain(child);
}

void child_free(struct child *child)
{
    child_end(child);
    if (child->in > 0)
        close(child->in);
    if (child->file > 0)
        close(child->file);
    stream_free(&child->out);
    stream_free(&child->err);
    child->pid = 0;
}

/* What sanitizers and valgrind ("==PID== ...") write while a program runs. */
static void expect_no_complaints(struct child *child)
{
    char valgrind[32];

    snprintf(valgrind, sizeof valgrind, "==%ld== ", (long)child->pid);
    if (stream_has(&child->err, valgrind) ||
        stream_has(&child->err, "runtime error: ") ||
        stream_has(&child->err, "Sanitizer: "))
        fail_with("%s has run into an error", child->name);
}

void child_stop(struct child *child)
{
    if (!child_runs(child))
        fail_with("expected %s to run on, but it has ended", child->name);
    kill(child->pid, SIGTERM);
    kill(child->pid, SIGCONT);
    if (!child_ends(child))
        fail_with("%s did not end after SIGTERM", child->name);
    expect_no_complaints(child);
    child_free(child);
}

void child_expect_exit(struct child *child, int status)
{
    if (!child_ends(child))
        fail_with("expected the end of %s, but it runs on; it has printed %s",
                  child->name, quoted(child->out.text, child->out.length));
    if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != status)
        fail_with("expected exit status %d of %s; it has printed %s", status,
                  child->name, quoted(child->out.text, child->out.length));
    expect_no_complaints(child);
}

void child_finish(struct child *child, int status)
{
    child_expect_exit(child, status);
    child_free(child);
}

/* -- starting -------------------------------------------------------------- */

static struct child *free_slot(void)
{
    for (int i = 0; i < CHILDREN; i++)
        if (children[i].pid == 0)
            return memset(&children[i], 0, sizeof children[i]);
    fail_with("more than %d programs at once", CHILDREN);
}

static void name_child(struct child *child, const struct launch *launch)
{
    const char *command = launch_command(launch);

    snprintf(child->name, sizeof child->name, "%s%s%s",
             command == NULL ? launch->path : command,
             launch->selector == NULL ? "" : " with SELECTOR=",
             launch->selector == NULL ? "" : launch->selector);
}

static void keep_ours(struct child *child, const struct end ends[3])
{
    for (int i = 0; i < 3; i++)
        if (ends[i].made)
            close(ends[i].theirs);
    child->in = ends[0].ours;
    child->out.fd = ends[1].is_file ? -1 : ends[1].ours;
    child->file = ends[1].is_file ? ends[1].ours : 0;
    child->err.fd = ends[2].ours;
}

/* What a fork() has copied is not ours. */
static void take_possession(void)
{
    if (owner == getpid())
        return;
    owner = getpid();
    memset(children, 0, sizeof children);
}

struct child *child_start(const struct launch *launch,
                          const char *const *arguments)
{
    const struct end ends[] = {launch_end(launch->in, STDIN_FILENO),
                               launch_end(launch->out, STDOUT_FILENO),
                               launch_end(launch->err, STDERR_FILENO)};
    struct child *child;

    signal(SIGPIPE, SIG_IGN);
    take_possession();
    child = free_slot();
    name_child(child, launch);
    child->pid = process_fork();
    if (child->pid == 0)
        launch_become(launch, ends, arguments);
    keep_ours(child, ends);
    return child;
}

/* -- what it prints -------------------------------------------------------- */

bool child_says_more(struct child *child, const struct stream *stream,
                     long long moment_ms)
{
    bool may = stream->fd > 0 || (child->file > 0 && child_runs(child));

    return wait_until(may ? moment_ms : 0, -1, 0);
}

void stream_expect(struct child *child, struct stream *stream,
                   const char *format, ...)
{
    long long limit = now_ms() + patience_ms();
    char words[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    while (!stream_has(stream, words))
        if (!child_says_more(child, stream, limit))
            fail_with("expected %s to print \"%s\" on %s, got %s", child->name,
                      words, stream == &child->out ? "stdout" : "stderr",
                      quoted(stream->text, stream->length));
}

void stream_expect_count(const struct stream *stream, const char *words,
                         int expected)
{
    size_t shown = stream->length > 60 ? 60 : stream->length;

    if (stream_count(stream, words) != expected)
        fail_with("expected %s to be printed %d times, got %d times, at the "
                  "end %s",
                  quoted(words, strlen(words)), expected,
                  stream_count(stream, words),
                  quoted(stream->text + stream->length - shown, shown));
}

static size_t same_prefix(const char *one, const char *other, size_t size)
{
    size_t same = 0;

    while (same < size && one[same] == other[same])
        same++;
    return same;
}

PRINTF_LIKE(3, 0)
static void expect_text(struct child *child, struct stream *stream,
                        const char *format, va_list arguments)
{
    long long limit = now_ms() + patience_ms();
    char expected[4096];
    size_t size;
    size_t same;

    vsnprintf(expected, sizeof expected, format, arguments);
    size = strlen(expected);
    while (stream->length < size && child_says_more(child, stream, limit))
        continue;
    wait_until(0, -1, 0); /* and nothing more */
    same = same_prefix(stream->length == 0 ? "" : stream->text, expected,
                       stream->length < size ? stream->length : size);
    if (stream->length == size && same == size)
        return;
    fail_with(
        "expected %s to print on %s (after the first %zu bytes) %s, got %s",
        child->name, stream == &child->out ? "stdout" : "stderr", same,
        quoted(expected + same, size - same),
        quoted(stream->text + same, stream->length - same));
}

void child_expect_stdout(struct child *child, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    expect_text(child, &child->out, format, arguments);
    va_end(arguments);
}

void child_expect_stderr(struct child *child, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    expect_text(child, &child->err, format, arguments);
    va_end(arguments);
}

/* What a stream ends with, from the beginning of a line if there is one. */
static const char *last_lines(const struct stream *stream)
{
    enum { SHOWN = 1500 };
    const char *shown;
    const char *line;

    if (stream->length <= SHOWN)
        return stream->length == 0 ? "" : stream->text;
    shown = stream->text + stream->length - SHOWN;
    line = strchr(shown - 1, '\n'); /* it may begin just there */
    return line == NULL || line[1] == '\0' ? shown : line + 1;
}

/* Adds to message[0 .. size-1] how a program is and what it said last. */
static void describe(struct child *child, char *message, size_t size)
{
    const struct stream *err = &child->err;
    size_t used = strlen(message);

    snprintf(message + used, size - used, "\n  %s: %s%s%s", child->name,
             child_state(child), err->length == 0 ? "" : "; on stderr:\n",
             last_lines(err));
}

/* A program that is about to die has closed its connections before it can be
 * seen dead, and what it says last comes last: the dying get a moment. */
static void last_words(void)
{
    enum { MOMENT_MS = 100 };
    long long limit = now_ms() + MOMENT_MS;
    bool all_run = true;

    while (all_run && now_ms() < limit) {
        wait_until(now_ms() + MOMENT_MS / 10, -1, 0);
        for (int i = 0; i < CHILDREN; i++)
            if (children[i].pid != 0 && !child_runs(&children[i]))
                all_run = false;
    }
    while (wait_until(0, -1, 0))
        continue;
}

void children_describe(char *message, size_t size)
{
    last_words();
    for (int i = 0; i < CHILDREN; i++)
        if (children[i].pid != 0)
            describe(&children[i], message, size);
}

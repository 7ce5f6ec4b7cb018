/* child.c -- the program that is being shown: started, heard, stopped.
 *
 * There is one at a time, and it never outlives the demo, whether that ends by
 * itself or by Ctrl-C.
 */
#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 6 };

static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { DEADLY = sizeof deadly / sizeof deadly[0] };

/* For the signal handler. 0: there is none. */
static volatile sig_atomic_t running;

/* -- signals --------------------------------------------------------------- */

static void die_with_child(int number)
{
    if (running > 0) {
        kill((pid_t)running, SIGKILL);
        waitpid((pid_t)running, NULL, 0);
    }
    picture_abandon();
    signal(number, SIG_DFL);
    raise(number);
}

void child_dies_with_us(void)
{
    struct sigaction action = {.sa_handler = die_with_child};

    sigemptyset(&action.sa_mask);
    for (int i = 0; i < DEADLY; i++)
        sigaction(deadly[i], &action, NULL);
}

/* While `running` is not what it should be, the handler must not run. */
static void hold_signals(sigset_t *before)
{
    sigset_t held;

    sigemptyset(&held);
    for (int i = 0; i < DEADLY; i++)
        sigaddset(&held, deadly[i]);
    sigprocmask(SIG_BLOCK, &held, before);
}

/* -- starting -------------------------------------------------------------- */

/* In the child. A variable like DEMO_SERVER_02 may hold a command of several
 * words, "python3 mine.py": the shell takes it apart. */
static void execute(const char *program, const char *instead,
                    const char *const *arguments)
{
    const char *prefix = getenv("O");
    char path[512];
    char script[64];
    const char *argv[MAX_ARGUMENTS + 5] = {path};
    int count = 1;

    snprintf(path, sizeof path, "%s%s", prefix == NULL ? "" : prefix, program);
    if (getenv(instead) != NULL) {
        snprintf(path, sizeof path, "/bin/sh");
        snprintf(script, sizeof script, "exec $%s \"$@\"", instead);
        argv[count++] = "-c";
        argv[count++] = script;
        argv[count++] = "demo";
    }
    for (int i = 0; i < MAX_ARGUMENTS && arguments[i] != NULL; i++)
        argv[count++] = arguments[i];
    execv(path, (char *const *)argv);
    dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

/* In the child. It must not inherit what the demo does about signals. */
static void prepare(int output, const sigset_t *mask)
{
    int nothing = open("/dev/null", O_RDONLY);

    for (int i = 0; i < DEADLY; i++)
        signal(deadly[i], SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    alarm(15); /* survives exec: it ends even if we are killed */
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close(nothing);
}

void child_start(struct child *child, const char *program, const char *instead,
                 const char *const *arguments)
{
    int ends[2] = {-1, -1};
    sigset_t mask;

    memset(child, 0, sizeof *child);
    child->output = -1;
    fflush(stdout);
    hold_signals(&mask);
    child->pid = pipe(ends) == -1 ? -1 : fork();
    if (child->pid == 0) {
        prepare(ends[1], &mask);
        close(ends[0]);
        close(ends[1]);
        execute(program, instead, arguments);
    }
    running = child->pid > 0 ? (sig_atomic_t)child->pid : 0;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    close(ends[1]);
    if (child->pid > 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) != -1)
        child->output = ends[0];
    else
        close(ends[0]);
}

/* -- listening ------------------------------------------------------------- */

static void remember(struct child *child, const char *text, size_t length)
{
    size_t room = sizeof child->said - 1 - child->said_length;

    if (length > room)
        length = room;
    memcpy(child->said + child->said_length, text, length);
    child->said_length += length;
}

/* A line longer than the buffer is cut; the demo looks for short ones. */
static void add(struct child *child, char byte, child_heard *heard,
                void *context)
{
    if (byte != '\n') {
        if (child->line_length < sizeof child->line - 1)
            child->line[child->line_length++] = byte;
        return;
    }
    child->line[child->line_length] = '\0';
    child->line_length = 0;
    heard(context, child->line);
}

/* One read() a time: a program that prints without end must not keep us here.
 */
void child_read(struct child *child, child_heard *heard, void *context)
{
    char buffer[4096];
    ssize_t count = read(child->output, buffer, sizeof buffer);

    if (count == 0 || (count == -1 && errno != EAGAIN && errno != EINTR)) {
        close(child->output);
        child->output = -1;
        return;
    }
    if (count > 0)
        remember(child, buffer, (size_t)count);
    for (ssize_t i = 0; i < count; i++)
        add(child, buffer[i], heard, context);
}

/* -- stopping -------------------------------------------------------------- */

static double children_cpu_ms(void)
{
    struct rusage use;

    getrusage(RUSAGE_CHILDREN, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
}

/* Not asked, killed: a program that does not listen must not hold up the demo,
 * and one that has ended by itself does not mind. */
void child_stop(struct child *child)
{
    double before = children_cpu_ms();
    sigset_t mask;

    if (child->pid <= 0)
        return;
    hold_signals(&mask);
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) == -1 && errno == EINTR)
        ;
    running = 0;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    child->cpu_ms = children_cpu_ms() - before;
    if (child->output != -1)
        close(child->output);
    child->output = -1;
}

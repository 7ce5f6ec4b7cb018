/* child.c -- the programs that are measured: start, watch, stop. */
#include "child.h"
#include "measure.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CHILDREN = 64 };

static pid_t running[MOST_CHILDREN];

static void kill_all(void)
{
    for (int i = 0; i < MOST_CHILDREN; i++)
        if (running[i] > 0)
            kill(running[i], SIGTERM);
}

static void on_signal(int number)
{
    kill_all();
    _exit(1);
}

void child_die_with_us(void)
{
    atexit(kill_all);
    signal(SIGALRM, on_signal);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
}

static void become_child(void)
{
    signal(SIGALRM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    memset(running, 0, sizeof running);
    alarm(300); /* survives exec: it ends even if we are killed */
}

static void remember(pid_t pid)
{
    int i = 0;

    while (i < MOST_CHILDREN && running[i] > 0)
        i++;
    if (pid == -1 || i == MOST_CHILDREN)
        measure_fail("fork");
    running[i] = pid;
}

/* -- start and stop -------------------------------------------------------- */

struct child child_start(const char *command)
{
    struct child child;
    FILE *file = tmpfile();
    size_t size = strlen(command) + sizeof "exec ";
    char *line = malloc(size);

    if (file == NULL || line == NULL)
        measure_fail("cannot start %s", command);
    snprintf(line, size, "exec %s", command);
    fflush(stdout);
    child.output = fileno(file);
    child.pid = fork();
    if (child.pid == 0) {
        become_child();
        dup2(child.output, STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    free(line);
    remember(child.pid);
    return child;
}

int child_port(const struct child *child)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    static const char before[] = "Listening on 127.0.0.1:";
    char text[256];

    for (;;) {
        ssize_t size = pread(child->output, text, sizeof text - 1, 0);

        text[size < 0 ? 0 : size] = '\0';
        if (strchr(text, '\n') != NULL)
            break;
        if (waitpid(child->pid, NULL, WNOHANG) != 0) {
            errno = 0;
            measure_fail("a server ended before it listened");
        }
        nanosleep(&pause, NULL);
    }
    if (strncmp(text, before, strlen(before)) != 0)
        measure_fail("a server said: %s", text);
    return (int)strtol(text + strlen(before), NULL, 10);
}

struct child child_fork(void (*hold)(void *), void *argument)
{
    struct child child = {.output = -1};
    int ready[2];
    char byte;

    if (pipe(ready) == -1)
        measure_fail("pipe");
    fflush(stdout);
    child.pid = fork();
    if (child.pid == 0) {
        become_child();
        close(ready[0]);
        hold(argument);
        if (write(ready[1], "!", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    remember(child.pid);
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        measure_fail("a helper has failed");
    close(ready[0]);
    return child;
}

static void forget(pid_t pid)
{
    for (int i = 0; i < MOST_CHILDREN; i++)
        if (running[i] == pid)
            running[i] = 0;
}

static double cpu_of_the_dead(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return ((double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e9) +
           ((double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e3);
}

int child_wait(struct child *child, double *cpu_ns)
{
    double before = cpu_of_the_dead();
    int status = 0;

    if (waitpid(child->pid, &status, 0) == -1)
        measure_fail("waitpid");
    forget(child->pid);
    child->pid = 0;
    *cpu_ns = cpu_of_the_dead() - before;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void child_stop(struct child *child)
{
    if (child->pid > 0) {
        forget(child->pid);
        kill(child->pid, SIGTERM);
        waitpid(child->pid, NULL, 0);
    }
    if (child->output != -1)
        close(child->output);
}

/* -- what it costs --------------------------------------------------------- */

double child_cpu(const struct child *child)
{
#if defined(_POSIX_CPUTIME) && _POSIX_CPUTIME >= 0
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(child->pid, &clock) == 0 &&
        clock_gettime(clock, &used) == 0)
        return ((double)used.tv_sec * 1e9) + (double)used.tv_nsec;
#endif
    return -1;
}

/* The first number behind `key` that the file or the command says, times 1024;
 * < 0: none. */
static double read_kilobytes(FILE *from, const char *key)
{
    char line[256];
    double kilobytes = -1;

    while (from != NULL && kilobytes < 0 && fgets(line, sizeof line, from))
        if (strncmp(line, key, strlen(key)) == 0)
            kilobytes = strtod(line + strlen(key), NULL);
    return kilobytes < 0 ? -1 : kilobytes * 1024;
}

/* ps rounds, and counts shared pages too; Linux tells more exactly. */
double child_memory(const struct child *child)
{
    char text[64];
    FILE *from;
    double bytes;

    snprintf(text, sizeof text, "/proc/%ld/smaps_rollup", (long)child->pid);
    from = fopen(text, "r");
    bytes = read_kilobytes(from, "Private_Dirty:");
    if (from != NULL)
        fclose(from);
    if (bytes >= 0)
        return bytes;
    snprintf(text, sizeof text, "ps -o rss= -p %ld", (long)child->pid);
    from = popen(text, "r");
    bytes = read_kilobytes(from, "");
    if (from != NULL)
        pclose(from);
    return bytes;
}

/* process.c -- processes of ours, which never outlive us. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 1024 };

static pid_t owner; /* who we are, if we have a watcher: a fork() copies it */
static pid_t watcher;
static int lifeline;

/* Ours; in the watcher those that it is to kill. */
static volatile pid_t running[MOST];

/* Puts one in the place of another; 0: of nobody. */
static void replace(pid_t old, pid_t new)
{
    int i = 0;

    while (i < MOST - 1 && running[i] != old)
        i++;
    running[i] = new;
}

static void await(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) == -1 && errno == EINTR)
        continue;
}

static void kill_all(void)
{
    for (int i = 0; i < MOST; i++)
        if (running[i] != 0)
            kill(-running[i], SIGKILL);
}

static _Noreturn void give_up(const char *call)
{
    perror(call);
    exit(1);
}

/* -- the watcher ----------------------------------------------------------- */

/* It learns of each process twice: NUMBER that it has begun, -NUMBER that it is
 * about to end. */
static _Noreturn void watch(int from)
{
    pid_t pid;

    while (read(from, &pid, sizeof pid) == sizeof pid)
        if (pid > 0)
            replace(0, pid);
        else
            replace(-pid, 0);
    kill_all();
    _exit(0);
}

/* Its connections, and ours that it has got copies of, must not stay open; and
 * no signal to us or to our group is meant for it. */
static _Noreturn void become_watcher(int from)
{
    enum { DESCRIPTORS = 4096 };
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setpgid(0, 0);
    dup2(from, STDIN_FILENO);
    for (int fd = STDIN_FILENO + 1; fd < DESCRIPTORS; fd++)
        close(fd);
    watch(STDIN_FILENO);
}

void process_end_all(void)
{
    if (owner != getpid())
        return;
    kill_all();
    for (int i = 0; i < MOST; i++)
        if (running[i] != 0)
            await(running[i], NULL);
    owner = 0;
    close(lifeline);
    await(watcher, NULL);
}

/* What is printed must not go to the watcher. Opened the wrong way round, so
 * that using it is the error it was before. */
static void plug_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == -1)
            give_up("/dev/null");
}

static void start_watcher(void)
{
    int ends[2];

    plug_standard_descriptors();
    if (pipe(ends) == -1)
        give_up("pipe");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    memset((void *)running, 0, sizeof running); /* what a fork() copied */
    watcher = fork();
    if (watcher == -1)
        give_up("fork");
    if (watcher == 0)
        become_watcher(ends[0]);
    setpgid(watcher, watcher); /* before anything runs that it must outlive */
    close(ends[0]);
    owner = getpid();
    lifeline = ends[1];
    atexit(process_end_all);
}

static void tell_watcher(pid_t pid)
{
    while (write(lifeline, &pid, sizeof pid) == -1 && errno == EINTR)
        continue;
}

/* -- Ctrl-C ---------------------------------------------------------------- */

static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP};

enum { INTERRUPTS = sizeof interrupts / sizeof *interrupts };

static volatile sig_atomic_t interrupted;
static bool catching;

/* It may have come just before a wait: that is ended a second later. */
static void note_interrupt(int number)
{
    if (number != SIGALRM)
        interrupted = number;
    alarm(1);
}

void process_catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = note_interrupt};

    catching = true;
    sigaction(SIGALRM, &action, NULL);
    action.sa_flags = (int)SA_RESETHAND;
    for (int i = 0; i < INTERRUPTS; i++)
        sigaction(interrupts[i], &action, NULL);
}

int process_interrupted(void)
{
    return interrupted;
}

/* -- from its begin to its end --------------------------------------------- */

/* It tells itself: whoever has forked it may have ended by now. */
static void become_process(void)
{
    setpgid(0, 0);
    for (int i = 0; i < INTERRUPTS && catching; i++)
        signal(interrupts[i], SIG_DFL);
    if (catching)
        signal(SIGALRM, SIG_DFL);
    tell_watcher(getpid());
    close(lifeline);
}

pid_t process_fork(void)
{
    pid_t pid;

    if (owner != getpid())
        start_watcher();
    fflush(stdout);
    pid = fork();
    if (pid == -1)
        give_up("fork");
    if (pid == 0) {
        become_process();
    } else {
        setpgid(pid, pid); /* whoever of us comes first */
        replace(0, pid);
    }
    return pid;
}

static long long cpu_of_the_dead_ns(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000LL +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000LL;
}

/* What is left of its group is killed while nobody else can have its number. */
static void bury(pid_t pid, int *status, long long *cpu_ns)
{
    long long before;

    kill(-pid, SIGKILL);
    tell_watcher(-pid);
    replace(pid, 0);
    before = cpu_of_the_dead_ns();
    await(pid, status);
    *cpu_ns = cpu_of_the_dead_ns() - before;
}

bool process_has_ended(pid_t pid, int *status, long long *cpu_ns)
{
    siginfo_t how = {0};

    if (waitid(P_PID, (id_t)pid, &how, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        how.si_pid == 0)
        return false;
    bury(pid, status, cpu_ns);
    return true;
}

void process_end(pid_t pid, int *status, long long *cpu_ns)
{
    kill(-pid, SIGKILL);
    bury(pid, status, cpu_ns);
}

pid_t process_await(int *status)
{
    siginfo_t how = {0};
    long long cpu_ns;

    do {
        if (interrupted)
            return 0;
        if (waitid(P_ALL, 0, &how, WEXITED | WNOWAIT) == 0)
            break;
    } while (errno == EINTR);
    if (how.si_pid == 0)
        give_up("waitid");
    bury(how.si_pid, status, &cpu_ns);
    return how.si_pid;
}

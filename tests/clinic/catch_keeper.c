/* catch_keeper.c -- what no script outlives.
 *
 * A script may start what it likes, in groups and sessions of its own
 * (timeout(1) does), and leave it there. So its parent is a keeper, a process
 * that waits for the script and for the end of a pipe, the lifeline: whoever
 * holds the other end may be killed, too. Then it kills all that is left. Where
 * the system gives orphans to the next ancestor that asks for them (Linux),
 * that is everything; elsewhere what is in the script's group.
 */
#include "catch.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

static struct run *kept_run;
static pid_t script_pid;

/* -- the script ------------------------------------------------------------ */

static _Noreturn void become_script(const char *script, int port, pid_t server,
                                    int output)
{
    char command[2048];
    char port_text[16];
    char server_text[16];
    sigset_t none;

    setpgid(0, 0);
    snprintf(command, sizeof command, "exec %s \"$@\"", script);
    snprintf(port_text, sizeof port_text, "%d", port);
    snprintf(server_text, sizeof server_text, "%ld", (long)server);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execl("/bin/sh", "sh", "-c", command, script, port_text, server_text,
          (char *)NULL);
    _exit(127);
}

/* -- what is left of it ---------------------------------------------------- */

/* Takes the dead; false: nobody is left. */
static bool some_live(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == script_pid) {
            kept_run->status = status;
            kept_run->has_ended = true;
        }
    return pid == 0 || (kept_run->has_ended && kill(-script_pid, 0) == 0);
}

/* In /proc/PID/stat the parent comes after the name in brackets and a state. */
static pid_t parent_of(const char *pid)
{
    char path[300];
    char line[512] = "";
    const char *name_end;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    (void)!fgets(line, sizeof line, file);
    fclose(file);
    name_end = strrchr(line, ')');
    return name_end == NULL || strlen(name_end) < 4
               ? 0
               : (pid_t)strtol(name_end + 4, NULL, 10);
}

/* Their children will be ours then. */
static void kill_children(void)
{
    DIR *directory = opendir("/proc");
    struct dirent *entry;

    kill(-script_pid, SIGKILL);
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) &&
            parent_of(entry->d_name) == getpid())
            kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
    if (directory != NULL)
        closedir(directory);
}

/* Who has been told to end may take a moment for it. */
static bool all_end_by_themselves(void)
{
    enum { MOMENT_MS = 200 };
    long long limit = now_ms() + MOMENT_MS;

    while (some_live()) {
        if (now_ms() > limit)
            return false;
        poll(NULL, 0, 1);
    }
    return true;
}

/* A dead one in its group may have a parent who never asks for it. */
static void end_all(void)
{
    enum { ENOUGH_MS = 5000 };
    long long limit = now_ms() + ENOUGH_MS;

    while (some_live() && now_ms() < limit) {
        kill_children();
        poll(NULL, 0, 1);
    }
}

/* -- the keeper ------------------------------------------------------------ */

static void wake_up(int number)
{
}

/* Neither a signal for us nor one for the script's group is for it. Of our
 * descriptors it keeps these. */
static void become_keeper(int lifeline, int output, int done)
{
    enum { DESCRIPTORS = 4096 };
    struct sigaction action = {.sa_handler = wake_up};
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigaction(SIGCHLD, &action, NULL);
    setsid();
#ifdef PR_SET_CHILD_SUBREAPER
    prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        if (fd != lifeline && fd != output && fd != done)
            close(fd);
}

/* true: the script has ended; false: it is to be ended. */
static bool await_script(int lifeline)
{
    fd_set set;
    sigset_t blocked;

    sigfillset(&blocked);
    sigdelset(&blocked, SIGCHLD);
    do {
        (void)some_live();
        if (kept_run->has_ended)
            return true;
        FD_ZERO(&set);
        FD_SET(lifeline, &set);
    } while (pselect(lifeline + 1, &set, NULL, NULL, NULL, &blocked) == -1);
    return false;
}

static _Noreturn void keep(int lifeline)
{
    if (await_script(lifeline))
        kept_run->left_some_behind = !all_end_by_themselves();
    end_all();
    _exit(0);
}

struct kept keep_script(const char *script, int port, pid_t server,
                        struct run *run)
{
    int output[2];
    int done[2];
    int lifeline[2];
    pid_t keeper;

    pipe_make(output);
    pipe_make(done);
    pipe_make(lifeline);
    keeper = fork();
    if (keeper == -1)
        fail_with("fork: %s", strerror(errno));
    if (keeper == 0) {
        kept_run = run;
        become_keeper(lifeline[0], output[1], done[1]);
        script_pid = fork();
        if (script_pid == 0)
            become_script(script, port, server, output[1]);
        close(output[1]);
        setpgid(script_pid, script_pid);
        keep(lifeline[0]);
    }
    close(output[1]);
    close(done[1]);
    close(lifeline[0]);
    return (struct kept){output[0], done[0], lifeline[1]};
}

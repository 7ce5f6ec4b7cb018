/* launch.c -- how a program is started: from what, with what, in place of whom.
 */
#include "launch.h"

#include "basics.h"
#include "outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ARGUMENTS = 1024, DESCRIPTORS = 4096 /* the most that we ask for */ };

/* -- the environment ------------------------------------------------------- */

static const char *variable(const char *name)
{
    const char *value = name == NULL ? NULL : getenv(name);

    return value == NULL || *value == '\0' ? NULL : value;
}

const char *launch_command(const struct launch *launch)
{
    return launch->command != NULL ? launch->command
                                   : variable(launch->variable);
}

bool is_replaced(const char *name)
{
    return variable(name) != NULL;
}

bool is_wrapped(void)
{
    return variable("WRAPPER") != NULL;
}

/* -- the descriptors ------------------------------------------------------- */

static int open_file(void)
{
    FILE *file = tmpfile();
    int fd = file == NULL ? -1 : fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);

    if (fd == -1)
        fail_with("tmpfile: %s", strerror(errno));
    fclose(file);
    return fd;
}

struct end launch_end(int wanted, int number)
{
    struct end end = {.theirs = wanted, .ours = -1};
    int ends[2];

    if (wanted == TO_FILE) {
        end.is_file = true;
        end.theirs = end.ours = open_file();
    } else if (wanted == 0) {
        pipe_make(ends);
        end.made = true;
        end.theirs = ends[number == STDIN_FILENO ? 0 : 1];
        end.ours = ends[number == STDIN_FILENO ? 1 : 0];
    }
    return end;
}

static void become(const struct end *end, int number)
{
    if (end->theirs == CLOSED)
        close(number);
    else
        dup2(end->theirs == AS_STDOUT ? STDOUT_FILENO : end->theirs, number);
}

/* -- what becomes the program ---------------------------------------------- */

static void set_limits(const struct launch *launch)
{
    struct rlimit limit;

    if (launch->file_bytes != 0) {
        getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = (rlim_t)launch->file_bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (launch->descriptors == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)launch->descriptors;
    if (launch->descriptors <
        1000) /* so low that nobody shall raise it again */
        limit.rlim_max = limit.rlim_cur;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* What our parents have left open counts too, and a program that is to have
 * few shall have them for itself. Otherwise they stay: a command or a wrapper
 * may need one of them ("valgrind --log-fd=9 ..."). */
static void close_others(const struct launch *launch)
{
    if (launch->descriptors == 0)
        return;
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++)
        close(fd);
}

/* Signals that we handle, ignore or block would be ignored by the program. */
static void set_signals(void)
{
    sigset_t none;

    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void set_environment(const struct launch *launch)
{
    unsetenv("SELECTOR");
    if (launch->selector != NULL)
        setenv("SELECTOR", launch->selector, 1);
    for (char *const *more = launch->environment; more && *more; more++)
        putenv(*more);
}

/* Ours is executed as it is; a command, or ours in a wrapper, by a shell. */
static _Noreturn void execute(const struct launch *launch, char **argv)
{
    const char *command = launch_command(launch);
    const char *wrapper = variable("WRAPPER");
    char program[512];
    char script[2048];
    char *shell[ARGUMENTS + 4] = {"sh", "-c", script};

    snprintf(program, sizeof program, "%s%s",
             variable("O") == NULL ? "" : variable("O"), launch->path);
    snprintf(script, sizeof script, "exec %s %s \"$@\"",
             wrapper == NULL ? "" : wrapper,
             command == NULL ? program : command);
    argv[0] = program;
    if (command == NULL && wrapper == NULL)
        execv(program, argv);
    for (int i = 0; argv[i] != NULL; i++)
        shell[3 + i] = argv[i];
    if (command != NULL || wrapper != NULL)
        execv("/bin/sh", shell);
    fprintf(stderr, "cannot run %s: %s\n", program, strerror(errno));
    _exit(127);
}

void launch_become(const struct launch *launch, const struct end ends[3],
                   const char *const *arguments)
{
    char *argv[ARGUMENTS + 2] = {"program"};

    for (int i = 0; arguments[i] != NULL && i < ARGUMENTS; i++)
        argv[1 + i] = (char *)arguments[i];
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        become(&ends[i], i);
    close_others(launch);
    set_limits(launch);
    set_signals();
    set_environment(launch);
    execute(launch, argv);
}

bool raise_descriptor_limit(void)
{
    enum { NEEDED = 1400 };
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur =
        limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= NEEDED;
}

/* catch.c -- somebody's check, put to the test.
 *
 *     catch [-j JOBS] [-l SECONDS] BROKEN_SERVER SCRIPT
 *     catch -n      the names of all faults that it knows
 *
 * A check is a program or a script in any language. It gets the port of a
 * server on 127.0.0.1 and the number of the server's process, and ends with
 * status 0 if that server is well. Servers that are must be accepted, or the
 * check's no would mean nothing: that is tried first. Then come the faults of
 * broken_server, and each for which the check says no is caught.
 *
 * The exit status is 0 if all the good are accepted and two thirds of the sick
 * caught.
 *
 * Whatever a check does is bounded: it has so many seconds for each server, and
 * nothing that it has started is left afterwards. `guest` is in its $PATH.
 */
#include "catch.h"

#include "process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct plan plan = {.limit_s = 10};

/* -- what is played -------------------------------------------------------- */

static void add_run(const char *name, const char *command, const char *hint)
{
    if (plan.runs == NULL)
        plan.runs =
            mmap(NULL, RUNS_MOST * sizeof *plan.runs, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (plan.runs == MAP_FAILED || plan.count == RUNS_MOST)
        abort();
    plan.runs[plan.count++] =
        (struct run){.name = name, .command = command, .hint = hint};
}

/* What of broken_server is not sick is good, too: whoever says no to that has
 * not caught the fault, but a way in which it differs from our stages. And they
 * differ where all are right: with no descriptor left 02 and 03 turn a newcomer
 * away, and this one lets him wait. */
static void add_good_servers(const char *broken_server)
{
    static const char *const stages[] = {"02_select_loop/server",
                                         "03_selectors_callbacks/server"};
    static char commands[3][600];
    const char *o = getenv("O");

    for (int i = 0; i < 2; i++) {
        snprintf(commands[i], sizeof *commands, "%s%s%s",
                 o == NULL || *o == '\0' ? "./" : "", o == NULL ? "" : o,
                 stages[i]);
        add_run(stages[i], commands[i], NULL);
    }
    snprintf(commands[2], sizeof *commands, "%s none", broken_server);
    add_run("a plain one with poll()", commands[2], NULL);
    plan.good = plan.count;
}

static void add_sick_servers(const char *broken_server)
{
    static char commands[RUNS_MOST][600];

    for (const struct sickness *s = sicknesses; s->fault != NULL; s++)
        if (s->hint != NULL) {
            snprintf(commands[plan.count], sizeof *commands, "%s %s",
                     broken_server, s->fault);
            add_run(s->fault, commands[plan.count], s->hint);
        }
}

/* -- playing --------------------------------------------------------------- */

static void start_run(struct run *run)
{
    pid_t pid = process_fork();

    if (pid == 0)
        play(run);
    run->pid = pid;
}

/* false: interrupted. */
static bool await_run(void)
{
    int status;
    pid_t pid = process_await(&status);

    for (int i = 0; i < plan.count && pid != 0; i++)
        if (plan.runs[i].pid == pid) {
            struct run *run = &plan.runs[i];

            run->pid = 0;
            run->done = true;
            if (status != 0) {
                run->word = LOST;
                snprintf(run->said, SAID, "its run has ended with status %d",
                         status);
            }
        }
    return pid != 0;
}

int count_done(void)
{
    int done = 0;

    for (int i = 0; i < plan.count; i++)
        done += plan.runs[i].done;
    return done;
}

/* false: interrupted. */
static bool play_all(int from, int to)
{
    int started = from;

    while (count_done() < to) {
        while (started < to && started - count_done() < plan.jobs)
            start_run(&plan.runs[started++]);
        show_runs();
        if (!await_run())
            return false;
    }
    show_runs();
    return true;
}

int count_words(enum word word, int from, int to)
{
    int found = 0;

    for (int i = from; i < to; i++)
        found += plan.runs[i].done && plan.runs[i].word == word;
    return found;
}

/* -- the script ------------------------------------------------------------ */

static bool has_ending(const char *text, const char *ending)
{
    size_t length = strlen(text);
    size_t end = strlen(ending);

    return length > end && strcmp(text + length - end, ending) == 0;
}

/* Who reads a script that may not be executed: whom its #! line names, or sh.
 */
static const char *reader_of(const char *script)
{
    static char line[300];
    FILE *file = fopen(script, "r");
    size_t end;

    if (file == NULL || fgets(line, sizeof line, file) == NULL ||
        strncmp(line, "#!", 2) != 0)
        strcpy(line, "#!sh");
    if (file != NULL)
        fclose(file);
    end = strcspn(line, "\r\n");
    line[end] = '\0';
    return line + 2 + strspn(line + 2, " ");
}

/* A file needs no slash here, and what ends with .sh needs no permission to be
 * executed. Everything else is a command. */
static const char *command_of(const char *script)
{
    static char command[1200];
    bool is_read = access(script, X_OK) != 0 && has_ending(script, ".sh");
    struct stat status;
    const char *slash = strchr(script, '/') == NULL ? "./" : "";

    if (*script == '\0' || stat(script, &status) == -1 ||
        strpbrk(script, " '\"$`\\;&|<>()*?[") != NULL)
        return script;
    snprintf(command, sizeof command, "%s%s%s%s",
             is_read ? reader_of(script) : "", is_read ? " " : "", slash,
             script);
    return command;
}

/* So `guest` is found. */
static void put_into_path(const char *beside)
{
    const char *slash = strrchr(beside, '/');
    const char *path = getenv("PATH");
    char folder[600];
    char all[8192];

    snprintf(folder, sizeof folder, "%.*s",
             slash == NULL ? 1 : (int)(slash - beside),
             slash == NULL ? "." : beside);
    if (*folder != '/') {
        char here[500];

        if (getcwd(here, sizeof here) == NULL)
            return;
        snprintf(all, sizeof all, "%s/%s:%s", here, folder,
                 path == NULL ? "" : path);
    } else {
        snprintf(all, sizeof all, "%s:%s", folder, path == NULL ? "" : path);
    }
    setenv("PATH", all, 1);
}

/* -- the command line ------------------------------------------------------ */

static int list_faults(void)
{
    for (const struct sickness *s = sicknesses; s->fault != NULL; s++)
        printf("%s\n", s->fault);
    return 0;
}

static int usage(void)
{
    fprintf(
        stderr,
        "usage: make catch SCRIPT=mine.sh   (LIMIT=10, seconds for each "
        "server)\n"
        "  mine.sh gets a port and the number of the server's process, and "
        "ends with\n"
        "  status 0 if the server on 127.0.0.1 is well. Any language; begin "
        "with a copy\n"
        "  of tests/clinic/first.sh\n");
    return 2;
}

int main(int argc, char **argv)
{
    int option;
    bool complete;

    plan.jobs = 3 * (int)sysconf(_SC_NPROCESSORS_ONLN); /* most of them wait */
    while ((option = getopt(argc, argv, "j:l:n")) != -1)
        if (option == 'n')
            return list_faults();
        else if (option == 'j')
            plan.jobs = (int)strtol(optarg, NULL, 10);
        else if (option == 'l')
            plan.limit_s = (int)strtol(optarg, NULL, 10);
        else
            return usage();
    if (argc - optind != 2 || *argv[optind + 1] == '\0' || plan.limit_s < 1)
        return usage();
    plan.jobs = plan.jobs < 1           ? 1
                : plan.jobs > JOBS_MOST ? JOBS_MOST
                                        : plan.jobs;
    plan.script = command_of(argv[optind + 1]);
    command_must_run(plan.script, "SCRIPT");
    unsetenv("WRAPPER"); /* of our programs, not of a check */
    put_into_path(argv[optind]);
    add_good_servers(argv[optind]);
    add_sick_servers(argv[optind]);
    process_catch_interrupts();
    print_head();
    if (!raise_descriptor_limit())
        printf("Here a process may have few descriptors (ulimit -Hn): a check "
               "that comes with\n1100 clients will fail.\n\n");
    complete = play_all(0, plan.good);
    if (complete && count_words(YES, 0, plan.good) == plan.good)
        complete = play_all(plan.good, plan.count);
    option = print_score();
    return complete ? option : 128 + process_interrupted();
}

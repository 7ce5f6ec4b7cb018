/* program.c -- the program that is checked: started, watched, ended. */
#include "check.h"
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { TEXT = 200 };

struct child *program;
const char *program_path;
const char *program_source;
struct launch program_launch;

static bool is_inherited(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags != -1 && (flags & FD_CLOEXEC) == 0;
}

void occupy_number(int fd)
{
    int null = open("/dev/null", O_RDONLY);

    if (null != fd && dup2(null, fd) == -1)
        fail_with("This cannot be checked here: descriptor %d cannot be had "
                  "(%s).",
                  fd, strerror(errno));
    if (null != fd)
        close(null);
}

void occupy_numbers(int below, int free)
{
    int found = 0;

    if (!raise_descriptor_limit())
        fail_with("This cannot be checked here: it needs more descriptors than "
                  "`ulimit -Hn` allows.");
    for (int fd = STDERR_FILENO + 1; fd < below; fd++)
        found += is_inherited(fd) ? 0 : 1;
    for (int fd = STDERR_FILENO + 1; found > free && fd < below; fd++)
        if (fcntl(fd, F_GETFD) == -1) {
            occupy_number(fd);
            found--;
        }
}

void server_starts_or(const char *why)
{
    if (program_launch.selector == NULL)
        step("the server starts");
    else
        step("the server starts with SELECTOR=%s", program_launch.selector);
    program_launch.path = program_path;
    because("%s", why);
    program = server_start(&program_launch);
    because(NULL);
    snprintf(program->name, sizeof program->name, "the server");
}

void server_starts(void)
{
    server_starts_or("program_announce() prints this line. Is it called, after "
                     "program_listen() and before the event loop?");
}

bool server_starts_with_faults(const char *faults, const char *selector,
                               const char *what)
{
    static const char *asked_of;
    static bool can;

    program_launch.path = program_path;
    if (asked_of != program_path)
        can = can_preload_into(program_launch);
    asked_of = program_path;
    if (!can)
        return false;
    story_begins(selector);
    launch_with_faults(&program_launch, faults);
    server_starts();
    step("%s", what);
    program_launch.environment = NULL;
    return true;
}

void program_starts(const char *const *arguments)
{
    char line[TEXT] = "";
    size_t used = 0;

    for (int i = 0; arguments[i] != NULL && used < sizeof line; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, " %s",
                                 arguments[i]);
    step("the program is started with%s", line);
    program_launch.path = program_path;
    program = child_start(&program_launch, arguments);
    snprintf(program->name, sizeof program->name, "the program");
}

void server_ends_well(void)
{
    step("the server is still there");
    child_stop(program);
}

long sleeps_until_now(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return usage.ru_nvcsw;
}

enum { WINDOW_NS = 30 * 1000 * 1000 };

/* What it takes while we compute for so long, as it has to share with us. */
static long long used_while_we_compute(void)
{
    long long before = child_cpu_ns(program);
    clock_t end = clock() + (clock_t)WINDOW_NS / (1000000000 / CLOCKS_PER_SEC);

    while (clock() < end)
        continue;
    return child_cpu_ns(program) - before;
}

/* What it takes while we wait. Whoever has not had its turn is no sleeper. */
static long long used_while_we_wait(bool *sleeps)
{
    long long before = child_cpu_ns(program);
    long long until = now_ms() + WINDOW_NS / 1000000;
    long long used;

    while (now_ms() < until)
        wait_until(until, -1, 0);
    used = child_cpu_ns(program) - before;
    *sleeps = child_process_state(program) == 'S' && used < WINDOW_NS / 10;
    return used;
}

/* It may have something to finish first, and a busy machine may keep it from
 * computing for a while. child_expect_idle() has more patience with both, and
 * takes seconds. false, too, where the system does not tell. */
bool program_spins(void)
{
    enum { MUCH_NS = 10 * WINDOW_NS, ENOUGH = 3 };
    bool state_is_told = child_process_state(program) != 0;
    long long used = 0;
    int idle = 0; /* how many windows in a row */

    if (child_cpu_ns(program) == -1)
        return false;
    while (idle < ENOUGH && used <= MUCH_NS) {
        bool sleeps;

        if (!child_runs(program))
            return false;
        if (state_is_told) {
            used += used_while_we_wait(&sleeps);
        } else {
            long long meanwhile = used_while_we_compute();

            sleeps = meanwhile < WINDOW_NS / 10;
            used += meanwhile;
        }
        idle = sleeps ? idle + 1 : 0;
    }
    return idle < ENOUGH;
}

void program_sleeps(const char *when)
{
    if (!child_runs(program))
        fail_with("expected %s to sleep %s, but it has ended", program->name,
                  when);
    if (program_spins())
        fail_with("expected %s to sleep %s, but it computes all the time",
                  program->name, when);
}

void server_sleeps(const char *when)
{
    if (program_launch.selector != NULL)
        return; /* see on_every_selector() */
    step("the server sleeps %s", when);
    program_sleeps(when);
}

bool has_printed(const struct stream *stream, const char *words)
{
    while (wait_until(0, -1, 0))
        continue;
    return stream_has(stream, words);
}

/* -- built once more ------------------------------------------------------- */

static char traced_path[TEXT];

/* By the number of our process, as several may be checked at a time. */
void program_is_at(const char *path, const char *source)
{
    program_path = path;
    program_source = source;
    snprintf(traced_path, sizeof traced_path, "build/exercises/%s.%ld",
             strrchr(path, '/') + 1, (long)getpid());
}

void program_is_traced_no_more(void)
{
    unlink(traced_path);
}

struct trace *program_is_traced(void)
{
    char command[8 * TEXT];
    char number[12];
    FILE *file = tmpfile();
    struct trace *trace = MAP_FAILED;

    snprintf(command, sizeof command,
             "$COMPILE -w " TRACED_NAMES " %s $TRACED $COMMON $LIBS -o %s",
             program_source, traced_path);
    if (system(command) != 0)
        fail_with("cannot build the program once more: %s", command);
    program_path = traced_path;
    story_begins(NULL);
    if (file != NULL && ftruncate(fileno(file), sizeof *trace) == 0)
        trace = mmap(NULL, sizeof *trace, PROT_READ | PROT_WRITE, MAP_SHARED,
                     fileno(file), 0);
    if (trace == MAP_FAILED)
        fail_with("cannot share memory with the program");
    fcntl(fileno(file), F_SETFD, 0); /* the program inherits it */
    snprintf(number, sizeof number, "%d", fileno(file));
    setenv("TRACE", number, 1);
    return trace;
}

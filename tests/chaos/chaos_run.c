/* chaos_run.c -- conversations with programs whose system calls are unreliable.
 *
 *     chaos_run [-a] [-k] [-s SEEDS] [-j JOBS] -l LIBRARY [NAME]...
 *
 * SEEDS is "7", "1-200" or "1,5,9-12"; a NAME is the beginning of
 * "03_selectors_callbacks/upper:poll", or of the part behind its slash.
 * $SERVER, $UPPER, $CLIENT, $CONNECT or $BUSY is a program to run in place of
 * ours. Each program is run with each selector and each seed, preload/ in
 * between, and talked to. What must hold, whatever went wrong:
 *
 *   - each byte is right: 32 MiB through upper, 3000 exchanges with each
 *     server, 200 connects, 256 KiB through the client;
 *   - a server may turn a client away, but before it has answered, never
 *     later, and no more often than it was given a reason (ECONNABORTED,
 *     EMFILE, ENOMEM); the client then comes again;
 *   - as many replies as there were successful recv() calls: no event is lost;
 *   - a server does not end, does not hang, and goes to sleep when there is
 *     nothing to do.
 *
 * A run is a process of its own, so that it can fail alone; it does not outlive
 * chaos_run, however that ends. -k only tries that. A program that has failed
 * three times is left alone, but with -a.
 */
#include "chaos_run.h"

#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MOST = 64 };

const char *library;
static const char *seeds_text = "1-40";
static struct run slots[JOBS_MOST];
static long jobs; /* so many at a time */
static int passed_runs, failed_runs;
static bool goes_on; /* however often a program has failed */

static void open_slot(struct run *slot)
{
    size_t size = sizeof *slot->report + MESSAGE_SIZE;
    FILE *file = tmpfile();
    void *map = MAP_FAILED;

    if (file != NULL && ftruncate(fileno(file), (off_t)size) == 0)
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file),
                   0);
    if (map == MAP_FAILED) {
        perror("chaos_run: a file for the reports");
        exit(2);
    }
    slot->fd = fileno(file);
    slot->report = map;
    slot->message = (char *)(slot->report + 1);
    fcntl(slot->fd, F_SETFD, FD_CLOEXEC);
}

static void start_run(struct run *slot, struct line *line, unsigned seed)
{
    slot->line = line;
    slot->seed = seed;
    memset(slot->report, 0, sizeof *slot->report + MESSAGE_SIZE);
    slot->pid = process_fork();
    if (slot->pid == 0)
        run_and_exit(slot);
}

static void end_run(struct run *slot, int status)
{
    struct line *line = slot->line;

    slot->pid = 0;
    for (int kind = 0; kind < CHAOS_KIND_COUNT; kind++)
        line->faults[kind] += slot->report->faults[kind];
    if (status == 0) {
        passed_runs++;
    } else {
        failed_runs++;
        line->failed++;
        print_failure(slot, status);
    }
    line->runs_done++;
    if (--line->runs_left == 0)
        print_line(line, seeds_text);
}

/* What is not finished is told, too. */
static _Noreturn void leave_the_rest(void)
{
    int left = 0;

    for (int i = 0; i < line_count; i++) {
        left += lines[i].runs_left;
        if (lines[i].runs_left > 0 && lines[i].runs_done > 0)
            print_line(&lines[i], seeds_text);
    }
    printf("interrupted; not finished: %d runs\n%d passed, %d failed\n", left,
           passed_runs, failed_runs);
    exit(128 + process_interrupted());
}

static void await_run(void)
{
    int status;
    pid_t pid = process_await(&status);

    if (pid == 0)
        leave_the_rest();
    for (int i = 0; i < JOBS_MOST; i++)
        if (slots[i].pid == pid)
            end_run(&slots[i], status);
}

static struct run *free_slot(void)
{
    for (;;) {
        for (int i = 0; i < jobs; i++)
            if (slots[i].pid == 0)
                return &slots[i];
        await_run();
    }
}

enum { FAILURES_MOST = 3 };

static void run_line(struct line *line)
{
    for (int i = 0; i < seed_count; i++) {
        struct run *slot = free_slot();

        if (!goes_on && line->failed >= FAILURES_MOST) {
            line->runs_left -= seed_count - i;
            if (line->runs_left == 0)
                print_line(line, seeds_text);
            return;
        }
        start_run(slot, line, seeds[i]);
    }
}

static bool any_run_is_left(void)
{
    for (int i = 0; i < line_count; i++)
        if (lines[i].runs_left > 0)
            return true;
    return false;
}

static void run_all(void)
{
    process_catch_interrupts();
    for (int i = 0; i < jobs; i++)
        open_slot(&slots[i]);
    for (int i = 0; i < line_count; i++)
        lines[i].runs_left = seed_count;
    for (int i = 0; i < line_count; i++)
        run_line(&lines[i]);
    while (any_run_is_left())
        await_run();
}

/* A chaos_run that is killed in the middle of a run, of which it tells. The run
 * is stopped, so that it does not come to its own end meanwhile. */
static _Noreturn void begin_and_be_killed(int tell)
{
    struct run *slot = &slots[0];
    long long limit = now_ms() + patience_ms();

    open_slot(slot);
    start_run(slot, &lines[0], seeds[0]);
    while (slot->report->calls == 0 && now_ms() < limit)
        poll(NULL, 0, 1);
    kill(slot->pid, SIGSTOP);
    if (slot->report->calls == 0)
        exit(1);
    (void)!write(tell, &slot->pid, sizeof slot->pid);
    raise(SIGKILL);
    exit(1);
}

/* Whoever lives has a writing end of the pipe. */
static int expect_nothing_left(void)
{
    const char *came = "nothing of it is left";
    int ends[2];
    int status;
    pid_t run_pid;

    pipe_make(ends);
    fcntl(ends[1], F_SETFD, 0);
    if (process_fork() == 0)
        begin_and_be_killed(ends[1]);
    close(ends[1]);
    process_await(&status);
    if (read(ends[0], &run_pid, sizeof run_pid) != sizeof run_pid) {
        came = "expected it to begin, but it has not";
    } else if (!wait_until(now_ms() + patience_ms(), ends[0], POLLIN)) {
        came = "expected nothing to be left, but some of it is";
        kill(-run_pid, SIGKILL);
    }
    printf("%-6s a run whose chaos_run is killed: %s\n",
           *came == 'n' ? "ok" : "FAILED", came);
    return *came != 'n';
}

static int usage(void)
{
    fprintf(stderr,
            "usage: make chaos, chaos-01 to chaos-04, and with them\n"
            "  SERVER=02_select_loop/mine   your program; also UPPER= CLIENT= "
            "CONNECT= BUSY=\n"
            "  SEED=7, SEEDS=1-200 or 1,5,9-12   which faults happen when\n"
            "  PROGRAM=03_selectors_callbacks/upper:poll   one of ours\n");
    return 2;
}

/* false: they cannot be understood. */
static bool read_options(int argc, char **argv, bool *kills)
{
    int option;

    while ((option = getopt(argc, argv, "aks:j:l:")) != -1)
        if (option == 'k')
            *kills = true;
        else if (option == 'a')
            goes_on = true;
        else if (option == 's')
            seeds_text = optarg;
        else if (option == 'j')
            jobs = strtol(optarg, NULL, 10);
        else if (option == 'l')
            library = optarg;
        else
            return false;
    if (library != NULL && list_seeds(seeds_text))
        return true;
    fprintf(stderr, "chaos_run: seeds cannot be \"%s\"\n", seeds_text);
    return false;
}

int main(int argc, char **argv)
{
    bool kills = false;

    jobs = sysconf(_SC_NPROCESSORS_ONLN);
    if (!read_options(argc, argv, &kills))
        return usage();
    if (!list_lines(argv + optind))
        return 2;
    jobs = jobs < 1 ? 1 : jobs > JOBS_MOST ? JOBS_MOST : jobs;
    if (kills)
        return expect_nothing_left();
    print_plan(line_count * seed_count, jobs);
    run_all();
    printf("%d passed, %d failed\n", passed_runs, failed_runs);
    return failed_runs == 0 ? 0 : 1;
}

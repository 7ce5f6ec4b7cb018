/* bench.c -- what one event costs, for each way to wait for it.
 *
 *   bench [-q] idle     one descriptor active beside 10 ... 10000 idle ones
 *   bench [-q] active   1 ... 1000 active ones out of 1000
 *   bench [-q] cascade  the pipe cascade of libevent, with other libraries
 *   bench [-q] calls    register, modify and unregister against epoll_ctl()
 *   bench count BACKEND NAME IDLE ACTIVE TIMES   only runs, to be counted by
 *                       valgrind, perf or strace
 *   bench unchanged COUNT                        modify to the same events
 *
 * An event is one byte in a pipe: written, waited for, read and compared. -q
 * takes fewer rounds and smaller sizes. The contenders take turns: in every
 * round each of them is opened, warmed up, measured and closed.
 */
#include "bench.h"
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_IDLE = 10000, MOST_PIPES = 2000, MOST_CONTENDERS = 16 };
enum { RESERVED = 50 }; /* descriptors for everything else */
/* To register ten thousand descriptors fills the caches with other things. */
enum { WARM_UP = 5 };

int bench_pending;
const int *bench_active;
int bench_active_count;

static bool quick;
static int limit; /* how many descriptors there can be */

static int idle[MOST_IDLE + 1];
static int idle_count;
static int readers[MOST_PIPES];
static int writers[MOST_PIPES];
static int pipe_count;

/* -- descriptors ----------------------------------------------------------- */

/* A socket that nobody writes to. One descriptor each, where a pipe takes two.
 */
static void make_idle(int count)
{
    for (; idle_count < count; idle_count++) {
        idle[idle_count] = socket(AF_INET, SOCK_DGRAM, 0);
        if (idle[idle_count] == -1)
            measure_fail("socket %d", idle_count);
    }
}

/* The writing end moves up, so that select() can watch a thousand others. */
static void make_pipes(int count)
{
    for (; pipe_count < count; pipe_count++) {
        int ends[2];

        if (pipe(ends) == -1)
            measure_fail("pipe %d", pipe_count);
        readers[pipe_count] = ends[0];
        writers[pipe_count] = fcntl(ends[1], F_DUPFD_CLOEXEC,
                                    limit > 4 * FD_SETSIZE ? FD_SETSIZE : 0);
        if (writers[pipe_count] == -1 ||
            fcntl(ends[0], F_SETFD, FD_CLOEXEC) == -1)
            measure_fail("pipe %d", pipe_count);
        close(ends[1]);
    }
}

/* -- the handler and what makes it run ------------------------------------- */

static char expected;
static int to_pass_on;
static int *next_writer; /* indexed by reading end */

void bench_ready(int fd, int events, void *data)
{
    char byte;

    if (read(fd, &byte, 1) != 1)
        measure_fail("descriptor %d is not readable", fd);
    if (byte != expected) {
        errno = 0;
        measure_fail("descriptor %d has not what was written", fd);
    }
    bench_pending--;
    if (to_pass_on > 0) {
        to_pass_on--;
        if (write(next_writer[fd], &byte, 1) != 1)
            measure_fail("write");
    }
}

/* The i-th of `active` pipes, evenly spaced among all; one is in the middle. */
static size_t spaced(int i, int active)
{
    return (size_t)(2 * i + 1) * (size_t)pipe_count / (size_t)(2 * active);
}

/* `active` pipes get a byte each. */
static void write_to(int active)
{
    for (int i = 0; i < active; i++)
        if (write(writers[spaced(i, active)], &expected, 1) != 1)
            measure_fail("write");
}

static void play_events(const struct contender *contender, int active,
                        int times)
{
    for (int i = 0; i < times; i++) {
        expected++;
        write_to(active);
        bench_pending = active;
        contender->run();
    }
}

/* libevent's classic: who gets the byte passes it on to its neighbour, until
 * that has happened `writes` times. */
static void play_cascade(const struct contender *contender, int active,
                         int writes)
{
    bench_pending = active + writes;
    to_pass_on = writes;
    write_to(active);
    contender->run();
}

/* -- taking turns ---------------------------------------------------------- */

struct entry {
    const struct contender *contender;
    struct entry *reference; /* the same backend, or in a cascade the system's
                                best, by hand; NULL: this is one */
    int times;               /* how often per turn */
    double ns;               /* this round's */
    struct series values;
    struct series ratios;
};

struct game {
    const char *name;
    double x;
    const int *fds;
    int count;
    int active;
    int writes; /* > 0: a cascade */
    struct entry entries[MOST_CONTENDERS];
    int entry_count;
};

static void add(struct game *game, const struct contender *contender)
{
    struct entry *entry = &game->entries[game->entry_count];

    for (int i = 0; i < game->count; i++)
        if (contender->largest > 0 && game->fds[i] > contender->largest)
            return;
    *entry = (struct entry){.contender = contender};
    for (int i = game->entry_count - 1; i >= 0; i--)
        if (game->writes > 0 || strcmp(game->entries[i].contender->backend,
                                       contender->backend) == 0)
            entry->reference = &game->entries[i];
    game->entry_count++;
}

/* Those of one backend stand, and are measured, side by side. */
static void add_backend(struct game *game, const struct contender *by_hand)
{
    const struct contender *selector = selector_contenders;

    add(game, by_hand);
    for (; selector->backend != NULL; selector++)
        if (strcmp(selector->backend, by_hand->backend) == 0)
            add(game, selector);
}

/* The nanoseconds for `times` games. */
static double play(const struct game *game, const struct entry *entry,
                   int times)
{
    double start = measure_cpu();

    if (game->writes == 0)
        play_events(entry->contender, game->active, times);
    for (int i = 0; game->writes > 0 && i < times; i++)
        play_cascade(entry->contender, game->active, game->writes);
    return measure_cpu() - start;
}

/* Opened, warmed up, measured, closed. The first turn finds out how often fits
 * into a turn, and does not count. */
static double take_turn(const struct game *game, struct entry *entry)
{
    const struct contender *contender = entry->contender;
    const double turn_ns = quick ? 1e6 : 6e6;
    const int events = game->active + game->writes;
    double ns;

    if (contender->cascade != NULL)
        return contender->cascade(game->count, game->active, game->writes);
    contender->open(game->fds, game->count);
    ns = play(game, entry, WARM_UP + entry->times / 10);
    if (entry->times == 0) {
        entry->times = (int)(turn_ns / (play(game, entry, 3) / 3));
        if (entry->times < 10)
            entry->times = 10;
    } else {
        ns = play(game, entry, entry->times);
    }
    contender->close();
    return ns / entry->times / events;
}

static void play_round(struct game *game, int round)
{
    for (int i = 0; i < game->entry_count; i++) {
        /* There and back again, so that nobody always comes first. */
        int turn = round % 2 == 0 ? i : game->entry_count - 1 - i;
        struct entry *entry = &game->entries[turn];

        /* A program that has to be started takes long: fewer turns. */
        entry->ns = entry->contender->cascade == NULL || round <= 5
                        ? take_turn(game, entry)
                        : -1;
    }
    for (int i = 0; round > 0 && i < game->entry_count; i++) {
        struct entry *entry = &game->entries[i];

        if (entry->ns < 0)
            continue;
        series_add(&entry->values, entry->ns);
        if (entry->reference != NULL)
            series_add(&entry->ratios, entry->ns / entry->reference->ns);
    }
}

static void print_missing(const struct contender *contender)
{
    printf("missing\t%s\t0\t-\t-\t-\t-\t-\n", contender->name);
}

static void print_entry(const struct game *game, struct entry *entry)
{
    const struct contender *contender = entry->contender;
    char who[40];

    snprintf(who, sizeof who, "%s %s", contender->backend, contender->name);
    if (entry->values.count == 0)
        print_missing(contender);
    else
        measure_row((struct row){game->name, who, game->x, "ns/event"},
                    &entry->values, &entry->ratios);
}

static void play_rounds(struct game *game)
{
    const int rounds = quick ? 5 : 31;

    for (int round = 0; round <= rounds; round++) {
        measure_progress("%s %g: round %d of %d", game->name, game->x, round,
                         rounds);
        play_round(game, round);
    }
    measure_progress("%s", "");
    for (int i = 0; i < game->entry_count; i++)
        print_entry(game, &game->entries[i]);
}

/* -- the games ------------------------------------------------------------- */

/* The one in the middle is replaced by a pipe with the same number. select()
 * goes by number, poll() by place in the array, and both do more for those in
 * front of the first one that is ready: so neither shall have an advantage. */
static int *put_active_into_the_middle(int *fds, int idle_fds)
{
    int *middle = &fds[idle_fds / 2];

    make_idle(idle_fds + 1);
    memcpy(fds, idle, (size_t)(idle_fds + 1) * sizeof *fds);
    if (dup2(readers[0], *middle) == -1)
        measure_fail("dup2");
    return middle;
}

static void make_idle_again(int fd)
{
    int fresh = socket(AF_INET, SOCK_DGRAM, 0);

    if (fresh == -1 || dup2(fresh, fd) == -1)
        measure_fail("socket");
    close(fresh);
}

static void bench_idle(void)
{
    static const int all[] = {10, 30, 100, 300, 1000, 3000, 10000};
    static const int few[] = {10, 100, 1000};
    const int *sizes = quick ? few : all;
    int count = quick ? 3 : 7;
    static int fds[MOST_IDLE + 1];

    make_pipes(1);
    for (int i = 0; i < count && sizes[i] + RESERVED < limit; i++) {
        struct game game = {"idle", sizes[i], fds, sizes[i] + 1, .active = 1};

        bench_active = put_active_into_the_middle(fds, sizes[i]);
        bench_active_count = 1;
        for (int k = 0; by_hand_contenders[k].backend != NULL; k++)
            add_backend(&game, &by_hand_contenders[k]);
        play_rounds(&game);
        make_idle_again(*bench_active);
    }
}

static void bench_active_share(void)
{
    static const int all[] = {1, 10, 30, 100, 300, 1000};
    static const int few[] = {1, 100, 1000};
    const int *sizes = quick ? few : all;
    int count = quick ? 3 : 6;

    make_pipes(limit > 2 * 1000 + RESERVED ? 1000 : 100);
    for (int i = 0; i < count && sizes[i] <= pipe_count; i++) {
        struct game game = {"active", sizes[i], readers, pipe_count,
                            .active = sizes[i]};
        static int active[MOST_PIPES];

        for (int k = 0; k < sizes[i]; k++)
            active[k] = readers[spaced(k, sizes[i])];
        bench_active = active;
        bench_active_count = sizes[i];
        for (int k = 0; by_hand_contenders[k].backend != NULL; k++)
            add_backend(&game, &by_hand_contenders[k]);
        play_rounds(&game);
    }
}

/* The neighbour of the last one is the first one. */
static void link_pipes(void)
{
    next_writer = calloc((size_t)limit, sizeof *next_writer);
    if (next_writer == NULL)
        measure_fail("memory");
    for (int i = 0; i < pipe_count; i++)
        next_writer[readers[i]] = writers[(i + 1) % pipe_count];
}

static void cascade(int pairs, int active, int writes)
{
    const struct contender *libraries[] = {&libev_contender,
                                           &libevent_contender,
                                           &libuv_contender, &python_contender};
    char name[40];
    struct game game = {
        name, pairs, readers, pairs, .active = active, .writes = writes};
    const struct contender *best = by_hand_contenders;

    snprintf(name, sizeof name, "pairs of pipes, %d active", active);
    make_pipes(pairs);
    link_pipes();
    while (best[1].backend != NULL)
        best++;
    add_backend(&game, best);
    for (int i = 0; i < 4; i++)
        if (libraries[i]->open == NULL && libraries[i]->cascade == NULL)
            print_missing(libraries[i]);
        else
            add(&game, libraries[i]);
    play_rounds(&game);
    free(next_writer);
}

static void bench_cascade(void)
{
    cascade(100, 1, 1000);
    cascade(100, 100, 1000);
    if (!quick && limit > 2 * MOST_PIPES + RESERVED) {
        cascade(2000, 1, 1000);
        cascade(2000, 100, 1000);
    }
}

/* -- for others to count --------------------------------------------------- */

static const struct contender *find(const struct contender *list,
                                    const char *backend, const char *name)
{
    for (; list->backend != NULL; list++)
        if (strcmp(list->backend, backend) == 0 &&
            strcmp(list->name, name) == 0)
            return list;
    return NULL;
}

static void count(char **arguments)
{
    const struct contender *contender =
        find(by_hand_contenders, arguments[0], arguments[1]);
    int idle_fds = measure_number(arguments[2]);
    int active = measure_number(arguments[3]);
    static int fds[MOST_IDLE + MOST_PIPES];

    if (contender == NULL)
        contender = find(selector_contenders, arguments[0], arguments[1]);
    if (contender == NULL || idle_fds > MOST_IDLE || active > MOST_PIPES)
        measure_fail("cannot count %s %s", arguments[0], arguments[1]);
    make_pipes(active);
    make_idle(idle_fds);
    memcpy(fds, readers, (size_t)active * sizeof *fds);
    memcpy(fds + active, idle, (size_t)idle_fds * sizeof *fds);
    contender->open(fds, active + idle_fds);
    play_events(contender, active, measure_number(arguments[4]));
    contender->close();
}

static int usage(void)
{
    fprintf(stderr, "usage: see the top of tests/bench/bench.c\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *what;

    quick = argc > 1 && strcmp(argv[1], "-q") == 0;
    argv += quick ? 2 : 1;
    argc -= quick ? 2 : 1;
    what = argc > 0 ? argv[0] : "";
    limit = measure_raise_limit();
    measure_at_most(120);
    if (strcmp(what, "idle") == 0)
        bench_idle();
    else if (strcmp(what, "active") == 0)
        bench_active_share();
    else if (strcmp(what, "cascade") == 0)
        bench_cascade();
    else if (strcmp(what, "calls") == 0) {
        make_pipes(1000);
        bench_calls(quick, readers, pipe_count);
    } else if (strcmp(what, "count") == 0 && argc == 6)
        count(argv + 1);
    else if (strcmp(what, "unchanged") == 0 && argc == 2) {
        make_pipes(1);
        bench_modify_unchanged(readers, measure_number(argv[1]));
    } else
        return usage();
    return 0;
}

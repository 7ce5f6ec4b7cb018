/* connects.c -- stage 04: many connects at once, and what waiting costs.
 *
 *   connects [-q]
 *
 * The peer is a listener whose backlog is full: the system does not answer who
 * connects, and tries again for him after a second. First it stays so, and
 * `busy` and `connect` wait for half a second. Then it is made to answer at the
 * second try, so that each of 1, 100, 500 connects takes that one second; one
 * after the other they would take their sum.
 */
#include "harness.h"
#include "measure.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_TARGETS = 500, UNDER_WAY_MS = 200 };

struct peer {
    int listener;
    int pending[SILENT];
    char target[24];
};

static bool open_silent(struct peer *peer)
{
    int port;

    peer->listener = listener_open(&port);
    snprintf(peer->target, sizeof peer->target, "127.0.0.1:%d", port);
    return listener_fill(peer->listener, peer->pending);
}

static void close_silent(const struct peer *peer)
{
    close(peer->listener);
    for (int i = 0; i < SILENT; i++)
        close(peer->pending[i]);
}

static struct child *start(const char *path, const char *const *arguments)
{
    const struct launch launch = {
        .path = path, .selector = getenv("SELECTOR"), .err = AS_STDOUT};

    return child_start(&launch, arguments);
}

/* -- what waiting costs ---------------------------------------------------- */

/* The number in "asked 123456 times"; 0: the program did not say it. */
static double times_asked(const struct child *child)
{
    static const char asked[] = "asked ";

    if (!stream_has(&child->out, asked))
        return 0;
    return strtod(strstr(child->out.text, asked) + strlen(asked), NULL);
}

static void bench_waiting(const struct peer *peer, const char *path, int rounds)
{
    const char *name = strrchr(path, '/') + 1;
    struct series cpu = {0};
    struct series asked = {0};
    struct row row = {.what = "s without an answer", .who = name, .x = 0.5};

    for (int round = 0; round < rounds; round++) {
        double begin = measure_now();
        struct child *child = start(path, ARGS("-t", "0.5", peer->target));

        measure_progress("%s waits: round %d of %d", name, round + 1, rounds);
        child_expect_exit(child, 1);
        series_add(&cpu, 100 * (double)child->cpu_ns / (measure_now() - begin));
        series_add(&asked, times_asked(child));
        child_free(child);
    }
    measure_progress("%s", "");
    row.unit = "% CPU";
    measure_row(row, &cpu, NULL);
    row.unit = "times asked";
    measure_row(row, &asked, NULL);
}

/* -- many at once ---------------------------------------------------------- */

/* The seconds until all are connected. */
static double connect_all(const char *path, int targets)
{
    const char *arguments[MOST_TARGETS + 3] = {"-t", "15"};
    struct peer peer;
    struct child *child;
    double begin;

    if (!open_silent(&peer))
        return -1;
    for (int i = 0; i < targets; i++)
        arguments[2 + i] = peer.target;
    begin = measure_now();
    child = start(path, arguments);
    poll(NULL, 0, UNDER_WAY_MS); /* all are under way */
    listen(peer.listener, SOMAXCONN);
    child_finish(child, 0);
    close_silent(&peer);
    return (measure_now() - begin) / 1e9;
}

static void bench_connects(const char *path, bool quick)
{
    static const int sizes[] = {1, 100, MOST_TARGETS};
    const int rounds = quick ? 1 : 3;
    const int count = quick ? 2 : 3;
    struct series seconds[3] = {{0}};
    struct series ratios[3] = {{0}};

    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++) {
            measure_progress("%d connects: round %d of %d", sizes[i], round + 1,
                             rounds);
            series_add(&seconds[i], connect_all(path, sizes[i]));
            if (i > 0)
                series_add(&ratios[i],
                           seconds[i].values[round] / seconds[0].values[round]);
        }
    measure_progress("%s", "");
    for (int i = 0; i < count; i++) {
        char who[40];

        snprintf(who, sizeof who, "%d at once", sizes[i]);
        measure_row((struct row){"s is what each connect takes", who, 1,
                                 "s until all are connected"},
                    &seconds[i], &ratios[i]);
    }
}

int main(int argc, char **argv)
{
    static const char ours[] = "04_nonblocking_connect/connect";
    static const char bad[] = "04_nonblocking_connect/busy";
    struct peer peer;
    bool quick = argc > 1 && strcmp(argv[1], "-q") == 0;

    if (argc != (quick ? 2 : 1))
        measure_fail("see the top of tests/bench/connects.c");
    measure_at_most(60);
    measure_raise_limit();
    if (!open_silent(&peer)) {
        printf("missing\tsilent peer\t0\t-\t-\t-\t-\t-\n");
        return 0;
    }
    bench_waiting(&peer, ours, quick ? 1 : 3);
    bench_waiting(&peer, bad, quick ? 1 : 3);
    close_silent(&peer);
    bench_connects(ours, quick);
    return 0;
}

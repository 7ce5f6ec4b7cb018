/* connects.c -- stage 04: many connects at once, and what waiting costs.
 *
 *   connects [-q] CONNECT BUSY
 *
 * The peer is a listener whose backlog is full: the system does not answer who
 * connects, and tries again for him after a second. First it stays so, and
 * `busy` and `connect` wait for half a second. Then it is made to answer at the
 * second try, so that each of 1, 100, 500 connects takes that one second; one
 * after the other they would take their sum.
 */
#include "child.h"
#include "measure.h"
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WAITING = 200, SILENCE_MS = 100, UNDER_WAY_MS = 200 };
enum { MOST_TARGETS = 500, TARGET_SIZE = 24, COMMAND_SIZE = 16384 };

struct peer {
    int listener;
    int waiting[MOST_WAITING]; /* connections that fill the backlog */
    int count;
    char target[SOCKET_NAME_SIZE];
};

/* -- the silent peer ------------------------------------------------------- */

/* Connects one more; false: no answer. */
static bool is_answered(struct peer *peer, const struct addrinfo *addresses)
{
    struct pollfd entry = {.events = POLLOUT};

    entry.fd = socket_connect(&addresses);
    if (entry.fd == -1)
        measure_fail("connect");
    peer->waiting[peer->count++] = entry.fd;
    return poll(&entry, 1, SILENCE_MS) > 0;
}

/* How many fit into the smallest backlog is different on each system. */
static bool open_silent(struct peer *peer)
{
    struct addrinfo *addresses;
    int port;
    bool is_silent = false;

    peer->count = 0;
    peer->listener = socket_listen("127.0.0.1", 0);
    port = socket_port(peer->listener);
    if (peer->listener == -1 || listen(peer->listener, 0) == -1 ||
        socket_resolve("127.0.0.1", port, &addresses) != 0)
        measure_fail("listen");
    snprintf(peer->target, sizeof peer->target, "127.0.0.1:%d", port);
    while (!is_silent && peer->count < MOST_WAITING)
        is_silent = !is_answered(peer, addresses);
    freeaddrinfo(addresses);
    return is_silent;
}

static void close_silent(struct peer *peer)
{
    close(peer->listener);
    while (peer->count > 0)
        close(peer->waiting[--peer->count]);
}

/* -- what waiting costs ---------------------------------------------------- */

/* The number in "asked 123456 times"; 0: the program did not say it. */
static double times_asked(const struct child *child)
{
    char text[1024];
    ssize_t size = pread(child->output, text, sizeof text - 1, 0);
    const char *asked;

    text[size < 0 ? 0 : size] = '\0';
    asked = strstr(text, "asked ");
    return asked == NULL ? 0 : strtod(asked + strlen("asked "), NULL);
}

static void bench_waiting(const struct peer *peer, const char *name,
                          const char *program, int rounds)
{
    struct series cpu = {0};
    struct series asked = {0};
    struct row row = {.what = "s without an answer", .who = name, .x = 0.5};
    char command[512];

    snprintf(command, sizeof command, "%s -t 0.5 %s 2>/dev/null", program,
             peer->target);
    for (int round = 0; round < rounds; round++) {
        double start = measure_now();
        double cpu_ns;
        struct child child = child_start(command);

        measure_progress("%s waits: round %d of %d", name, round + 1, rounds);
        if (child_wait(&child, &cpu_ns) != 1)
            measure_fail("%s was answered", name);
        series_add(&cpu, 100 * cpu_ns / (measure_now() - start));
        series_add(&asked, times_asked(&child));
        child_stop(&child);
    }
    measure_progress("%s", "");
    row.unit = "% CPU";
    measure_row(row, &cpu, NULL);
    row.unit = "times asked";
    measure_row(row, &asked, NULL);
}

/* -- many at once ---------------------------------------------------------- */

/* The seconds until all are connected. */
static double connect_all(const char *program, int targets)
{
    const struct timespec pause = {.tv_nsec = UNDER_WAY_MS * 1000000L};
    static char command[COMMAND_SIZE];
    struct peer peer;
    struct child child;
    double start;
    double cpu_ns;
    size_t end;

    if (!open_silent(&peer))
        return -1;
    end = (size_t)snprintf(command, sizeof command, "%s -t 20", program);
    for (int i = 0; i < targets && end < COMMAND_SIZE - TARGET_SIZE; i++)
        end += (size_t)snprintf(command + end, TARGET_SIZE, " %s", peer.target);
    start = measure_now();
    child = child_start(command);
    nanosleep(&pause, NULL); /* all are under way */
    listen(peer.listener, SOMAXCONN);
    if (child_wait(&child, &cpu_ns) != 0)
        measure_fail("%d connects: not all were connected", targets);
    child_stop(&child);
    close_silent(&peer);
    return (measure_now() - start) / 1e9;
}

static void bench_connects(const char *program, bool quick)
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
            series_add(&seconds[i], connect_all(program, sizes[i]));
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
    struct peer peer;
    bool quick = argc > 1 && strcmp(argv[1], "-q") == 0;
    char **programs = argv + (quick ? 2 : 1);

    if (argc != (quick ? 4 : 3))
        measure_fail("see the top of tests/bench/connects.c");
    child_die_with_us();
    measure_at_most(60);
    measure_raise_limit();
    if (!open_silent(&peer)) {
        printf("missing\tsilent peer\t0\t-\t-\t-\t-\t-\n");
        return 0;
    }
    bench_waiting(&peer, "connect", programs[0], quick ? 1 : 3);
    bench_waiting(&peer, "busy", programs[1], quick ? 1 : 3);
    close_silent(&peer);
    bench_connects(programs[0], quick);
    return 0;
}

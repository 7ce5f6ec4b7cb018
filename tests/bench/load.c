/* load.c -- a load generator that compares every reply.
 *
 *   load [OPTION]... NAME=COMMAND...    the command gets the port, 0, behind it
 *     -c N      so many clients, each asks again as soon as it is answered (50)
 *     -i N      so many connections beside them that never say anything (0)
 *     -r N      rounds (9); with 0 only the memory of idle connections
 *     -m N      how long each server has its turn in a round, in ms (100)
 *     -k        a turn is not requests on standing connections: each client
 *               connects, asks once and leaves
 *     -n N      no rounds: N requests, or with -k connections, to be counted
 *               by valgrind or strace around the server
 *     -e REPLY  what is expected, without the newline ("Hello World")
 *
 * All servers run from the beginning to the end and take turns; one that has
 * not its turn sleeps. The first one is the reference for the ratios. Clients
 * wait for their answer before they ask again, as people do: when a server is
 * slow it is asked less. So requests per second and latency say the same thing
 * in two ways, and nothing of what happens to a server that is asked too much.
 */
#include "harness.h"
#include "measure.h"
#include "selector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_SERVERS = 8, REPLY_SIZE = 64, PACE = 64, RESERVED = 100 };

static const char request[] = "hello world\n";

struct options {
    int clients;
    int idle;
    int rounds;
    int turn_ms;
    int exactly;
    bool is_reconnecting;
    char reply[REPLY_SIZE];
    size_t reply_size;
};

static struct options options = {
    .clients = 50, .rounds = 9, .turn_ms = 100, .reply = "Hello World\n"};

struct client {
    int fd;
    size_t received;
    double asked_at;
};

struct server {
    const char *name;
    struct child *child;
    struct selector *selector;
    struct client *clients;
    double cpu_ns; /* per request, in this round */
    struct series cpu, cpu_ratios, rates, latencies;
};

/* The turn that goes on. */
static int waiting;      /* clients without their answer */
static int left;         /* how many more may ask, if counted */
static double turn_ends; /* else: until when they may */
static long answered;
static struct series *latencies;

/* -- one client ------------------------------------------------------------ */

static int connect_to(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) == -1)
        measure_fail("connect");
    return fd;
}

static void ask(struct client *client)
{
    client->received = 0;
    client->asked_at = measure_now();
    if (send(client->fd, request, sizeof request - 1, 0) != sizeof request - 1)
        measure_fail("send");
}

/* Reads a part of the reply; true: it was the last one. */
static bool receive(struct client *client)
{
    char part[REPLY_SIZE];
    size_t missing = options.reply_size - client->received;
    ssize_t size = recv(client->fd, part, missing, 0);

    if (size <= 0)
        measure_fail("recv: %s", size == 0 ? "the server has hung up" : "");
    errno = 0;
    if (memcmp(part, options.reply + client->received, (size_t)size) != 0)
        measure_fail("wrong reply: '%.*s'", (int)size, part);
    client->received += (size_t)size;
    return client->received == options.reply_size;
}

static void ask_and_wait(struct client *client)
{
    ask(client);
    while (!receive(client))
        continue;
}

/* -- a turn ---------------------------------------------------------------- */

static bool may_ask(double now)
{
    return options.exactly > 0 ? left-- > 0 : now < turn_ends;
}

static void on_reply(int fd, int events, void *data)
{
    struct client *client = data;
    double now;

    if (!receive(client))
        return;
    now = measure_now();
    series_add(latencies, now - client->asked_at);
    answered++;
    if (may_ask(now))
        ask(client);
    else
        waiting--;
}

static void make_requests(struct server *server)
{
    struct selector_key key;
    int mask;

    for (int i = 0; i < options.clients && may_ask(0); i++) {
        ask(&server->clients[i]);
        waiting++;
    }
    while (waiting > 0) {
        if (selector_select(server->selector, -1) == -1)
            measure_fail("select");
        while (selector_next(server->selector, &key, &mask))
            key.callback(key.fd, mask, key.data);
    }
}

/* Hangs up first, so that the long wait of TIME_WAIT is ours, and waits until
 * the server has done the same. */
static void leave(struct client *client)
{
    char byte;

    while (!receive(client))
        continue;
    if (shutdown(client->fd, SHUT_WR) == -1 ||
        recv(client->fd, &byte, 1, 0) != 0)
        measure_fail("the server does not hang up");
    close(client->fd);
}

/* All connect, all ask, all are answered, all leave. */
static void make_connections(struct server *server)
{
    int wanted = options.exactly > 0 ? options.exactly : 10 * options.clients;

    for (int done = 0; done < wanted; done += options.clients) {
        for (int i = 0; i < options.clients; i++) {
            server->clients[i].fd = connect_to(server->child->port);
            ask(&server->clients[i]);
        }
        for (int i = 0; i < options.clients; i++)
            leave(&server->clients[i]);
        answered += options.clients;
    }
}

static void take_turn(struct server *server)
{
    long long cpu_ns = child_cpu_ns(server->child);
    double start = measure_now();

    answered = 0;
    left = options.exactly;
    turn_ends = start + options.turn_ms * 1e6;
    latencies = &server->latencies;
    if (options.is_reconnecting)
        make_connections(server);
    else
        make_requests(server);
    series_add(&server->rates,
               (double)answered / (measure_now() - start) * 1e9);
    server->cpu_ns = -1;
    if (cpu_ns >= 0)
        server->cpu_ns =
            (double)(child_cpu_ns(server->child) - cpu_ns) / (double)answered;
}

/* -- servers --------------------------------------------------------------- */

static void connect_clients(struct server *server)
{
    server->clients = calloc((size_t)options.clients, sizeof *server->clients);
    server->selector = selector_open(NULL);
    if (server->clients == NULL || server->selector == NULL)
        measure_fail("memory");
    for (int i = 0; i < options.clients && !options.is_reconnecting; i++) {
        struct client *client = &server->clients[i];

        client->fd = connect_to(server->child->port);
        ask_and_wait(client);
        if (selector_register(server->selector, client->fd, EVENT_READ,
                              on_reply, client) == -1)
            measure_fail("register");
    }
}

/* One that is answered shows that those before it were accepted. So the last
 * one asks, and one now and then, or the backlog would overflow. If somebody
 * counts, each one does: then the server wakes up equally often in each run. */
static void connect_idle(const struct server *server)
{
    const int pace = options.exactly > 0 ? 1 : PACE;

    for (int i = 1; i <= options.idle; i++) {
        struct client client = {.fd = connect_to(server->child->port)};

        if (i % pace == 0 || i == options.idle)
            ask_and_wait(&client);
    }
}

/* A process of its own holds them to the end. Returns when it has them all. */
static void hold_idle(const struct server *server)
{
    int ready[2];
    char byte;

    pipe_make(ready);
    if (process_fork() == 0) {
        connect_idle(server);
        if (write(ready[1], "!", 1) != 1)
            exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        measure_fail("idle connections");
    close(ready[0]);
}

static void add_idle(const struct server *server)
{
    long before_kib = child_memory(server->child);
    struct series bytes = {0};

    if (options.idle == 0)
        return;
    hold_idle(server);
    series_add(&bytes, (double)(child_memory(server->child) - before_kib) *
                           1024 / options.idle);
    measure_row((struct row){"idle connections", server->name, options.idle,
                             "bytes each"},
                &bytes, NULL);
}

/* What it prints goes to a file: unlike a pipe that is never full, and nobody
 * has to read it while it is measured. */
static void start(struct server *server, char *argument)
{
    struct launch launch = {
        .selector = getenv("SELECTOR"), .out = TO_FILE, .err = STDERR_FILENO};
    char *equals = strchr(argument, '=');

    if (equals == NULL)
        measure_fail("'%s' is not NAME=COMMAND", argument);
    *equals = '\0';
    server->name = launch.path = argument;
    launch.command = equals + 1;
    server->child = server_start(&launch);
    connect_clients(server);
    take_turn(server); /* warm-up */
    add_idle(server);
    series_free(&server->latencies);
    series_free(&server->rates);
}

/* The server before its clients, or it would count how they leave. */
static void stop(struct server *server)
{
    child_stop(server->child);
    selector_close(server->selector);
    free(server->clients);
}

/* -- rounds ---------------------------------------------------------------- */

static void play_round(struct server *servers, int count)
{
    /* Always in the same order: everybody finds the caches full of another. */
    for (int i = 0; i < count; i++)
        take_turn(&servers[i]);
    for (int i = 0; i < count; i++) {
        if (servers[i].cpu_ns < 0)
            continue;
        series_add(&servers[i].cpu, servers[i].cpu_ns);
        if (i > 0)
            series_add(&servers[i].cpu_ratios,
                       servers[i].cpu_ns / servers[0].cpu_ns);
    }
}

static void print_quantile(struct row row, const char *unit, double q,
                           struct series *all)
{
    struct series one = {0};

    row.unit = unit;
    series_add(&one, series_quantile(all, q) / 1e3);
    measure_row(row, &one, NULL);
}

static void print_rows(struct server *server)
{
    const char *what = options.is_reconnecting
                           ? "clients that connect anew for each request"
                           : "clients";
    char name[80];
    struct row row = {name, server->name, options.clients, "per s"};

    snprintf(name, sizeof name, "%s, %d idle ones beside", what, options.idle);
    measure_row(row, &server->rates, NULL);
    row.unit = "CPU ns";
    if (server->cpu.count > 0)
        measure_row(row, &server->cpu, &server->cpu_ratios);
    if (!options.is_reconnecting) {
        print_quantile(row, "p50 us", 0.5, &server->latencies);
        print_quantile(row, "p99 us", 0.99, &server->latencies);
        print_quantile(row, "max us", 1, &server->latencies);
    }
}

static void play(struct server *servers, int count)
{
    for (int round = 0; round < options.rounds; round++) {
        measure_progress("%d clients, %d idle: round %d of %d", options.clients,
                         options.idle, round + 1, options.rounds);
        play_round(servers, count);
    }
    measure_progress("%s", "");
    for (int i = 0; i < count; i++)
        print_rows(&servers[i]);
}

static void parse(int argc, char **argv)
{
    int option;
    int limit = measure_raise_limit() - RESERVED;

    while ((option = getopt(argc, argv, "c:i:r:m:n:ke:")) != -1)
        switch (option) {
        case 'c':
            options.clients = measure_number(optarg);
            break;
        case 'i':
            options.idle = measure_number(optarg);
            break;
        case 'r':
            options.rounds = measure_number(optarg);
            break;
        case 'm':
            options.turn_ms = measure_number(optarg);
            break;
        case 'n':
            options.exactly = measure_number(optarg);
            break;
        case 'k':
            options.is_reconnecting = true;
            break;
        case 'e':
            snprintf(options.reply, REPLY_SIZE, "%s\n", optarg);
            break;
        default:
            measure_fail("see the top of tests/bench/load.c");
        }
    options.reply_size = strlen(options.reply);
    if (options.idle + options.clients > limit)
        options.idle = limit - options.clients;
}

int main(int argc, char **argv)
{
    static struct server servers[MOST_SERVERS];
    int count;

    parse(argc, argv);
    count = argc - optind;
    if (count < 1 || count > MOST_SERVERS)
        measure_fail("from 1 to %d servers", MOST_SERVERS);
    measure_at_most(120);
    for (int i = 0; i < count; i++) {
        measure_progress("starting %s", argv[optind + i]);
        start(&servers[i], argv[optind + i]);
    }
    if (options.exactly == 0 && options.rounds > 0)
        play(servers, count);
    for (int i = 0; i < count; i++)
        stop(&servers[i]);
    return 0;
}

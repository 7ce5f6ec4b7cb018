/* connects.c -- stage 04: three connects at once, and the bad example.
 *
 * The peers are the demo's own and on the loopback: one that listens, a port
 * that is closed, and one that stays silent, as a host does that is switched
 * off or behind a firewall.
 */
#include "deadline.h"
#include "demo.h"
#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SILENT, CLOSED, OPEN, PEERS }; /* also rows of the picture */
enum { LIMIT_MS = 700, PATIENCE_MS = 3000, FRAME_MS = 40 };
enum { MOST_WAITING = 200, SILENCE_MS = 100 };
static const char limit[] = "0.7"; /* LIMIT_MS as the programs want it */

struct peer {
    int sock;
    char target[SOCKET_NAME_SIZE]; /* "127.0.0.1:40000" */
    double decided_ms;
    char result[32];
};

struct scene {
    struct child program;
    struct picture picture;
    struct peer peers[PEERS];
    int waiting[MOST_WAITING]; /* connections that fill the silent backlog */
    int waiting_count;
    long asked; /* how often busy asked */
};

/* -- the peers ------------------------------------------------------------- */

/* A port that is taken, so that nobody else gets it, and at which nobody
 * listens. */
static int bound_socket(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = inet_addr("127.0.0.1"),
    };
    int sock = socket(AF_INET, SOCK_STREAM, 0);

    if (sock != -1 &&
        bind(sock, (struct sockaddr *)&address, sizeof address) == -1) {
        close(sock);
        return -1;
    }
    return sock;
}

/* A listener whose backlog is full does not answer the next one who connects.
 * How many fit into the smallest backlog is different on each system, so it is
 * filled until one stays without an answer. */
static bool fill_backlog(struct scene *scene)
{
    int port = socket_port(scene->peers[SILENT].sock);
    int sock = 0;

    if (listen(scene->peers[SILENT].sock, 0) == -1)
        return false;
    while (sock != -1 && scene->waiting_count < MOST_WAITING) {
        sock = demo_connect(port, SILENCE_MS);
        if (sock != -1)
            scene->waiting[scene->waiting_count++] = sock;
    }
    return sock == -1 && errno == EINPROGRESS;
}

static bool open_peers(struct scene *scene)
{
    bool is_open = true;

    scene->peers[SILENT].sock = bound_socket();
    scene->peers[CLOSED].sock = bound_socket();
    scene->peers[OPEN].sock = socket_listen("127.0.0.1", 0);
    for (int i = 0; i < PEERS; i++) {
        is_open = is_open && scene->peers[i].sock != -1;
        snprintf(scene->peers[i].target, SOCKET_NAME_SIZE, "127.0.0.1:%d",
                 socket_port(scene->peers[i].sock));
    }
    return is_open;
}

static void close_peers(struct scene *scene)
{
    for (int i = 0; i < scene->waiting_count; i++)
        close(scene->waiting[i]);
    for (int i = 0; i < PEERS; i++)
        if (scene->peers[i].sock != -1)
            close(scene->peers[i].sock);
}

/* -- what the programs print ----------------------------------------------- */

/* Which peer a line is about; PEERS: none. */
static int find_peer(const struct scene *scene, const char *line)
{
    int i = 0;

    for (; i < PEERS; i++) {
        const char *target = scene->peers[i].target;
        const char *found = strstr(line, target);

        if (found != NULL && strspn(found + strlen(target), "0123456789") == 0)
            break;
    }
    return i;
}

/* "connected! TARGET", or what follows in "connect: TARGET: REASON". */
static const char *result_in(const char *line)
{
    const char *colon = strrchr(line, ':');

    if (strncmp(line, "connected!", 10) == 0)
        return "connected!";
    return colon != NULL && colon[1] == ' ' ? colon + 2 : line;
}

static void note_result(struct scene *scene, int i, const char *line, int row)
{
    struct peer *peer = &scene->peers[i];
    char label[PICTURE_LABEL_SIZE];

    peer->decided_ms = picture_now(&scene->picture);
    snprintf(peer->result, sizeof peer->result, "%s", result_in(line));
    snprintf(label, sizeof label, " %s after %.0f ms", peer->result,
             peer->decided_ms);
    picture_note(&scene->picture, row, "! ", label);
}

static void hear_connect(void *context, const char *line)
{
    struct scene *scene = context;
    int i = find_peer(scene, line);

    if (i == PEERS)
        return;
    if (strncmp(line, "connecting ", 11) == 0)
        picture_note(&scene->picture, i, "+-", "");
    else
        note_result(scene, i, line, i);
}

static void hear_busy(void *context, const char *line)
{
    struct scene *scene = context;

    if (find_peer(scene, line) == SILENT &&
        strncmp(line, "connecting ", 11) != 0)
        note_result(scene, SILENT, line, 0);
    else if (strncmp(line, "asked ", 6) == 0)
        scene->asked = strtol(line + 6, NULL, 10);
}

/* Until the program ends, but no longer than our patience lasts. */
static void follow(struct scene *scene, child_heard *heard)
{
    long long deadline = deadline_in(LIMIT_MS + PATIENCE_MS);

    while (scene->program.output != -1 && demo_left_ms(deadline) > 0) {
        struct pollfd fd = {.fd = scene->program.output, .events = POLLIN};
        int left_ms = demo_left_ms(deadline);

        if (poll(&fd, 1, left_ms < FRAME_MS ? left_ms : FRAME_MS) > 0)
            child_read(&scene->program, heard, scene);
        picture_refresh(&scene->picture);
    }
    if (scene->program.output != -1)
        demo_surprise("It did not end when its time was up.");
    picture_end(&scene->picture);
    child_stop(&scene->program);
}

/* -- connect --------------------------------------------------------------- */

static void expect(const struct scene *scene, int i, const char *result)
{
    const struct peer *peer = &scene->peers[i];

    if (peer->result[0] == '\0')
        demo_surprise("Nothing was said about %s.", peer->target);
    else if (strcmp(peer->result, result) != 0)
        demo_surprise("%s was to end with '%s', not with '%s'.", peer->target,
                      result, peer->result);
}

static void expect_all(const struct scene *scene)
{
    const struct peer *peers = scene->peers;

    expect(scene, SILENT, strerror(ETIMEDOUT));
    expect(scene, CLOSED, strerror(ECONNREFUSED));
    expect(scene, OPEN, "connected!");
    if (peers[OPEN].decided_ms > peers[SILENT].decided_ms ||
        peers[CLOSED].decided_ms > peers[SILENT].decided_ms)
        demo_surprise("The silent peer held up the others.");
}

static void tell_connect(const struct scene *scene)
{
    demo_say(
        "After %.0f ms all three were under way. The silent peer, first in "
        "line, held up nobody; it is given up when the %s s are over that "
        "the program was told to wait.",
        scene->picture.rows[OPEN].events[0].at_ms, limit);
}

/* Returns the CPU time it took, in milliseconds. */
static double show_connect(struct scene *scene)
{
    static const char program[] = "04_nonblocking_connect/connect";
    static const char instead[] = "DEMO_CONNECT";
    static const char *const names[] = {"silent", "closed", "open", NULL};
    const char *arguments[] = {"-t",
                               limit,
                               scene->peers[SILENT].target,
                               scene->peers[CLOSED].target,
                               scene->peers[OPEN].target,
                               NULL};

    demo_title(program, instead, "start now, be told later");
    printf("    silent: never replies   closed: nobody listens there   "
           "open: somebody does\n");
    printf("    + connect() started   - under way, the program sleeps   "
           "! decided\n");
    picture_begin(&scene->picture, names);
    child_start(&scene->program, program, instead, arguments);
    follow(scene, hear_connect);
    if (scene->program.said_length == 0)
        demo_did_not_start();
    expect_all(scene);
    if (demo_as_expected(program, &scene->program))
        tell_connect(scene);
    return scene->program.cpu_ms;
}

/* -- busy ------------------------------------------------------------------ */

static void show_busy(struct scene *scene, double connect_cpu_ms)
{
    static const char program[] = "04_nonblocking_connect/busy";
    static const char instead[] = "DEMO_BUSY";
    static const char *const names[] = {"silent", NULL};
    const char *arguments[] = {"-t", limit, scene->peers[SILENT].target, NULL};
    double cpu_ms;

    demo_title(program, instead, "the bad example, for the silent peer alone");
    printf("    # asks \"connected now?\" without a pause   ! decided\n");
    scene->peers[SILENT].result[0] = '\0';
    picture_begin(&scene->picture, names);
    picture_note(&scene->picture, 0, "+#", "");
    child_start(&scene->program, program, instead, arguments);
    follow(scene, hear_busy);
    cpu_ms = scene->program.cpu_ms;
    expect(scene, SILENT, strerror(ETIMEDOUT));
    if (scene->asked < 2 || cpu_ms <= connect_cpu_ms)
        demo_surprise(
            "It asked %ld times and used %.1f ms of CPU time; connect "
            "used %.1f ms.",
            scene->asked, cpu_ms, connect_cpu_ms);
    if (demo_as_expected(program, &scene->program))
        demo_say(
            "It asked %ld times and used %.0f ms of CPU time, to learn the "
            "same no sooner. connect used %.1f ms for all three.",
            scene->asked, cpu_ms, connect_cpu_ms);
}

void demo_connects(void)
{
    struct scene scene = {.program.pid = -1};

    if (ferror(stdout))
        return;
    if (!open_peers(&scene) || !fill_backlog(&scene)) {
        printf("\n04_nonblocking_connect: left out\n");
        demo_say("On this system a peer whose backlog is full answers all the "
                 "same, so that the demo has no silent peer.");
    } else {
        show_busy(&scene, show_connect(&scene));
    }
    close_peers(&scene);
}

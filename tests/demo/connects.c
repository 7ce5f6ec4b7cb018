/* connects.c -- stage 04: three connects at once, and the bad example.
 *
 * The peers are the demo's own and on the loopback: one that listens, a port
 * that is closed, and one that stays silent, as a host does that is switched
 * off or behind a firewall.
 */
#include "demo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUIET, SHUT, OPEN, PEERS }; /* also rows of the picture */
enum { LIMIT_MS = 700, PATIENCE_MS = 3000 };
static const char limit[] = "0.7"; /* LIMIT_MS as the programs want it */

struct peer {
    char target[24]; /* "127.0.0.1:40000" */
    double decided_ms;
    char result[32];
};

struct scene {
    struct child *program;
    struct picture picture;
    struct peer peers[PEERS];
    long asked; /* how often busy asked */
};

/* -- the peers ------------------------------------------------------------- */

/* For the rest of the demo. false: here nobody stays silent. */
static bool open_peers(struct scene *scene)
{
    int ports[PEERS];
    int pending[SILENT];
    bool is_silent = listener_silent(&ports[QUIET], pending);

    listener_refusing(&ports[SHUT]);
    listener_open(&ports[OPEN]);
    for (int i = 0; i < PEERS; i++)
        snprintf(scene->peers[i].target, sizeof scene->peers[i].target,
                 "127.0.0.1:%d", ports[i]);
    return is_silent;
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

static void hear_connect(struct scene *scene, const char *line)
{
    int i = find_peer(scene, line);

    if (i == PEERS)
        return;
    if (strncmp(line, "connecting ", 11) == 0)
        picture_note(&scene->picture, i, "+-", "");
    else
        note_result(scene, i, line, i);
}

static void hear_busy(struct scene *scene, const char *line)
{
    if (find_peer(scene, line) == QUIET &&
        strncmp(line, "connecting ", 11) != 0)
        note_result(scene, QUIET, line, 0);
    else if (strncmp(line, "asked ", 6) == 0)
        scene->asked = strtol(line + 6, NULL, 10);
}

/* Until the program ends, but no longer than our patience lasts. Returns the
 * processor time it took, in milliseconds. */
static double follow(struct scene *scene,
                     void (*hear)(struct scene *scene, const char *line))
{
    long long limit_ms = demo_moment(LIMIT_MS + PATIENCE_MS);
    struct stream *out = &scene->program->out;
    char line[256];

    while (out->fd != -1 && now_ms() < limit_ms) {
        wait_until(demo_frame(limit_ms), -1, 0);
        while (stream_line(out, line, sizeof line))
            hear(scene, line);
        picture_refresh(&scene->picture);
    }
    if (out->fd != -1 && out->length > 0)
        demo_surprise("It did not end when its time was up.");
    demo_picture(&scene->picture);
    child_end(scene->program);
    return (double)scene->program->cpu_ns / 1e6;
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

    expect(scene, QUIET, strerror(ETIMEDOUT));
    expect(scene, SHUT, strerror(ECONNREFUSED));
    expect(scene, OPEN, "connected!");
    if (peers[OPEN].decided_ms > peers[QUIET].decided_ms ||
        peers[SHUT].decided_ms > peers[QUIET].decided_ms)
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

/* Returns the processor time it took, in milliseconds. */
static double show_connect(struct scene *scene)
{
    static const char program[] = "04_nonblocking_connect/connect";
    static const char instead[] = "CONNECT";
    static const char *const names[] = {"silent", "closed", "open", NULL};
    const struct peer *peers = scene->peers;
    double cpu_ms;

    demo_title(program, instead, "start now, be told later");
    printf("    silent: never replies   closed: nobody listens there   "
           "open: somebody does\n");
    printf("    + connect() started   - under way, the program sleeps   "
           "! decided\n");
    picture_begin(&scene->picture, names);
    scene->program = demo_start(ARGS("-t", limit, peers[QUIET].target,
                                     peers[SHUT].target, peers[OPEN].target));
    cpu_ms = follow(scene, hear_connect);
    if (scene->picture.rows[QUIET].count == 0)
        demo_did_not_start(scene->program);
    expect_all(scene);
    if (demo_as_expected(scene->program))
        tell_connect(scene);
    child_free(scene->program);
    return cpu_ms;
}

/* -- busy ------------------------------------------------------------------ */

static void show_busy(struct scene *scene, double connect_cpu_ms)
{
    static const char program[] = "04_nonblocking_connect/busy";
    static const char instead[] = "BUSY";
    static const char *const names[] = {"silent", NULL};
    double cpu_ms;

    demo_title(program, instead, "the bad example, for the silent peer alone");
    printf("    # asks \"connected now?\" without a pause   ! decided\n");
    scene->peers[QUIET].result[0] = '\0';
    picture_begin(&scene->picture, names);
    picture_note(&scene->picture, 0, "+#", "");
    scene->program = demo_start(ARGS("-t", limit, scene->peers[QUIET].target));
    cpu_ms = follow(scene, hear_busy);
    expect(scene, QUIET, strerror(ETIMEDOUT));
    if (scene->asked < 2 || cpu_ms <= connect_cpu_ms)
        demo_surprise(
            "It asked %ld times and used %.1f ms of CPU time; connect "
            "used %.1f ms.",
            scene->asked, cpu_ms, connect_cpu_ms);
    if (demo_as_expected(scene->program))
        demo_say(
            "It asked %ld times and used %.0f ms of CPU time, to learn the "
            "same no sooner. connect used %.1f ms for all three.",
            scene->asked, cpu_ms, connect_cpu_ms);
    child_free(scene->program);
}

void demo_connects(void)
{
    struct scene scene = {0};

    if (ferror(stdout))
        return;
    if (open_peers(&scene)) {
        show_busy(&scene, show_connect(&scene));
        return;
    }
    printf("\n04_nonblocking_connect: left out\n");
    demo_say("On this system a peer whose backlog is full answers all the "
             "same, so that the demo has no silent peer.");
}

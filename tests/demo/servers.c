/* servers.c -- stages 01 to 03: two clients, and what becomes of B.
 *
 * The pauses of the script are there to be seen, nothing is synchronised by
 * them: what depends on the server is waited for, with a deadline.
 */
#include "demo.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { A, B, SERVER }; /* clients, and rows of the picture */
enum { PATIENCE_MS = 3000 };
static const char variable[] = "SERVER"; /* shows another one in its place */
static const char hello[] = "Hello World\n";

struct client {
    int sock;        /* -1: not connected, or no longer */
    int port;        /* its own */
    int unanswered;  /* lines it said and waits for */
    double asked_ms; /* when the first of them was said */
    int answers;
    double waited_ms;  /* the longest time from a line to an answer */
    double connect_ms; /* how long that took */
    size_t heard;      /* bytes of answers */
    bool has_left;
};

struct scene {
    const struct stage *stage;
    struct child *server;
    struct picture picture;
    struct client clients[2];
    int port;
    char selector[32]; /* "EpollSelector", if the server names one */
    char serves;       /* the client accepted last */
    bool narrates;     /* prints "Before recv()" and the like */
    bool starved;      /* B had no answer at all when A left */
    int patience_ms;
};

struct stage {
    const char *program;
    const char *title;
    const char *sleeps_in; /* unless it says so itself */
    bool starves;
    void (*tell)(const struct scene *);
};

/* -- what the server does -------------------------------------------------- */

static void wake(struct scene *scene, const char *sleeps_in)
{
    const struct picture_row *row = &scene->picture.rows[SERVER];

    picture_note(&scene->picture, SERVER, row->count == 0 ? "--" : "*-",
                 sleeps_in);
}

/* A server that prints where it sleeps is believed; of another one we only see
 * that it does something. If it is ours, the lesson tells where it sleeps. */
static void wake_unless_it_narrates(struct scene *scene)
{
    if (!scene->narrates)
        wake(scene, is_replaced(variable) ? "" : scene->stage->sleeps_in);
}

static void hear_before(struct scene *scene, const char *call)
{
    char label[PICTURE_LABEL_SIZE];

    if (!scene->narrates)
        scene->picture.rows[SERVER].count = 0;
    scene->narrates = true;
    snprintf(label, sizeof label, "%s()", call);
    if (strcmp(call, "recv") == 0)
        snprintf(label, sizeof label, "recv(%c)", scene->serves);
    wake(scene, label);
}

/* The port in a line that says where; 0: it does not. */
static int port_in(const char *line)
{
    static const char address[] = "127.0.0.1:";
    const char *found = strstr(line, address);

    if (found == NULL)
        return 0;
    return (int)strtol(found + sizeof address - 1, NULL, 10);
}

/* The picture begins here. */
static void hear_listening(struct scene *scene, const char *line)
{
    static const char *const names[] = {"A", "B", "server", NULL};

    scene->port = port_in(line);
    if (scene->port == 0)
        return;
    sscanf(line, "%*s %*s %*s with %31[A-Za-z]", scene->selector);
    picture_begin(&scene->picture, names);
    wake_unless_it_narrates(scene);
}

static void hear_connection(struct scene *scene, int port)
{
    scene->serves = '?';
    for (int who = A; who <= B; who++)
        if (port == scene->clients[who].port)
            scene->serves = "AB"[who];
    wake_unless_it_narrates(scene);
}

static void hear_line(struct scene *scene, const char *line)
{
    int port = port_in(line);
    char call[32];

    if (scene->port == 0)
        hear_listening(scene, line);
    else if (port != 0)
        hear_connection(scene, port);
    else if (sscanf(line, "Before %31[a-z]", call) == 1)
        hear_before(scene, call);
}

static void hear_server(struct scene *scene)
{
    char line[256];

    while (stream_line(&scene->server->out, line, sizeof line))
        hear_line(scene, line);
}

static bool has_ended(const struct scene *scene)
{
    return scene->server->out.fd == -1;
}

/* -- what the clients do --------------------------------------------------- */

static void connects(struct scene *scene, int who)
{
    struct client *client = &scene->clients[who];
    double before = picture_note(&scene->picture, who, "+.", "");

    client->sock = client_connect_until(scene->port, demo_moment(PATIENCE_MS));
    if (client->sock == -1) {
        demo_surprise("%c could not connect.", 'A' + who);
        return;
    }
    client->connect_ms = picture_now(&scene->picture) - before;
    client->port = client_port(client->sock);
}

static void says(struct scene *scene, int who)
{
    struct client *client = &scene->clients[who];
    double now;

    if (client->sock == -1)
        return;
    now = picture_note(&scene->picture, who, "?=", "");
    if (client->unanswered++ == 0)
        client->asked_ms = now;
    if (send(client->sock, "hello\n", 6, 0) != 6)
        demo_surprise("%c could not send its line.", 'A' + who);
}

/* Only the sending side: so we see when the server has noticed. */
static void leaves(struct scene *scene, int who)
{
    struct client *client = &scene->clients[who];

    if (who == A)
        scene->starved = scene->clients[B].answers == 0;
    if (client->sock == -1)
        return;
    picture_note(&scene->picture, who, "x ", "");
    client->has_left = true;
    client_finish_sending(client->sock);
}

static void hear_end(struct scene *scene, int who)
{
    struct client *client = &scene->clients[who];

    if (!client->has_left) {
        picture_note(&scene->picture, who, "  ", "closed by the server");
        demo_surprise("The server closed its connection to %c.", 'A' + who);
    }
    close(client->sock);
    client->sock = -1;
    wake_unless_it_narrates(scene);
}

/* It may come in pieces. */
static void expect_answer(struct client *client, int who, const char *answer,
                          size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (answer[i] != hello[client->heard++ % (sizeof hello - 1)]) {
            demo_surprise(
                "%c was answered %s. The servers of the course answer "
                "%s.",
                'A' + who, quoted(answer, length),
                quoted(hello, sizeof hello - 1));
            return;
        }
}

static void hear_client(struct scene *scene, int who)
{
    struct client *client = &scene->clients[who];
    char answer[4096];
    ssize_t length = recv(client->sock, answer, sizeof answer, 0);
    double waited;

    if (length <= 0) {
        hear_end(scene, who);
        return;
    }
    expect_answer(client, who, answer, (size_t)length);
    waited = picture_note(&scene->picture, who, "!.", "") - client->asked_ms;
    if (client->unanswered > 0 && waited > client->waited_ms)
        client->waited_ms = waited;
    client->unanswered = 0;
    client->answers++;
    wake_unless_it_narrates(scene);
}

/* -- the script ------------------------------------------------------------ */

static const struct {
    int pause_ms;
    int who;
    void (*does)(struct scene *, int who);
} script[] = {
    {225, A, connects}, {75, A, says},    {100, B, connects}, {75, B, says},
    {400, B, says},     {450, A, leaves}, {225, B, says},     {75, B, leaves},
};
enum { STEPS = sizeof script / sizeof script[0], LAST_PAUSE_MS = 25 };

/* Sleeps until something happens, but not past the moment. */
static void look(struct scene *scene, long long moment_ms)
{
    struct pollfd fds[] = {
        {.fd = scene->clients[A].sock, .events = POLLIN},
        {.fd = scene->clients[B].sock, .events = POLLIN},
    };

    hear_server(scene); /* what has come while somebody connected */
    wait_for_any(demo_frame(moment_ms), fds, 2);
    hear_server(scene);
    for (int who = A; who <= B; who++)
        if (fds[who].revents != 0)
            hear_client(scene, who);
    picture_refresh(&scene->picture);
}

static void watch(struct scene *scene, int pause_ms)
{
    long long moment_ms = demo_moment(pause_ms);

    do
        look(scene, moment_ms);
    while (now_ms() < moment_ms);
}

/* Is everybody answered who should be before the script goes on? */
static bool is_settled(const struct scene *scene)
{
    bool b_may_wait = scene->stage->starves && !scene->clients[A].has_left;

    return scene->clients[A].unanswered == 0 &&
           (b_may_wait || scene->clients[B].unanswered == 0);
}

/* Who was let down once is not waited for again: the show must go on. */
static void await_answers(struct scene *scene)
{
    long long limit_ms = demo_moment(scene->patience_ms);

    while (!is_settled(scene) && !has_ended(scene) && now_ms() < limit_ms)
        look(scene, limit_ms);
    if (is_settled(scene))
        return;
    if (scene->clients[A].unanswered > 0)
        demo_surprise("A was not answered.");
    else if (scene->clients[A].has_left)
        demo_surprise("B was not answered even when A had left.");
    else
        demo_surprise("B was not answered while A was connected.");
    scene->patience_ms = 0;
}

/* Nothing that the server does comes too late for the picture. */
static void await_end(struct scene *scene, int naps)
{
    const struct picture_row *row = &scene->picture.rows[SERVER];
    long long limit_ms = demo_moment(scene->patience_ms);

    while ((scene->clients[B].sock != -1 || row->count == naps) &&
           !has_ended(scene) && now_ms() < limit_ms)
        look(scene, limit_ms);
}

static void play(struct scene *scene)
{
    int naps = 0;

    for (int i = 0; i < STEPS; i++) {
        watch(scene, script[i].pause_ms);
        await_answers(scene);
        naps = scene->picture.rows[SERVER].count;
        script[i].does(scene, script[i].who);
    }
    await_end(scene, naps);
    watch(scene, LAST_PAUSE_MS);
    if (scene->stage->starves && !scene->starved)
        demo_surprise("B was answered while A was connected.");
    if (has_ended(scene))
        demo_surprise("The server did not survive this.");
}

/* -- the three stages ------------------------------------------------------ */

static int digits(double ms)
{
    return ms < 10 ? 1 : 0;
}

static void tell_blocking(const struct scene *scene)
{
    const struct client *b = &scene->clients[B];

    demo_say("B was connected after %.1f ms and then waited %.*f ms for its "
             "answer, until A left: the server slept in recv() for A.%s",
             b->connect_ms, digits(b->waited_ms), b->waited_ms,
             b->answers == 2 ? " Then one recv() returned both of B's lines, "
                               "so they have one answer."
                             : "");
}

static void tell_select(const struct scene *scene)
{
    const struct client *b = &scene->clients[B];

    demo_say("B never waited longer than %.*f ms, though A was there as "
             "before: select() watches all of them and wakes for anyone.",
             digits(b->waited_ms), b->waited_ms);
}

static void tell_selector(const struct scene *scene)
{
    const struct client *b = &scene->clients[B];

    demo_say("B never waited longer than %.*f ms, as in 02. New is how the "
             "program is written: %s keeps with each socket the function to "
             "call.",
             digits(b->waited_ms), b->waited_ms,
             scene->selector[0] == '\0' ? "a selector" : scene->selector);
}

/* Of a program that we do not know. */
static void tell_other(const struct scene *scene)
{
    const struct client *b = &scene->clients[B];

    demo_say("The longest that B waited was %.*f ms, %s.", digits(b->waited_ms),
             b->waited_ms,
             scene->starved ? "until A left" : "while A was connected");
}

static const struct stage stages[] = {
    {"01_blocking/server", "one client at a time", "", true, tell_blocking},
    {"02_select_loop/server", "a loop around select()", "select()", false,
     tell_select},
    {"03_selectors_callbacks/server", "a selector that knows whom to call",
     "selector_select()", false, tell_selector},
};
enum { STAGES = sizeof stages / sizeof stages[0] };

static bool start(struct scene *scene)
{
    long long limit_ms = demo_moment(PATIENCE_MS);

    scene->server = demo_start(ARGS("0"));
    while (scene->port == 0 && !has_ended(scene) && now_ms() < limit_ms) {
        wait_until(limit_ms, -1, 0);
        hear_server(scene);
    }
    return scene->port != 0;
}

static void show(const struct stage *stage)
{
    struct scene scene = {.stage = stage, .serves = '?'};

    scene.clients[A].sock = scene.clients[B].sock = -1;
    scene.patience_ms = PATIENCE_MS;
    demo_title(stage->program, variable, stage->title);
    if (start(&scene)) {
        play(&scene);
        demo_picture(&scene.picture);
    } else {
        demo_did_not_start(scene.server);
    }
    child_end(scene.server);
    for (int who = A; who <= B; who++)
        if (scene.clients[who].sock != -1)
            close(scene.clients[who].sock);
    if (demo_as_expected(scene.server))
        (is_replaced(variable) ? tell_other : stage->tell)(&scene);
    else if (scene.clients[B].waited_ms > 0)
        demo_say("The longest that B waited was %.*f ms.",
                 digits(scene.clients[B].waited_ms),
                 scene.clients[B].waited_ms);
    child_free(scene.server);
}

void demo_servers(const char *only)
{
    for (int i = 0; i < STAGES && !ferror(stdout); i++)
        if (only == NULL || strncmp(stages[i].program, only, 2) == 0)
            show(&stages[i]);
}

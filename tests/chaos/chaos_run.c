/* chaos_run.c -- conversations with programs whose system calls are unreliable.
 *
 *     chaos_run [-k] [-s SEEDS] [-j JOBS] -l LIBRARY [NAME]...
 *
 * SEEDS is "7", "1-200" or "1,5,9-12"; a NAME is the beginning of
 * "03_selectors_callbacks/upper:poll", or of the part behind its slash. Each
 * program is run with each selector and each seed, chaos.c preloaded, and
 * talked to. What must hold, whatever went wrong:
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
 * A run is a process of its own, so that it can fail alone. It and what it has
 * started form a process group, which does not outlive chaos_run, however that
 * ends: the lifeline is a pipe whose writing end nobody else has. -k only tries
 * that.
 */
#include "chaos.h"
#include "emulation.h"
#include "harness.h"
#include "selector.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1024 * 1024 };

struct program {
    const char *path;
    void (*talk)(const struct program *program, struct child *child);
    bool has_selector;
    int clients;       /* at a time */
    const char *rates; /* the faults that its policy does not survive */
};

/* A program with a selector: a line of the output. */
struct line {
    const struct program *program;
    const char *backend; /* NULL: none to choose */
    char name[64];
    int runs_left;
    int failed;
    unsigned long faults[CHAOS_KIND_COUNT];
};

/* What the process of a run and its parent share. */
struct run {
    struct line *line;
    unsigned seed;
    pid_t pid; /* 0: free */
    struct chaos_report *report;
    char *message;  /* why it has failed */
    char path[512]; /* of the file that both are in */
};

enum { MESSAGE_SIZE = 16 * 1024 };

static const char *const call_names[] = {CHAOS_CALLS(CHAOS_NAME_OF)};
static const char *const kind_names[] = {CHAOS_KINDS(CHAOS_TEXT_OF)};

static struct run *run; /* the one that this process is for */
static int lifeline[2];
static const char *library;

/* -- chance ---------------------------------------------------------------- */

static uint32_t chance;

/* Below limit. xorshift: the same on every system. */
static unsigned any(unsigned limit)
{
    chance ^= chance << 13;
    chance ^= chance >> 17;
    chance ^= chance << 5;
    return chance % limit;
}

/* -- starting -------------------------------------------------------------- */

static void set(const char *name, const char *value)
{
    setenv(name, value, 1);
}

/* Only for what is started next, not for ps(1) and the like. */
static void begin_chaos(void)
{
    const char *rates = getenv("RATES");
    const char *backend = run->line->backend;
    bool devpoll = backend != NULL && strcmp(backend, "devpoll") == 0;
    char text[400];

    snprintf(text, sizeof text, "%u", run->seed);
    set("CHAOS_SEED", text);
    set("CHAOS_REPORT", run->path);
    /* Inside the stand-in for /dev/poll it is poll() that fails. */
    snprintf(text, sizeof text, "%s,%s%s", run->line->program->rates,
             devpoll ? "calloc:ENOMEM=0," : "", rates == NULL ? "" : rates);
    set("CHAOS_RATES", text);
    set("LD_PRELOAD", library);
    set("DYLD_INSERT_LIBRARIES", library);
}

static void end_chaos(void)
{
    unsetenv("LD_PRELOAD");
    unsetenv("DYLD_INSERT_LIBRARIES");
}

/* The program, on which chaos works; a server if it is one. */
static struct child *start(const char *const *arguments)
{
    const struct launch how = {.path = run->line->program->path,
                               .selector = run->line->backend};
    struct child *child;

    begin_chaos();
    child =
        arguments == NULL ? server_start(&how) : child_start(&how, arguments);
    end_chaos();
    return child;
}

/* -- what must hold -------------------------------------------------------- */

static unsigned long faults(enum chaos_kind kind)
{
    return run->report->faults[kind];
}

/* For each client or connect that is given up there must have been a reason. */
static void expect_reasons(int given_up, const char *what,
                           unsigned long reasons)
{
    if ((unsigned long)given_up > reasons)
        fail_with("%d %s, but %lu faults were a reason for that", given_up,
                  what, reasons);
}

static int turned_away;

static long long used_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1000000000LL + used.tv_nsec;
}

/* It may be woken for nothing some times more; but while we compute, a program
 * that spins would make thousands of calls, if it has its turn. If not, it had
 * it before. */
static void expect_rest(const char *when)
{
    enum { MEANWHILE_NS = 3 * 1000 * 1000, FRUITLESS = 20 };
    long long limit = now_ms() + patience_ms();
    unsigned long calls = 0;

    do {
        long long end = used_ns() + MEANWHILE_NS;

        if (now_ms() > limit)
            fail_with("expected the program to sleep %s, but it goes on making "
                      "calls (%lu by now)",
                      when, calls);
        calls = run->report->calls;
        while (used_ns() < end)
            continue;
    } while (calls != run->report->calls || !run->report->asleep);
    if (run->report->fruitless > FRUITLESS)
        fail_with("expected the program to sleep until there is something to "
                  "do, but it was woken %lu times in a row and did nothing",
                  run->report->fruitless);
}

/* -- servers --------------------------------------------------------------- */

static const char reply[] = "Hello World\n";

enum { REPLY_SIZE = sizeof reply - 1, EXCHANGES = 3000, MOST_CLIENTS = 40 };

struct talker {
    int fd; /* -1: nobody */
    int left;
    bool patient; /* sends single bytes, so it knows what it is owed */
};

static struct talker talkers[MOST_CLIENTS];
static unsigned long replies;

/* Comes until it is answered. */
static int arrive(int port, const char *text, const char *answer)
{
    for (;;) {
        int fd = client_connect(port);

        if (client_is_answered(fd, text, answer))
            return fd;
        close(fd);
        turned_away++;
        expect_reasons(turned_away, "clients were turned away",
                       faults(CHAOS_ECONNABORTED) + faults(CHAOS_EMFILE) +
                           faults(CHAOS_ENOMEM));
    }
}

static void come(struct talker *talker, int port)
{
    talker->fd = arrive(port, "x", reply);
    talker->left = 1 + (int)any(100);
    talker->patient = any(2) == 0;
    replies++;
}

/* Half-closed: what is owed must come, and then the end. */
static void leave_politely(struct talker *talker)
{
    char bytes[REPLY_SIZE];
    size_t got = 0;
    ssize_t received;

    client_finish_sending(talker->fd);
    for (;;) {
        client_expect_readable(talker->fd);
        received = recv(talker->fd, bytes + got, sizeof bytes - got, 0);
        if (received <= 0)
            break;
        got += (size_t)received;
        if (memcmp(bytes, reply, got) != 0)
            fail_with("client %d: expected %s, got %s", client_port(talker->fd),
                      quoted(reply, got), quoted(bytes, got));
        replies += got == REPLY_SIZE;
        got %= REPLY_SIZE;
    }
    if (received == -1 || got != 0)
        fail_with("client %d: expected the end after a whole reply, got %s "
                  "after %s",
                  client_port(talker->fd),
                  received == 0 ? "the end" : strerror(errno),
                  quoted(bytes, got));
    close(talker->fd);
}

static void leave(struct talker *talker)
{
    if (!talker->patient || any(3) == 0)
        leave_politely(talker);
    else if (any(2) == 0)
        client_reset(talker->fd);
    else
        close(talker->fd);
    talker->fd = -1;
}

static void ask(const struct talker *talker)
{
    static const char words[] = "words, words";
    size_t size = talker->patient ? 1 : 1 + any(sizeof words - 1);

    client_send(talker->fd, words, size);
}

/* Nobody waits for another's reply before it asks. Some come to be reset. */
static void exchange(int port, int clients)
{
    int asked = 1 + (int)any((unsigned)clients);

    for (int i = 0; i < asked; i++)
        if (talkers[i].fd == -1)
            come(&talkers[i], port);
    for (int i = 0; i < asked; i++)
        ask(&talkers[i]);
    for (int i = 0; i < asked; i++) {
        client_expect_text(talkers[i].fd, reply);
        replies++;
        if (--talkers[i].left == 0)
            leave(&talkers[i]);
    }
    if (any(20) == 0)
        client_reset(client_connect(port));
}

static void expect_no_reply_lost(void)
{
    unsigned long received = run->report->received;

    if (received != replies)
        fail_with("the server received %lu times, but sent %lu replies",
                  received, replies);
}

static void talk_to_server(const struct program *program, struct child *child)
{
    int clients = program->clients > 1 ? 1 + (int)any(MOST_CLIENTS) : 1;

    for (int i = 0; i < clients; i++)
        talkers[i].fd = -1;
    while (replies < EXCHANGES)
        exchange(child->port, clients);
    expect_rest("while its clients say nothing");
    for (int i = 0; i < clients; i++)
        if (talkers[i].fd != -1)
            leave_politely(&talkers[i]);
    expect_no_reply_lost();
    expect_rest("when its clients have left");
}

/* -- upper ----------------------------------------------------------------- */

enum { FLOWS = 6, FLOW_BYTES = 4 * MIB, FIRST_FLOW_BYTES = 12 * MIB };

struct conversation {
    int fd;
    struct flow flow;
};

static bool is_over(const struct conversation *conversation)
{
    return conversation->flow.received == conversation->flow.total;
}

/* One after the other as far as it goes; if that is nowhere, waits for one that
 * is not over: it must come forward, whatever the others do. */
static bool converse(struct conversation *conversations)
{
    const struct conversation *waiting = NULL;
    size_t moved = 0;

    for (int i = 0; i < FLOWS; i++) {
        struct conversation *one = &conversations[i];

        moved += flow_send(one->fd, &one->flow);
        moved += flow_receive(one->fd, &one->flow);
        if (!is_over(one))
            waiting = one;
    }
    if (moved == 0 && waiting != NULL)
        client_expect_readable(waiting->fd);
    return waiting != NULL;
}

static void say_good_bye(int fd)
{
    client_finish_sending(fd);
    client_expect_end(fd);
    close(fd);
}

/* Others come meanwhile, and go in any order and manner. */
static void come_or_go(int port, int *guest)
{
    if (*guest == -1) {
        *guest = arrive(port, "x", "X");
        return;
    }
    if (any(2) == 0)
        client_reset(*guest);
    else
        say_good_bye(*guest);
    *guest = -1;
}

static void talk_to_upper(const struct program *program, struct child *child)
{
    enum { GUESTS = 6 };
    int guests[GUESTS] = {-1, -1, -1, -1, -1, -1};
    struct conversation conversations[FLOWS];

    for (int i = 0; i < FLOWS; i++) {
        come_or_go(child->port, &guests[i % GUESTS]);
        conversations[i].fd = arrive(child->port, "x", "X");
        conversations[i].flow = (struct flow){
            .seed = any(1000),
            .total = i == 0 ? FIRST_FLOW_BYTES : FLOW_BYTES,
        };
    }
    while (converse(conversations))
        if (any(20) == 0)
            come_or_go(child->port, &guests[any(GUESTS)]);
    expect_rest("while its clients say nothing");
    for (int i = 0; i < FLOWS; i++)
        say_good_bye(conversations[i].fd);
    for (int i = 0; i < GUESTS; i++)
        if (guests[i] != -1)
            say_good_bye(guests[i]);
    expect_rest("when its clients have left");
}

/* -- client ---------------------------------------------------------------- */

enum { LINES = 4096, LINE_SIZE = 64 };

/* Without the prompts, which are there as often as a piece of a reply ended
 * with a line. */
static size_t without_prompts(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0';)
        if (strncmp(from, ">>>", 3) == 0)
            from += 3;
        else
            *to++ = *from++;
    *to = '\0';
    return (size_t)(to - text);
}

static void expect_lines(char *text)
{
    size_t length = without_prompts(text);

    for (int i = 0; i < LINES; i++) {
        char line[LINE_SIZE];
        int size = snprintf(line, sizeof line, "LINE %d OF WHAT WAS SAID\n", i);

        if (length < (size_t)size || strncmp(text, line, (size_t)size) != 0)
            fail_with("expected %s from the client, got %s",
                      quoted(line, (size_t)size), quoted(text, length));
        text += size;
        length -= (size_t)size;
    }
    if (strcmp(text, "") != 0 && strcmp(text, "\n") != 0)
        fail_with("expected nothing more from the client, got %s",
                  quoted(text, length));
}

/* child is an upper without faults. */
static void talk_to_client(const struct program *program, struct child *upper)
{
    char port[12];
    const char *arguments[] = {port, NULL};
    struct child *client;

    snprintf(port, sizeof port, "%d", upper->port);
    client = start(arguments);
    for (int i = 0; i < LINES; i++) {
        char line[LINE_SIZE];
        int size = snprintf(line, sizeof line, "line %d of what was said\n", i);

        child_write(client, line, (size_t)size);
    }
    child_end_input(client);
    child_expect_exit(client, 0);
    expect_lines(client->out.text);
    child_free(client);
}

/* -- connect --------------------------------------------------------------- */

enum { LISTENERS = 20, CONNECTS = 200, NAME_SIZE = 24 };

struct host {
    char name[NAME_SIZE];
    int listener;
    bool refuses;
};

/* How many lines begin with these words. */
static int count(const struct stream *stream, const char *format, ...)
    PRINTF_LIKE(2, 3);
static int count(const struct stream *stream, const char *format, ...)
{
    const char *line = stream->length == 0 ? "" : stream->text;
    char words[100];
    va_list arguments;
    int found = 0;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    for (; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        found += strncmp(line, words, strlen(words)) == 0;
    return found;
}

static int accepted(int listener)
{
    int count = 0;
    int fd;

    for (; (fd = accept(listener, NULL, NULL)) != -1; count++)
        close(fd);
    return count;
}

/* Each of its targets has come to one end, and to the right one. Returns how
 * many were given up because of a fault. */
static int expect_host(struct child *child, const struct host *host)
{
    enum { EACH = CONNECTS / LISTENERS };
    const char *program = strrchr(run->line->program->path, '/') + 1;
    const char *name = host->name;
    int connected = count(&child->out, "connected! %s ", name) +
                    count(&child->out, "connected! %s\n", name);
    int unwatched = count(&child->err, "%s: cannot watch %s,", program, name);
    int failed = count(&child->err, "%s: %s: ", program, name) +
                 count(&child->err, "%s: %s (", program, name) + unwatched;
    int given_up =
        count(&child->err, "%s: %s: %s\n", program, name, strerror(EMFILE)) +
        count(&child->err, "%s: %s: %s\n", program, name,
              gai_strerror(EAI_MEMORY)) +
        unwatched;
    int really = host->refuses ? 0 : accepted(host->listener);

    if (connected + failed != EACH)
        fail_with("expected that %d connects to %s are decided, but %d were "
                  "connected and %d failed",
                  EACH, host->name, connected, failed);
    if (host->refuses ? connected > 0 : failed != given_up)
        fail_with("%s %s, but %d were connected and %d failed, %d of these "
                  "because of a fault",
                  host->name, host->refuses ? "refuses" : "listens", connected,
                  failed, given_up);
    if (!host->refuses && (really < connected || really > connected + given_up))
        fail_with("%d connects to %s are said to be connected, but %d are",
                  connected, host->name, really);
    return given_up;
}

static void open_hosts(struct host *hosts)
{
    for (int i = 0; i < LISTENERS; i++) {
        int port;

        hosts[i].refuses = i % 4 == 3;
        hosts[i].listener =
            hosts[i].refuses ? listener_refusing(&port) : listener_open(&port);
        snprintf(hosts[i].name, sizeof hosts[i].name, "127.0.0.1:%d", port);
    }
}

static void talk_to_connect(const struct program *program, struct child *none)
{
    struct host hosts[LISTENERS];
    const char *arguments[CONNECTS + 1] = {NULL};
    int given_up = 0;
    struct child *child;

    open_hosts(hosts);
    for (int i = 0; i < CONNECTS; i++)
        arguments[i] = hosts[i % LISTENERS].name;
    child = start(arguments);
    child_expect_exit(child, 1); /* some are refused */
    for (int i = 0; i < LISTENERS; i++)
        given_up += expect_host(child, &hosts[i]);
    expect_reasons(given_up, "connects were given up",
                   faults(CHAOS_EMFILE) + faults(CHAOS_ENOMEM));
    child_free(child);
}

/* -- one run --------------------------------------------------------------- */

#define NO_OTHER_CONNECTION                                                    \
    "socket:EMFILE=0,malloc:ENOMEM=0,calloc:ENOMEM=0,epoll_ctl:ENOMEM=0"
#define SERVER "socket:EMFILE=0"
/* DESIGN.md, section 5: whoever does not read its replies is closed. */
#define CLOSES_SLOW_READERS SERVER ",send:EAGAIN=0"

static const struct program programs[] = {
    {"01_blocking/server", talk_to_server, false, 1, CLOSES_SLOW_READERS},
    {"01_blocking/functions", talk_to_server, false, 1, CLOSES_SLOW_READERS},
    {"02_select_loop/server", talk_to_server, false, MOST_CLIENTS,
     CLOSES_SLOW_READERS},
    {"03_selectors_callbacks/server", talk_to_server, true, MOST_CLIENTS,
     CLOSES_SLOW_READERS},
    {"03_selectors_callbacks/upper", talk_to_upper, true, FLOWS, SERVER},
    {"03_selectors_callbacks/client", talk_to_client, false, 0,
     NO_OTHER_CONNECTION},
    {"04_nonblocking_connect/connect", talk_to_connect, true, 0, ""},
    {"04_nonblocking_connect/busy", talk_to_connect, false, 0, ""},
};

enum { PROGRAMS = sizeof programs / sizeof programs[0], BACKENDS = 8 };

static void report_trace(char *message, size_t size)
{
    enum { SHOWN = 12 };
    unsigned long end = run->report->traced;

    for (unsigned long i = end < SHOWN ? 0 : end - SHOWN; i < end; i++) {
        const struct chaos_fault *fault = &run->report->trace[i % CHAOS_TRACE];
        size_t used = strlen(message);

        snprintf(message + used, size - used,
                 "\n    %s() no. %lu, descriptor %d: %s %ld",
                 call_names[fault->call], fault->number, fault->fd,
                 kind_names[fault->kind], fault->size);
    }
}

/* A program that complains a hundred times of the same is quoted once. */
static void keep_lines(const char *text, char *kept, size_t size)
{
    const char *before = "";
    size_t length = 0;

    for (; *text != '\0'; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        if (strncmp(before, text, length + 1) != 0)
            snprintf(kept + strlen(kept), size - strlen(kept), "%.*s\n",
                     (int)length, text);
        before = text;
    }
}

static void keep_message(const char *message)
{
    run->message[0] = '\0';
    keep_lines(message, run->message, MESSAGE_SIZE);
    snprintf(run->message + strlen(run->message),
             MESSAGE_SIZE - strlen(run->message), "  the last faults:");
    report_trace(run->message, MESSAGE_SIZE);
    exit(1);
}

/* Programs with a stand-in for a system call are built elsewhere. */
static void choose_build(void)
{
    const char *backend = run->line->backend;
    const char *emulated = getenv("EMULATED");

    if (backend != NULL && emulation_of(backend) && emulated != NULL)
        set("O", emulated);
}

/* Makes us a process group, with a member that ends it when the lifeline does.
 */
static void hang_on_lifeline(void)
{
    pid_t group = getpid();
    pid_t watcher;
    char byte;

    close(lifeline[1]);
    watcher = setpgid(0, 0) == -1 ? -1 : fork();
    if (watcher == -1) {
        perror("chaos_run: a process group");
        exit(2);
    }
    if (watcher > 0)
        return;
    while (read(lifeline[0], &byte, 1) == -1 && errno == EINTR)
        continue;
    unlink(run->path);
    kill(-group, SIGKILL);
    _exit(2);
}

static void converse_and_exit(void)
{
    const struct program *program = run->line->program;
    const struct launch calm = {.path = "03_selectors_callbacks/upper"};
    struct child *child = NULL;

    hang_on_lifeline();
    alarm((unsigned)patience_ms() / 1000 * 12 + 1);
    harness_failed = keep_message;
    chance = run->seed * 2654435761U + 1;
    choose_build();
    if (program->clients > 0) {
        child = start(NULL);
    } else if (program->talk == talk_to_client) {
        child = server_start(&calm);
    }
    program->talk(program, child);
    if (child != NULL)
        child_stop(child);
    exit(0);
}

/* -- all runs -------------------------------------------------------------- */

enum {
    LINES_MOST = PROGRAMS * BACKENDS + 1,
    SEEDS_MOST = 10000,
    JOBS_MOST = 64
};

static struct line lines_out[LINES_MOST];
static int line_count;
static unsigned seeds[SEEDS_MOST];
static int seed_count;
static const char *seeds_text = "1-40";
static struct run slots[JOBS_MOST];
static long jobs; /* so many at a time */
static int passed_runs, failed_runs;

static bool is_asked_for(const char *full, char **names)
{
    const char *base = strchr(full, '/') + 1;

    for (char **name = names; *name != NULL; name++)
        if (strncmp(full, *name, strlen(*name)) == 0 ||
            strncmp(base, *name, strlen(*name)) == 0)
            return true;
    return *names == NULL;
}

static void add_line(const struct program *program, const char *backend,
                     char **names)
{
    struct line *line = &lines_out[line_count];

    *line = (struct line){.program = program, .backend = backend};
    snprintf(line->name, sizeof line->name, "%s%s%s", program->path,
             backend == NULL ? "" : ":", backend == NULL ? "" : backend);
    line_count += is_asked_for(line->name, names);
}

static void list_lines(char **names)
{
    for (const struct program *p = programs; p < programs + PROGRAMS; p++) {
        if (!p->has_selector)
            add_line(p, NULL, names);
        for (int i = 0; p->has_selector && selector_backend_name(i); i++)
            add_line(p, selector_backend_name(i), names);
    }
}

static bool list_seeds(const char *text)
{
    while (*text != '\0') {
        char *end;
        unsigned long first = strtoul(text, &end, 10);
        unsigned long last = first;

        if (end == text)
            return false;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        for (; first <= last && seed_count < SEEDS_MOST; first++)
            seeds[seed_count++] = (unsigned)first;
        if (*end != ',' && *end != '\0')
            return false;
        text = *end == ',' ? end + 1 : end;
    }
    return seed_count > 0;
}

static void open_slot(struct run *slot)
{
    size_t size = sizeof *slot->report + MESSAGE_SIZE;
    void *map = MAP_FAILED;
    int fd;

    snprintf(slot->path, sizeof slot->path, "%s.XXXXXX", library);
    fd = mkstemp(slot->path);
    if (fd != -1 && ftruncate(fd, (off_t)size) == 0)
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        perror("chaos_run: a file for the reports");
        exit(2);
    }
    close(fd);
    slot->report = map;
    slot->message = (char *)(slot->report + 1);
}

static void start_run(struct run *slot, struct line *line, unsigned seed)
{
    slot->line = line;
    slot->seed = seed;
    memset(slot->report, 0, sizeof *slot->report + MESSAGE_SIZE);
    fflush(stdout);
    slot->pid = fork();
    if (slot->pid == 0) {
        run = slot;
        converse_and_exit();
    }
    if (slot->pid == -1) {
        perror("chaos_run: fork");
        exit(2);
    }
}

static void print_line(const struct line *line)
{
    const char *comma = "";

    printf("%-6s %-38s seeds %s: ", line->failed == 0 ? "ok" : "FAILED",
           line->name, seeds_text);
    for (int kind = 0; kind < CHAOS_KIND_COUNT; kind++)
        if (line->faults[kind] != 0) {
            printf("%s%lu %s", comma, line->faults[kind], kind_names[kind]);
            comma = ", ";
        }
    printf("\n");
    fflush(stdout);
}

/* Of each program the first few in full. */
static void print_failure(const struct run *slot, int status)
{
    enum { IN_FULL = 3 };
    const char *rates = getenv("RATES");
    const char *o = getenv("O");
    const char *message = slot->message;
    const char *name = slot->line->name;

    if (message[0] == '\0')
        message = "ended without a message";
    else if (slot->line->failed > IN_FULL)
        message = "failed, too";
    printf("\n%s, seed %u: %s\n  again: make chaos PROGRAM=%s SEED=%u", name,
           slot->seed, message, name, slot->seed);
    if (rates != NULL && *rates != '\0')
        printf(" RATES='%s'", rates);
    if (o != NULL && *o != '\0')
        printf(" O=%s", o);
    if (WIFSIGNALED(status))
        printf("\n  (the run itself was killed by signal %d)",
               WTERMSIG(status));
    printf("\n\n");
}

static void end_run(struct run *slot, int status)
{
    struct line *line = slot->line;

    kill(-slot->pid, SIGKILL); /* what is left: its watcher at least */
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
    if (--line->runs_left == 0)
        print_line(line);
}

static void await_run(void)
{
    int status;
    pid_t pid = wait(&status);

    for (int i = 0; i < JOBS_MOST; i++)
        if (pid > 0 && slots[i].pid == pid)
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

static void run_all(void)
{
    for (int i = 0; i < jobs; i++)
        open_slot(&slots[i]);
    for (int i = 0; i < line_count; i++)
        lines_out[i].runs_left = seed_count;
    for (int i = 0; i < line_count; i++)
        for (int j = 0; j < seed_count; j++)
            start_run(free_slot(), &lines_out[i], seeds[j]);
    while (passed_runs + failed_runs < line_count * seed_count)
        await_run();
    for (int i = 0; i < jobs; i++)
        unlink(slots[i].path);
}

/* The lifeline ends in the middle of a run, as it does when we are killed. A
 * run that has been stopped does not come to its own end meanwhile. */
static int expect_nothing_left(struct run *slot)
{
    long long limit = now_ms() + patience_ms();
    const char *came = "nothing of it is left";

    open_slot(slot);
    start_run(slot, &lines_out[0], seeds[0]);
    while (slot->report->calls == 0 && now_ms() < limit)
        poll(NULL, 0, 1);
    kill(slot->pid, SIGSTOP);
    close(lifeline[1]);
    while (kill(-slot->pid, 0) == 0 && now_ms() < limit)
        if (waitpid(-1, NULL, WNOHANG) <= 0)
            poll(NULL, 0, 1);
    if (slot->report->calls == 0)
        came = "expected it to begin, but it has not";
    else if (kill(-slot->pid, SIGKILL) == 0)
        came = "expected nothing to be left, but some of it is";
    unlink(slot->path);
    printf("%-6s a run whose chaos_run is killed: %s\n",
           *came == 'n' ? "ok" : "FAILED", came);
    return *came != 'n';
}

static int usage(void)
{
    fprintf(stderr, "usage: chaos_run [-k] [-s SEEDS] [-j JOBS] -l LIBRARY "
                    "[NAME]...\n");
    return 2;
}

/* false: they cannot be understood. */
static bool read_options(int argc, char **argv, bool *kills)
{
    int option;

    while ((option = getopt(argc, argv, "ks:j:l:")) != -1)
        if (option == 'k')
            *kills = true;
        else if (option == 's')
            seeds_text = optarg;
        else if (option == 'j')
            jobs = strtol(optarg, NULL, 10);
        else if (option == 'l')
            library = optarg;
        else
            return false;
    list_lines(argv + optind);
    return library != NULL && list_seeds(seeds_text) && line_count > 0;
}

int main(int argc, char **argv)
{
    bool kills = false;

    jobs = sysconf(_SC_NPROCESSORS_ONLN);
    if (!read_options(argc, argv, &kills))
        return usage();
    jobs = jobs < 1 ? 1 : jobs > JOBS_MOST ? JOBS_MOST : jobs;
    if (pipe(lifeline) == -1) {
        perror("chaos_run: pipe");
        return 2;
    }
#ifdef PR_SET_CHILD_SUBREAPER /* not everywhere does init bury the dead */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
    if (kills)
        return expect_nothing_left(&slots[0]);
    run_all();
    printf("%d passed, %d failed\n", passed_runs, failed_runs);
    return failed_runs == 0 ? 0 : 1;
}

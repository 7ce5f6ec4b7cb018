/* harness.c -- start a program, talk to it, and say clearly what went wrong. */
#include "harness.h"

#include <arpa/inet.h>
#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW_NS = 100 * 1000 * 1000 };
enum { CHILDREN = 8, ARGUMENTS = 1024, TEXT_LIMIT = 16 * 1024 * 1024 };

static struct child children[CHILDREN];

/* -- the outcome ----------------------------------------------------------- */

static void give_to_check(const char *message)
{
    ck_abort_msg("%s", message);
}

void (*harness_failed)(const char *message) = give_to_check;

const char *quoted(const void *bytes, size_t size)
{
    enum { SHOWN = 60 };
    static char texts[4][4 * SHOWN + 40];
    static int next;
    const unsigned char *byte = bytes;
    char *start = texts[next++ % 4];
    char *to = start;

    *to++ = '"';
    for (size_t i = 0; i < size && i < SHOWN; i++)
        if (byte[i] == '\n')
            to += sprintf(to, "\\n");
        else if (isprint(byte[i]) && byte[i] != '"' && byte[i] != '\\')
            *to++ = (char)byte[i];
        else
            to += sprintf(to, "\\%03o", byte[i]);
    sprintf(to, size > SHOWN ? "\"... (%zu bytes)" : "\"", size);
    return start;
}

const char *child_state(struct child *child)
{
    static char text[80];

    if (child_runs(child))
        snprintf(text, sizeof text, "still running");
    else if (WIFSIGNALED(child->status))
        snprintf(text, sizeof text, "killed by signal %d (%s)",
                 WTERMSIG(child->status), strsignal(WTERMSIG(child->status)));
    else
        snprintf(text, sizeof text, "exit status %d",
                 WEXITSTATUS(child->status));
    return text;
}

/* Adds to message[0 .. size-1] how a program is and what it said last. */
static void describe(struct child *child, char *message, size_t size)
{
    enum { SHOWN = 1500 };
    const struct stream *err = &child->err;
    size_t skipped = err->length > SHOWN ? err->length - SHOWN : 0;
    size_t used = strlen(message);

    snprintf(message + used, size - used, "\n  %s: %s%s%s", child->name,
             child_state(child), err->length == 0 ? "" : "; on stderr:\n",
             err->length == 0 ? "" : err->text + skipped);
}

/* A program that is about to die has closed its connections before it can be
 * seen dead, and what it says last comes last: the dying get a moment. */
static void last_words(void)
{
    enum { MOMENT_MS = 100 };
    long long limit = now_ms() + MOMENT_MS;
    bool all_run = true;

    while (all_run && now_ms() < limit) {
        wait_until(now_ms() + MOMENT_MS / 10, -1, 0);
        for (int i = 0; i < CHILDREN; i++)
            if (children[i].pid != 0 && !child_runs(&children[i]))
                all_run = false;
    }
    while (wait_until(0, -1, 0))
        continue;
}

void fail_with(const char *format, ...)
{
    static char message[16384];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, 4096, format, arguments);
    va_end(arguments);
    last_words();
    for (int i = 0; i < CHILDREN; i++)
        if (children[i].pid != 0)
            describe(&children[i], message, sizeof message);
    harness_failed(message);
    abort();
}

void skip(const char *test, const char *why)
{
    printf("skipped: %s: %s\n", test, why);
    fflush(stdout);
}

/* -- time ------------------------------------------------------------------ */

int patience_ms(void)
{
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    double times = multiplier == NULL ? 1 : strtod(multiplier, NULL);

    return (int)(20000 * (times > 0 ? times : 1));
}

long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void stream_append(struct stream *stream, const char *bytes, size_t size)
{
    if (stream->length + size > TEXT_LIMIT)
        return;
    if (stream->length + size + 1 > stream->capacity) {
        stream->capacity = 2 * (stream->length + size + 1);
        stream->text = realloc(stream->text, stream->capacity);
        if (stream->text == NULL)
            abort();
    }
    memcpy(stream->text + stream->length, bytes, size);
    stream->length += size;
    stream->text[stream->length] = '\0';
}

/* The descriptors are blocking: only after poll() has said so. */
static void stream_read(struct stream *stream)
{
    char bytes[16384];
    ssize_t length = read(stream->fd, bytes, sizeof bytes);

    if (length > 0) {
        stream_append(stream, bytes, (size_t)length);
    } else if (length == 0 || errno != EINTR) {
        close(stream->fd);
        stream->fd = -1;
    }
}

static void watch(struct stream *stream, struct pollfd *entries,
                  struct stream **streams, nfds_t *count)
{
    if (stream->fd <= 0)
        return;
    streams[*count] = stream;
    entries[(*count)++] = (struct pollfd){.fd = stream->fd, .events = POLLIN};
}

bool wait_until(long long moment_ms, int fd, short events)
{
    struct pollfd entries[1 + 2 * CHILDREN] = {{.fd = fd, .events = events}};
    struct stream *streams[1 + 2 * CHILDREN];

    for (;;) {
        long long left = moment_ms - now_ms();
        nfds_t count = 1;
        int ready;

        for (int i = 0; i < CHILDREN; i++) {
            watch(&children[i].out, entries, streams, &count);
            watch(&children[i].err, entries, streams, &count);
        }
        ready = poll(entries, count, left < 0 ? 0 : (int)left);
        for (nfds_t i = 1; ready > 0 && i < count; i++)
            if (entries[i].revents != 0)
                stream_read(streams[i]);
        if (ready > 0 && (fd == -1 || entries[0].revents != 0))
            return true;
        if (left <= 0)
            return false;
    }
}

/* -- starting a program ---------------------------------------------------- */

static const char *variable(const char *name)
{
    const char *value = name == NULL ? NULL : getenv(name);

    return value == NULL || *value == '\0' ? NULL : value;
}

bool is_replaced(const char *name)
{
    return variable(name) != NULL;
}

bool is_wrapped(void)
{
    return variable("WRAPPER") != NULL;
}

enum { DESCRIPTORS = 4096 }; /* the most that we ask for */

static void set_limit(int descriptors)
{
    struct rlimit limit;

    if (descriptors == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)descriptors;
    if (descriptors < 1000) /* so low that nobody shall raise it again */
        limit.rlim_max = limit.rlim_cur;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* What our parents have left open counts too, and a program that is to have
 * few shall have them for itself. Otherwise they stay: a command or a wrapper
 * may need one of them ("valgrind --log-fd=9 ..."). */
static void close_others(const struct launch *launch)
{
    if (launch->descriptors == 0)
        return;
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++)
        close(fd);
}

/* Signals that we ignore or block would be ignored by the program too. */
static void set_signals(void)
{
    sigset_t none;

    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Ours is executed as it is; a command, or ours in a wrapper, by a shell. */
static _Noreturn void execute(const struct launch *launch, char **argv)
{
    const char *command = variable(launch->variable);
    const char *wrapper = variable("WRAPPER");
    char program[512];
    char script[2048];
    char *shell[ARGUMENTS + 4] = {"sh", "-c", script};

    snprintf(program, sizeof program, "%s%s",
             variable("O") == NULL ? "" : variable("O"), launch->path);
    snprintf(script, sizeof script, "exec %s %s \"$@\"",
             wrapper == NULL ? "" : wrapper,
             command == NULL ? program : command);
    argv[0] = program;
    if (command == NULL && wrapper == NULL)
        execv(program, argv);
    for (int i = 0; argv[i] != NULL; i++)
        shell[3 + i] = argv[i];
    if (command != NULL || wrapper != NULL)
        execv("/bin/sh", shell);
    fprintf(stderr, "cannot run %s: %s\n", program, strerror(errno));
    _exit(127);
}

static void become(int fd, int number)
{
    if (fd == CLOSED)
        close(number);
    else
        dup2(fd, number);
}

/* Makes a pipe unless the caller gives a descriptor; [0] is the reading end. */
static void make_pipe(int given, int ends[2])
{
    ends[0] = ends[1] = given;
    if (given != 0)
        return;
    if (pipe(ends) == -1)
        fail_with("pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

static struct child *free_slot(void)
{
    for (int i = 0; i < CHILDREN; i++)
        if (children[i].pid == 0)
            return memset(&children[i], 0, sizeof children[i]);
    fail_with("more than %d programs at once", CHILDREN);
}

static void name_child(struct child *child, const struct launch *launch)
{
    const char *command = variable(launch->variable);

    snprintf(child->name, sizeof child->name, "%s%s%s",
             command == NULL ? launch->path : command,
             launch->selector == NULL ? "" : " with SELECTOR=",
             launch->selector == NULL ? "" : launch->selector);
}

static void set_selector(const char *selector)
{
    if (selector == NULL)
        unsetenv("SELECTOR");
    else
        setenv("SELECTOR", selector, 1);
}

static void close_given(int given, int end)
{
    if (given == 0)
        close(end);
}

static void end_all(void)
{
    for (int i = 0; i < CHILDREN; i++)
        if (children[i].pid != 0)
            child_free(&children[i]);
}

/* Check ends what its tests leave behind; without it somebody else must. */
static void end_all_at_exit(void)
{
    static bool done;

    if (!done)
        atexit(end_all);
    done = true;
}

struct child *child_start(const struct launch *launch,
                          const char *const *arguments)
{
    struct child *child = free_slot();
    char *argv[ARGUMENTS + 2] = {"program"};
    int in[2], out[2], err[2];

    for (int i = 0; arguments[i] != NULL && i < ARGUMENTS; i++)
        argv[1 + i] = (char *)arguments[i];
    end_all_at_exit();
    signal(SIGPIPE, SIG_IGN);
    name_child(child, launch);
    make_pipe(launch->in, in);
    make_pipe(launch->out, out);
    make_pipe(launch->err, err);
    fflush(stdout);
    child->pid = fork();
    if (child->pid == 0) {
        become(in[0], STDIN_FILENO);
        become(out[1], STDOUT_FILENO);
        become(err[1], STDERR_FILENO);
        close_others(launch);
        set_limit(launch->descriptors);
        set_signals();
        set_selector(launch->selector);
        execute(launch, argv);
    }
    close_given(launch->in, in[0]);
    close_given(launch->out, out[1]);
    close_given(launch->err, err[1]);
    child->in = launch->in == 0 ? in[1] : -1;
    child->out.fd = launch->out == 0 ? out[0] : -1;
    child->err.fd = launch->err == 0 ? err[0] : -1;
    return child;
}

/* -- servers --------------------------------------------------------------- */

/* The number behind the first "127.0.0.1:" in a complete line; 0: none yet. */
static int find_port(const struct stream *out)
{
    static const char address[] = "127.0.0.1:";
    const char *found = out->length == 0 ? NULL : strstr(out->text, address);

    if (found == NULL || strchr(found, '\n') == NULL)
        return 0;
    return (int)strtol(found + sizeof address - 1, NULL, 10);
}

int server_await_port(struct child *child)
{
    long long limit = now_ms() + patience_ms();
    int port = 0;

    while ((port = find_port(&child->out)) == 0 && child->out.fd != -1)
        if (!wait_until(limit, -1, 0))
            break;
    return port;
}

struct child *child_start_on(const struct launch *launch, int port)
{
    char text[12];

    snprintf(text, sizeof text, "%d", port);
    return child_start(launch, ARGS(text));
}

struct child *server_start(const struct launch *launch)
{
    struct child *child = child_start_on(launch, 0);

    child->port = server_await_port(child);
    if (child->port == 0)
        fail_with("expected a line with 127.0.0.1:PORT on the server's stdout, "
                  "got %s",
                  quoted(child->out.text, child->out.length));
    return child;
}

static int free_port(void)
{
    int port;

    close(listener_refusing(&port));
    return port;
}

/* Whoever cannot say where it listens is told, and asked until it does. false:
 * it has ended, somebody else was faster to take the port. */
static bool comes_up(struct child *server)
{
    long long limit = now_ms() + patience_ms();
    int client;

    while (!client_try_connect(server->port, &client)) {
        if (!child_runs(server))
            return false;
        if (now_ms() > limit)
            fail_with("expected %s to listen on %d", server->name,
                      server->port);
        poll(NULL, 0, 1);
    }
    close(client);
    return true;
}

struct child *server_start_unheard(const struct launch *launch)
{
    for (int attempt = 0; attempt < 5; attempt++) {
        int port = free_port();
        struct child *server = child_start_on(launch, port);

        server->port = port;
        if (comes_up(server))
            return server;
        wait_until(0, -1, 0);
        if (!stream_has(&server->err, strerror(EADDRINUSE)))
            fail_with("expected %s to run although nobody hears it",
                      server->name);
        child_free(server);
    }
    fail_with("no port is free");
}

static void give_to_stderr(const char *message)
{
    fprintf(stderr,
            "%s\n\n"
            "A server in place of ours must keep this contract:\n"
            "  - its last argument is the port, 0 means any free one;\n"
            "  - when it listens it prints a line that contains "
            "127.0.0.1:PORT,\n"
            "    at once (Python: print(..., flush=True));\n"
            "  - it runs until it is killed.\n",
            message);
    exit(1);
}

void server_check_contract(const struct launch *launch)
{
    void (*before)(const char *message) = harness_failed;

    if (!is_replaced(launch->variable))
        return;
    harness_failed = give_to_stderr;
    child_stop(server_start(launch));
    harness_failed = before;
}

/* -- the life of a program ------------------------------------------------- */

bool child_runs(struct child *child)
{
    if (!child->ended && waitpid(child->pid, &child->status, WNOHANG) != 0)
        child->ended = true;
    return !child->ended;
}

/* waitpid() knows no time limit, so it is asked again and again, once both
 * pipes have ended or while they do not. */
static bool child_ends(struct child *child)
{
    long long limit = now_ms() + patience_ms();

    while (child->out.fd > 0 || child->err.fd > 0)
        if (!wait_until(limit, -1, 0))
            break;
    while (child_runs(child) && now_ms() < limit)
        poll(NULL, 0, 1);
    return child->ended;
}

static void close_stream(struct stream *stream)
{
    if (stream->fd > 0)
        close(stream->fd);
    free(stream->text);
}

void child_free(struct child *child)
{
    if (child_runs(child)) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, &child->status, 0);
    }
    if (child->in > 0)
        close(child->in);
    close_stream(&child->out);
    close_stream(&child->err);
    child->pid = 0;
}

/* What sanitizers and valgrind ("==PID== ...") write while a program runs. */
static void expect_no_complaints(struct child *child)
{
    char valgrind[32];

    snprintf(valgrind, sizeof valgrind, "==%ld== ", (long)child->pid);
    if (stream_has(&child->err, valgrind) ||
        stream_has(&child->err, "runtime error: ") ||
        stream_has(&child->err, "Sanitizer: "))
        fail_with("%s has run into an error", child->name);
}

void child_stop(struct child *child)
{
    if (!child_runs(child))
        fail_with("expected %s to run on, but it has ended", child->name);
    kill(child->pid, SIGTERM);
    kill(child->pid, SIGCONT);
    if (!child_ends(child))
        fail_with("%s did not end after SIGTERM", child->name);
    expect_no_complaints(child);
    child_free(child);
}

void child_expect_exit(struct child *child, int status)
{
    if (!child_ends(child))
        fail_with("expected the end of %s, but it runs on; it has printed %s",
                  child->name, quoted(child->out.text, child->out.length));
    if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != status)
        fail_with("expected exit status %d of %s; it has printed %s", status,
                  child->name, quoted(child->out.text, child->out.length));
    expect_no_complaints(child);
}

void child_finish(struct child *child, int status)
{
    child_expect_exit(child, status);
    child_free(child);
}

void child_signal(struct child *child, int number)
{
    kill(child->pid, number);
}

void child_pause(struct child *child)
{
    int status;

    kill(child->pid, SIGSTOP);
    while (waitpid(child->pid, &status, WUNTRACED) == -1 && errno == EINTR)
        continue;
    if (!WIFSTOPPED(status)) {
        child->ended = true;
        child->status = status;
        fail_with("expected %s to stop, but it has ended", child->name);
    }
}

void child_end_input(struct child *child)
{
    close(child->in);
    child->in = -1;
}

/* -- what it prints -------------------------------------------------------- */

bool stream_has(const struct stream *stream, const char *words)
{
    return stream->length > 0 && strstr(stream->text, words) != NULL;
}

int stream_count(const struct stream *stream, const char *words)
{
    const char *found = stream->length == 0 ? NULL : stream->text;
    int count = 0;

    while (found != NULL && (found = strstr(found, words)) != NULL) {
        found += strlen(words);
        count++;
    }
    return count;
}

void stream_expect(struct child *child, struct stream *stream,
                   const char *format, ...)
{
    long long limit = now_ms() + patience_ms();
    char words[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    while (!stream_has(stream, words))
        if (stream->fd <= 0 || !wait_until(limit, -1, 0))
            fail_with("expected %s to print \"%s\" on %s, got %s", child->name,
                      words, stream == &child->out ? "stdout" : "stderr",
                      quoted(stream->text, stream->length));
}

static size_t same_prefix(const char *one, const char *other, size_t size)
{
    size_t same = 0;

    while (same < size && one[same] == other[same])
        same++;
    return same;
}

PRINTF_LIKE(3, 0)
static void expect_text(struct child *child, struct stream *stream,
                        const char *format, va_list arguments)
{
    long long limit = now_ms() + patience_ms();
    char expected[4096];
    size_t size;
    size_t same;

    vsnprintf(expected, sizeof expected, format, arguments);
    size = strlen(expected);
    while (stream->length < size && stream->fd > 0)
        if (!wait_until(limit, -1, 0))
            break;
    wait_until(0, -1, 0); /* and nothing more */
    same = same_prefix(stream->length == 0 ? "" : stream->text, expected,
                       stream->length < size ? stream->length : size);
    if (stream->length == size && same == size)
        return;
    fail_with(
        "expected %s to print on %s (after the first %zu bytes) %s, got %s",
        child->name, stream == &child->out ? "stdout" : "stderr", same,
        quoted(expected + same, size - same),
        quoted(stream->text + same, stream->length - same));
}

void child_expect_stdout(struct child *child, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    expect_text(child, &child->out, format, arguments);
    va_end(arguments);
}

void child_expect_stderr(struct child *child, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    expect_text(child, &child->err, format, arguments);
    va_end(arguments);
}

/* -- what it uses ---------------------------------------------------------- */

static int count_by_lsof(pid_t pid)
{
    char line[256];
    int count = 0;
    FILE *lsof;

    snprintf(line, sizeof line, "lsof -nP -Ff -p %ld 2>/dev/null", (long)pid);
    lsof = popen(line, "r");
    while (lsof != NULL && fgets(line, sizeof line, lsof) != NULL)
        if (line[0] == 'f' && isdigit((unsigned char)line[1]))
            count++;
    if (lsof != NULL)
        pclose(lsof);
    return count > 0 ? count : -1;
}

int child_descriptors(struct child *child)
{
    char path[64];
    int count = 0;
    DIR *directory;

    snprintf(path, sizeof path, "/proc/%ld/fd", (long)child->pid);
    directory = opendir(path);
    if (directory == NULL) {
        count = count_by_lsof(child->pid);
        if (count == -1)
            skip("descriptors are counted", "there is no /proc and no lsof");
        return count;
    }
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

void child_expect_descriptors(struct child *child, int expected,
                              const char *when)
{
    int count = child_descriptors(child);

    if (count != expected)
        fail_with("expected %s to have %d open descriptors as before, got %d "
                  "%s",
                  child->name, expected, count, when);
}

static long memory_by_ps(pid_t pid)
{
    char line[64];
    long kib = -1;
    FILE *ps;

    snprintf(line, sizeof line, "ps -o rss= -p %ld 2>/dev/null", (long)pid);
    ps = popen(line, "r");
    if (ps != NULL && fgets(line, sizeof line, ps) != NULL)
        kib = strtol(line, NULL, 10);
    if (ps != NULL)
        pclose(ps);
    return kib;
}

long child_memory(struct child *child)
{
    char path[64];
    char line[128] = "";
    char *size_end;
    FILE *statm;

    snprintf(path, sizeof path, "/proc/%ld/statm", (long)child->pid);
    statm = fopen(path, "r");
    if (statm == NULL)
        return memory_by_ps(child->pid);
    (void)!fgets(line, sizeof line, statm);
    fclose(statm);
    (void)strtol(line, &size_end, 10); /* the second number is the resident */
    return strtol(size_end, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

static long long clock_ns(clockid_t clock)
{
    struct timespec time;

    if (clock_gettime(clock, &time) == -1)
        return -1;
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

long long child_cpu_ns(struct child *child)
{
#ifdef __APPLE__
    return -1;
#else
    clockid_t clock;

    return clock_getcpuclockid(child->pid, &clock) == 0 ? clock_ns(clock) : -1;
#endif
}

/* What it takes while we compute for a tenth of a second. */
static long long used_meanwhile(struct child *child)
{
    long long before = child_cpu_ns(child);
    long long end = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + WINDOW_NS;

    while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
        continue;
    return child_cpu_ns(child) - before;
}

/* It may have something to finish first; whoever spins never finishes. */
void child_expect_idle(struct child *child, const char *when)
{
    enum { ATTEMPTS = 10 };
    long long used = WINDOW_NS;

    if (child_cpu_ns(child) == -1) {
        skip("it sleeps", "this system does not tell how long it computes");
        return;
    }
    for (int i = 0; i < ATTEMPTS && used > WINDOW_NS / 10; i++)
        used = used_meanwhile(child);
    if (used > WINDOW_NS / 10)
        fail_with("expected %s to sleep %s, but while we computed for %d ms it "
                  "did so for %lld ms",
                  child->name, when, WINDOW_NS / 1000000, used / 1000000);
}

/* -- clients --------------------------------------------------------------- */

static int new_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    signal(SIGPIPE, SIG_IGN);
    if (fd == -1)
        fail_with("socket: %s", strerror(errno));
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool wait_for(int fd, short events)
{
    return wait_until(now_ms() + patience_ms(), fd, events);
}

/* 0: it is connected, otherwise why not. */
static int connect_error(int fd, int port)
{
    struct sockaddr_in address = loopback(port);
    socklen_t size = sizeof(int);
    int error = 0;

    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (!wait_for(fd, POLLOUT))
        return ETIMEDOUT;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

bool client_try_connect(int port, int *fd)
{
    *fd = new_socket();
    if (connect_error(*fd, port) == 0)
        return true;
    close(*fd);
    return false;
}

static int connected(int fd, int port)
{
    int no_delay = 1;
    int error = connect_error(fd, port);

    if (error != 0)
        fail_with("expected 127.0.0.1:%d to accept a connection, got: %s", port,
                  strerror(error));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
    return fd;
}

int client_connect(int port)
{
    return connected(new_socket(), port);
}

int client_connect_small(int port)
{
    int fd = new_socket();
    /* Still smaller ones overflow and lose segments, and both sides end up
     * waiting for their timers. */
    int window = 8192;
    int segment = 1400;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    return connected(fd, port);
}

int client_port(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    getsockname(fd, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

void client_send(int fd, const void *data, size_t size)
{
    const char *rest = data;
    long long limit = now_ms() + patience_ms();

    while (size > 0) {
        ssize_t sent = send(fd, rest, size, 0);

        if (sent >= 0) {
            rest += sent;
            size -= (size_t)sent;
        } else if (errno != EAGAIN && errno != EINTR) {
            fail_with("client %d: expected to send %zu bytes more, got: %s",
                      client_port(fd), size, strerror(errno));
        } else if (!wait_until(limit, fd, POLLOUT)) {
            fail_with("client %d: expected the server to read, but %zu bytes "
                      "cannot be sent",
                      client_port(fd), size);
        }
    }
}

void client_send_text(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

void client_finish_sending(int fd)
{
    shutdown(fd, SHUT_WR);
}

ssize_t client_receive(int fd, void *buffer, size_t size, long long moment_ms)
{
    ssize_t received;

    while ((received = recv(fd, buffer, size, 0)) == -1 &&
           (errno == EAGAIN || errno == EINTR))
        if (!wait_until(moment_ms, fd, POLLIN)) {
            errno = ETIMEDOUT;
            return -1;
        }
    return received;
}

static ssize_t receive(int fd, void *buffer, size_t size)
{
    return client_receive(fd, buffer, size, now_ms() + patience_ms());
}

static const char *outcome(ssize_t received, const void *bytes)
{
    if (received > 0)
        return quoted(bytes, (size_t)received);
    if (received == 0)
        return "the end of the connection";
    return errno == ETIMEDOUT ? "nothing" : strerror(errno);
}

void client_expect(int fd, const void *data, size_t size)
{
    const char *expected = data;
    size_t done = 0;

    while (done < size) {
        char bytes[4096];
        size_t wanted = size - done < sizeof bytes ? size - done : sizeof bytes;
        ssize_t received = receive(fd, bytes, wanted);

        if (received <= 0 ||
            memcmp(bytes, expected + done, (size_t)received) != 0)
            fail_with("client %d: expected %s, got %s", client_port(fd),
                      quoted(expected + done, size - done),
                      outcome(received, bytes));
        done += (size_t)received;
    }
}

void client_expect_text(int fd, const char *text)
{
    client_expect(fd, text, strlen(text));
}

void client_expect_end(int fd)
{
    char bytes[256];
    ssize_t received = receive(fd, bytes, sizeof bytes);

    if (received != 0)
        fail_with("client %d: expected the end of the connection, got %s",
                  client_port(fd), outcome(received, bytes));
}

void client_expect_closed(int fd)
{
    char bytes[256];
    ssize_t received = receive(fd, bytes, sizeof bytes);

    if (received > 0 || (received == -1 && errno == ETIMEDOUT))
        fail_with(
            "client %d: expected the server to close the connection, got %s",
            client_port(fd), outcome(received, bytes));
}

void client_ask(int fd, const char *text, const char *reply)
{
    client_send_text(fd, text);
    client_expect_text(fd, reply);
}

void client_leave(int fd)
{
    client_finish_sending(fd);
    client_expect_end(fd);
    close(fd);
}

void server_expect_service(struct child *server, const char *text,
                           const char *reply)
{
    int client = client_connect(server->port);

    client_ask(client, text, reply);
    client_leave(client);
}

void client_expect_silence(int fd, const char *when)
{
    char bytes[256];
    ssize_t received = recv(fd, bytes, sizeof bytes, MSG_PEEK);

    if (received != -1 || errno != EAGAIN)
        fail_with("client %d: expected no answer %s, got %s", client_port(fd),
                  when, outcome(received, bytes));
}

void client_expect_readable(int fd)
{
    if (!wait_for(fd, POLLIN))
        fail_with("client %d: expected a reply, got nothing", client_port(fd));
}

bool client_is_answered(int fd, const char *text, const char *reply)
{
    char byte;
    ssize_t received;

    if (send(fd, text, strlen(text), 0) == -1 &&
        (errno == EPIPE || errno == ECONNRESET))
        return false;
    received = receive(fd, &byte, 1);
    if (received == 1 && byte == *reply) {
        client_expect_text(fd, reply + 1);
        return true;
    }
    if (received == 1 || (received == -1 && errno == ETIMEDOUT))
        fail_with("client %d: expected %s or the end of the connection, got %s",
                  client_port(fd), quoted(reply, strlen(reply)),
                  outcome(received, &byte));
    return false;
}

void client_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* -- listeners ------------------------------------------------------------- */

int listener_refusing(int *port)
{
    struct sockaddr_in address = loopback(0);
    int fd = new_socket();

    if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1)
        fail_with("bind: %s", strerror(errno));
    *port = client_port(fd);
    return fd;
}

int listener_open(int *port)
{
    int fd = listener_refusing(port);

    if (listen(fd, SOMAXCONN) == -1)
        fail_with("listen: %s", strerror(errno));
    return fd;
}

/* Sure only when one that is on its way stays there for a while; the while is
 * for systems that answer late, the others need none. */
bool listener_silent(int *port, int pending[SILENT])
{
    enum { WHILE_MS = 20 };
    struct sockaddr_in address;
    int listener = listener_refusing(port);

    address = loopback(*port);
    listen(listener, 0);
    for (int i = 0; i < SILENT; i++) {
        pending[i] = new_socket();
        (void)!connect(pending[i], (struct sockaddr *)&address, sizeof address);
    }
    return !wait_until(now_ms() + WHILE_MS, pending[SILENT - 1], POLLOUT);
}

int listener_accept(int listener)
{
    int fd;

    if (!wait_for(listener, POLLIN) || (fd = accept(listener, NULL, NULL)) < 0)
        fail_with("expected somebody to connect, but nobody has");
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* -- flows ----------------------------------------------------------------- */

/* A byte that depends on all of seed and offset, so that nothing lost, doubled
 * or swapped goes unnoticed. */
static unsigned char flow_byte(const struct flow *flow, size_t offset)
{
    uint32_t x = ((uint32_t)offset + flow->seed * 7919u) * 2654435761u;

    return (unsigned char)((x ^ x >> 15) >> 8);
}

static unsigned char upper(unsigned char byte)
{
    return byte >= 'a' && byte <= 'z' ? (unsigned char)(byte - 32) : byte;
}

size_t flow_send(int fd, struct flow *flow)
{
    unsigned char bytes[16384];
    size_t before = flow->sent;

    while (flow->sent < flow->total) {
        size_t size = 0;
        ssize_t sent;

        for (; size < sizeof bytes && flow->sent + size < flow->total; size++)
            bytes[size] = flow_byte(flow, flow->sent + size);
        sent = send(fd, bytes, size, 0);
        if (sent == -1 && (errno == EAGAIN || errno == EINTR))
            break;
        if (sent == -1)
            fail_with("client %d: expected to send byte %zu of %zu, got: %s",
                      client_port(fd), flow->sent, flow->total,
                      strerror(errno));
        flow->sent += (size_t)sent;
    }
    return flow->sent - before;
}

static void flow_check(int fd, const struct flow *flow,
                       const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char expected = upper(flow_byte(flow, flow->received + i));

        if (bytes[i] != expected)
            fail_with("client %d: expected %s as byte %zu, got %s",
                      client_port(fd), quoted(&expected, 1), flow->received + i,
                      quoted(bytes + i, 1));
    }
    if (flow->received + size > flow->sent)
        fail_with("client %d: expected %zu bytes back, got %zu",
                  client_port(fd), flow->sent, flow->received + size);
}

size_t flow_receive(int fd, struct flow *flow)
{
    unsigned char bytes[16384];
    size_t before = flow->received;

    while (flow->received < flow->total) {
        ssize_t received = recv(fd, bytes, sizeof bytes, 0);

        if (received == -1 && (errno == EAGAIN || errno == EINTR))
            break;
        if (received <= 0)
            fail_with("client %d: expected byte %zu of %zu, got %s",
                      client_port(fd), flow->received, flow->total,
                      outcome(received, bytes));
        flow_check(fd, flow, bytes, (size_t)received);
        flow->received += (size_t)received;
    }
    return flow->received - before;
}

void flow_finish(int fd, struct flow *flow)
{
    while (flow->received < flow->total) {
        bool all_sent = flow->sent == flow->total;

        if (flow_send(fd, flow) + flow_receive(fd, flow) > 0)
            continue;
        if (!wait_for(fd, all_sent ? POLLIN : POLLIN | POLLOUT))
            fail_with(
                "client %d: expected byte %zu of %zu, got nothing (%zu were "
                "sent)",
                client_port(fd), flow->received, flow->total, flow->sent);
    }
}

void pipe_fill(int fd)
{
    static const char bytes[4096];

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, bytes, sizeof bytes) > 0 || write(fd, bytes, 1) > 0)
        continue;
    fcntl(fd, F_SETFL, 0);
}

void child_write(struct child *child, const void *data, size_t size)
{
    const char *rest = data;

    fcntl(child->in, F_SETFL, O_NONBLOCK);
    while (size > 0) {
        ssize_t written = write(child->in, rest, size);

        if (written > 0) {
            rest += written;
            size -= (size_t)written;
        } else if (errno != EAGAIN && errno != EINTR) {
            fail_with("expected %s to read its stdin, got: %s", child->name,
                      strerror(errno));
        } else if (!wait_for(child->in, POLLOUT)) {
            fail_with("expected %s to read its stdin, but %zu bytes stay there",
                      child->name, size);
        }
    }
}

/* -- suites ---------------------------------------------------------------- */

struct launch launch_of(const struct subject *subject, int descriptors)
{
    return (struct launch){.path = subject->path,
                           .variable = subject->variable,
                           .selector = subject->selector,
                           .descriptors = descriptors};
}

static bool is_wanted(const char *name)
{
    static const char *const all[] = {"SERVER", "UPPER", "CLIENT", "CONNECT",
                                      "BUSY"};
    bool any = false;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        any = any || is_replaced(all[i]);
    return !any || is_replaced(name);
}

/* A command in place of ours is the same for each of those it replaces. */
static bool is_the_same(const struct subject *one, const struct subject *other)
{
    return is_replaced(one->variable) &&
           strcmp(one->variable, other->variable) == 0 &&
           strcmp(one->stage, other->stage) == 0;
}

static bool is_to_be_examined(const struct subject *subjects, int i)
{
    const char *only = variable("CK_RUN_SUITE");

    return (only == NULL || strcmp(only, subjects[i].stage) == 0) &&
           is_wanted(subjects[i].variable) &&
           (i == 0 || !is_the_same(&subjects[i - 1], &subjects[i]));
}

int subjects_examine(const struct subject *subjects, int count,
                     void (*add)(struct TCase *tc, int subject))
{
    SRunner *runner = srunner_create(NULL);
    Suite *suite = NULL;
    const char *stage = "";
    int failed;

    for (int i = 0; i < count; i++) {
        TCase *tc;

        if (!is_to_be_examined(subjects, i))
            continue;
        if (strcmp(stage, subjects[i].stage) != 0) {
            stage = subjects[i].stage;
            suite = suite_create(stage);
            srunner_add_suite(runner, suite);
        }
        tc = tcase_create(subjects[i].name);
        tcase_set_timeout(tc, 120);
        add(tc, i);
        suite_add_tcase(suite, tc);
    }
    if (suite != NULL)
        srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

bool raise_descriptor_limit(void)
{
    enum { NEEDED = 1400 };
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur =
        limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= NEEDED;
}

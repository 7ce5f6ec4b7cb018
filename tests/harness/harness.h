/* harness.h -- start a program, talk to it, and say clearly what went wrong.
 *
 * The programs are seen from outside only: what they print, what their clients
 * receive, how they end. Nothing is synchronised by time. Whatever must happen
 * is waited for, at most patience_ms(); while it waits, the harness reads what
 * the programs print, so that no full pipe can stop them. A helper whose wish
 * is not fulfilled does not return: it calls fail_with().
 *
 * $O               where the programs were built ("" or "build/x/")
 * $WRAPPER         a command to put before each of them ("valgrind -q ...")
 * $CK_TIMEOUT_MULTIPLIER   multiplies the patience, as it does Check's
 * $SERVER, $UPPER, $CLIENT, $CONNECT, $BUSY   commands to run in place of ours
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __GNUC__
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

/* -- the outcome ----------------------------------------------------------- */

/* Ends the test: the message, then the state of every program under test and
 * the end of what it has written to stderr. */
_Noreturn void fail_with(const char *format, ...) PRINTF_LIKE(1, 2);

/* Who hears of it: check's ck_abort_msg(), unless somebody else is named. */
extern void (*harness_failed)(const char *message);

/* Says on stdout that this test proves nothing here, and why; then return. */
void skip(const char *test, const char *why);

/* bytes as a C string literal, shortened; valid until the fourth next call. */
const char *quoted(const void *bytes, size_t size);

/* -- time ------------------------------------------------------------------ */

int patience_ms(void);
long long now_ms(void);

/* Until fd is ready for events of poll(2), or the moment has passed (false).
 * With fd -1: until a program prints something or ends. */
bool wait_until(long long moment_ms, int fd, short events);

/* -- programs -------------------------------------------------------------- */

enum { CLOSED = -1 };

struct launch {
    const char *path;     /* below $O: "02_select_loop/server" */
    const char *variable; /* "SERVER": a command there replaces path */
    const char *selector; /* $SELECTOR for it; NULL: not set */
    int descriptors;      /* its ulimit -n, three are open; 0: as it is */
    int in, out, err;     /* a descriptor for it, or CLOSED; 0: a pipe to us */
};

struct stream {
    int fd; /* our end of the pipe; -1: ended */
    char *text;
    size_t length;
    size_t capacity;
};

struct child {
    pid_t pid; /* 0: this slot is free */
    char name[128];
    int in;
    struct stream out;
    struct stream err;
    bool ended;
    int status; /* of waitpid(), when it has ended */
    int port;   /* of a server */
};

bool is_replaced(const char *variable);

/* Whether valgrind or the like has a part in what the programs do. */
bool is_wrapped(void);

/* Starts it with arguments[] up to a NULL, which ARGS() adds; or with a port
 * alone. */
#define ARGS(...)                                                              \
    (const char *[])                                                           \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }
struct child *child_start(const struct launch *launch,
                          const char *const *arguments);
struct child *child_start_on(const struct launch *launch, int port);

/* Starts it on port 0 and reads from its stdout which one it got. */
struct child *server_start(const struct launch *launch);

/* For one whose stdout nobody reads: on a free port, until it accepts. */
struct child *server_start_unheard(const struct launch *launch);

/* The port on which it says that it listens; 0: it has ended, or not said it
 * in time. */
int server_await_port(struct child *child);

/* If a command replaces ours and does not say where it listens, this prints
 * what it must do and ends, before every test waits for it in vain. */
void server_check_contract(const struct launch *launch);

/* A server must still run; it is terminated, and must not have complained
 * (sanitizers, valgrind). */
void child_stop(struct child *child);

/* It must end by itself, with that exit status. Its text can be read until
 * child_free(). */
void child_expect_exit(struct child *child, int status);
void child_free(struct child *child);

/* Both. */
void child_finish(struct child *child, int status);

bool child_runs(struct child *child);

/* "still running", or how it has ended; valid until the next call. */
const char *child_state(struct child *child);

void child_signal(struct child *child, int number);

/* Stops it with SIGSTOP, and is sure that it has stopped. */
void child_pause(struct child *child);

/* Writes to its stdin; ends its stdin. */
void child_write(struct child *child, const void *data, size_t size);
void child_end_input(struct child *child);

/* Everything printed until now, and nothing else, must be this text (whoever
 * has printed it may be slow). */
void child_expect_stdout(struct child *child, const char *format, ...)
    PRINTF_LIKE(2, 3);
void child_expect_stderr(struct child *child, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* Until not one byte more goes into the pipe. */
void pipe_fill(int fd);

/* These words must appear, some time. */
void stream_expect(struct child *child, struct stream *stream,
                   const char *format, ...) PRINTF_LIKE(3, 4);
bool stream_has(const struct stream *stream, const char *words);

/* How often they have appeared until now. */
int stream_count(const struct stream *stream, const char *words);

/* How many descriptors it has open, by /proc or else lsof; to be compared with
 * another count only. -1, and a note that this is skipped: neither tells. */
int child_descriptors(struct child *child);

/* It must have that many. */
void child_expect_descriptors(struct child *child, int expected,
                              const char *when);

/* Its resident memory in KiB, by /proc or else ps(1); -1: this system does not
 * tell. */
long child_memory(struct child *child);

/* The processor time it has used; -1: this system does not tell. */
long long child_cpu_ns(struct child *child);

/* It must sleep: the processor time it takes while we compute for a tenth of a
 * second is next to none. Skips where the system does not tell. */
void child_expect_idle(struct child *child, const char *when);

/* -- clients: non-blocking sockets on 127.0.0.1, their waits bounded ------- */

int client_connect(int port);

/* With a small receive buffer and small segments, so that few bytes fill all
 * buffers on the way to it. */
int client_connect_small(int port);

/* true: connected; false: refused. */
bool client_try_connect(int port, int *fd);

int client_port(int fd);
void client_send(int fd, const void *data, size_t size);
void client_send_text(int fd, const char *text);
void client_finish_sending(int fd);

/* recv(), waiting until that moment; -1 and ETIMEDOUT: nothing has come. */
ssize_t client_receive(int fd, void *buffer, size_t size, long long moment_ms);

/* Exactly these bytes come next. */
void client_expect(int fd, const void *data, size_t size);
void client_expect_text(int fd, const char *text);

/* The end comes next: the peer has closed, or shut down its writing side. */
void client_expect_end(int fd);

/* The same, or a reset. */
void client_expect_closed(int fd);

/* Sends text, and this reply comes. */
void client_ask(int fd, const char *text, const char *reply);

/* Says that it will send no more, and waits until the server has closed. */
void client_leave(int fd);

/* Somebody comes, asks as above, and leaves. */
void server_expect_service(struct child *server, const char *text,
                           const char *reply);

/* Nothing has come until now. when: for the message. */
void client_expect_silence(int fd, const char *when);

/* Waits for bytes without reading them. */
void client_expect_readable(int fd);

/* Sends text and waits; true: the reply has come, false: it was closed. Other
 * bytes are a failure. */
bool client_is_answered(int fd, const char *text, const char *reply);

/* RST, not FIN: what a crash or a firewall sends. */
void client_reset(int fd);

/* -- listeners for the programs that connect ------------------------------- */

/* On 127.0.0.1, any port. */
int listener_open(int *port);

/* Bound and not listening: refused, and nobody else gets the port. */
int listener_refusing(int *port);

/* Listening, its backlog full: whoever connects hears nothing. The descriptors
 * are pending[0 .. SILENT-1]; false: this system answers all the same. */
enum { SILENT = 16 };
bool listener_silent(int *port, int pending[SILENT]);

int listener_accept(int listener);

/* -- bytes that can be checked anywhere ------------------------------------ */

/* total bytes on a connection to an upper-casing echo, generated from a seed
 * and never stored. */
struct flow {
    uint32_t seed;
    size_t total;
    size_t sent;
    size_t received;
};

/* As much as goes without waiting; how many bytes that was. The received ones
 * must be the sent ones in upper case. */
size_t flow_send(int fd, struct flow *flow);
size_t flow_receive(int fd, struct flow *flow);

/* Both, until all is sent and back. */
void flow_finish(int fd, struct flow *flow);

/* -- suites ---------------------------------------------------------------- */

/* A program, and the headings under which it is examined. */
struct subject {
    const char *stage; /* the Check suite */
    const char *name;  /* the Check case: a label for the reader */
    const char *path, *variable, *selector; /* as in struct launch */
};

/* With so many descriptors; 0: as it is. */
struct launch launch_of(const struct subject *subject, int descriptors);

/* Runs the tests that add() adds to the case of each subject; quiet if there
 * are none. Without replacements everything is examined, with some only those,
 * and each once per stage; with $CK_RUN_SUITE only that stage. The status for
 * main(). */
struct TCase;
int subjects_examine(const struct subject *subjects, int count,
                     void (*add)(struct TCase *tc, int subject));

/* More than 1100 descriptors for us and our programs, or else false. */
bool raise_descriptor_limit(void);

#endif

/* broken_server.c -- a server with one fault, to see a test fail.
 *
 *     broken_server FAULT [PORT]
 *
 * Without a fault ("none") it is a plain poll() server that answers "Hello
 * World\n", as the stages do; "keeps-32-kib" is none either. Each fault is one
 * that real servers have had, and is marked below by its name in capitals.
 * Nothing here is to be copied.
 *
 * Compiled with -DSICK=NAME_IN_CAPITALS it is a case of the clinic: that fault
 * is in it and no other, `sick [PORT]` takes no name of one, and it does not
 * say why it ends. Its functions have the same names whatever the fault is, so
 * that a picture of its stack tells where it sleeps and no more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAULTS(DO)                                                             \
    DO(NONE, "none")                                                           \
    DO(KEEPS_MEMORY, "keeps-32-kib")                                           \
    DO(STARVES, "starves")                                                     \
    DO(BUSY_POLLS, "busy-polls")                                               \
    DO(ALWAYS_WRITES, "always-asks-to-write")                                  \
    DO(DIES_OF_RESET, "dies-of-reset")                                         \
    DO(DIES_OF_SIGPIPE, "dies-of-sigpipe")                                     \
    DO(DIES_OF_EPIPE, "dies-of-epipe")                                         \
    DO(DIES_OF_EMFILE, "dies-of-emfile")                                       \
    DO(SPINS_ON_EMFILE, "spins-on-emfile")                                     \
    DO(NEVER_CLOSES, "never-closes")                                           \
    DO(LEAKS_DESCRIPTORS, "leaks-descriptors")                                 \
    DO(LEAKS_MEMORY, "leaks-memory")                                           \
    DO(FORGETS_TO_REMOVE, "forgets-to-remove")                                 \
    DO(CLOSES_FIRST, "closes-before-remove")                                   \
    DO(WAITS_FOR_LINES, "waits-for-lines")                                     \
    DO(DROPS_NULS, "drops-nuls")                                               \
    DO(LIMITS_REQUESTS, "overruns-its-buffer")                                 \
    DO(CUTS_REPLIES, "cuts-replies")                                           \
    DO(LOSES_BYTES, "echo-loses-bytes")                                        \
    DO(ONE_RECV, "takes-a-recv-for-a-message")                                 \
    DO(REUSED_NUMBER, "event-for-a-reused-number")                             \
    DO(NO_HALF_CLOSE, "no-half-close")                                         \
    DO(BLOCKS_ON_SLOW_READER, "blocks-on-slow-reader")                         \
    DO(LIMITS_CLIENTS, "forgets-the-101st")                                    \
    DO(OVERFLOWS_FD_SET, "overflows-fd-set")                                   \
    DO(IGNORES_HIGH, "forgets-above-fd-setsize")                               \
    DO(DIES_OF_EINTR, "dies-of-eintr")                                         \
    DO(NO_REUSEADDR, "no-reuseaddr")                                           \
    DO(LATE_REUSEADDR, "late-reuseaddr")                                       \
    DO(SHARES_PORT, "shares-its-port")                                         \
    DO(LOGS_TO_CLIENTS, "logs-to-clients")                                     \
    DO(BLOCKS_ON_STDOUT, "blocks-on-stdout")                                   \
    DO(DIES_OF_FULL_DISK, "dies-of-full-disk")

#define AS_ENUM(name, text) name,
#define AS_TEXT(name, text) text,

enum fault { FAULTS(AS_ENUM) FAULT_COUNT };

#ifdef SICK
static const enum fault fault = SICK;
#else
static enum fault fault;
static const char *const names[] = {FAULTS(AS_TEXT)};
#endif

/* For a function that only one fault has: its name would tell. */
#define NAMELESS static inline __attribute__((always_inline))

enum { MOST = 4096, BUFFER = 256 * 1024 };

static struct pollfd entries[MOST]; /* the first is the listener */
static nfds_t count;
static size_t had[MOST]; /* bytes from the client with that descriptor */

/* With a stdout that fails it goes on, as the stages do. */
static void say(const char *what, int number)
{
    if (printf("%s%d\n", what, number) < 0 && fault == DIES_OF_FULL_DISK)
        exit(1);
}

NAMELESS void die(const char *what)
{
#ifndef SICK
    fprintf(stderr, "broken_server: %s: %s\n", what, strerror(errno));
#endif
    exit(1);
}

/* -- preparations ---------------------------------------------------------- */

static void note_signal(int number)
{
}

/* poll() is not restarted after a handler, whatever its flags: see
 * DIES_OF_EINTR in event_loop(). */
static void handle_signals(void)
{
    static const int harmless[] = {SIGWINCH, SIGURG, SIGCHLD, SIGCONT};
    struct sigaction action = {.sa_handler = note_signal};

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        sigaction(harmless[i], &action, NULL);
    action.sa_handler = fault == DIES_OF_SIGPIPE ? SIG_DFL : SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* The clinic is a small machine, where what can run out does so soon; and
 * strace -p may look at whoever runs there. */
static void fit_into_clinic(int listener)
{
#ifdef SICK
    enum { DESCRIPTORS = 20, BYTES = 4096 };
    struct rlimit limit = {DESCRIPTORS, DESCRIPTORS};
    int bytes = BYTES;

    setrlimit(RLIMIT_NOFILE, &limit);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
#ifdef PR_SET_PTRACER
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
#endif
#endif
}

static void prepare(void)
{
    struct stat status;

    while (fault != LOGS_TO_CLIENTS && fcntl(STDOUT_FILENO, F_GETFD) == -1) {
        int fd = open("/dev/null", O_RDONLY);

        if (fd > STDOUT_FILENO) {
            close(fd);
            break;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    handle_signals();
    if (fault != BLOCKS_ON_STDOUT && fstat(STDOUT_FILENO, &status) == 0 &&
        S_ISFIFO(status.st_mode))
        fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
}

NAMELESS void set_option(int listener, int option)
{
    int yes = 1;

    setsockopt(listener, SOL_SOCKET, option, &yes, sizeof yes);
}

static int open_listener(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    fit_into_clinic(listener);
    if (fault != NO_REUSEADDR && fault != LATE_REUSEADDR)
        set_option(listener, SO_REUSEADDR);
#ifdef SO_REUSEPORT
    if (fault == SHARES_PORT)
        set_option(listener, SO_REUSEPORT);
#endif
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == -1) {
#ifdef SICK
        fprintf(stderr,
                "sick: cannot listen on port %d: %s\n"
                "Who does listen there: ss -tlnp 'sport = :%d'\n",
                port, strerror(errno), port);
#endif
        die("bind");
    }
    if (fault == LATE_REUSEADDR)
        set_option(listener, SO_REUSEADDR);
    if (listen(listener, fault == STARVES ? 16 : SOMAXCONN) == -1)
        die("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    say("Listening on 127.0.0.1:", ntohs(address.sin_port));
    return listener;
}

/* -- the fd_set of OVERFLOWS_FD_SET ---------------------------------------- */

/* FD_SET() with 1024 or more writes behind the set: there is something else, or
 * nothing. Here it is always nothing, so that the outcome is always the same.
 */
NAMELESS unsigned char *set_with_nothing_behind(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *pages;

    if (posix_memalign(&pages, page, 2 * page) != 0 ||
        mprotect((char *)pages + page, page, PROT_NONE) == -1)
        die("posix_memalign");
    return (unsigned char *)pages + page - FD_SETSIZE / 8;
}

/* By hand: some systems have an FD_SET() that looks first. */
NAMELESS void put_in_set(int fd)
{
    static unsigned char *set;

    if (set == NULL)
        set = set_with_nothing_behind();
    set[fd / 8] = (unsigned char)(set[fd / 8] | 1 << fd % 8);
}

/* -- one client ------------------------------------------------------------ */

static void watch(int fd)
{
    if (fault == IGNORES_HIGH && fd >= FD_SETSIZE)
        return;
    if (fault == LIMITS_CLIENTS && count > 100)
        return;
    if (fault == OVERFLOWS_FD_SET)
        put_in_set(fd);
    if (count == MOST)
        exit(3);
    had[fd] = 0;
    entries[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    if (fault == ALWAYS_WRITES && count > 0)
        entries[count].events = POLLIN | POLLOUT;
    count++;
}

/* Somebody leaves, so there is a descriptor for the next. */
static void end_client(nfds_t i, bool with_error)
{
    int fd = entries[i].fd;

    entries[0].events = POLLIN;
    if (fault != NEVER_CLOSES && (fault != LEAKS_DESCRIPTORS || !with_error))
        close(fd);
    if (fault != FORGETS_TO_REMOVE && fault != CLOSES_FIRST)
        entries[i] = entries[--count];
}

/* Whether nothing comes after the request, given a moment to come. */
NAMELESS bool is_at_end(int fd)
{
    enum { MOMENT_MS = 5 };
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    char byte;

    poll(&entry, 1, MOMENT_MS);
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* false: the client is to be closed. */
static bool send_reply(int fd, const char *reply, size_t size)
{
    static int replies;

    if (fault == CUTS_REPLIES && ++replies % 50 == 0) {
        reply++;
        size--;
    }
    if (send(fd, reply, size, 0) != -1)
        return true;
    if (fault == DIES_OF_RESET && errno == ECONNRESET)
        die("send");
    if (fault == DIES_OF_EPIPE && (errno == EPIPE || errno == ECONNRESET))
        die("send");
    return fault == LOSES_BYTES && errno == EAGAIN;
}

/* ONE_RECV: the first line, if there is another one behind it. */
NAMELESS size_t size_of_line(const char *request, size_t size)
{
    size_t end = 0;

    while (end < size && request[end] != '\n')
        end++;
    return end < size ? end + 1 : size;
}

/* What to do with a request of size bytes; false as above. */
static bool answer(int fd, const char *request, size_t size)
{
    had[fd] += size;
    if (fault == WAITS_FOR_LINES && request[size - 1] != '\n')
        return true;
    if (fault == DROPS_NULS && strlen(request) == 0)
        return true;
    if (fault == NO_HALF_CLOSE && is_at_end(fd))
        return false;
    if (fault == LIMITS_REQUESTS && had[fd] > BUFFER)
        abort(); /* or whatever lies behind the buffer */
    if (fault == LOSES_BYTES)
        return send_reply(fd, request, size);
    if (fault == ONE_RECV)
        return send_reply(fd, request, size_of_line(request, size));
    return send_reply(fd, "Hello World\n", 12);
}

static void serve(nfds_t i)
{
    char request[4097];
    ssize_t received = recv(entries[i].fd, request, sizeof request - 1, 0);

    if (received == -1 && errno == EAGAIN)
        return;
    if (received == -1 && errno == EBADF && fault == CLOSES_FIRST)
        die("recv");
    if (received == -1 && fault == DIES_OF_RESET)
        die("recv");
    request[received > 0 ? received : 0] = '\0';
    if (received <= 0 || !answer(entries[i].fd, request, (size_t)received))
        end_client(i, received == -1);
}

/* -- newcomers ------------------------------------------------------------- */

/* STARVES: nobody else is served before this one leaves. */
NAMELESS void serve_to_the_end(int fd)
{
    char request[4096];

    while (recv(fd, request, sizeof request, 0) > 0)
        if (send(fd, "Hello World\n", 12, 0) == -1)
            break;
    close(fd);
}

NAMELESS char *take_memory(size_t size)
{
    char *memory = malloc(size);

    if (memory == NULL)
        die("malloc");
    return memset(memory, 'x', size);
}

NAMELESS void leak(void)
{
    static char *volatile memory;

    memory = take_memory(24 * 1024);
    (void)memory;
}

/* KEEPS_MEMORY: each client has a buffer, and the next one with that number
 * gets it again. It grows, and then it stays. */
NAMELESS void take_buffer(int fd)
{
    static char *volatile buffers[MOST];

    if (fd < MOST && buffers[fd] == NULL)
        buffers[fd] = take_memory(32 * 1024);
}

/* The healthy thing to do is to look at the listener no more before somebody
 * leaves. */
NAMELESS void out_of_descriptors(void)
{
    if (fault == DIES_OF_EMFILE)
        die("accept");
    if (fault != SPINS_ON_EMFILE)
        entries[0].events = 0;
}

static void accept_client(void)
{
    int fd = accept(entries[0].fd, NULL, NULL);

    if (fd == -1 && (errno == EMFILE || errno == ENFILE))
        out_of_descriptors();
    if (fd == -1)
        return;
    say("Connection with descriptor ", fd);
    if (fault == LEAKS_MEMORY)
        leak();
    if (fault == KEEPS_MEMORY)
        take_buffer(fd);
    if (fault == STARVES) {
        serve_to_the_end(fd);
        return;
    }
    if (fault != BLOCKS_ON_SLOW_READER)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    watch(fd);
}

/* REUSED_NUMBER: those that are cut off are remembered by their numbers, and
 * closed when all others have had their turn. By then some have been closed,
 * when they were read, and a newcomer may have got the number. */
enum { CUT_OFF_MOST = 64 };

NAMELESS int list_cut_off(int cut_off[CUT_OFF_MOST])
{
    int found = 0;

    for (nfds_t i = 1; i < count && found < CUT_OFF_MOST; i++)
        if (entries[i].revents & (POLLERR | POLLHUP))
            cut_off[found++] = entries[i].fd;
    return found;
}

NAMELESS void close_cut_off(const int *cut_off, int number)
{
    for (int n = 0; n < number; n++)
        for (nfds_t i = 1; i < count; i++)
            if (entries[i].fd == cut_off[n]) {
                end_client(i, true);
                break;
            }
}

static void event_loop(void)
{
    int cut_off[CUT_OFF_MOST];
    int number = 0;

    for (;;) {
        int ready = poll(entries, count, fault == BUSY_POLLS ? 0 : -1);

        if (ready == -1 && (errno != EINTR || fault == DIES_OF_EINTR))
            die("poll");
        if (fault == REUSED_NUMBER && ready > 0)
            number = list_cut_off(cut_off);
        for (nfds_t i = count; ready > 0 && i-- > 1;)
            if (entries[i].revents & ~POLLOUT)
                serve(i);
        if (ready > 0 && entries[0].revents != 0)
            accept_client();
        if (fault == REUSED_NUMBER && ready > 0)
            close_cut_off(cut_off, number);
    }
}

static void run(const char *port)
{
    prepare();
    watch(open_listener(port != NULL ? (int)strtol(port, NULL, 10) : 0));
    fcntl(entries[0].fd, F_SETFL, O_NONBLOCK);
    event_loop();
}

#ifdef SICK
int main(int argc, char **argv)
{
    run(argv[1]);
}
#else
static bool choose_fault(const char *name)
{
    for (int i = 0; i < FAULT_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            fault = (enum fault)i;
            return true;
        }
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !choose_fault(argv[1])) {
        if (argc > 1)
            fprintf(stderr, "broken_server has no fault \"%s\".\n", argv[1]);
        fprintf(stderr,
                "usage: broken_server FAULT [PORT]   FAULT is one of\n");
        for (int i = 0; i < FAULT_COUNT; i++)
            fprintf(stderr, "  %s\n", names[i]);
        return 2;
    }
    run(argv[2]);
}
#endif

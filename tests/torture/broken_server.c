/* broken_server.c -- a server with one fault, to see a test fail.
 *
 *     broken_server FAULT [PORT]
 *
 * Without a fault ("none") it is a plain poll() server that answers "Hello
 * World\n", as the stages do. Each fault is one that real servers have had, and
 * is marked below by its name in capitals. Nothing here is to be copied.
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
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAULTS(DO)                                                             \
    DO(NONE, "none")                                                           \
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

static enum fault { FAULTS(AS_ENUM) FAULT_COUNT } fault;
static const char *const names[] = {FAULTS(AS_TEXT)};

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

static void die(const char *what)
{
    fprintf(stderr, "broken_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* -- preparations ---------------------------------------------------------- */

static void note_signal(int number)
{
}

/* DIES_OF_EINTR: poll() is not restarted after a handler, whatever its flags.
 */
static void handle_signals(void)
{
    static const int harmless[] = {SIGWINCH, SIGURG, SIGCHLD, SIGCONT};
    struct sigaction action = {.sa_handler = note_signal};

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        sigaction(harmless[i], &action, NULL);
}

static void prepare(void)
{
    struct stat status;

    while (fault != LOGS_TO_CLIENTS && fcntl(STDOUT_FILENO, F_GETFD) == -1)
        if (open("/dev/null", O_RDONLY) > STDOUT_FILENO)
            break;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (fault != DIES_OF_SIGPIPE)
        signal(SIGPIPE, SIG_IGN);
    if (fault == DIES_OF_EINTR)
        handle_signals();
    if (fault != BLOCKS_ON_STDOUT && fstat(STDOUT_FILENO, &status) == 0 &&
        S_ISFIFO(status.st_mode))
        fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
}

static void set_option(int listener, int option)
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

    if (fault != NO_REUSEADDR && fault != LATE_REUSEADDR)
        set_option(listener, SO_REUSEADDR);
#ifdef SO_REUSEPORT
    if (fault == SHARES_PORT)
        set_option(listener, SO_REUSEPORT);
#endif
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == -1)
        die("bind");
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
static unsigned char *set_with_nothing_behind(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *pages;

    if (posix_memalign(&pages, page, 2 * page) != 0 ||
        mprotect((char *)pages + page, page, PROT_NONE) == -1)
        die("posix_memalign");
    return (unsigned char *)pages + page - FD_SETSIZE / 8;
}

/* By hand: some systems have an FD_SET() that looks first. */
static void put_in_set(int fd)
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
static bool is_at_end(int fd)
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
static void serve_to_the_end(int fd)
{
    char request[4096];

    while (recv(fd, request, sizeof request, 0) > 0)
        if (send(fd, "Hello World\n", 12, 0) == -1)
            break;
    close(fd);
}

static void leak(void)
{
    enum { SIZE = 4096 };
    static char *volatile memory;

    memory = malloc(SIZE);
    if (memory != NULL)
        memset(memory, 'x', SIZE);
}

/* The healthy thing to do is to look at the listener no more before somebody
 * leaves. */
static void out_of_descriptors(void)
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
    if (fault == STARVES) {
        serve_to_the_end(fd);
        return;
    }
    if (fault != BLOCKS_ON_SLOW_READER)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    watch(fd);
}

static void event_loop(void)
{
    for (;;) {
        int ready = poll(entries, count, fault == BUSY_POLLS ? 0 : -1);

        if (ready == -1 && (errno != EINTR || fault == DIES_OF_EINTR))
            die("poll");
        for (nfds_t i = count; ready > 0 && i-- > 1;)
            if (entries[i].revents & ~POLLOUT)
                serve(i);
        if (ready > 0 && entries[0].revents != 0)
            accept_client();
    }
}

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
        fprintf(stderr, "usage: broken_server FAULT [PORT]\n  FAULT is one of");
        for (int i = 0; i < FAULT_COUNT; i++)
            fprintf(stderr, " %s", names[i]);
        fprintf(stderr, "\n");
        return 2;
    }
    prepare();
    watch(open_listener(argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0));
    fcntl(entries[0].fd, F_SETFL, O_NONBLOCK);
    event_loop();
}

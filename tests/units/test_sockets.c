/* test_sockets.c -- the contract of common/sockets.h and common/deadline.h.
 *
 * Each function with what it is for, with what its manual pages say can
 * happen, and with every call below it failing in turn: then the errno must
 * arrive and no descriptor may be left behind. Traffic stays on the loopback
 * interface, on ports that the kernel chooses.
 */
#include "faults.h"

/* socket_recv() is inline, so in this file, too, its recv() must be able to
 * fail. */
#define recv faults_recv
#include "sockets.h"
#undef recv

#include "checks.h"
#include "deadline.h"

#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <sys/wait.h>

enum {
    NS_PER_MS = 1000000,
    PORT = 5000 /* a number in texts: nothing is opened there */
};

/* -- what the tests work with ---------------------------------------------- */

/* Each test is a process of its own: what it leaves open is closed then. */
static int listener;
static int ends[2]; /* of a pair or a connection */
static char peer[SOCKET_NAME_SIZE];

static int listen_somewhere(void)
{
    int fd = socket_listen("127.0.0.1", 0);

    expect_success(fd);
    return fd;
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

#ifdef SIN6_LEN /* so BSD says that there is a sin_len */
    address.sin_len = sizeof address;
#endif
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A blocking client, connected: it waits in the backlog. */
static int new_client(void)
{
    struct sockaddr_in address = loopback(socket_port(listener));
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    expect_success(connect(fd, (struct sockaddr *)&address, sizeof address));
    return fd;
}

static void open_listener(void)
{
    listener = listen_somewhere();
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has;

#ifdef SIN6_LEN
    address.sin6_len = sizeof address;
#endif
    has =
        fd != -1 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return has;
}

/* A TCP connection: ends[1] is the client's, ends[0] the server's. */
static void make_connection(void)
{
    open_listener();
    ends[1] = new_client();
    ends[0] = socket_accept(listener, peer);
    expect_success(ends[0]);
}

static bool is_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

/* The connection was closed by the other side, without a byte. */
static void expect_closed(int fd)
{
    char byte;
    ssize_t received = recv(fd, &byte, 1, 0);

    ck_assert_msg(received == 0 || (received == -1 && errno == ECONNRESET),
                  "%s: recv() is %d, expected 0 or ECONNRESET", subject,
                  (int)received);
}

/* A signal every millisecond (valgrind would be busy with nothing else). */
static void start_signals(void)
{
    start_alarms(under_valgrind() ? 10 : 1, INT_MAX - 1, -1);
}

/* -- deadlines ------------------------------------------------------------- */

/* Of so many milliseconds so many are left so many nanoseconds later. */
static const struct moment {
    int timeout_ms;
    int left_ms;
    long long later_ns;
} moments[] = {
    {10, 10, 0},
    {10, 10, 1}, /* rounded up: nobody wakes too early */
    {10, 10, NS_PER_MS - 1},
    {10, 9, NS_PER_MS},
    {10, 1, 9LL * NS_PER_MS},
    {10, 1, 10LL * NS_PER_MS - 1},
    {10, 0, 10LL * NS_PER_MS},
    {10, 0, 10LL * NS_PER_MS + 1},
    {10, 0, LLONG_MAX / 2},
    {0, 0, 0},
    {0, 0, 1},
    {1, 1, 0},
    {INT_MAX, INT_MAX, 0},
    {INT_MAX, INT_MAX, 1},
    {INT_MAX, INT_MAX - 1, NS_PER_MS},
    {-1, -1, 0},
    {-1, -1, LLONG_MAX / 2},
    {INT_MIN, -1, NS_PER_MS},
};

START_TEST(a_deadline_says_how_much_time_is_left)
{
    static const long long starts_ns[] = {0, 1, 123456789, 1LL << 61};
    const struct moment *moment = &moments[_i];

    for (int i = 0; i < 4; i++) {
        long long deadline;

        if (i == 3 && moment->later_ns > LLONG_MAX / 4)
            break;
        faults_clock(starts_ns[i]);
        deadline = deadline_in(moment->timeout_ms);
        faults_clock(starts_ns[i] + moment->later_ns);
        expect(deadline_left_ms(deadline), moment->left_ms);
    }
    faults_clock(-1);
}
END_TEST

START_TEST(a_deadline_may_be_in_the_next_second)
{
    static const struct {
        int now_ms;
        int left_ms;
    } rows[] = {{5995, 10}, {5999, 6}, {6000, 5}, {6004, 1}, {6005, 0}};
    long long deadline;

    faults_clock((long long)rows[0].now_ms * NS_PER_MS);
    deadline = deadline_in(10);
    for (int i = 0; i < ROWS(rows); i++) {
        faults_clock((long long)rows[i].now_ms * NS_PER_MS);
        expect(deadline_left_ms(deadline), rows[i].left_ms);
    }
}
END_TEST

START_TEST(the_clock_of_deadlines_runs)
{
    long long deadline = deadline_in(20);
    int left = deadline_left_ms(deadline);

    faults_reset();
    expect_true(left > 0 && left <= 20);
    while (deadline_left_ms(deadline) > 0)
        poll(NULL, 0, deadline_left_ms(deadline));
    expect(deadline_left_ms(deadline), 0);
}
END_TEST

/* -- texts ----------------------------------------------------------------- */

static const struct port_text {
    const char *text;
    int port; /* -1: it is none */
} port_texts[] = {
    {"0", 0},
    {"1", 1},
    {"80", 80},
    {"5000", 5000},
    {"65535", 65535},
    {"00080", 80},
    {"", -1},
    {"65536", -1},
    {"70000", -1},
    {"-1", -1},
    {"-0", -1},
    {"+80", -1},
    {" 80", -1},
    {"80 ", -1},
    {"80\n", -1},
    {"\t80", -1},
    {"abc", -1},
    {"80a", -1},
    {"a80", -1},
    {"0x50", -1},
    {"5e3", -1},
    {"80.0", -1},
    {"2147483648", -1},
    {"4294967376", -1}, /* 2^32 + 80 */
    {"99999999999", -1},
    {"9223372036854775808", -1},
    {"18446744073709551696", -1}, /* 2^64 + 80 */
    {"99999999999999999999999999999999", -1},
    {"\xd9\xa5", -1}, /* a digit, but not of ours */
};

START_TEST(a_port_is_a_number_up_to_65535)
{
    const struct port_text *row = &port_texts[_i];

    subject = row->text;
    if (row->port == -1)
        expect_failure(socket_parse_port(row->text), EINVAL);
    else
        expect(socket_parse_port(row->text), row->port);
}
END_TEST

static const struct target_text {
    const char *text;
    const char *host; /* NULL: it is no target */
    int port;         /* -1: it names none */
} target_texts[] = {
    {"xkcd.com", "xkcd.com", -1},
    {"xkcd.com:80", "xkcd.com", 80},
    {"localhost:0", "localhost", 0},
    {"localhost:65535", "localhost", 65535},
    {"127.0.0.1", "127.0.0.1", -1},
    {"127.0.0.1:5000", "127.0.0.1", 5000},
    {"a", "a", -1},
    {"a:1", "a", 1},
    {"::1", "::1", -1},
    {"::", "::", -1},
    {"2001:db8::80", "2001:db8::80", -1},
    {"fe80::1%eth0", "fe80::1%eth0", -1},
    {"[::1]", "::1", -1},
    {"[::1]:80", "::1", 80},
    {"[fe80::1%eth0]:443", "fe80::1%eth0", 443},
    {"[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", 80},
    {"", NULL, -1},
    {":", NULL, -1},
    {":80", NULL, -1},
    {"xkcd.com:", NULL, -1},
    {"xkcd.com:http", NULL, -1},
    {"xkcd.com:70000", NULL, -1},
    {"xkcd.com:-1", NULL, -1},
    {"xkcd.com: 80", NULL, -1},
    {"xkcd.com:80 ", NULL, -1},
    {"[", NULL, -1},
    {"[]", NULL, -1},
    {"[]:80", NULL, -1},
    {"[a:", NULL, -1},
    {"[a:80", NULL, -1},
    {"[::1", NULL, -1},
    {"[::1:80", NULL, -1},
    {"[::1]80", NULL, -1},
    {"[::1] ", NULL, -1},
    {"[::1]:", NULL, -1},
    {"[::1]:abc", NULL, -1},
    {"[::1]:80:80", NULL, -1},
    {"[::1]]:80", NULL, -1},
};

/* Bad text changes nothing; a port that is not named stays what it was. */
static void check_target(const struct target_text *row, int default_port)
{
    bool good = row->host != NULL;
    char host[SOCKET_HOST_SIZE] = "untouched";
    int port = default_port;
    int result = (errno = 0, socket_parse_target(row->text, host, &port));

    expect(result, good ? 0 : -1);
    if (!good)
        expect(errno, EINVAL);
    expect_text(host, good ? row->host : "untouched");
    expect(port, row->port == -1 ? default_port : row->port);
}

START_TEST(a_target_is_a_host_and_perhaps_a_port)
{
    const struct target_text *row = &target_texts[_i];

    subject = row->text;
    check_target(row, 80);
    check_target(row, 0);
    check_target(row, -1);
}
END_TEST

START_TEST(a_host_may_be_as_long_as_there_is_room)
{
    enum { LONGEST = SOCKET_HOST_SIZE - 1 };
    char host[SOCKET_HOST_SIZE] = "untouched";
    char text[LONGEST + 8];
    int port = 0;

    memset(text, 'a', sizeof text);
    memcpy(text + LONGEST + 1, ":80", sizeof ":80");
    expect_failure(socket_parse_target(text, host, &port), EINVAL);
    expect_text(host, "untouched");
    memcpy(text + LONGEST, ":80", sizeof ":80");
    expect(socket_parse_target(text, host, &port), 0);
    expect((int)strlen(host), LONGEST);
    expect(port, 80);
}
END_TEST

START_TEST(an_ipv4_address_is_shown_with_its_port)
{
    struct sockaddr_in address = loopback(PORT);
    char name[SOCKET_NAME_SIZE];

    socket_format((struct sockaddr *)&address, sizeof address, name);
    expect_text(name, "127.0.0.1:5000");
    address.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    address.sin_port = htons(65535);
    socket_format((struct sockaddr *)&address, sizeof address, name);
    expect_text(name, "255.255.255.255:65535");
}
END_TEST

START_TEST(an_ipv6_address_is_shown_in_brackets)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    char name[SOCKET_NAME_SIZE];

#ifdef SIN6_LEN
    address.sin6_len = sizeof address;
#endif
    address.sin6_port = htons(80);
    socket_format((struct sockaddr *)&address, sizeof address, name);
    expect_text(name, "[::1]:80");
    memset(&address.sin6_addr, 0xff, sizeof address.sin6_addr);
    address.sin6_addr.s6_addr[0] = 0xfe; /* link-local: the longest there is */
    address.sin6_addr.s6_addr[1] = 0x80;
    address.sin6_scope_id = 1;
    socket_format((struct sockaddr *)&address, sizeof address, name);
    expect_part(name, "[fe80:ffff:ffff:ffff:ffff:ffff:ffff:ffff%");
    expect_part(name, "]:80");
}
END_TEST

START_TEST(an_address_that_cannot_be_shown_is_a_question_mark)
{
    struct sockaddr_in address = loopback(PORT);
    struct sockaddr unknown = {.sa_family = AF_UNSPEC};
    char name[SOCKET_NAME_SIZE];

    socket_format(&unknown, sizeof unknown, name);
    expect_text(name, "?:?");
    faults_fail("getnameinfo", 1, EAI_FAIL);
    socket_format((struct sockaddr *)&address, sizeof address, name);
    expect_text(name, "?:?");
}
END_TEST

/* -- listen ---------------------------------------------------------------- */

START_TEST(a_listener_is_a_blocking_socket_on_the_loopback_address)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int reuse = 0;
    socklen_t reuse_size = sizeof reuse;

    open_listener();
    expect_success(getsockname(listener, (struct sockaddr *)&address, &size));
    expect(address.sin_family, AF_INET);
    expect(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK);
    expect_true(ntohs(address.sin_port) > 0);
    expect(socket_port(listener), ntohs(address.sin_port));
    expect(is_nonblocking(listener), false);
    expect_success(
        getsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, &reuse_size));
    expect_true(reuse != 0);
}
END_TEST

static const struct listening {
    const char *host;
    const char *bound;  /* as it is shown, without the port */
    const char *client; /* where a client connects to */
} hosts[] = {
    {"127.0.0.1", "127.0.0.1", "127.0.0.1"},
    {"0.0.0.0", "0.0.0.0", "127.0.0.1"},
    {"::1", "[::1]", "::1"},
    {"::", "[::]", "::1"},
    {"localhost", NULL, "localhost"}, /* one or the other */
};

static void expect_bound(int fd, const char *host)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char name[SOCKET_NAME_SIZE];
    char expected[SOCKET_NAME_SIZE];

    expect_success(getsockname(fd, (struct sockaddr *)&address, &size));
    socket_format((struct sockaddr *)&address, size, name);
    snprintf(expected, sizeof expected, "%s:%d", host, socket_port(fd));
    expect_text(name, expected);
}

/* The first address of a host: a listener takes it, too. */
static int connect_to(const char *host, int port)
{
    struct addrinfo *addresses;
    const struct addrinfo *address;
    int sock;

    expect(socket_resolve(host, port, &addresses), 0);
    address = addresses;
    sock = socket_connect(&address);
    expect_success(sock);
    expect_true(address == addresses);
    wait_for(sock, POLLOUT);
    expect(socket_connect_result(sock), 0);
    freeaddrinfo(addresses);
    return sock;
}

START_TEST(a_listener_is_where_it_is_told_to_be)
{
    const struct listening *row = &hosts[_i];

    subject = row->host;
    if (strchr(row->client, ':') != NULL && !has_ipv6()) {
        skip(__func__, "there is no IPv6 here");
        return;
    }
    listener = socket_listen(row->host, 0);
    expect_success(listener);
    expect(faults_blocks(), 0);
    expect_true(socket_port(listener) > 0);
    if (row->bound != NULL)
        expect_bound(listener, row->bound);
    connect_to(row->client, socket_port(listener));
    expect_success(socket_accept(listener, peer));
}
END_TEST

/* The last one is meant for documents: no machine has it (RFC 5737). */
START_TEST(where_nobody_can_listen_there_is_no_listener)
{
    static const int errors[] = {EAI_NONAME, EAI_AGAIN, EAI_FAIL, 0};
    int before = faults_descriptors();

    if (errors[_i] != 0)
        faults_fail("getaddrinfo", 1, errors[_i]);
    expect_failure(socket_listen("192.0.2.1", 0), EADDRNOTAVAIL);
    expect(faults_descriptors(), before);
    expect(faults_blocks(), 0);
}
END_TEST

START_TEST(two_cannot_listen_on_one_port)
{
    int before;

    open_listener();
    before = faults_descriptors();
    expect_failure(socket_listen("127.0.0.1", socket_port(listener)),
                   EADDRINUSE);
    expect(faults_descriptors(), before);
}
END_TEST

/* The server closes first, so that its end lingers in TIME_WAIT. */
START_TEST(a_server_can_be_started_again_at_once)
{
    int port;
    int client;

    open_listener();
    port = socket_port(listener);
    client = new_client();
    close(socket_accept(listener, peer));
    expect_closed(client);
    close(client);
    close(listener);
    listener = socket_listen("127.0.0.1", port);
    expect_success(listener);
    expect(socket_port(listener), port);
}
END_TEST

static const struct failure {
    const char *function;
    int error;
    int earlier; /* calls of it that succeed */
} listen_failures[] = {
    {"socket", EMFILE, 0},     {"socket", EAFNOSUPPORT, 0},
    {"setsockopt", ENOMEM, 0}, {"bind", EACCES, 0},
    {"bind", EADDRINUSE, 0},   {"listen", EADDRINUSE, 0},
};

START_TEST(a_failing_listen_says_why_and_leaks_nothing)
{
    const struct failure *row = &listen_failures[_i];
    int before = faults_descriptors();

    subject = row->function;
    faults_fail(row->function, 1, row->error);
    expect_failure(socket_listen("127.0.0.1", 0), row->error);
    expect(faults_pending(row->function), false);
    expect(faults_descriptors(), before);
    expect(faults_blocks(), 0);
    if (strcmp(row->function, "socket") == 0)
        return;
    faults_fail(row->function, 1, row->error);
    faults_fail_late("close", 1, EIO); /* must not hide the reason */
    expect_failure(socket_listen("127.0.0.1", 0), row->error);
}
END_TEST

START_TEST(a_listener_keeps_one_descriptor_in_reserve)
{
    int before = faults_descriptors();
    int second;

    open_listener();
    expect(faults_descriptors(), before + 2);
    second = listen_somewhere();
    expect(faults_descriptors(), before + 3);
    close(second);
}
END_TEST

/* The lowest numbers are what a beginner looks at: they are for clients. */
START_TEST(the_reserve_is_not_between_the_listener_and_its_clients)
{
    enum { COUNT = 20 };
    int lowest[COUNT];

    for (int i = 0; i < COUNT; i++)
        lowest[i] = dup(STDIN_FILENO);
    for (int i = 0; i < COUNT; i++)
        close(lowest[i]);
    open_listener();
    expect(listener, lowest[0]);
    for (int i = 1; i < COUNT; i++) {
        close(new_client());
        expect(socket_accept(listener, peer), lowest[i]);
    }
}
END_TEST

START_TEST(without_a_reserve_there_is_no_listener)
{
    int before = faults_descriptors();

    faults_fail("socket", 2, EMFILE);
    expect_failure(socket_listen("127.0.0.1", 0), EMFILE);
    expect(faults_descriptors(), before);
}
END_TEST

START_TEST(what_is_no_socket_has_no_port)
{
    expect_failure(socket_port(-1), EBADF);
    expect_failure(socket_port(STDIN_FILENO), ENOTSOCK);
    faults_fail("getsockname", 1, ENOBUFS);
    expect_failure(socket_port(STDIN_FILENO), ENOBUFS);
}
END_TEST

/* The path of one is a number, and it is not its port. */
START_TEST(what_is_no_internet_socket_has_no_port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "80"};
    char directory[] = "/tmp/test_sockets.XXXXXX";
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);

    expect_true(mkdtemp(directory) != NULL && chdir(directory) == 0);
    make_pair(ends);
    expect_failure(socket_port(ends[0]), EINVAL);
    expect_success(bind(sock, (struct sockaddr *)&address, sizeof address));
    expect_failure(socket_port(sock), EINVAL);
    expect_success(unlink(address.sun_path));
    expect_success(rmdir(directory));
}
END_TEST

/* -- accept ---------------------------------------------------------------- */

START_TEST(accept_returns_the_connection_and_its_peer)
{
    char expected[SOCKET_NAME_SIZE];
    int client = new_client();
    int accepted = socket_accept(listener, peer);

    expect_success(accepted);
    snprintf(expected, sizeof expected, "127.0.0.1:%d", socket_port(client));
    expect_text(peer, expected);
    expect(is_nonblocking(accepted), false);
    expect(write(accepted, "x", 1), 1);
    expect(read(client, peer, 1), 1);
    close(accepted);
}
END_TEST

START_TEST(accept_returns_connections_in_their_order)
{
    int clients[5];
    char expected[SOCKET_NAME_SIZE];

    for (int i = 0; i < 5; i++)
        clients[i] = new_client();
    for (int i = 0; i < 5; i++) {
        close(socket_accept(listener, peer));
        snprintf(expected, sizeof expected, "127.0.0.1:%d",
                 socket_port(clients[i]));
        expect_text(peer, expected);
    }
}
END_TEST

START_TEST(a_non_blocking_listener_has_nobody_waiting)
{
    strcpy(peer, "untouched");
    expect_success(socket_set_nonblocking(listener));
    expect_failure(socket_accept(listener, peer), EAGAIN);
    expect_text(peer, "untouched");
}
END_TEST

START_TEST(accept_passes_over_signals_and_aborted_connections)
{
    static const int errors[] = {EINTR, ECONNABORTED};

    new_client();
    faults_reset();
    faults_fail("accept", 1, errors[_i]);
    expect_success(socket_accept(listener, peer));
    expect(faults_calls("accept"), 2);
}
END_TEST

/* Real signals: the client comes after some of them. */
START_TEST(accept_waits_through_signals)
{
    struct sockaddr_in address = loopback(socket_port(listener));
    pid_t child = fork();

    if (child == 0) {
        int client = socket(AF_INET, SOCK_STREAM, 0);

        poll(NULL, 0, 30); /* not to synchronise: signals are to come first */
        _exit(connect(client, (struct sockaddr *)&address, sizeof address));
    }
    start_signals();
    expect_success(socket_accept(listener, peer));
    stop_alarms();
    expect(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(a_failing_accept_says_why_and_the_listener_goes_on)
{
    static const int errors[] = {ENOMEM, ENOBUFS, EPROTO, EPERM, EINVAL};
    int before;

    new_client();
    before = faults_descriptors();
    faults_fail("accept", 1, errors[_i]);
    expect_failure(socket_accept(listener, peer), errors[_i]);
    expect(faults_descriptors(), before);
    expect_success(socket_accept(listener, peer)); /* the client still waits */
}
END_TEST

/* The listener is blocking, or it is not. */
static void set_mode(int nonblocking)
{
    subject = nonblocking ? "non-blocking" : "blocking";
    if (nonblocking)
        expect_success(socket_set_nonblocking(listener));
}

/* The reserve is a high number, or, where the limit is too low, a low one. */
START_TEST(without_descriptors_the_newcomer_is_closed_at_once)
{
    static const int limits[] = {256, 64};
    int first;
    int second;
    int before;

    if (under_valgrind()) {
        skip(__func__, "valgrind has its own limit of descriptors");
        return;
    }
    faults_descriptor_limit(limits[_i / 2]);
    open_listener();
    first = new_client();
    second = new_client();
    set_mode(_i % 2);
    while (dup(listener) != -1)
        continue;
    before = faults_descriptors();
    expect_failure(socket_accept(listener, peer), EMFILE);
    expect_closed(first);
    expect(faults_descriptors(), before); /* the reserve is there again */
    expect_failure(socket_accept(listener, peer), EMFILE);
    expect_closed(second);
    expect(faults_descriptors(), before);
    close(first); /* somebody leaves */
    close(second);
    new_client();
    expect_success(socket_accept(listener, peer));
    faults_descriptor_limit(0);
}
END_TEST

START_TEST(when_the_system_has_no_descriptors_the_newcomer_is_closed)
{
    int client = new_client();
    int before = faults_descriptors();

    set_mode(_i);
    faults_fail("accept", 1, ENFILE);
    expect_failure(socket_accept(listener, peer), ENFILE);
    expect_closed(client);
    expect(faults_descriptors(), before);
}
END_TEST

START_TEST(without_descriptors_and_without_a_newcomer_nothing_happens)
{
    int before = faults_descriptors();

    set_mode(true);
    faults_fail("accept", 1, EMFILE);
    expect_failure(socket_accept(listener, peer), EMFILE);
    expect(faults_descriptors(), before);
    expect_failure(socket_accept(listener, peer), EAGAIN);
}
END_TEST

START_TEST(the_reserve_comes_back_as_soon_as_it_can)
{
    int before = faults_descriptors();

    set_mode(true);
    for (int lost = 1; lost <= 2; lost++) { /* the second time it has none */
        int client = new_client();

        faults_fail("accept", 1, EMFILE);
        faults_fail("socket", 1, EMFILE);
        expect_failure(socket_accept(listener, peer), EMFILE);
        expect_closed(client);
        close(client);
        expect(faults_descriptors(), before - 1);
    }
    expect_failure(socket_accept(listener, peer), EAGAIN);
    expect(faults_descriptors(), before);
}
END_TEST

START_TEST(the_reserve_comes_back_with_the_next_client)
{
    int client = new_client();
    int before = faults_descriptors();

    set_mode(true);
    faults_fail("accept", 1, EMFILE);
    faults_fail("socket", 1, EMFILE);
    expect_failure(socket_accept(listener, peer), EMFILE);
    close(client);
    new_client();
    expect_success(socket_accept(listener, peer));
    expect(faults_descriptors(), before + 1); /* his, and the reserve */
}
END_TEST

/* -- other programs -------------------------------------------------------- */

enum { MOST_DESCRIPTORS = 1024 };

static bool open_before[MOST_DESCRIPTORS];

static void remember_descriptors(void)
{
    for (int fd = 0; fd < MOST_DESCRIPTORS; fd++)
        open_before[fd] = fcntl(fd, F_GETFD) != -1;
}

/* So many were opened since; a program that is started now inherits none. */
static void expect_private(int descriptors)
{
    for (int fd = 0; fd < MOST_DESCRIPTORS; fd++)
        if (!open_before[fd] && fcntl(fd, F_GETFD) != -1) {
            expect(fcntl(fd, F_GETFD), FD_CLOEXEC);
            descriptors--;
        }
    expect(descriptors, 0);
}

START_TEST(a_program_that_is_started_inherits_nothing)
{
    static const int limits[] = {0, 64}; /* so low that the reserve is low */
    int sock;

    faults_descriptor_limit(limits[_i]);
    remember_descriptors();
    open_listener();
    expect_private(2); /* it, and the reserve */
    sock = connect_to("127.0.0.1", socket_port(listener));
    expect_private(3);
    expect_success(socket_accept(listener, peer));
    expect_private(4);
    close(sock);
    connect_to("127.0.0.1", socket_port(listener));
    faults_fail("accept", 1, EMFILE); /* then the reserve is a new one */
    expect_failure(socket_accept(listener, peer), EMFILE);
    expect_private(4);
}
END_TEST

/* -- reading and writing --------------------------------------------------- */

START_TEST(a_socket_becomes_non_blocking)
{
    char byte;

    make_pair(ends);
    expect(socket_set_nonblocking(ends[0]), 0);
    expect(is_nonblocking(ends[0]), true);
    expect(is_nonblocking(ends[1]), false);
    expect_failure(socket_recv(ends[0], &byte, 1), EAGAIN);
    expect_failure(socket_set_nonblocking(-1), EBADF);
    faults_fail("fcntl", 1, EPERM);
    expect_failure(socket_set_nonblocking(ends[1]), EPERM);
}
END_TEST

START_TEST(recv_returns_what_is_there)
{
    char buffer[16] = "";

    make_pair(ends);
    expect(write(ends[1], "hello", 5), 5);
    expect(socket_recv(ends[0], buffer, 2), 2);
    expect_text(buffer, "he");
    expect(socket_recv(ends[0], buffer, sizeof buffer), 3);
    expect(memcmp(buffer, "llo", 3), 0);
    expect(write(ends[1], "end", 3), 3);
    expect_success(shutdown(ends[1], SHUT_WR));
    expect(socket_recv(ends[0], buffer, sizeof buffer), 3);
    for (int i = 0; i < 2; i++) /* the end of the file stays */
        expect(socket_recv(ends[0], buffer, sizeof buffer), 0);
}
END_TEST

START_TEST(recv_is_made_again_after_a_signal)
{
    char buffer[4];

    make_pair(ends);
    expect(write(ends[1], "abc", 3), 3);
    faults_reset();
    faults_fail("recv", 1, EINTR);
    expect(socket_recv(ends[0], buffer, sizeof buffer), 3);
    expect(faults_calls("recv"), 2);
    faults_fail("recv", 1, ENOMEM);
    expect_failure(socket_recv(ends[0], buffer, 1), ENOMEM);
    expect(faults_calls("recv"), 3);
}
END_TEST

START_TEST(recv_tells_of_a_reset)
{
    char byte;

    make_connection();
    reset_by_peer(ends[1]);
    expect_failure(socket_recv(ends[0], &byte, 1), ECONNRESET);
    expect(socket_recv(ends[0], &byte, 1), 0);
}
END_TEST

START_TEST(send_returns_how_much_was_taken)
{
    char buffer[8];

    make_pair(ends);
    expect(socket_send(ends[0], "hello", 5), 5);
    faults_shorten("send", 1, 2);
    expect(socket_send(ends[0], "hello", 5), 2);
    expect(read(ends[1], buffer, sizeof buffer), 7);
    expect(memcmp(buffer, "hellohe", 7), 0);
}
END_TEST

START_TEST(send_is_made_again_after_a_signal)
{
    char buffer[8];

    make_pair(ends);
    faults_reset();
    faults_fail("send", 1, EINTR);
    expect(socket_send(ends[0], "abc", 3), 3);
    expect(faults_calls("send"), 2);
    expect(read(ends[1], buffer, sizeof buffer), 3);
    faults_fail("send", 1, ENOBUFS);
    expect_failure(socket_send(ends[0], "abc", 3), ENOBUFS);
    expect(faults_calls("send"), 3);
}
END_TEST

START_TEST(send_to_a_peer_that_has_gone_fails)
{
    make_pair(ends);
    close(ends[1]);
    expect_failure(socket_send(ends[0], "x", 1), EPIPE);
    expect_failure(socket_sendall(ends[0], "x", 1), EPIPE);
    close(ends[0]);
    expect_failure(socket_send(ends[0], "x", 1), EBADF);
}
END_TEST

START_TEST(send_to_a_peer_that_does_not_read_fails_at_last)
{
    static const char block[4096];
    int blocks = 0;

    make_pair(ends);
    expect_success(socket_set_nonblocking(ends[0]));
    while (socket_send(ends[0], block, sizeof block) > 0)
        blocks++;
    expect(errno, EAGAIN);
    expect_true(blocks > 0);
    expect_failure(socket_sendall(ends[0], block, sizeof block), EAGAIN);
}
END_TEST

START_TEST(sendall_goes_on_after_a_short_send)
{
    char buffer[16];

    make_pair(ends);
    for (size_t taken = 1; taken < 11; taken++) {
        faults_reset();
        faults_shorten("send", 1, taken);
        expect(socket_sendall(ends[0], "hello world", 11), 0);
        expect(faults_calls("send"), 2);
        expect(read(ends[1], buffer, sizeof buffer), 11);
        expect(memcmp(buffer, "hello world", 11), 0);
    }
}
END_TEST

START_TEST(sendall_of_nothing_is_no_call)
{
    make_pair(ends);
    faults_reset();
    expect(socket_sendall(ends[0], "", 0), 0);
    expect(faults_calls(NULL), 0);
}
END_TEST

START_TEST(sendall_says_why_it_cannot_go_on)
{
    char buffer[16];

    make_pair(ends);
    faults_fail("send", 1, ECONNRESET);
    expect_failure(socket_sendall(ends[0], "hello", 5), ECONNRESET);
    faults_fail("send", 2, ECONNRESET);
    expect(socket_sendall(ends[0], "hello", 5), 0);
    expect(read(ends[1], buffer, sizeof buffer), 5);
}
END_TEST

enum { LONG_MESSAGE = 8 * 1024 * 1024 };

static unsigned char byte_at(size_t position)
{
    return (unsigned char)(position % 251);
}

/* Reads to the end. The status: 0, or 1 if a byte is missing or wrong. */
static int read_long_message(int fd)
{
    static unsigned char buffer[65536];
    size_t total = 0;
    ssize_t received;

    while ((received = read(fd, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i < received; i++)
            if (buffer[i] != byte_at(total++))
                return 1;
    return total == LONG_MESSAGE ? 0 : 1;
}

/* A message far longer than the kernel's buffer, and a signal every
 * millisecond: each may cut a send() short. */
START_TEST(sendall_sends_all_through_signals)
{
    static unsigned char message[LONG_MESSAGE];
    int status;
    pid_t child;

    for (size_t i = 0; i < LONG_MESSAGE; i++)
        message[i] = byte_at(i);
    make_pair(ends);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(read_long_message(ends[1]));
    }
    close(ends[1]);
    start_signals();
    expect(socket_sendall(ends[0], message, LONG_MESSAGE), 0);
    stop_alarms();
    close(ends[0]);
    expect(waitpid(child, &status, 0), child);
    expect_true(WIFEXITED(status));
    expect(WEXITSTATUS(status), 0);
}
END_TEST

/* -- resolve --------------------------------------------------------------- */

START_TEST(a_numeric_host_has_one_tcp_address)
{
    struct addrinfo *addresses;
    char name[SOCKET_NAME_SIZE];

    expect(socket_resolve("127.0.0.1", PORT, &addresses), 0);
    expect(addresses->ai_family, AF_INET);
    expect(addresses->ai_socktype, SOCK_STREAM);
    expect_true(addresses->ai_next == NULL);
    socket_format(addresses->ai_addr, addresses->ai_addrlen, name);
    expect_text(name, "127.0.0.1:5000");
    freeaddrinfo(addresses);
    expect(socket_resolve("127.0.0.1", 65535, &addresses), 0);
    socket_format(addresses->ai_addr, addresses->ai_addrlen, name);
    expect_text(name, "127.0.0.1:65535");
    freeaddrinfo(addresses);
}
END_TEST

START_TEST(resolving_returns_the_error_for_gai_strerror)
{
    static const int errors[] = {EAI_AGAIN, EAI_NONAME, EAI_FAIL, EAI_MEMORY};
    struct addrinfo *addresses = NULL;

    faults_fail("getaddrinfo", 1, errors[_i]);
    expect(socket_resolve("127.0.0.1", PORT, &addresses), errors[_i]);
    faults_fail("getaddrinfo", 1, EAI_SYSTEM);
    expect(socket_resolve("127.0.0.1", PORT, &addresses), EAI_SYSTEM);
    expect(errno, EMFILE);
    expect_true(addresses == NULL);
}
END_TEST

/* -- connect --------------------------------------------------------------- */

/* The list that socket_resolve() might return: one address, `count` times. */
struct list {
    struct sockaddr_in address;
    struct addrinfo items[3];
};

static void fill_list(struct list *list, int port, int count)
{
    list->address = loopback(port);
    for (int i = 0; i < count; i++)
        list->items[i] = (struct addrinfo){
            .ai_family = AF_INET,
            .ai_socktype = SOCK_STREAM,
            .ai_addr = (struct sockaddr *)&list->address,
            .ai_addrlen = sizeof list->address,
            .ai_next = i + 1 < count ? &list->items[i + 1] : NULL,
        };
}

static int closed_port(void)
{
    int fd = listen_somewhere();
    int port = socket_port(fd);

    close(fd);
    return port;
}

START_TEST(connect_starts_and_the_result_comes_later)
{
    struct list list;
    const struct addrinfo *address = list.items;
    int sock;

    fill_list(&list, socket_port(listener), 1);
    sock = socket_connect(&address);
    expect_success(sock);
    expect_true(address == list.items);
    expect(is_nonblocking(sock), true);
    wait_for(sock, POLLOUT);
    faults_reset();
    expect(socket_connect_result(sock), 0);
    expect(faults_calls("getsockopt"), 1);
    expect(socket_connect_result(sock), 0);
    close(sock);
}
END_TEST

START_TEST(a_refused_connect_says_so)
{
    struct list list;
    const struct addrinfo *address = list.items;
    int sock;

    fill_list(&list, closed_port(), 1);
    sock = socket_connect(&address);
    if (sock == -1) { /* some systems know at once */
        expect(errno, ECONNREFUSED);
        return;
    }
    wait_for(sock, POLLOUT);
    faults_reset();
    expect_failure(socket_connect_result(sock), ECONNREFUSED);
    expect(faults_calls("getsockopt"), 1); /* the kernel tells it once */
    close(sock);
}
END_TEST

static const struct failure connect_failures[] = {
    {"socket", EMFILE, 0},         {"socket", EAFNOSUPPORT, 0},
    {"fcntl", EINVAL, 1},          {"connect", ENETUNREACH, 0},
    {"connect", EADDRNOTAVAIL, 0}, {"connect", EACCES, 0},
    {"connect", ECONNREFUSED, 0},
};

START_TEST(an_address_that_fails_at_once_is_passed_over)
{
    const struct failure *row = &connect_failures[_i];
    int before = faults_descriptors();
    struct list list;
    const struct addrinfo *address = list.items;
    int sock;

    subject = row->function;
    fill_list(&list, socket_port(listener), 3);
    faults_fail(row->function, row->earlier + 1, row->error);
    sock = socket_connect(&address);
    expect_success(sock);
    expect(faults_pending(row->function), false);
    expect_true(address == &list.items[1]);
    expect(faults_descriptors(), before + 1);
    close(sock);
}
END_TEST

START_TEST(when_no_address_is_left_the_last_error_is_told)
{
    const struct failure *row = &connect_failures[_i];
    int before = faults_descriptors();
    struct list list;
    const struct addrinfo *address = list.items;

    subject = row->function;
    fill_list(&list, PORT, 1);
    faults_fail(row->function, row->earlier + 1, row->error);
    expect_failure(socket_connect(&address), row->error);
    expect_true(address == NULL);
    expect(faults_descriptors(), before);
}
END_TEST

START_TEST(without_any_address_connect_fails)
{
    const struct addrinfo *address = NULL;

    faults_reset();
    expect_failure(socket_connect(&address), EADDRNOTAVAIL);
    expect_true(address == NULL);
    expect(faults_calls(NULL), 0);
}
END_TEST

START_TEST(an_interrupted_connect_goes_on_by_itself)
{
    struct list list;
    const struct addrinfo *address = list.items;
    int sock;

    fill_list(&list, socket_port(listener), 2);
    faults_reset();
    faults_fail_late("connect", 1, EINTR);
    sock = socket_connect(&address);
    expect_success(sock);
    expect(faults_calls("connect"), 1);
    expect_true(address == list.items);
    wait_for(sock, POLLOUT);
    expect(socket_connect_result(sock), 0);
    close(sock);
}
END_TEST

/* TCP hardly ever does that; a datagram socket always. */
START_TEST(a_connect_that_ends_at_once_is_success)
{
    struct list list;
    const struct addrinfo *address = list.items;
    int sock;

    fill_list(&list, PORT, 1);
    list.items[0].ai_socktype = SOCK_DGRAM;
    sock = socket_connect(&address);
    expect_success(sock);
    expect_true(address == list.items);
    expect(socket_connect_result(sock), 0);
    close(sock);
}
END_TEST

START_TEST(a_connect_under_way_has_no_result_yet)
{
    int sock = socket(AF_INET, SOCK_STREAM, 0);

    expect_failure(socket_connect_result(sock), EINPROGRESS);
    close(sock);
    expect_failure(socket_connect_result(sock), EBADF);
}
END_TEST

START_TEST(a_result_that_cannot_be_asked_for_is_a_failure)
{
    make_connection();
    faults_fail("getsockopt", 1, ENOMEM);
    expect_failure(socket_connect_result(ends[1]), ENOMEM);
    faults_fail("getpeername", 1, EINVAL); /* BSD: reset in the meantime */
    expect_failure(socket_connect_result(ends[1]), EINVAL);
    expect(socket_connect_result(ends[1]), 0);
}
END_TEST

/* As "localhost" may resolve: nobody listens on ::1, the server is on
 * 127.0.0.1. */
START_TEST(after_ipv6_is_refused_ipv4_connects)
{
    struct addrinfo *six;
    struct list list;
    struct addrinfo first;
    const struct addrinfo *address = &first;
    int sock;

    if (socket_resolve("::1", socket_port(listener), &six) != 0) {
        skip(__func__, "there is no IPv6 here");
        return;
    }
    fill_list(&list, socket_port(listener), 1);
    first = *six;
    first.ai_next = list.items;
    sock = socket_connect(&address);
    expect_success(sock);
    if (address == &first) {
        wait_for(sock, POLLOUT);
        expect(socket_connect_result(sock), -1);
        close(sock);
        address = address->ai_next;
        sock = socket_connect(&address);
    }
    expect_true(address == list.items);
    wait_for(sock, POLLOUT);
    expect(socket_connect_result(sock), 0);
    close(sock);
    freeaddrinfo(six);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

/* Before each test there is a listener. */
static TCase *with_listener(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, open_listener, NULL);
    return tcase;
}

static void add_deadlines(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_deadline_says_how_much_time_is_left, 0,
                        ROWS(moments));
    tcase_add_test(tcase, a_deadline_may_be_in_the_next_second);
    tcase_add_test(tcase, the_clock_of_deadlines_runs);
}

static void add_texts(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_port_is_a_number_up_to_65535, 0,
                        ROWS(port_texts));
    tcase_add_loop_test(tcase, a_target_is_a_host_and_perhaps_a_port, 0,
                        ROWS(target_texts));
    tcase_add_test(tcase, a_host_may_be_as_long_as_there_is_room);
    tcase_add_test(tcase, an_ipv4_address_is_shown_with_its_port);
    tcase_add_test(tcase, an_ipv6_address_is_shown_in_brackets);
    tcase_add_test(tcase, an_address_that_cannot_be_shown_is_a_question_mark);
}

static void add_listen(TCase *tcase)
{
    tcase_add_test(tcase,
                   a_listener_is_a_blocking_socket_on_the_loopback_address);
    tcase_add_loop_test(tcase, a_listener_is_where_it_is_told_to_be, 0,
                        ROWS(hosts));
    tcase_add_loop_test(tcase, where_nobody_can_listen_there_is_no_listener, 0,
                        4);
    tcase_add_test(tcase, two_cannot_listen_on_one_port);
    tcase_add_test(tcase, a_server_can_be_started_again_at_once);
    tcase_add_loop_test(tcase, a_failing_listen_says_why_and_leaks_nothing, 0,
                        ROWS(listen_failures));
    tcase_add_test(tcase, a_listener_keeps_one_descriptor_in_reserve);
    tcase_add_test(tcase,
                   the_reserve_is_not_between_the_listener_and_its_clients);
    tcase_add_test(tcase, without_a_reserve_there_is_no_listener);
    tcase_add_test(tcase, what_is_no_socket_has_no_port);
    tcase_add_test(tcase, what_is_no_internet_socket_has_no_port);
    tcase_add_loop_test(
        tcase, without_descriptors_the_newcomer_is_closed_at_once, 0, 4);
    tcase_add_loop_test(tcase, a_program_that_is_started_inherits_nothing, 0,
                        2);
}

static void add_accept(TCase *tcase)
{
    tcase_add_test(tcase, accept_returns_the_connection_and_its_peer);
    tcase_add_test(tcase, accept_returns_connections_in_their_order);
    tcase_add_test(tcase, a_non_blocking_listener_has_nobody_waiting);
    tcase_add_loop_test(
        tcase, accept_passes_over_signals_and_aborted_connections, 0, 2);
    tcase_add_test(tcase, accept_waits_through_signals);
    tcase_add_loop_test(
        tcase, a_failing_accept_says_why_and_the_listener_goes_on, 0, 5);
    tcase_add_loop_test(
        tcase, when_the_system_has_no_descriptors_the_newcomer_is_closed, 0, 2);
    tcase_add_test(tcase,
                   without_descriptors_and_without_a_newcomer_nothing_happens);
    tcase_add_test(tcase, the_reserve_comes_back_as_soon_as_it_can);
    tcase_add_test(tcase, the_reserve_comes_back_with_the_next_client);
}

static void add_reading_and_writing(TCase *tcase)
{
    tcase_add_test(tcase, a_socket_becomes_non_blocking);
    tcase_add_test(tcase, recv_returns_what_is_there);
    tcase_add_test(tcase, recv_is_made_again_after_a_signal);
    tcase_add_test(tcase, recv_tells_of_a_reset);
    tcase_add_test(tcase, send_returns_how_much_was_taken);
    tcase_add_test(tcase, send_is_made_again_after_a_signal);
    tcase_add_test(tcase, send_to_a_peer_that_has_gone_fails);
    tcase_add_test(tcase, send_to_a_peer_that_does_not_read_fails_at_last);
    tcase_add_test(tcase, sendall_goes_on_after_a_short_send);
    tcase_add_test(tcase, sendall_of_nothing_is_no_call);
    tcase_add_test(tcase, sendall_says_why_it_cannot_go_on);
    tcase_add_test(tcase, sendall_sends_all_through_signals);
}

static void add_connect(TCase *tcase)
{
    tcase_add_test(tcase, a_numeric_host_has_one_tcp_address);
    tcase_add_loop_test(tcase, resolving_returns_the_error_for_gai_strerror, 0,
                        4);
    tcase_add_test(tcase, connect_starts_and_the_result_comes_later);
    tcase_add_test(tcase, a_refused_connect_says_so);
    tcase_add_loop_test(tcase, an_address_that_fails_at_once_is_passed_over, 0,
                        ROWS(connect_failures));
    tcase_add_loop_test(tcase, when_no_address_is_left_the_last_error_is_told,
                        0, ROWS(connect_failures));
    tcase_add_test(tcase, without_any_address_connect_fails);
    tcase_add_test(tcase, an_interrupted_connect_goes_on_by_itself);
    tcase_add_test(tcase, a_connect_that_ends_at_once_is_success);
    tcase_add_test(tcase, a_connect_under_way_has_no_result_yet);
    tcase_add_test(tcase, a_result_that_cannot_be_asked_for_is_a_failure);
    tcase_add_test(tcase, after_ipv6_is_refused_ipv4_connects);
}

int main(void)
{
    Suite *suite = suite_create("sockets");

    signal(SIGPIPE, SIG_IGN); /* as in every program: program_start() */
    add_deadlines(new_case(suite, "deadlines", NULL));
    add_texts(new_case(suite, "texts", NULL));
    add_listen(new_case(suite, "listen", NULL));
    add_accept(with_listener(new_case(suite, "accept", NULL)));
    add_reading_and_writing(new_case(suite, "reading and writing", NULL));
    add_connect(with_listener(new_case(suite, "connect", NULL)));
    return run_suite(suite);
}

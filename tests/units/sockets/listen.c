/* listen.c -- socket_listen(), socket_port(), and who inherits what. */
#include "fixture.h"

#include <sys/un.h>

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

START_TEST(a_look_up_that_fails_for_want_of_something_says_of_what)
{
    faults_fail("getaddrinfo", 1, EAI_SYSTEM); /* with EMFILE */
    expect_failure(socket_listen("192.0.2.1", 0), EMFILE);
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

static const struct failure listen_failures[] = {
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
    make_pipe(ends);
    expect_failure(socket_port(-1), EBADF);
    expect_failure(socket_port(ends[0]), ENOTSOCK);
    faults_fail("getsockname", 1, ENOBUFS);
    expect_failure(socket_port(ends[0]), ENOBUFS);
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

void add_listen(Suite *suite)
{
    TCase *tcase = new_case(suite, "listen", NULL);

    ADD(a_listener_is_a_blocking_socket_on_the_loopback_address);
    ADD_TIMES(ROWS(hosts), a_listener_is_where_it_is_told_to_be);
    ADD_TIMES(4, where_nobody_can_listen_there_is_no_listener);
    ADD(a_look_up_that_fails_for_want_of_something_says_of_what);
    ADD(two_cannot_listen_on_one_port);
    ADD(a_server_can_be_started_again_at_once);
    ADD_TIMES(ROWS(listen_failures),
              a_failing_listen_says_why_and_leaks_nothing);
    ADD(a_listener_keeps_one_descriptor_in_reserve);
    ADD(the_reserve_is_not_between_the_listener_and_its_clients);
    ADD(without_a_reserve_there_is_no_listener);
    ADD(what_is_no_socket_has_no_port);
    ADD(what_is_no_internet_socket_has_no_port);
    ADD_TIMES(2, a_program_that_is_started_inherits_nothing);
}

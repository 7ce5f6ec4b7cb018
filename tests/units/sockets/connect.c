/* connect.c -- addresses of a host, and connects to them. */
#include "fixture.h"

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

/* To where nobody accepts: once the backlog is full the kernel waits. */
START_TEST(a_connect_under_way_has_no_result_yet)
{
    enum { COUNT = 20 }; /* far more than there is room for */
    struct list list;
    int socks[COUNT];

    expect_success(listen(listener, 0));
    fill_list(&list, socket_port(listener), 1);
    for (int i = 0; i < COUNT; i++) {
        const struct addrinfo *address = list.items;

        socks[i] = socket_connect(&address);
        expect_success(socks[i]);
    }
    wait_for(socks[0], POLLOUT);
    expect(socket_connect_result(socks[0]), 0);
    expect_failure(socket_connect_result(socks[COUNT - 1]), EINPROGRESS);
    expect_failure(socket_connect_result(socks[COUNT - 1]), EINPROGRESS);
    close(socks[COUNT - 1]);
    expect_failure(socket_connect_result(socks[COUNT - 1]), EBADF);
}
END_TEST

/* The kernel does not: a loop that asks for as long as it hears EINPROGRESS
 * would spin, as the socket stays writable. */
START_TEST(asked_twice_a_failed_connect_does_not_say_that_it_goes_on)
{
    struct list list;
    const struct addrinfo *address = list.items;
    int sock;

    fill_list(&list, closed_port(), 1);
    sock = socket_connect(&address);
    if (sock == -1) /* some systems know at once */
        return;
    wait_for(sock, POLLOUT);
    expect_failure(socket_connect_result(sock), ECONNREFUSED);
    expect_failure(socket_connect_result(sock), ENOTCONN);
    expect_failure(socket_connect_result(sock), ENOTCONN);
}
END_TEST

/* Between asking for the error and for the peer much can happen. */
START_TEST(a_connect_that_ends_while_it_is_asked_for_is_asked_for_again)
{
    make_tcp(ends);
    expect_success(socket_set_nonblocking(ends[1]));
    faults_fail("getpeername", 1, ENOTCONN); /* connected right after it, */
    faults_fail("recv", 1, EINTR);
    expect_failure(socket_connect_result(ends[1]), EINPROGRESS);
    put_byte(ends[0]); /* or even spoken to; */
    wait_for(ends[1], POLLIN);
    faults_fail("getpeername", 1, ENOTCONN);
    expect_failure(socket_connect_result(ends[1]), EINPROGRESS);
    faults_fail("getpeername", 1, ENOTCONN); /* or it fails only now */
    faults_fail("recv", 1, ECONNREFUSED);
    expect_failure(socket_connect_result(ends[1]), ECONNREFUSED);
    expect(socket_connect_result(ends[1]), 0);
    take_byte(ends[1]); /* which was only looked at */
}
END_TEST

/* From a port to itself: so the kernel connects one end to the same one. */
static int connect_to_itself(struct sockaddr *address, socklen_t size)
{
    int sock = socket(address->sa_family, SOCK_STREAM, 0);

    expect_success(bind(sock, address, size));
    expect_success(getsockname(sock, address, &size));
    expect_success(socket_set_nonblocking(sock));
    if (connect(sock, address, size) == -1 && errno != EINPROGRESS) {
        close(sock); /* some systems do not allow it */
        return -1;
    }
    wait_for(sock, POLLOUT);
    return sock;
}

START_TEST(who_meets_itself_is_not_connected)
{
    struct sockaddr_in four = loopback(0);
    struct sockaddr_in6 six = loopback6(0);
    int sock;

    subject = _i == 0 ? "IPv4" : "IPv6";
    if (_i == 1 && !has_ipv6()) {
        skip(__func__, "there is no IPv6 here");
        return;
    }
    sock = _i == 0 ? connect_to_itself((struct sockaddr *)&four, sizeof four)
                   : connect_to_itself((struct sockaddr *)&six, sizeof six);
    if (sock == -1) {
        skip(__func__, "this system does not allow it");
        return;
    }
    expect_failure(socket_connect_result(sock), ECONNREFUSED);
    expect_failure(socket_connect_result(sock), ECONNREFUSED);
    faults_fail("getsockname", 1, ENOBUFS); /* nothing else speaks against it */
    expect(socket_connect_result(sock), 0);
}
END_TEST

START_TEST(a_result_that_cannot_be_asked_for_is_a_failure)
{
    make_tcp(ends);
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

void add_connect(Suite *suite)
{
    TCase *tcase = case_with_listener(suite, "connect");

    ADD(a_numeric_host_has_one_tcp_address);
    ADD_TIMES(4, resolving_returns_the_error_for_gai_strerror);
    ADD(connect_starts_and_the_result_comes_later);
    ADD(a_refused_connect_says_so);
    ADD_TIMES(ROWS(connect_failures),
              an_address_that_fails_at_once_is_passed_over);
    ADD_TIMES(ROWS(connect_failures),
              when_no_address_is_left_the_last_error_is_told);
    ADD(without_any_address_connect_fails);
    ADD(an_interrupted_connect_goes_on_by_itself);
    ADD(a_connect_that_ends_at_once_is_success);
    ADD(a_connect_under_way_has_no_result_yet);
    ADD(asked_twice_a_failed_connect_does_not_say_that_it_goes_on);
    ADD(a_connect_that_ends_while_it_is_asked_for_is_asked_for_again);
    ADD_TIMES(2, who_meets_itself_is_not_connected);
    ADD(a_result_that_cannot_be_asked_for_is_a_failure);
    ADD(after_ipv6_is_refused_ipv4_connects);
}

/* fixture.c -- what the tests of common/sockets.h work with. */
#include "fixture.h"

int listener;
int ends[2];
char peer[SOCKET_NAME_SIZE];

int listen_somewhere(void)
{
    int fd = socket_listen("127.0.0.1", 0);

    expect_success(fd);
    return fd;
}

int new_client(void)
{
    struct sockaddr_in address = loopback(socket_port(listener));
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    expect_success(connect(fd, (struct sockaddr *)&address, sizeof address));
    return fd;
}

void open_listener(void)
{
    listener = listen_somewhere();
}

int connect_to(const char *host, int port)
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

struct sockaddr_in6 loopback6(int port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};

#ifdef SIN6_LEN
    address.sin6_len = sizeof address;
#endif
    address.sin6_port = htons((uint16_t)port);
    return address;
}

bool has_ipv6(void)
{
    struct sockaddr_in6 address = loopback6(0);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has =
        fd != -1 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

    close(fd);
    return has;
}

bool is_nonblocking(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

void expect_closed(int fd)
{
    char byte;
    ssize_t received = recv(fd, &byte, 1, 0);

    ck_assert_msg(received == 0 || (received == -1 && errno == ECONNRESET),
                  "%s: recv() is %d, expected 0 or ECONNRESET", subject,
                  (int)received);
}

void start_signals(void)
{
    start_alarms(under_valgrind() ? 10 : 1, INT_MAX - 1, -1);
}

TCase *case_with_listener(Suite *suite, const char *name)
{
    TCase *tcase = new_case(suite, name, NULL);

    tcase_add_checked_fixture(tcase, open_listener, NULL);
    return tcase;
}

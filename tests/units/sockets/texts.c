/* texts.c -- ports, targets and addresses as text. */
#include "fixture.h"

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
    struct sockaddr_in6 address = loopback6(80);
    char name[SOCKET_NAME_SIZE];

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

void add_texts(Suite *suite)
{
    TCase *tcase = new_case(suite, "texts", NULL);

    ADD_TIMES(ROWS(port_texts), a_port_is_a_number_up_to_65535);
    ADD_TIMES(ROWS(target_texts), a_target_is_a_host_and_perhaps_a_port);
    ADD(a_host_may_be_as_long_as_there_is_room);
    ADD(an_ipv4_address_is_shown_with_its_port);
    ADD(an_ipv6_address_is_shown_in_brackets);
    ADD(an_address_that_cannot_be_shown_is_a_question_mark);
}

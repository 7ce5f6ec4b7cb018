/* client.c -- the command line, the targets and the selector of a client. */
#include "fixture.h"

/* -- [-t SECONDS] [HOST[:PORT]]... ----------------------------------------- */

static int parse_targets(void)
{
    int limit_ms = -77;
    int count = -77;
    char **targets = program_targets(word_count, words, &count, &limit_ms);

    printf("%d ms:", limit_ms);
    for (int i = 0; i < count; i++)
        printf(" %s", targets[i]);
    return 0;
}

#define USAGE_OF_CONNECT "usage: server [-t SECONDS] [HOST[:PORT]]...\n"

static const struct line target_lines[] = {
    {{NULL}, 0, "10000 ms: xkcd.com:80", ""},
    {{"localhost"}, 0, "10000 ms: localhost", ""},
    {{"a:1", "b:2", "[::1]:3"}, 0, "10000 ms: a:1 b:2 [::1]:3", ""},
    {{"-t", "5"}, 0, "5000 ms: xkcd.com:80", ""},
    {{"-t", "2.5", "a"}, 0, "2500 ms: a", ""},
    {{"-t0.25", "a"}, 0, "250 ms: a", ""},
    {{"-t", "0.0005"}, 0, "1 ms: ", ""},
    {{"-t", "1e-9"}, 0, "1 ms: ", ""},
    {{"-t", "0.0011"}, 0, "2 ms: ", ""},
    {{"-t", "1000000"}, 0, "1000000000 ms: ", ""},
    {{"-t", "1", "-t", "2"}, 0, "2000 ms: ", ""},
    {{"--", "a"}, 0, "10000 ms: a", ""},
    {{"-t", "0"}, 2, "", "server: '0' is not a time in seconds\n"},
    {{"-t", "-1"}, 2, "", "server: '-1' is not a time in seconds\n"},
    {{"-t", ""}, 2, "", "server: '' is not a time in seconds\n"},
    {{"-t", "abc"}, 2, "", "server: 'abc' is not a time in seconds\n"},
    {{"-t", "5s"}, 2, "", "server: '5s' is not a time in seconds\n"},
    {{"-t", "nan"}, 2, "", "server: 'nan' is not a time in seconds\n"},
    {{"-t", "inf"}, 2, "", "server: 'inf' is not a time in seconds\n"},
    {{"-t", "1000001"}, 2, "", "server: '1000001' is not a time in seconds\n"},
    {{"-t", "1e300"}, 2, "", "server: '1e300' is not a time in seconds\n"},
    {{"-t", "abc"}, 2, "", USAGE_OF_CONNECT},
    {{"-t"}, 2, "", USAGE_OF_CONNECT},
    {{"-x"}, 2, "", USAGE_OF_CONNECT},
    {{""}, 2, "", "server: '' is not HOST or HOST:PORT\n" USAGE_OF_CONNECT},
    {{"a", "-t", "1"}, 2, "", "server: '-t' is not HOST or HOST:PORT\n"},
    {{"a", "80"}, 2, "", "server: '80' is not HOST or HOST:PORT\n"},
    {{"--", "-t", "1"}, 2, "", "server: '-t' is not HOST or HOST:PORT\n"},
    {{"a:b"}, 2, "", "server: 'a:b' is not HOST or HOST:PORT\n"},
    {{"a:70000"}, 2, "", "server: 'a:70000' is not HOST or HOST:PORT\n"},
    {{"a", "[::1"}, 2, "", "server: '[::1' is not HOST or HOST:PORT\n"},
    {{"-h"}, 0, USAGE_OF_CONNECT, ""},
    {{"-t", "1", "-h"}, 0, USAGE_OF_CONNECT, ""},
};

START_TEST(a_client_takes_a_time_and_targets)
{
    const struct line *row = &target_lines[_i];

    set_words(row->arguments);
    expect_line(parse_targets, row->status, row->out, row->err);
}
END_TEST

/* -- resolve --------------------------------------------------------------- */

static const char *target_to_resolve;

static int resolve(void)
{
    struct addrinfo *addresses;
    char name[SOCKET_NAME_SIZE];

    start();
    addresses = program_resolve(target_to_resolve);
    if (addresses == NULL)
        return IS_NULL;
    socket_format(addresses->ai_addr, addresses->ai_addrlen, name);
    printf("%s", name);
    freeaddrinfo(addresses);
    return 0;
}

START_TEST(a_target_is_resolved_at_port_80_if_it_names_none)
{
    target_to_resolve = subject = "127.0.0.1";
    expect_text(run(resolve).out, "127.0.0.1:80");
    target_to_resolve = subject = "127.0.0.1:5000";
    expect_text(run(resolve).out, "127.0.0.1:5000");
}
END_TEST

START_TEST(a_bad_target_is_reported)
{
    target_to_resolve = subject = "a:b";
    expect_run(resolve, IS_NULL, "", "server: a:b: Invalid argument\n");
}
END_TEST

static int resolve_in_vain(void)
{
    faults_fail("getaddrinfo", 1, EAI_NONAME);
    return resolve();
}

static int resolve_without_descriptors(void)
{
    faults_fail("getaddrinfo", 1, EAI_SYSTEM);
    return resolve();
}

START_TEST(an_unknown_host_is_reported)
{
    struct outcome outcome;
    char expected[256];

    target_to_resolve = subject = "127.0.0.1:80";
    outcome = run(resolve_in_vain);
    snprintf(expected, sizeof expected, "server: 127.0.0.1:80: %s\n",
             gai_strerror(EAI_NONAME));
    expect(outcome.status, IS_NULL);
    expect_text(outcome.err, expected);
    outcome = run(resolve_without_descriptors);
    snprintf(expected, sizeof expected, "server: 127.0.0.1:80: %s\n",
             strerror(EMFILE));
    expect(outcome.status, IS_NULL);
    expect_text(outcome.err, expected);
}
END_TEST

/* -- the selector ---------------------------------------------------------- */

static int choose_selector(void)
{
    struct selector *sel;

    start();
    sel = program_selector();
    printf("%s", selector_name(sel));
    selector_close(sel);
    return 0;
}

static void expect_selector(const char *variable, const char *backend)
{
    struct selector *sel = selector_open(backend);
    struct outcome outcome;

    subject = variable == NULL ? "(unset)" : variable;
    if (variable == NULL)
        unsetenv("SELECTOR");
    else
        setenv("SELECTOR", variable, 1);
    outcome = run(choose_selector);
    expect(outcome.status, 0);
    expect_text(outcome.out, selector_name(sel));
    expect_text(outcome.err, "");
    selector_close(sel);
}

START_TEST(the_environment_names_the_selector)
{
    for (int i = 0; selector_backend_name(i) != NULL; i++)
        expect_selector(selector_backend_name(i), selector_backend_name(i));
    expect_selector(NULL, selector_backend_name(0));
    expect_selector("", selector_backend_name(0));
}
END_TEST

START_TEST(an_unknown_selector_is_explained)
{
    struct outcome outcome;
    char expected[256] = "";
    int length = 0;

    setenv("SELECTOR", "port", 1);
    outcome =
        expect_run(choose_selector, 1, "",
                   "server: cannot open selector 'port': Invalid argument\n");
    for (int i = 0; selector_backend_name(i) != NULL; i++)
        length += snprintf(expected + length, sizeof expected - (size_t)length,
                           " %s", selector_backend_name(i));
    expect_part(outcome.err, expected);
    expect_part(outcome.err, "  SELECTOR can be ");
    expect_part(outcome.err, ", or unset for the first of them that works\n");
}
END_TEST

static int choose_without_memory(void)
{
    faults_memory(1);
    return choose_selector();
}

START_TEST(no_selector_at_all_is_explained)
{
    char expected[128];

    unsetenv("SELECTOR");
    snprintf(expected, sizeof expected, "server: cannot open selector '': %s\n",
             strerror(ENOMEM));
    expect_run(choose_without_memory, 1, "", expected);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

void add_client(Suite *suite)
{
    TCase *tcase = new_case(suite, "client", NULL);

    ADD_TIMES(ROWS(target_lines), a_client_takes_a_time_and_targets);
    ADD(a_target_is_resolved_at_port_80_if_it_names_none);
    ADD(a_bad_target_is_reported);
    ADD(an_unknown_host_is_reported);
    ADD(the_environment_names_the_selector);
    ADD(an_unknown_selector_is_explained);
    ADD(no_selector_at_all_is_explained);
}

/* test_usage.c -- our command lines: ports, targets, times, -h and $SELECTOR.
 *
 * Wrong usage is answered on stderr, with what would be right, and with
 * status 2.
 */
#include "suites.h"
#include "talk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* With its arguments, and no selector. */
#define RUN(...)                                                               \
    child_start(&(struct launch){.path = subjects[_i].path}, ARGS(__VA_ARGS__))

static const char *name_of(int i)
{
    return subject_program(&subjects[i]);
}

/* -- ports ----------------------------------------------------------------- */

static const char port_usage[] =
    "[PORT]\n"
    "  PORT  on 127.0.0.1, from 0 to 65535; without it 5000\n";

static void expect_wrong_port(int i, const char *complaint,
                              struct child *program)
{
    const char *name = name_of(i);

    child_expect_exit(program, 2);
    child_expect_stdout(program, "%s", "");
    child_expect_stderr(program, "%s: %s\nusage: %s %s", name, complaint, name,
                        port_usage);
    child_free(program);
}
#define expect_wrong_port(...) HERE(expect_wrong_port, __VA_ARGS__)

START_TEST(what_is_not_a_port_is_wrong_usage)
{
    static const char *const wrong[] = {
        "abc", "-1",  "70000", "65536", "",      "99999999999",
        "80x", "+80", " 80",   "0x50",  "80 81", "18446744073709551617"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct child *program = RUN(wrong[i]);
        char complaint[80];

        snprintf(complaint, sizeof complaint, "'%s' is not a port", wrong[i]);
        expect_wrong_port(_i, complaint, program);
    }
}
END_TEST

START_TEST(more_than_one_port_is_wrong_usage)
{
    expect_wrong_port(_i, "too many arguments", RUN("5000", "5001"));
}
END_TEST

START_TEST(asked_for_help_it_prints_the_usage_on_stdout)
{
    struct child *program = RUN("-h");

    child_expect_exit(program, 0);
    child_expect_stdout(program, "usage: %s %s", name_of(_i), port_usage);
    child_expect_stderr(program, "%s", "");
    child_free(program);
}
END_TEST

/* -- targets -------------------------------------------------------------- */

static const char target_usage[] = " [-t SECONDS] [HOST[:PORT]]...\n"
                                   "  -t SECONDS   give up after that long; ";

static void expect_wrong_targets(int i, const char *complaint,
                                 struct child *program)
{
    const char *name = name_of(i);

    child_expect_exit(program, 2);
    child_expect_stdout(program, "%s", "");
    stream_expect(program, &program->err, "%s", complaint);
    stream_expect(program, &program->err, "usage: %s%s", name, target_usage);
    child_free(program);
}
#define expect_wrong_targets(...) HERE(expect_wrong_targets, __VA_ARGS__)

START_TEST(what_is_not_a_time_is_wrong_usage)
{
    static const char *const wrong[] = {"0",  "-1",  "abc", "",
                                        "1s", "nan", "inf", "1e9"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_wrong_targets(_i, "' is not a time in seconds\n",
                             RUN("-t", wrong[i], "127.0.0.1:9"));
    expect_wrong_targets(_i, "t", RUN("-t"));
    expect_wrong_targets(_i, "x", RUN("-x"));
}
END_TEST

START_TEST(what_is_not_a_target_is_wrong_usage)
{
    static const char *const wrong[] = {
        "127.0.0.1:99999", "127.0.0.1:", "127.0.0.1:x", "",  ":80", "[::1",
        "[::1]x",          "[::1]:x",    "5000",        "-", "-t"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_wrong_targets(_i, "' is not HOST or HOST:PORT\n",
                             RUN("127.0.0.1:9", wrong[i]));
}
END_TEST

START_TEST(asked_for_help_it_names_the_options)
{
    struct child *program = RUN("-h");

    child_expect_exit(program, 0);
    stream_expect(program, &program->out, "usage: %s%s", name_of(_i),
                  target_usage);
    child_expect_stderr(program, "%s", "");
    child_free(program);
}
END_TEST

/* -- selectors ------------------------------------------------------------- */

enum { SELECTORS = 16 };

/* Which there are, the best first, as the program itself says. How many. */
static int list_selectors(int i, char names[SELECTORS][32])
{
    static const char before[] = "  SELECTOR can be";
    struct launch launch = launch_of(&subjects[i], 0);
    struct child *program;
    const char *list;
    int length;
    int count = 0;

    launch.selector = "nonsense";
    program = child_start(
        &launch, ARGS(subject_is(&subjects[i], "04") ? "127.0.0.1:9" : "0"));
    child_expect_exit(program, 1);
    child_expect_stdout(program, "%s", "");
    stream_expect(program, &program->err,
                  ": cannot open selector 'nonsense': ");
    stream_expect(program, &program->err, "%s", before);
    stream_expect(program, &program->err, ", or unset ");
    list = strstr(program->err.text, before) + strlen(before);
    while (count < SELECTORS &&
           sscanf(list, " %31[^, ]%n", names[count], &length) == 1) {
        list += length;
        count++;
    }
    child_free(program);
    return count;
}
#define list_selectors(...) HERE(list_selectors, __VA_ARGS__)

static int place_of(const char *name, char names[SELECTORS][32], int count)
{
    int place = 0;

    while (place < count && strcmp(names[place], name) != 0)
        place++;
    if (place == count)
        fail_with("expected %s among the selectors", name);
    return place;
}
#define place_of(...) HERE(place_of, __VA_ARGS__)

START_TEST(an_unknown_selector_is_named_with_those_that_exist)
{
    char names[SELECTORS][32];
    int count = list_selectors(_i, names);

    place_of("poll", names, count);
    place_of("select", names, count);
}
END_TEST

/* What a server says it waits with; "": it cannot. */
static void announced(int i, const char *selector, char name[64])
{
    struct launch launch = launch_for(i);
    struct child *server;

    launch.selector = selector;
    server = child_start_on(&launch, 0);
    *name = '\0';
    server->port = server_await_port(server);
    if (server->port == 0) {
        stream_expect(server, &server->err,
                      ": cannot open selector '%s': ", selector);
        child_finish(server, 1);
        return;
    }
    sscanf(server->out.text, "%*[^,] with %63[^,]", name);
    expect_no_harm(server);
}
#define announced(...) HERE(announced, __VA_ARGS__)

START_TEST(without_a_choice_the_first_selector_that_works_is_taken)
{
    char names[SELECTORS][32];
    int count = list_selectors(_i, names);
    char first[64] = "";
    char taken[64];

    for (int i = count - 1; i >= 0; i--) {
        char name[64];

        announced(_i, names[i], name);
        if (*name != '\0')
            strcpy(first, name);
    }
    announced(_i, NULL, taken);
    ck_assert_str_eq(taken, first);
}
END_TEST

START_TEST(the_best_selector_of_the_system_comes_before_the_old_ones)
{
#if defined __linux__
    static const char best[] = "epoll";
#elif defined __APPLE__ || defined __FreeBSD__ || defined __OpenBSD__ ||       \
    defined __NetBSD__ || defined __DragonFly__
    static const char best[] = "kqueue";
#else
    static const char best[] = "poll";
#endif
    char names[SELECTORS][32];
    int count = list_selectors(_i, names);

    ck_assert_int_le(place_of(best, names, count),
                     place_of("poll", names, count));
    ck_assert_int_lt(place_of("poll", names, count),
                     place_of("select", names, count));
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add(TCase *tc, int i)
{
    const struct subject *subject = &subjects[i];

    if (subject->selector != NULL)
        return; /* it is the same program */
    if (subject_is(subject, "04")) {
        ADD(what_is_not_a_time_is_wrong_usage);
        ADD(what_is_not_a_target_is_wrong_usage);
        ADD(asked_for_help_it_names_the_options);
    } else {
        ADD(what_is_not_a_port_is_wrong_usage);
        ADD(more_than_one_port_is_wrong_usage);
        ADD(asked_for_help_it_prints_the_usage_on_stdout);
    }
    if (!subject->has_selector)
        return;
    ADD(an_unknown_selector_is_named_with_those_that_exist);
    ADD(the_best_selector_of_the_system_comes_before_the_old_ones);
    if (subject_is(subject, "03"))
        ADD(without_a_choice_the_first_selector_that_works_is_taken);
}

int main(void)
{
    return suites_run_ours("SERVER UPPER CLIENT CONNECT BUSY", add);
}

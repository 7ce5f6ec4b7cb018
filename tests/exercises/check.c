/* check.c -- plays the check of one exercise: check NUMBER PROGRAM SOURCE. */
#include "check.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS = 100, TEXT = 200, LIMIT_S = 200 };

struct child *program;
const char *program_path;
const char *program_source;
struct launch program_launch;

static char steps[STEPS][TEXT];
static int step_count;
static char reason[4 * TEXT];
static struct person {
    int fd;
    int port;
    const char *name;
} people[PEOPLE];
static int people_count;

/* -- the story ------------------------------------------------------------- */

void step(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (step_count < STEPS)
        vsnprintf(steps[step_count++], TEXT, format, arguments);
    va_end(arguments);
}

void because(const char *format, ...)
{
    va_list arguments;

    *reason = '\0';
    if (format == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
}

static const char *name_of_port(int port)
{
    for (int i = 0; i < people_count; i++)
        if (people[i].port == port)
            return people[i].name;
    return NULL;
}

/* The harness knows clients by their port; the reader knows A and B. */
static void print_with_names(const char *line, size_t length)
{
    static const char word[] = "client ";
    const char *end = line + length;
    const char *found;

    while ((found = strstr(line, word)) != NULL && found < end) {
        char *rest;
        int port = (int)strtol(found + strlen(word), &rest, 10);
        const char *name = name_of_port(port);

        if (name == NULL)
            name = "a client";
        printf("%.*s%s", (int)(found - line), line, name);
        line = rest;
    }
    printf("%.*s\n", (int)(end - line), line);
}

/* A line that a program has repeated is printed once. */
static void print_message(const char *line)
{
    const char *before = "";
    size_t length_before = 0;
    int repeated = 0;

    while (*line != '\0') {
        size_t length = strcspn(line, "\n");

        if (length > 0 && length == length_before &&
            memcmp(line, before, length) == 0) {
            repeated++;
        } else {
            if (repeated > 0)
                printf("  (and %d times more)\n", repeated);
            print_with_names(line, length);
            repeated = 0;
        }
        before = line;
        length_before = length;
        line += length + (line[length] == '\n');
    }
    if (repeated > 0)
        printf("  (and %d times more)\n", repeated);
}

static void print_red(const char *message)
{
    for (int i = 0; i < step_count; i++)
        printf("%s%3d  %s\n", i == step_count - 1 ? "->" : "  ", i + 1,
               steps[i]);
    printf("\n  ");
    print_message(message);
    if (*reason != '\0')
        printf("\n  %s\n", reason);
    fflush(stdout);
    ck_abort_msg("red");
}

/* The text of a function, from its name to the brace that ends it. */
static char *body_of(const char *path, const char *function)
{
    static char text[64 * 1024];
    FILE *file = fopen(path, "r");
    char *start;
    char *end;

    if (file == NULL)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (start = strstr(text, function); start != NULL;
         start = strstr(start + 1, function)) {
        end = strstr(start, "\n}");
        if (end != NULL && memchr(start, '{', (size_t)(end - start)) != NULL &&
            strcspn(start, ";") > strcspn(start, "{")) {
            *end = '\0';
            return start;
        }
    }
    return NULL;
}

bool source_order(const char *path, const char *function, const char *first,
                  const char *second)
{
    const char *body = body_of(path, function);
    const char *one = body == NULL ? NULL : strstr(body, first);

    return one != NULL && strstr(one, second) != NULL;
}

/* -- the program ----------------------------------------------------------- */

void server_starts(void)
{
    step_count = 0; /* a new story */
    step("the server starts");
    program_launch.path = program_path;
    program = server_start(&program_launch);
    snprintf(program->name, sizeof program->name, "the server");
}

void program_starts(const char *const *arguments)
{
    char line[TEXT] = "";
    size_t used = 0;

    for (int i = 0; arguments[i] != NULL && used < sizeof line; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, " %s",
                                 arguments[i]);
    step("the program is started with%s", line);
    program_launch.path = program_path;
    program = child_start(&program_launch, arguments);
    snprintf(program->name, sizeof program->name, "the program");
}

void server_ends_well(void)
{
    step("the server is still there");
    child_stop(program);
}

void server_sleeps(const char *when)
{
    step("the server sleeps %s", when);
    child_expect_idle(program, when);
}

/* -- those who talk to it -------------------------------------------------- */

static const char *name_of(int client)
{
    for (int i = people_count - 1; i >= 0; i--)
        if (people[i].fd == client)
            return people[i].name;
    return "somebody";
}

int connects(const char *name)
{
    int fd;

    step("%s connects", name);
    fd = client_connect(program->port);
    if (people_count < PEOPLE)
        people[people_count++] =
            (struct person){.fd = fd, .port = client_port(fd), .name = name};
    return fd;
}

void says(int client, const char *text)
{
    step("%s says %s", name_of(client), quoted(text, strlen(text)));
    client_send_text(client, text);
}

/* Takes what comes, at most so many bytes in all; false: nothing more comes. */
static bool take(int client, struct heard *heard, size_t most, long long limit)
{
    ssize_t received = client_receive(client, heard->bytes + heard->size,
                                      most - heard->size, limit);

    if (received > 0)
        heard->size += (size_t)received;
    else if (received == 0)
        heard->then = "the end of the connection";
    else
        heard->then = errno == ETIMEDOUT ? "nothing" : strerror(errno);
    return received > 0;
}

struct heard hears_line(int client)
{
    long long limit = now_ms() + patience_ms();
    struct heard heard = {.then = ""};

    while (heard.size < sizeof heard.bytes &&
           memchr(heard.bytes, '\n', heard.size) == NULL)
        if (!take(client, &heard, sizeof heard.bytes, limit))
            break;
    return heard;
}

bool is_heard(const struct heard *heard, const char *text)
{
    return heard->size == strlen(text) &&
           memcmp(heard->bytes, text, heard->size) == 0;
}

void must_be(int client, const struct heard *heard, const char *reply)
{
    if (is_heard(heard, reply))
        return;
    fail_with("client %d: expected %s, got %s%s%s", client_port(client),
              quoted(reply, strlen(reply)),
              heard->size == 0 ? "" : quoted(heard->bytes, heard->size),
              heard->size == 0 || *heard->then == '\0' ? "" : ", then ",
              heard->then);
}

/* Not one byte more than the reply: another may stand behind it. */
static void hear(int client, const char *reply)
{
    long long limit = now_ms() + patience_ms();
    struct heard heard = {.then = ""};
    size_t size = strlen(reply);

    if (size > sizeof heard.bytes)
        fail_with("a reply of %zu bytes is too long for hears()", size);
    while (heard.size < size && memcmp(heard.bytes, reply, heard.size) == 0)
        if (!take(client, &heard, size, limit))
            break;
    must_be(client, &heard, reply);
}

void hears(int client, const char *reply)
{
    step("%s hears %s", name_of(client), quoted(reply, strlen(reply)));
    hear(client, reply);
}

void hears_in_the_end(int client, const char *words)
{
    char heard[64 * 1024];
    size_t length = 0;

    step("%s hears %s", name_of(client), quoted(words, strlen(words)));
    do {
        if (client_receive(client, heard + length, 1,
                           now_ms() + patience_ms()) != 1 ||
            length + 2 > sizeof heard)
            fail_with("expected %s to hear %s, got %s", name_of(client),
                      quoted(words, strlen(words)), quoted(heard, length));
        heard[++length] = '\0';
    } while (length < strlen(words) ||
             strcmp(heard + length - strlen(words), words) != 0);
}

void asks(int client, const char *text, const char *reply)
{
    step("%s says %s, and hears %s", name_of(client),
         quoted(text, strlen(text)), quoted(reply, strlen(reply)));
    client_send_text(client, text);
    hear(client, reply);
}

void has_heard_nothing(int client, const char *when)
{
    step("%s has heard nothing %s", name_of(client), when);
    client_expect_silence(client, when);
}

void leaves(int client)
{
    step("%s says that it is done, and hears the end", name_of(client));
    client_leave(client);
}

void vanishes(int client)
{
    step("%s closes its connection", name_of(client));
    close(client);
}

void resets(int client)
{
    step("%s resets its connection", name_of(client));
    client_reset(client);
}

void is_closed(int client)
{
    step("the server closes %s's connection", name_of(client));
    client_expect_closed(client);
    close(client);
}

/* -- which one ------------------------------------------------------------- */

static const struct exercise *const lessons[] = {
    lesson0, lesson1, lesson1h, lesson2, lesson3, lesson4, lesson5, lesson6};

static void (*chosen)(void);

static void (*find(const char *number))(void)
{
    for (size_t i = 0; i < sizeof lessons / sizeof *lessons; i++)
        for (const struct exercise *one = lessons[i]; one->number != NULL;
             one++)
            if (strcmp(one->number, number) == 0)
                return one->check;
    return NULL;
}

START_TEST(play)
{
    harness_failed = print_red;
    chosen();
}
END_TEST

/* Whoever computes for ever, or brings the check itself down. */
static void say_how_it_ended(SRunner *runner)
{
    TestResult **results = srunner_failures(runner);

    if (tr_rtype(results[0]) == CK_ERROR)
        printf("The check was ended before its end: %s\n", tr_msg(results[0]));
    free(results);
}

static int run(void)
{
    Suite *suite = suite_create("exercise");
    TCase *tcase = tcase_create("exercise");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, LIMIT_S);
    tcase_add_test(tcase, play);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    if (failed > 0)
        say_how_it_ended(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 4 || (chosen = find(argv[1])) == NULL) {
        fprintf(stderr, "usage: check NUMBER PROGRAM SOURCE\n");
        return 2;
    }
    program_path = argv[2];
    program_source = argv[3];
    unsetenv("O");
    setenv("CK_TIMEOUT_MULTIPLIER", "0.1", 0); /* two seconds; twenty in all */
    return run();
}

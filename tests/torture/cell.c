/* cell.c -- one case played to one program, and what must hold after.
 *
 * Whatever the case was, afterwards the process lives, a client who comes now
 * is served exactly, as many descriptors are open as before, the memory is what
 * it was, and the processor is idle. Every wait has an end: patience_ms().
 */
#include "case.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct child *server;
struct outcome outcome;

static struct cell *cell;
static struct launch launch;
static int descriptors_before;
static long memory_before;
static const struct child *first_server; /* before the case begins */

/* -- the end of a cell ----------------------------------------------------- */

static _Noreturn void deliver(void)
{
    cell->outcome = outcome;
    exit(0); /* which ends the programs, too */
}

/* The last line with something in it, after a colon. */
static void last_words(const char *text, char *words, size_t size)
{
    size_t end = strlen(text);
    size_t start;

    while (end > 0 && isspace((unsigned char)text[end - 1]))
        end--;
    for (start = end; start > 0 && text[start - 1] != '\n'; start--)
        continue;
    snprintf(words, size, "%s%.*s", end > 0 ? ": " : "", (int)(end - start),
             text + start);
}

/* What the programs print meanwhile is read, or a full pipe might stop them. */
static void let_pass_ms(int time_ms)
{
    long long moment = now_ms() + time_ms;

    while (now_ms() < moment)
        wait_until(moment, -1, 0);
}

/* It may take a while from the reset that its clients see to its end. */
static bool has_died(void)
{
    enum { SOON_MS = 300 };
    long long limit = now_ms() + SOON_MS;

    while (child_runs(server) && now_ms() < limit)
        let_pass_ms(5);
    wait_until(0, -1, 0);
    return !child_runs(server);
}

/* This goes before what was found out until now. */
static void conclude(enum verdict verdict, const char *evidence)
{
    enum { HALF = sizeof outcome.evidence / 2 - 20 };
    char before[HALF];

    memcpy(before, outcome.evidence, HALF - 1);
    before[HALF - 1] = '\0';
    outcome.verdict = verdict;
    snprintf(outcome.evidence, sizeof outcome.evidence, "%.*s%s%s", HALF,
             evidence, *before == '\0' ? "" : "; before that, ", before);
}

void end_with(enum verdict verdict, const char *format, ...)
{
    char evidence[sizeof outcome.evidence];
    char words[200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(evidence, sizeof evidence, format, arguments);
    va_end(arguments);
    if (server != NULL && has_died()) {
        verdict = DIES;
        last_words(server->err.length == 0 ? "" : server->err.text, words,
                   sizeof words);
        snprintf(evidence, sizeof evidence, "%s%s", child_state(server), words);
    }
    conclude(verdict, evidence);
    deliver();
}

/* The harness has not got what it waited for. Behind its message stands how the
 * programs are. */
static void harness_gave_up(const char *message)
{
    const char *end = strstr(message, ": killed by signal ");
    char words[200];

    if (end == NULL)
        end = strstr(message, ": exit status ");
    if (end == NULL)
        end_with(STUCK, "%.*s", (int)strcspn(message, "\n"), message);
    last_words(strchr(end, '\n') == NULL ? "" : end, words, sizeof words);
    end_with(DIES, "%.*s%s", (int)strcspn(end + 2, ";\n"), end + 2, words);
}

/* -- time ------------------------------------------------------------------ */

enum { SECOND_TRY = 5, PATIENCES = 3 };

/* What the patience of the harness is multiplied by, for a second try too. */
static double multiplier;

/* A program is given ten times more to start than to answer a client. */
static void be_patient(bool very)
{
    char text[32];

    snprintf(text, sizeof text, "%f", very ? multiplier : multiplier / 10);
    setenv("CK_TIMEOUT_MULTIPLIER", text, 1);
}

static void learn_times(void)
{
    const char *text = getenv("CK_TIMEOUT_MULTIPLIER");
    double given = text == NULL ? 0 : strtod(text, NULL);

    alarm((unsigned)(patience_ms() * PATIENCES * cell->tries + 999) / 1000);
    multiplier = (given > 0 ? given : 1) * (cell->tries == 1 ? 1 : SECOND_TRY);
    be_patient(false);
}

int newcomer_ms(void)
{
    return cell->column->waiting == NOBODY_WAITS ? patience_ms()
                                                 : patience_ms() / 10;
}

void had_to_wait(const char *format, ...)
{
    size_t used;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(outcome.evidence, sizeof outcome.evidence, format, arguments);
    va_end(arguments);
    used = strlen(outcome.evidence);
    snprintf(outcome.evidence + used, sizeof outcome.evidence - used,
             " was not answered within %d ms, only when others had left",
             newcomer_ms());
    outcome.verdict = WAITS;
}

/* -- before and after ------------------------------------------------------ */

static void note(enum measure measure, bool measured)
{
    if (!measured)
        outcome.unmeasured |= (int)measure;
}

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

long memory_now(void)
{
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
    return -1; /* what is freed is kept for a while */
#else
    return child_memory(server);
#endif
}

static void look_around(void)
{
    int client = come("the first client");

    learn_manner(client);
    leave(client, "the first client");
    descriptors_before = child_descriptors(server);
    memory_before = memory_now();
}

struct child *start_another_on(int port)
{
    return child_start_on(&launch, port);
}

bool start_on(int port)
{
    be_patient(true);
    server = start_another_on(port);
    server->port = server_await_port(server);
    be_patient(false);
    if (server->port != 0)
        look_around();
    return server->port != 0;
}

void start_unheard(int in, int out)
{
    launch.in = in;
    launch.out = out;
    be_patient(true);
    server = server_start_unheard(&launch);
    be_patient(false);
    look_around();
}

static void expect_service(void)
{
    int client = come("a client who comes afterwards");

    serve(client, "a client who comes afterwards");
    leave(client, "a client who comes afterwards");
}

static void expect_descriptors(void)
{
    long long limit = now_ms() + patience_ms();
    int now;

    note(DESCRIPTORS, descriptors_before != -1);
    while ((now = child_descriptors(server)) > descriptors_before)
        if (now_ms() > limit)
            end_with(LEAKS, "%d descriptors more are open than before",
                     now - descriptors_before);
        else
            let_pass_ms(5);
}

void expect_no_more_growth(void (*again)(void), long allowed_kib, long grown)
{
    enum { ROUNDS = 3 };
    char evidence[200];
    int used = snprintf(evidence, sizeof evidence,
                        "it uses %ld KiB more than before", grown);

    for (int i = 0; i < ROUNDS; i++) {
        long before = memory_now();

        again();
        let_it_sleep();
        grown = memory_now() - before;
        if (grown <= allowed_kib)
            return;
        used +=
            snprintf(evidence + used, sizeof evidence - (size_t)used, "%s %ld",
                     i == 0 ? ", and round by round again" : ",", grown);
    }
    end_with(GROWS, "%s KiB", evidence);
}

/* A program, or its malloc(), may keep what many clients at once have needed,
 * for the next ones. It grows, and then it stays; so whoever has grown a lot
 * plays the case again. What a program loses with each is seen when they come
 * one after the other, too. */
static void expect_memory(void)
{
    enum { ALLOWED_KIB = 4096, EACH_KIB = 16, AGAIN_KIB = 256 };
    long grown = memory_now() - memory_before;
    int clients = outcome.served > 0 ? outcome.served : 1;

    note(MEMORY, memory_before != -1);
    if (memory_before == -1 || grown <= ALLOWED_KIB + clients * EACH_KIB)
        return;
    if (server != first_server) /* to play it again starts another one */
        end_with(GROWS, "it uses %ld KiB more than before", grown);
    expect_no_more_growth(cell->row->play, AGAIN_KIB, grown);
}

/* Whether it waits for nothing but the processor: one that does and gets none
 * would seem to be idle. The state comes after the name in brackets. */
static bool is_runnable(void)
{
    char path[64];
    char line[256] = "";
    const char *name_end;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)server->pid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    (void)!fgets(line, sizeof line, file);
    fclose(file);
    name_end = strrchr(line, ')');
    return name_end != NULL && strncmp(name_end, ") R", 3) == 0;
}

bool rests_for_a_moment(void)
{
    enum { MOMENT_MS = 20, ALLOWED_NS = 2 * 1000 * 1000 };
    long long before = child_cpu_ns(server);
    bool runnable = is_runnable();

    let_pass_ms(MOMENT_MS);
    return !runnable && !is_runnable() &&
           child_cpu_ns(server) - before < ALLOWED_NS;
}

void let_it_sleep(void)
{
    enum { TRIES = 20 };

    for (int i = 0; i < TRIES && !rests_for_a_moment(); i++)
        continue;
}

void expect_rest(const char *when)
{
    long long start = now_ms();
    long long before = child_cpu_ns(server);

    note(PROCESSOR, before != -1);
    while (before != -1 && !rests_for_a_moment())
        if (now_ms() - start > patience_ms())
            end_with(SPINS, "%s it used %lld ms of processor time in %lld ms",
                     when, (child_cpu_ns(server) - before) / 1000000,
                     now_ms() - start);
}

static void expect_all_as_before(void)
{
    if (!child_runs(server))
        end_with(DIES, "it has ended");
    expect_service();
    expect_descriptors();
    expect_memory();
    expect_rest("with nothing to do");
    if (stream_has(&server->err, "Sanitizer: ") ||
        stream_has(&server->err, "runtime error: "))
        end_with(WRONG, "a sanitizer has found an error");
}

void play_cell(struct cell *played)
{
    cell = played;
    outcome = (struct outcome){.connected = -1, .served = -1};
    harness_failed = harness_gave_up;
    learn_times();
    launch = cell->column->launch;
    launch.descriptors = cell->row->descriptors;
    if (!cell->row->unheard && !start_on(0))
        end_with(STUCK, "it does not say that it listens");
    first_server = server;
    cell->row->play();
    expect_all_as_before();
    deliver();
}

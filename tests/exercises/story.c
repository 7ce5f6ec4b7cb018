/* story.c -- what is told: the steps so far, and what is behind a red one. */
#include "check.h"
#include "parts.h"

#include <check.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { STEPS = 100, TEXT = 200 };

static char steps[STEPS][TEXT];
static int step_count;
static char reasons[STATES][4 * TEXT]; /* [SLEEPS]: whatever it does */

void story_begins(const char *selector)
{
    step_count = 0;
    people_are_forgotten();
    program_launch.selector = selector;
}

void on_every_selector(void (*story)(void))
{
    static const char *const selectors[] = {NULL, "poll", "select"};

    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        story_begins(selectors[i]);
        story();
    }
}

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

    memset(reasons, 0, sizeof reasons);
    if (format == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(reasons[SLEEPS], sizeof reasons[SLEEPS], format, arguments);
    va_end(arguments);
}

void because_if(enum state state, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reasons[state], sizeof reasons[state], format, arguments);
    va_end(arguments);
}

/* By which signal; 0: it runs, or has ended by itself. */
static int killed_by(void)
{
    return WIFSIGNALED(program->status) ? WTERMSIG(program->status) : 0;
}

/* Not by us, and not because a peer had gone. */
static bool has_crashed(void)
{
    int number = killed_by();

    return (number != 0 && number != SIGTERM && number != SIGPIPE) ||
           stream_has(&program->err, "Sanitizer");
}

static enum state state_of_program(void)
{
    if (program == NULL || program->pid == 0)
        return SLEEPS;
    if (!child_runs(program) && has_crashed())
        return KILLED;
    if (!child_runs(program))
        return ENDED;
    return *reasons[SPINS] != '\0' && program_spins() ? SPINS : SLEEPS;
}

static const char *reason(void)
{
    enum state state = state_of_program();

    if (state == KILLED && killed_by() == SIGALRM)
        return "An alarm() has rung. It kills whoever has not said what is to "
               "be done then (SIGALRM).";
    if (*reasons[state] != '\0')
        return reasons[state];
    if (state == KILLED)
        return "It was killed. Perhaps it has used a place before or behind "
               "an array, or followed a pointer that is NULL (from lesson 3 "
               "on: data? callback?); valgrind says where.";
    return reasons[SLEEPS];
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
        const char *name = person_at(port);

        if (rest == found + strlen(word)) /* "a client has gone" */
            name = word;
        else if (name == NULL)
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

/* Ends the check: see harness_failed. */
void story_ends_red(const char *message)
{
    const char *why = reason();

    for (int i = 0; i < step_count; i++)
        printf("%s%3d  %s\n", i == step_count - 1 ? "->" : "  ", i + 1,
               steps[i]);
    printf("\n  ");
    print_message(message);
    if (*why != '\0')
        printf("\n  %s\n", why);
    fflush(stdout);
    ck_abort_msg("red");
}

/* outcome.c -- how a test ends that does not pass, and where it was then. */
#include "outcome.h"

#include "programs.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct place place;

bool place_enter(const char *file, int line)
{
    if (place.file != NULL)
        return false;
    place = (struct place){file, line};
    return true;
}

void place_leave(const bool *entered)
{
    if (*entered)
        place.file = NULL;
}

struct place place_of_failure(void)
{
    struct place failure = place;

    place.file = NULL;
    return failure;
}

static void give_to_stderr(const char *message)
{
    struct place failure = place_of_failure();

    if (failure.file != NULL)
        fprintf(stderr, "%s:%d: ", failure.file, failure.line);
    fprintf(stderr, "%s\n", message);
    exit(1);
}

void (*harness_failed)(const char *message) = give_to_stderr;

void fail_with(const char *format, ...)
{
    static char message[16384];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, 4096, format, arguments);
    va_end(arguments);
    children_describe(message, sizeof message);
    harness_failed(message);
    abort();
}

void skip(const char *test, const char *why)
{
    printf("skipped: %s: %s\n", test, why);
    fflush(stdout);
}

const char *quoted(const void *bytes, size_t size)
{
    enum { SHOWN = 60 };
    static char texts[4][4 * SHOWN + 40];
    static int next;
    const unsigned char *byte = bytes;
    char *start = texts[next++ % 4];
    char *to = start;

    *to++ = '"';
    for (size_t i = 0; i < size && i < SHOWN; i++)
        if (byte[i] == '\n')
            to += sprintf(to, "\\n");
        else if (byte[i] == '\r')
            to += sprintf(to, "\\r");
        else if (isprint(byte[i]) && byte[i] != '"' && byte[i] != '\\')
            *to++ = (char)byte[i];
        else
            to += sprintf(to, "\\%03o", byte[i]);
    sprintf(to, size > SHOWN ? "\"... (%zu bytes)" : "\"", size);
    return start;
}

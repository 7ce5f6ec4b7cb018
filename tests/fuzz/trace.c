/* trace.c -- what was done, told when selector and model disagree. */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>

static char trace[32 * 1024];
static size_t trace_length;

static void give_to_stderr(const char *message)
{
    fprintf(stderr, "%s\n", message);
    abort();
}

void (*fuzz_failed)(const char *message) = give_to_stderr;

void trace_start(void)
{
    trace_length = 0;
    trace[0] = '\0';
}

void did(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(trace + trace_length, sizeof trace - trace_length, format,
              arguments);
    va_end(arguments);
    trace_length += strlen(trace + trace_length);
}

_Noreturn void disagree(const char *format, ...)
{
    static char message[sizeof trace + 512];
    int length = snprintf(message, sizeof message, "%s\n", trace);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message + length, sizeof message - (size_t)length, format,
              arguments);
    va_end(arguments);
    fuzz_failed(message);
    abort();
}

void expect_error(int result, int error, const char *call)
{
    int came = result == -1 ? errno : 0;

    did(" = %d %s\n", result, came == 0 ? "" : strerror(came));
    if ((result != 0 && result != -1) || came != error)
        disagree("%s: expected %s", call,
                 error == 0 ? "success" : strerror(error));
}

/* shown.c -- what the pictures in a pipe show. */
#include "shown.h"

#include "harness.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t shown_until;

/* The next line of a block; NULL: it ends here. */
static char *next_line(char **rest)
{
    char *line = *rest;
    size_t length = strcspn(line, "\n");

    if (length == 0)
        return NULL;
    *rest = line + length + (line[length] == '\n');
    line[length] = '\0';
    return line;
}

static bool has_line(const char *block, const char *pattern)
{
    char copy[TEXT];
    char *rest = copy;
    char *line;

    snprintf(copy, sizeof copy, "%s", block);
    while ((line = next_line(&rest)) != NULL)
        if (fnmatch(pattern, line, 0) == 0)
            return true;
    return false;
}

static bool has_lines(const char *block, const char *patterns)
{
    char copy[1024];
    char *pattern;

    snprintf(copy, sizeof copy, "%s", patterns);
    for (pattern = strtok(copy, "|"); pattern; pattern = strtok(NULL, "|"))
        if (!has_line(block, pattern))
            return false;
    return true;
}

bool shown(struct child *watch, const char *patterns)
{
    while (watch->out.length > shown_until) {
        char block[TEXT];
        const char *start = watch->out.text + shown_until;
        const char *end;

        if (*start == '\n') {
            shown_until++;
            continue;
        }
        end = strstr(start, "\n\n");

        snprintf(block, sizeof block, "%.*s",
                 end == NULL ? (int)strlen(start) : (int)(end + 1 - start),
                 start);
        if (has_lines(block, patterns)) {
            shown_until += strlen(block);
            return true;
        }
        if (end == NULL)
            return false;
        shown_until += strlen(block);
    }
    return false;
}

#undef expect_picture
void expect_picture(struct child *watch, const char *format, ...)
{
    long long limit = now_ms() + patience_ms();
    char patterns[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(patterns, sizeof patterns, format, arguments);
    va_end(arguments);
    while (!shown(watch, patterns))
        if (watch->out.fd == -1 || !wait_until(limit, -1, 0))
            fail_with("expected a picture with \"%s\", the last is: %s",
                      patterns, watch->out.text + shown_until);
}

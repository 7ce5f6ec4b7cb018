/* subjects.c -- our programs: the one table of what is examined. */
#include "subjects.h"

#include <stdio.h>
#include <string.h>

#define WITH_EACH_SELECTOR(...)                                                \
    {__VA_ARGS__, NULL, true}, {__VA_ARGS__, "poll", true},                    \
    {                                                                          \
        __VA_ARGS__, "select", true                                            \
    }

const struct subject subjects[] = {
    {"01", "01_blocking/server", "SERVER", NULL, false},
    {"01", "01_blocking/functions", "SERVER", NULL, false},
    {"02", "02_select_loop/server", "SERVER", NULL, false},
    WITH_EACH_SELECTOR("03", "03_selectors_callbacks/server", "SERVER"),
    WITH_EACH_SELECTOR("03", "03_selectors_callbacks/upper", "UPPER"),
    {"03", "03_selectors_callbacks/client", "CLIENT", NULL, false},
    WITH_EACH_SELECTOR("04", "04_nonblocking_connect/connect", "CONNECT"),
    {"04", "04_nonblocking_connect/busy", "BUSY", NULL, false},
};

const int subject_count = sizeof subjects / sizeof *subjects;

const char *subject_program(const struct subject *subject)
{
    return strrchr(subject->path, '/') + 1;
}

bool subject_is(const struct subject *subject, const char *word)
{
    return strcmp(word, subject->stage) == 0 ||
           strcmp(word, subject->variable) == 0 ||
           strcmp(word, subject_program(subject)) == 0 ||
           (subject->selector != NULL && strcmp(word, subject->selector) == 0);
}

const char *subject_name(const struct subject *subject)
{
    enum { SIZE = 60 };
    static char names[sizeof subjects / sizeof *subjects][SIZE]; /* kept */
    char *name = names[subject - subjects];

    snprintf(name, SIZE, "%s %s%s%s", subject->stage, subject_program(subject),
             subject->selector == NULL ? "" : " ",
             subject->selector == NULL ? "" : subject->selector);
    return name;
}

struct launch launch_of(const struct subject *subject, int descriptors)
{
    return (struct launch){.path = subject->path,
                           .variable = subject->variable,
                           .selector = subject->selector,
                           .descriptors = descriptors};
}

static bool any_is_replaced(void)
{
    for (int i = 0; i < subject_count; i++)
        if (is_replaced(subjects[i].variable))
            return true;
    return false;
}

static bool is_the_first_of_its_kind(const struct subject *subject)
{
    const struct subject *other = subjects;

    while (strcmp(other->variable, subject->variable) != 0 ||
           strcmp(other->stage, subject->stage) != 0)
        other++;
    return other == subject;
}

bool subject_is_wanted(const struct subject *subject)
{
    if (is_replaced(subject->variable))
        return is_the_first_of_its_kind(subject);
    return !any_is_replaced();
}

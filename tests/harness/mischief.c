/* mischief.c -- starts a program with the library of preloaded/mischief.c. */
#include "mischief.h"

#include "programs.h"

#include <stdio.h>
#include <stdlib.h>

/* What the program finds in its environment. What sanitizers want to be sure of
 * is that no library comes before theirs. */
static char library[320];
static char library_on_macos[320];
static char sanitizer[] = "ASAN_OPTIONS=verify_asan_link_order=0";
static char mischief[400];
static char two[100];
static char *environment[] = {
    library, library_on_macos, sanitizer, mischief, two, NULL};

void set_two(const char *first, const char *second)
{
    snprintf(two, sizeof two, "TWO=%s %s", first, second);
}

void launch_with_faults(struct launch *launch, const char *faults)
{
    const char *o = getenv("O") == NULL ? "" : getenv("O");
    const char *build = *o == '\0' ? "build/" : o;

    snprintf(mischief, sizeof mischief, "MISCHIEF=%s", faults);
    snprintf(library, sizeof library, "LD_PRELOAD=%sharness/mischief.so",
             build);
    snprintf(library_on_macos, sizeof library_on_macos,
             "DYLD_INSERT_LIBRARIES=%sharness/mischief.so", build);
    launch->environment = environment;
}

/* A wrapper can be a script, and what goes wrong be its affair. */
bool can_preload_into(struct launch launch)
{
    struct child *program;
    bool can;

    if (is_wrapped())
        return false;
    launch_with_faults(&launch, "hello");
    program = child_start(&launch, ARGS("-h"));
    while (child_says_more(program, &program->err, now_ms() + patience_ms()))
        continue;
    can = stream_has(&program->err, "mischief is there");
    child_free(program);
    return can;
}

/* preload.c -- starts our programs with the library of mischief.c. */
#define PRELOAD_C
#include "preload.h"

#include "talk.h"

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

static const char *known_selector(const struct subject *subject)
{
#ifdef __linux__
    if (subject->has_selector && subject->selector == NULL)
        return "epoll";
#endif
    return subject->selector;
}

struct child *start_with_faults(int i, const char *argument, const char *faults)
{
    const char *o = getenv("O") == NULL ? "" : getenv("O");
    const char *build = *o == '\0' ? "build/" : o;
    struct launch launch = launch_for(i);

    snprintf(mischief, sizeof mischief, "MISCHIEF=%s", faults);
    snprintf(library, sizeof library, "LD_PRELOAD=%sprograms/mischief.so",
             build);
    snprintf(library_on_macos, sizeof library_on_macos,
             "DYLD_INSERT_LIBRARIES=%sprograms/mischief.so", build);
    launch.selector = known_selector(&subjects[i]);
    launch.environment = environment;
    return child_start(&launch, ARGS(argument));
}

struct child *start_server_with_faults(int i, const char *faults)
{
    struct child *server = start_with_faults(i, "0", faults);

    server->port = server_await_port(server);
    if (server->port == 0)
        fail_with("expected %s to listen", server->name);
    return server;
}

/* A wrapper can be a script, and what goes wrong be its affair. */
static bool find_out(int i)
{
    struct child *program;
    bool can;

    if (is_wrapped())
        return false;
    program = start_with_faults(i, "-h", "hello");
    while (child_says_more(program, &program->err, now_ms() + patience_ms()))
        continue;
    can = stream_has(&program->err, "mischief is there");
    child_free(program);
    return can;
}

bool can_preload(int i)
{
    static bool asked, can;

    if (!asked)
        can = find_out(i);
    if (!asked && !can)
        skip("calls that fail", "no library can be preloaded here");
    asked = true;
    return can;
}

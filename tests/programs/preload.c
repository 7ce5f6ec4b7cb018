/* preload.c -- starts our programs with system calls that fail. */
#define PRELOAD_C
#include "preload.h"

#include "talk.h"

static const char *known_selector(const struct subject *subject)
{
#ifdef __linux__
    if (subject->has_selector && subject->selector == NULL)
        return "epoll";
#endif
    return subject->selector;
}

static struct launch known_launch(int i)
{
    struct launch launch = launch_for(i);

    launch.selector = known_selector(&subjects[i]);
    return launch;
}

struct child *start_with_faults(int i, const char *argument, const char *faults)
{
    struct launch launch = known_launch(i);

    launch_with_faults(&launch, faults);
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

bool can_preload(int i)
{
    static bool asked, can;

    if (!asked)
        can = can_preload_into(known_launch(i));
    if (!asked && !can)
        skip("calls that fail", "no library can be preloaded here");
    asked = true;
    return can;
}

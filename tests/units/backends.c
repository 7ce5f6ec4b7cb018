/* backends.c -- what the tests know of each backend. */
#include "backends.h"

#include "faults.h"
#include "selector.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { OURS = 5, MOST = 16 };

static struct backend backends[MOST] = {
    {"kqueue", "kqueue", "kevent", "kevent"},
    {"epoll", "epoll_create1", "epoll_ctl", "epoll_wait"},
    {"devpoll", "open", "write", "ioctl"},
    {"poll", NULL, NULL, "poll"},
    {"select", NULL, NULL, "select"},
};

int backend_count(void)
{
    int count = 0;

    while (selector_backend_name(count) != NULL)
        count++;
    return count;
}

/* Its place in backends[], or the first that is free. */
static struct backend *place_of(const char *name)
{
    struct backend *backend = backends;

    while (backend->name != NULL && strcmp(backend->name, name) != 0)
        backend++;
    return backend;
}

/* Opens, registers, waits. What fails here will fail in its test. */
static void try_out(struct backend *backend)
{
    struct selector *sel;
    int ends[2];

    faults_reset();
    sel = selector_open(backend->name);
    backend->opener = faults_first_call();
    if (sel == NULL || pipe(ends) == -1)
        return;
    faults_reset();
    selector_register(sel, ends[1], EVENT_WRITE, NULL, NULL);
    backend->changer = faults_first_call();
    faults_reset();
    selector_select(sel, 0);
    backend->waiter = faults_first_call();
    selector_close(sel);
    close(ends[0]);
    close(ends[1]);
    faults_reset();
}

const struct backend *backend_find(const char *name)
{
    static bool tried_out;

    for (int i = 0; !tried_out && i < backend_count(); i++) {
        struct backend *backend = place_of(selector_backend_name(i));

        if (backend->name != NULL)
            continue;
        backend->name = selector_backend_name(i);
        try_out(backend);
    }
    tried_out = true;
    return place_of(name);
}

int backend_rank(const char *name)
{
    return (int)(backend_find(name) - backends);
}

bool backend_is_added(const char *name)
{
    return backend_rank(name) >= OURS;
}

bool backend_wanted(int index)
{
    const char *wanted = getenv("BACKEND");

    if (wanted != NULL && backend_find(wanted)->name == NULL) {
        fprintf(stderr, "BACKEND: there is no '%s' here\n", wanted);
        exit(2);
    }
    return wanted == NULL || strcmp(wanted, selector_backend_name(index)) == 0;
}

const char *backend_class_name(const char *name)
{
    static char text[64];

    snprintf(text, sizeof text, "%c%sSelector", toupper((unsigned char)*name),
             name + 1);
    return text;
}

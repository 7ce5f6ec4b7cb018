/* fuzz_selector.c -- random use of a selector, compared with a model of it.
 *
 * Descriptors are opened, closed behind the selector's back, duplicated over
 * each other, registered, modified and unregistered, also between two calls of
 * selector_next(); system calls and calloc() fail. After each step the
 * selector must hold the keys that the model holds, and what it says is ready
 * must agree with poll(2):
 *
 *   must be reported   a descriptor that was not closed since it was
 *                      registered, for what poll() says without doubt
 *   may be reported    what poll() calls an error or a hang-up; and for epoll
 *                      and kqueue a descriptor that was closed in between
 *
 * The model of a backend is what selector.h says of it: which calls fail, with
 * which errno, and that a failed call has changed nothing. One that was added
 * to those of common/ may fail, with whatever errno, where they differ.
 */
#include "model.h"

#include "emulation.h"

#include <signal.h>
#include <unistd.h>

enum { STEPS = 300 };

struct selector *selector;
const struct backend *backend;
bool lenient;
bool added;
int fd_limit;
bool strays;

bool is(const char *name)
{
    return strcmp(backend->name, name) == 0;
}

unsigned bit(const struct number *number)
{
    return 1U << (number - numbers);
}

static void step(void)
{
    static void (*const steps[])(void) = {
        open_number,  close_number, duplicate,      try_register,
        try_register, try_modify,   try_unregister, try_select,
        try_one_next, try_all_next, stir,           try_nonsense,
    };

    steps[any(sizeof steps / sizeof steps[0])]();
    check_keys();
}

static void choose_backend(void)
{
    int index = (int)any((unsigned)backend_count());

    backend = backend_find(selector_backend_name(index));
    added = backend_is_added(backend->name);
    lenient = is("kqueue") && !emulation_of("kqueue");
}

static void open_selector(void)
{
    const char *fault = plan("calloc", ENOMEM);

    selector = selector_open(backend->name);
    if (struck(fault)) {
        if (selector != NULL || errno != ENOMEM)
            disagree("selector_open() does not say that there is no memory");
        selector = selector_open(backend->name);
    }
    if (selector == NULL)
        disagree("selector_open(): %s", strerror(errno));
    fd_limit = is("select") ? FD_SETSIZE : added ? selector->backend->limit : 0;
}

/* The descriptor that is opened next: the same as before, or one is lost. */
static int next_descriptor(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

static void clean_up(int next)
{
    selector_close(selector);
    close_all();
    if (faults_blocks() != 0)
        disagree("after selector_close() %d blocks of memory are not freed",
                 faults_blocks());
    if (next_descriptor() != next)
        disagree("after selector_close() a descriptor is not closed");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int next = next_descriptor();

    input_start(bytes, size);
    trace_start();
    strays = false;
    signal(SIGPIPE, SIG_IGN);
    choose_backend();
    choose_numbers();
    open_selector();
    for (int i = 0; i < STEPS && input_is_left(); i++)
        step();
    clean_up(next);
    return 0;
}

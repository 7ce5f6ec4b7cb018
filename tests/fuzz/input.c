/* input.c -- what the input decides. */
#include "model.h"

static const uint8_t *input, *input_end;

void input_start(const uint8_t *bytes, size_t size)
{
    input = bytes;
    input_end = bytes + size;
}

bool input_is_left(void)
{
    return input < input_end;
}

unsigned any(unsigned limit)
{
    return limit > 0 && input < input_end ? *input++ % limit : 0;
}

struct number *any_number(void)
{
    return &numbers[any(NUMBERS)];
}

/* 0 and 4 are wrong. */
static int any_events(void)
{
    static const int events[] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 3, 0, 4};

    return events[any(sizeof events / sizeof events[0])];
}

static void stand_in(int fd, int events, void *data)
{
}

/* The order in which the input is read must not be left to the compiler. */
struct selector_key any_key(int fd)
{
    struct selector_key key = {.fd = fd};

    key.events = any_events();
    key.callback = any(2) == 0 ? NULL : stand_in;
    key.data = &files[any(FILES)];
    return key;
}

/* -- faults ---------------------------------------------------------------- */

const char *plan(const char *function, int error)
{
    if (any(8) != 0 || function == NULL)
        return NULL;
    did("[%s: %s] ", function, strerror(error));
    faults_fail(function, 1 + (int)any(2), error);
    return function;
}

void interrupt(bool succeeds)
{
    if (succeeds && is("kqueue") && any(8) == 0)
        faults_fail_late("kevent", 1 + (int)any(2), EINTR);
}

bool struck(const char *function)
{
    bool yes = function != NULL && !faults_pending(function);

    faults_reset();
    return yes;
}

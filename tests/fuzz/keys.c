/* keys.c -- which changes fail, and which keys there are then. */
#include "model.h"

#include <kernels.h>
#include <limits.h>

bool are_same(const struct selector_key *a, const struct selector_key *b)
{
    return a->fd == b->fd && a->events == b->events &&
           a->callback == b->callback && a->data == b->data;
}

/* Most kqueues refuse to wait for a pipe that nobody reads. */
static bool is_broken_pipe(const struct number *number)
{
    return number->file != NULL && number->file->kind == WRITE_END &&
           number->file->peer == -1;
}

/* What some backends refuse: closed, a file, or a pipe that nobody reads. */
static bool is_odd(const struct number *number)
{
    return number->file == NULL || number->file->kind == REGULAR ||
           is_broken_pipe(number);
}

/* Unregistered after it was closed, and its file is back under that number. */
static bool is_stale(const struct number *number)
{
    return number->file != NULL && (number->file->epoll & bit(number));
}

bool is_watched(const struct number *number)
{
    if (added)
        return number->clean && !is_odd(number);
    if (is("epoll"))
        return number->clean && (number->file->epoll & bit(number));
    if (is("kqueue") || is("devpoll"))
        return number->clean && !lenient;
    return true;
}

static bool are_wrong(int events)
{
    return (events & ~(EVENT_READ | EVENT_WRITE)) || events == 0;
}

static int register_error(const struct number *number, int events)
{
    const struct file *file = number->file;

    if (are_wrong(events))
        return EINVAL;
    if (fd_limit != 0 && number->fd >= fd_limit)
        return EINVAL;
    if (number->registered)
        return EEXIST;
    if (file == NULL)
        return is("epoll") || is("kqueue") ? EBADF : 0;
    if (is("epoll") && file->kind == REGULAR)
        return EPERM;
    if (is("epoll") && is_stale(number))
        return EEXIST;
    if (is("kqueue") && (events & EVENT_WRITE) && is_broken_pipe(number))
        return kernel()->broken_pipe;
    return 0;
}

static void add_key(struct number *number, const struct selector_key *key)
{
    number->registered = true;
    number->key = *key;
    number->clean = number->file != NULL;
    number->newcomer = true;
    number->must = number->may = 0;
    if ((is("epoll") || added) && number->file != NULL)
        number->file->epoll |= bit(number);
}

/* Unregistered, or a failed modify(): the kernel does not watch it either. */
static void lose_key(struct number *number)
{
    number->registered = false;
    number->must = number->may = 0;
    if (number->file != NULL)
        number->file->epoll &= ~bit(number);
}

void try_register(void)
{
    struct number *number = any_number();
    struct selector_key key = any_key(number->fd);
    int error = register_error(number, key.events);
    bool doubtful = lenient || (added && (is_odd(number) || is_stale(number)));
    const char *fault;
    int result;

    did("register(%d, %d) ", key.fd, key.events);
    fault = plan(any(2) == 0 ? "calloc" : backend->changer, ENOMEM);
    interrupt(fault == NULL && error == 0);
    result =
        selector_register(selector, key.fd, key.events, key.callback, key.data);
    if (result == -1 && error == 0 && doubtful)
        error = errno;
    if (struck(fault) && (error == 0 || errno == ENOMEM))
        error = ENOMEM;
    expect_error(result, error, "selector_register");
    if (result == 0)
        add_key(number, &key);
}

/* The kernel is asked only if the events change. */
static int modify_error(const struct number *number, int events)
{
    if (!number->registered)
        return ENOENT;
    if (are_wrong(events))
        return EINVAL;
    if (events == number->key.events || is("poll") || is("select") ||
        is("devpoll") || added)
        return 0;
    if (number->file == NULL)
        return EBADF;
    if (is("epoll") && number->file->kind == REGULAR)
        return EPERM;
    if (is("epoll"))
        return number->file->epoll & bit(number) ? 0 : ENOENT;
    if ((events & ~number->key.events & EVENT_WRITE) && is_broken_pipe(number))
        return kernel()->broken_pipe;
    return 0;
}

void try_modify(void)
{
    struct number *number = any_number();
    struct selector_key key = any_key(number->fd);
    int error = modify_error(number, key.events);
    bool same = error == 0 && key.events == number->key.events;
    const char *fault;
    int result;

    did("modify(%d, %d) ", key.fd, key.events);
    faults_reset();
    fault = plan(backend->changer, ENOMEM);
    interrupt(fault == NULL && error == 0 && is_watched(number));
    result =
        selector_modify(selector, key.fd, key.events, key.callback, key.data);
    if (same && faults_calls(NULL) > 0)
        disagree("a modify() that changes no event makes a system call");
    if (is("kqueue") && number->registered && !number->clean &&
        (error == 0 ||
         (is_broken_pipe(number) && error == kernel()->broken_pipe)))
        error = result == -1 ? errno : 0; /* some filters were lost */
    if (result == -1 && error == 0 && added &&
        (is_odd(number) || !number->clean))
        error = errno;
    if (struck(fault) && (error == 0 || errno == ENOMEM))
        error = ENOMEM;
    expect_error(result, error, "selector_modify");
    if (result == 0) {
        number->key = key;
        number->must &= key.events;
    } else if (error != EINVAL && number->registered) {
        lose_key(number);
    }
}

void try_unregister(void)
{
    struct number *number = any_number();
    int result;

    did("unregister(%d) ", number->fd);
    result = selector_unregister(selector, number->fd);
    expect_error(result, number->registered ? 0 : ENOENT,
                 "selector_unregister");
    if (result == 0)
        lose_key(number);
}

void try_nonsense(void)
{
    static const int fds[] = {-1, INT_MIN, INT_MAX};
    int fd = fds[any(2)];
    struct selector_key key;

    did("nonsense(%d)", fd);
    expect_error(selector_register(selector, fd, EVENT_READ, NULL, NULL),
                 EINVAL, "selector_register");
    expect_error(selector_modify(selector, fd, EVENT_READ, NULL, NULL), EINVAL,
                 "selector_modify");
    expect_error(selector_unregister(selector, fd), EINVAL,
                 "selector_unregister");
    expect_error(selector_get_key(selector, fd, &key), EINVAL,
                 "selector_get_key");
    if (is("epoll"))
        expect_error(selector_register(selector, selector_fileno(selector),
                                       EVENT_READ, NULL, NULL),
                     EINVAL, "selector_register of its own descriptor");
}

/* -- after each step ------------------------------------------------------- */

void check_keys(void)
{
    struct selector_key keys[NUMBERS + 1];
    int max = (int)any(2) == 0 ? NUMBERS + 1 : 2;
    int count = selector_get_map(selector, keys, max);
    int registered = 0;

    for (int i = 0; i < NUMBERS; i++) {
        const struct number *number = &numbers[i];
        struct selector_key key;
        int result = selector_get_key(selector, number->fd, &key);

        if (result != (number->registered ? 0 : -1))
            disagree("selector_get_key(%d) = %d", number->fd, result);
        if (!number->registered)
            continue;
        if (!are_same(&key, &number->key))
            disagree("selector_get_key(%d) gives another key", number->fd);
        if (registered < max && !are_same(&keys[registered], &key))
            disagree("selector_get_map() gives another key for %d", number->fd);
        registered++;
    }
    if (count != registered)
        disagree("selector_get_map() = %d, expected %d", count, registered);
}

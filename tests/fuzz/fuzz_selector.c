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
#include "fuzz_selector.h"

#include "backends.h"
#include "emulation.h"
#include "faults.h"
#include "selector_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NUMBERS = 10, FILES = 64, FIRST = 200, LARGE = 1100, STEPS = 300 };

enum kind { SOCKET, READ_END, WRITE_END, REGULAR, KINDS };

/* An open file, which several numbers may refer to. */
struct file {
    int refs;
    enum kind kind;
    int peer;       /* the other end, which nobody registers; -1: closed */
    unsigned epoll; /* bit i: epoll watches it as numbers[i] */
};

/* A descriptor: a number, whether it is open or not. */
struct number {
    struct file *file; /* NULL: closed */
    struct selector_key key;
    int fd;
    int must; /* the events that must be reported, if still asked for */
    int may;  /* a hang-up: also what is asked for after select() */
    bool registered;
    bool clean;    /* not closed since it was registered */
    bool newcomer; /* registered since the last select */
    bool reported; /* by selector_next() since the last select */
};

static struct file files[FILES];
static struct number numbers[NUMBERS];
static struct selector *selector;
static const char *backend;
static bool lenient; /* a system's own kqueue: each is a little different */
static bool added;   /* not one of common/ */
static int fd_limit; /* its descriptors are smaller; 0: they need not be */
static bool strays;  /* epoll may report a number twice */
static const uint8_t *input, *input_end;

/* -- saying what was done -------------------------------------------------- */

static char trace[32 * 1024];
static size_t trace_length;

static void give_to_stderr(const char *message)
{
    fprintf(stderr, "%s\n", message);
    abort();
}

void (*fuzz_failed)(const char *message) = give_to_stderr;

static void did(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void did(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(trace + trace_length, sizeof trace - trace_length, format,
              arguments);
    va_end(arguments);
    trace_length += strlen(trace + trace_length);
}

static _Noreturn void disagree(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
static _Noreturn void disagree(const char *format, ...)
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

/* A call that must return 0, or -1 with this errno. */
static void expect_error(int result, int error, const char *call)
{
    int came = result == -1 ? errno : 0;

    did(" = %d %s\n", result, came == 0 ? "" : strerror(came));
    if ((result != 0 && result != -1) || came != error)
        disagree("%s: expected %s", call,
                 error == 0 ? "success" : strerror(error));
}

/* -- the input ------------------------------------------------------------- */

static unsigned any(unsigned limit)
{
    return limit > 0 && input < input_end ? *input++ % limit : 0;
}

static struct number *any_number(void)
{
    return &numbers[any(NUMBERS)];
}

/* 0 and 4 are wrong. */
static int any_events(void)
{
    static const int events[] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 3, 0, 4};

    return events[any(sizeof events / sizeof events[0])];
}

static bool is(const char *name)
{
    return strcmp(backend, name) == 0;
}

/* It in struct file.epoll. */
static unsigned bit(const struct number *number)
{
    return 1U << (number - numbers);
}

/* -- descriptors ----------------------------------------------------------- */

static void release(struct number *number)
{
    struct file *file = number->file;

    close(number->fd);
    number->file = NULL;
    number->clean = false;
    if (--file->refs > 0) {
        strays = strays || (file->epoll & bit(number));
        return;
    }
    if (file->peer != -1)
        close(file->peer);
    *file = (struct file){.refs = 0};
}

static struct file *free_file(void)
{
    struct file *file = files;

    while (file->refs > 0)
        file++;
    return file; /* there are more files than numbers */
}

/* ends[0] is registered, ends[1] its peer. */
static void open_kind(enum kind kind, int ends[2])
{
    int swapped;
    FILE *regular;

    ends[1] = -1;
    if (kind == REGULAR) {
        regular = tmpfile();
        ends[0] = regular == NULL ? -1 : dup(fileno(regular));
        if (regular != NULL)
            fclose(regular);
        return;
    }
    if ((kind == SOCKET ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends)
                        : pipe(ends)) == -1)
        abort();
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    if (kind == WRITE_END) {
        swapped = ends[0];
        ends[0] = ends[1];
        ends[1] = swapped;
    }
}

static void open_number(void)
{
    struct number *number = any_number();
    enum kind kind = (enum kind)any(KINDS);
    int ends[2];

    if (number->file != NULL)
        return;
    open_kind(kind, ends);
    if (dup2(ends[0], number->fd) == -1)
        abort();
    close(ends[0]);
    number->file = free_file();
    *number->file = (struct file){1, kind, ends[1], 0};
    did("open(%d, kind %d)\n", number->fd, kind);
}

static void close_number(void)
{
    struct number *number = any_number();

    if (number->file == NULL)
        return;
    did("close(%d)%s\n", number->fd, number->registered ? " registered" : "");
    release(number);
}

static void duplicate(void)
{
    struct number *to = any_number();
    struct number *from = any_number();

    if (from->file == NULL || from == to)
        return;
    did("dup2(%d, %d)\n", from->fd, to->fd);
    if (to->file != NULL)
        release(to);
    if (dup2(from->fd, to->fd) == -1)
        abort();
    to->file = from->file;
    to->file->refs++;
}

/* Makes it ready, or not ready, or broken. */
static void stir(void)
{
    struct number *number = any_number();
    static char bytes[64 * 1024];
    unsigned how = any(5);
    struct file *file = number->file;

    if (file == NULL)
        return;
    did("stir(%d, %u)\n", number->fd, how);
    if (how == 0 && file->peer != -1)
        (void)!write(file->peer, bytes, 1);
    else if (how == 1)
        (void)!read(number->fd, bytes, sizeof bytes);
    else if (how == 2 && file->kind != REGULAR)
        while (write(number->fd, bytes, sizeof bytes) > 0)
            continue;
    else if (how == 3 && file->peer != -1)
        while (read(file->peer, bytes, sizeof bytes) > 0)
            continue;
    else if (how == 4 && file->peer != -1) {
        close(file->peer);
        file->peer = -1;
    }
}

/* -- faults ---------------------------------------------------------------- */

/* The function that is made to fail once, or NULL. */
static const char *plan(const char *function, int error)
{
    if (any(8) != 0 || function == NULL)
        return NULL;
    did("[%s: %s] ", function, strerror(error));
    faults_fail(function, 1 + (int)any(2), error);
    return function;
}

/* A signal during kevent(): what was to be changed has been changed. */
static void interrupt(bool succeeds)
{
    if (succeeds && is("kqueue") && any(8) == 0)
        faults_fail_late("kevent", 1 + (int)any(2), EINTR);
}

static bool struck(const char *function)
{
    bool yes = function != NULL && !faults_pending(function);

    faults_reset();
    return yes;
}

/* -- register, modify, unregister ------------------------------------------ */

static bool are_same(const struct selector_key *a, const struct selector_key *b)
{
    return a->fd == b->fd && a->events == b->events &&
           a->callback == b->callback && a->data == b->data;
}

/* kqueue refuses to wait for a pipe that nobody reads. */
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

/* Whether the backend surely watches what this number is now. */
static bool is_watched(const struct number *number)
{
    if (added)
        return number->clean && !is_odd(number);
    if (is("epoll"))
        return number->clean && (number->file->epoll & bit(number));
    if (is("kqueue") || is("devpoll"))
        return number->clean && !lenient;
    return true;
}

static void stand_in(int fd, int events, void *data)
{
}

/* The order in which the input is read must not be left to the compiler. */
static struct selector_key any_key(int fd)
{
    struct selector_key key = {.fd = fd};

    key.events = any_events();
    key.callback = any(2) == 0 ? NULL : stand_in;
    key.data = &files[any(FILES)];
    return key;
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
        return EPIPE;
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

static void try_register(void)
{
    struct number *number = any_number();
    struct selector_key key = any_key(number->fd);
    int error = register_error(number, key.events);
    bool doubtful = lenient || (added && (is_odd(number) || is_stale(number)));
    const char *fault;
    int result;

    did("register(%d, %d) ", key.fd, key.events);
    fault =
        plan(any(2) == 0 ? "calloc" : backend_find(backend)->changer, ENOMEM);
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
        return EPIPE;
    return 0;
}

static void try_modify(void)
{
    struct number *number = any_number();
    struct selector_key key = any_key(number->fd);
    int error = modify_error(number, key.events);
    bool same = error == 0 && key.events == number->key.events;
    const char *fault;
    int result;

    did("modify(%d, %d) ", key.fd, key.events);
    faults_reset();
    fault = plan(backend_find(backend)->changer, ENOMEM);
    interrupt(fault == NULL && error == 0 && is_watched(number));
    result =
        selector_modify(selector, key.fd, key.events, key.callback, key.data);
    if (same && faults_calls(NULL) > 0)
        disagree("a modify() that changes no event makes a system call");
    if (is("kqueue") && number->registered && !number->clean &&
        (error == 0 || error == EPIPE))
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

static void try_unregister(void)
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

static void try_nonsense(void)
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

/* -- select and next ------------------------------------------------------- */

/* The files that epoll watches by this number since it was another. */
static int stale_files(const struct number *number)
{
    int count = 0;

    for (int i = 0; i < FILES; i++)
        if (files[i].refs > 0 && (files[i].epoll & bit(number)) &&
            (&files[i] != number->file || !number->clean))
            count++;
    return count;
}

/* Looks at the descriptor itself. */
static void foresee(struct number *number)
{
    struct pollfd entry = {.fd = number->fd, .events = POLLIN | POLLOUT};
    int events = number->registered ? number->key.events : 0;

    poll(&entry, 1, 0);
    number->newcomer = false;
    number->reported = false;
    number->must = (entry.revents & (POLLIN | POLLNVAL) ? EVENT_READ : 0) |
                   (entry.revents & (POLLOUT | POLLNVAL) ? EVENT_WRITE : 0);
    number->may = (entry.revents & ~POLLOUT ? EVENT_READ : 0) |
                  (entry.revents & ~POLLIN ? EVENT_WRITE : 0);
    if (stale_files(number) > 0 || (!is("epoll") && !number->clean))
        number->may = EVENT_READ | EVENT_WRITE;
    if (!is_watched(number))
        number->must = 0;
    if (events == 0)
        number->may = 0;
    number->must &= events;
}

static bool any_closed(void)
{
    for (int i = 0; i < NUMBERS; i++)
        if (numbers[i].registered && numbers[i].file == NULL)
            return true;
    return false;
}

static void forget_batch(void)
{
    for (int i = 0; i < NUMBERS; i++)
        numbers[i].must = numbers[i].may = 0;
}

static void try_select(void)
{
    bool fails = is("select") && any_closed();
    int least = 0;
    int most = 0;
    const char *fault;
    int ready;

    for (int i = 0; i < NUMBERS; i++) {
        foresee(&numbers[i]);
        least += numbers[i].must != 0;
        most += (numbers[i].may & numbers[i].key.events) != 0;
        most += numbers[i].registered ? stale_files(&numbers[i]) : 0;
    }
    did("select() ");
    fault = plan(backend_find(backend)->waiter, EINTR);
    ready = selector_select(selector, least > 0 && any(2) == 0 ? -1 : 0);
    struck(fault);
    if (ready == -1 && added && any_closed()) {
        forget_batch();
        return;
    }
    if (ready == -1 || fails) {
        expect_error(ready, fails ? EBADF : 0, "selector_select");
        forget_batch();
        return;
    }
    did("= %d\n", ready);
    if (ready < least || ready > most)
        disagree("expected from %d to %d to be ready", least, most);
}

static void check_report(const struct selector_key *key, int mask)
{
    struct number *number = numbers;

    while (number < numbers + NUMBERS && number->fd != key->fd)
        number++;
    if (number == numbers + NUMBERS || !number->registered)
        disagree("%d is reported, which is not registered", key->fd);
    if (!are_same(key, &number->key))
        disagree("%d is reported with another key", key->fd);
    if (number->newcomer)
        disagree("%d was registered after select()", key->fd);
    if (number->reported && !strays)
        disagree("%d is reported twice", key->fd);
    if (mask == 0 || (mask & ~(number->may & key->events)))
        disagree("%d is reported for %d, expected a part of %d", key->fd, mask,
                 number->may & key->events);
    if (!strays && (number->must & key->events & ~mask))
        disagree("%d is reported for %d, expected also %d", key->fd, mask,
                 number->must & key->events);
    number->reported = true;
}

static void check_batch_end(void)
{
    for (int i = 0; i < NUMBERS; i++) {
        const struct number *number = &numbers[i];

        if (number->registered && !number->newcomer && !number->reported &&
            (number->must & number->key.events))
            disagree("%d is ready for %d, but was not reported", number->fd,
                     number->must & number->key.events);
    }
    forget_batch();
}

/* true: there was one. */
static bool try_next(void)
{
    struct selector_key key;
    int mask;

    if (!selector_next(selector, &key, &mask)) {
        did("next() = false\n");
        check_batch_end();
        return false;
    }
    did("next() = %d for %d\n", key.fd, mask);
    check_report(&key, mask);
    return true;
}

/* -- after each step ------------------------------------------------------- */

static void check_keys(void)
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

static void try_all_next(void)
{
    while (try_next())
        continue;
}

static void try_one_next(void)
{
    try_next();
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

/* -- one input ------------------------------------------------------------- */

static void choose_backend(void)
{
    backend = selector_backend_name((int)any((unsigned)backend_count()));
    added = backend_is_added(backend);
    lenient = is("kqueue") && !emulation_of("kqueue");
}

/* Some of them beyond what select() can take, if there may be so many. */
static void choose_numbers(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < LARGE + NUMBERS && limit.rlim_max >= LARGE + NUMBERS) {
        limit.rlim_cur = LARGE + NUMBERS;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (int i = 0; i < NUMBERS; i++)
        numbers[i].fd = FIRST + i;
    for (int i = NUMBERS - 2; i < NUMBERS; i++)
        if (limit.rlim_cur >= LARGE + NUMBERS)
            numbers[i].fd = LARGE + i;
}

static void open_selector(void)
{
    const char *fault = plan("calloc", ENOMEM);

    selector = selector_open(backend);
    if (struck(fault)) {
        if (selector != NULL || errno != ENOMEM)
            disagree("selector_open() does not say that there is no memory");
        selector = selector_open(backend);
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
    for (int i = 0; i < NUMBERS; i++)
        if (numbers[i].file != NULL)
            release(&numbers[i]);
    memset(numbers, 0, sizeof numbers);
    if (faults_blocks() != 0)
        disagree("after selector_close() %d blocks of memory are not freed",
                 faults_blocks());
    if (next_descriptor() != next)
        disagree("after selector_close() a descriptor is not closed");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int next = next_descriptor();

    input = bytes;
    input_end = bytes + size;
    trace_length = 0;
    trace[0] = '\0';
    strays = false;
    signal(SIGPIPE, SIG_IGN);
    choose_backend();
    choose_numbers();
    open_selector();
    for (int i = 0; i < STEPS && input < input_end; i++)
        step();
    clean_up(next);
    return 0;
}

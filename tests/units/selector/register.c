/* register.c -- rules: who is taken, and who is refused. */
#include "contract.h"

#include <sys/resource.h>

RULE(a_key_holds_what_was_registered, make_pair)
{
    int data;

    watch_with(ends[0], EVENT_READ, called, &data);
    watch_with(ends[1], BOTH, called_instead, ends);
    expect_key(ends[0], EVENT_READ, called, &data);
    expect_key(ends[1], BOTH, called_instead, ends);
    expect(count_keys(), 2);
}

RULE(callback_and_data_may_be_null, make_pipe)
{
    watch_with(ends[1], EVENT_WRITE, NULL, NULL);
    expect_key(ends[1], EVENT_WRITE, NULL, NULL);
    expect(ready_on(ends[1]), EVENT_WRITE);
}

RULE(bad_events_are_refused_before_the_descriptor_is_looked_at, make_pipe)
{
    watch(ends[0], EVENT_READ);
    faults_reset();
    for (int i = 0; i < BAD_EVENTS; i++) {
        int fds[] = {ends[1], ends[0], closed_number(), INT_MAX};

        for (int j = 0; j < ROWS(fds); j++)
            expect_failure(
                selector_register(sel, fds[j], bad_events[i], NULL, ends),
                EINVAL);
    }
    expect_key(ends[0], EVENT_READ, called, NULL);
    expect(count_keys(), 1);
    expect(faults_calls(NULL), 0);
}

RULE(a_negative_descriptor_is_invalid_everywhere, nothing)
{
    static const int negative[] = {-1, -2, INT_MIN};
    struct selector_key key;

    for (int i = 0; i < ROWS(negative); i++) {
        int fd = negative[i];

        expect_failure(selector_register(sel, fd, EVENT_READ, called, NULL),
                       EINVAL);
        expect_failure(selector_modify(sel, fd, EVENT_READ, called, NULL),
                       EINVAL);
        expect_failure(selector_unregister(sel, fd), EINVAL);
        expect_failure(selector_get_key(sel, fd, &key), EINVAL);
    }
    expect(faults_calls(NULL), 0);
}

RULE(registering_twice_fails_and_changes_nothing, make_pair)
{
    watch(ends[0], EVENT_READ);
    faults_reset();
    expect_failure(
        selector_register(sel, ends[0], EVENT_WRITE, called_instead, ends),
        EEXIST);
    expect(faults_calls(NULL), 0);
    expect_key(ends[0], EVENT_READ, called, NULL);
    expect(count_keys(), 1);
    expect(ready_on(ends[0]), 0);
    put_byte(ends[1]);
    expect(ready_on(ends[0]), EVENT_READ);
}

/* The calls made since the last time, all of them to the changer. */
static void expect_changes(int calls)
{
    expect(faults_calls(NULL), info()->changer == NULL ? 0 : calls);
    if (info()->changer != NULL)
        expect(faults_calls(info()->changer), calls);
    faults_reset();
}

RULE(each_change_costs_the_calls_of_its_backend_and_no_more, make_pair)
{
    int filters = runs_on("kqueue") ? 2 : 1;

    watch(ends[0], EVENT_READ);
    expect_changes(1);
    expect(selector_modify(sel, ends[0], EVENT_WRITE, called, NULL), 0);
    expect_changes(filters);
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), 0);
    expect_changes(1);
    unwatch(ends[0]);
    expect_changes(filters);
    watch(ends[0], BOTH);
    expect_changes(filters);
    expect(selector_select(sel, 0), 1);
    expect(faults_calls(info()->waiter), 1);
    expect(faults_calls(NULL), 1);
}

/* Registers fd beside `keys` others, all ready, with one allocation failing.
 * false: it did fail. */
static bool register_in_need(int fd, int keys, int nth)
{
    int result;

    faults_fail("calloc", nth, ENOMEM);
    errno = 0;
    result = selector_register(sel, fd, EVENT_READ, called, NULL);
    if (result == 0) {
        expect(faults_pending("calloc"), true);
        return true;
    }
    expect(errno, ENOMEM);
    expect(result, -1);
    expect(faults_pending("calloc"), false);
    expect_no_key(fd, keys);
    expect(selector_select(sel, 0), keys);
    expect(hand_out(), keys);
    return false;
}

RULE(a_change_without_memory_fails_and_changes_nothing, make_pipe)
{
    enum { COUNT = 70 }; /* arrays grow at 16 and 64 */

    put_byte(ends[1]);
    for (int i = 0; i < COUNT; i++) {
        int copy = copy_of(ends[0]);
        int nth = 1;

        while (!register_in_need(copy, i, nth))
            nth++;
        expect(count_keys(), i + 1);
    }
    faults_fail("calloc", 1, ENOMEM); /* these need no memory */
    for (int i = 0; i < COUNT; i++) {
        expect_success(
            selector_modify(sel, copies[i], EVENT_WRITE, NULL, NULL));
        unwatch(copies[i]);
    }
    expect_true(faults_pending("calloc"));
}

RULE(select_refuses_descriptors_beyond_fd_setsize, make_pipe)
{
    static const int beyond[] = {FD_SETSIZE, FD_SETSIZE + 1, FD_SETSIZE + 64,
                                 2 * FD_SETSIZE, INT_MAX};

    watch(ends[0], EVENT_READ);
    faults_memory(1 << 24);
    for (int i = 0; i < ROWS(beyond); i++) {
        int fd = beyond[i];

        expect_failure(selector_register(sel, fd, BOTH, called, NULL), EINVAL);
        expect_no_key(fd, 1);
        expect_failure(selector_unregister(sel, fd), ENOENT);
    }
    expect(ready_on(ends[0]), 0);
    put_byte(ends[1]);
    expect(ready_on(ends[0]), EVENT_READ);
}

RULE(select_takes_descriptors_up_to_fd_setsize, make_pipe)
{
    int last = FD_SETSIZE - 1;

    faults_descriptor_limit(FD_SETSIZE);
    if (dup2(ends[0], last) == -1) {
        skip(__func__, "the limit of descriptors is below FD_SETSIZE");
        return;
    }
    watch(last, EVENT_READ);
    expect(ready_on(last), 0);
    put_byte(ends[1]);
    expect(ready_on(last), EVENT_READ);
    close(last);
}

RULE(select_and_poll_take_a_closed_descriptor, nothing)
{
    int closed = closed_number();

    watch(closed, EVENT_READ);
    expect_key(closed, EVENT_READ, called, NULL);
    unwatch(closed);
}

/* The second time it is the same error again, not EEXIST. */
static void expect_refused_twice(int fd, int events, int error)
{
    for (int i = 0; i < 2; i++)
        expect_failure(selector_register(sel, fd, events, called, NULL), error);
    expect_no_key(fd, 0);
}

RULE(epoll_and_kqueue_refuse_a_closed_descriptor, nothing)
{
    expect_refused_twice(closed_number(), BOTH, EBADF);
}

RULE(epoll_refuses_files_directories_and_itself, nothing)
{
    FILE *file = tmpfile();
    int directory = open("/", O_RDONLY);

    ck_assert_msg(file != NULL && directory != -1, "tmpfile(), open()");
    expect_refused_twice(fileno(file), BOTH, EPERM);
    expect_refused_twice(directory, EVENT_READ, EPERM);
    expect_refused_twice(selector_fileno(sel), EVENT_READ, EINVAL);
    fclose(file);
    close(directory);
}

RULE(what_the_kernel_refuses_leaves_no_key, make_pair)
{
    static const int errors[] = {ENOMEM, ENOSPC, EBADF, EPERM, EEXIST, EIO};

    watch(ends[1], EVENT_WRITE);
    for (int i = 0; i < ROWS(errors) && info()->changer != NULL; i++) {
        faults_fail(info()->changer, 1, errors[i]);
        expect_failure(
            selector_register(sel, ends[0], EVENT_WRITE, called, NULL),
            errors[i]);
        expect_no_key(ends[0], 1);
        expect(ready_on(ends[0]), 0);
        expect(ready_on(ends[1]), EVENT_WRITE);
    }
    watch(ends[0], EVENT_WRITE);
    expect(ready_on(ends[0]), EVENT_WRITE);
}

RULE(kqueue_deletes_the_first_filter_when_the_second_is_refused, make_pair)
{
    for (int nth = 2; nth >= 1; nth--) {
        int error = nth == 2 ? EPIPE : ENOMEM;

        faults_reset();
        faults_fail("kevent", nth, error);
        expect_failure(selector_register(sel, ends[0], BOTH, called, NULL),
                       error);
        /* So many attempts, nothing more is added, and one deletion. */
        expect(faults_calls("kevent"), nth + 1);
        expect_no_key(ends[0], 0);
        expect_filters(ends[0], 0);
    }
}

RULE(kqueue_ignores_a_signal_during_a_change, make_pair)
{
    faults_fail_late("kevent", 1, EINTR);
    watch(ends[0], BOTH);
    faults_fail_late("kevent", 2, EINTR);
    expect(selector_modify(sel, ends[0], EVENT_READ, called, NULL), 0);
    expect(ready_on(ends[0]), 0);
    faults_fail_late("kevent", 1, EINTR);
    unwatch(ends[0]);
    expect_filters(ends[0], 0);
}

RULE(kqueue_may_refuse_a_pipe_without_reader, make_pipe)
{
    close(ends[0]);
    if (kernel()->broken_pipe == 0) { /* this one says so later */
        watch(ends[1], BOTH);
        expect(ready_on(ends[1]), EVENT_WRITE);
        return;
    }
    expect_failure(selector_register(sel, ends[1], BOTH, called, NULL),
                   kernel()->broken_pipe);
    expect_no_key(ends[1], 0);
    expect_filters(ends[1], 0);
}

RULE(devpoll_fails_when_its_write_is_short, make_pair)
{
    faults_shorten("write", 1, sizeof(struct pollfd) / 2);
    expect(selector_register(sel, ends[0], EVENT_WRITE, called, NULL), -1);
    expect_no_key(ends[0], 0);
    watch(ends[0], EVENT_WRITE);
    faults_shorten("write", 1, sizeof(struct pollfd)); /* only POLLREMOVE */
    expect(selector_modify(sel, ends[0], BOTH, called, NULL), -1);
    expect_no_key(ends[0], 0);
    expect_wait(20);
}

/* epoll keeps a registration as long as the file is open, under whatever
 * number: here the old one has come back to it. */
RULE(epoll_refuses_the_number_that_a_duplicate_keeps_alive, make_pipe)
{
    int duplicate = copy_of(ends[0]);

    watch(ends[0], EVENT_READ);
    close(ends[0]);
    unwatch(ends[0]);
    expect(dup2(duplicate, ends[0]), ends[0]);
    expect_refused_twice(ends[0], EVENT_READ, EEXIST);
}

static long peak_memory_kb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    return usage.ru_maxrss / 1024;
#else
    return usage.ru_maxrss;
#endif
}

/* Registers a number that is not open, sees that the selector still works,
 * and takes it out again. false: it was refused. */
static bool try_number(int fd)
{
    int before = count_keys();

    if (selector_register(sel, fd, BOTH, called, NULL) == -1) {
        expect_true(errno == EBADF || errno == EINVAL || errno == ENOMEM);
        expect_no_key(fd, before);
        return false;
    }
    expect(selector_select(sel, 0), hand_out());
    unwatch(fd);
    return true;
}

RULE(huge_numbers_neither_crash_nor_eat_memory, nothing)
{
    static const int huge[] = {100000, 1 << 20, INT_MAX - 1, INT_MAX};
    long before = peak_memory_kb();
    bool watched = under_valgrind();

#ifdef __SANITIZE_ADDRESS__
    watched = true;
#elif defined __has_feature
#if __has_feature(address_sanitizer)
    watched = true;
#endif
#endif
    /* Watched, they need memory of their own for every byte of ours. */
    for (int i = 0; i < (watched ? 1 : ROWS(huge)); i++)
        try_number(huge[i]);
    ck_assert_msg(watched || peak_memory_kb() - before < 16384,
                  "%s: %ld kB more memory", subject, peak_memory_kb() - before);
}

RULE(huge_numbers_are_refused_where_memory_is_short, make_pipe)
{
    watch(ends[1], EVENT_WRITE);
    faults_memory(1 << 24);
    expect(try_number(INT_MAX), false);
    expect(ready_on(ends[1]), EVENT_WRITE);
    expect(count_keys(), 1);
}

RULE(one_descriptor_may_be_in_two_selectors, make_pair)
{
    struct selector *one = sel;
    struct selector *other = open_one();

    put_byte(ends[1]);
    watch(ends[0], EVENT_READ);
    sel = other;
    watch(ends[0], EVENT_WRITE);
    expect(ready_on(ends[0]), EVENT_WRITE);
    sel = one;
    expect(ready_on(ends[0]), EVENT_READ);
    unwatch(ends[0]);
    sel = other;
    expect(ready_on(ends[0]), EVENT_WRITE);
    selector_close(one);
    expect(ready_on(ends[0]), EVENT_WRITE);
}

RULE(descriptor_0_is_like_any_other, make_pipe)
{
    int saved = dup(0);
    struct selector_key key;
    int ready;
    int keys;

    expect_success(saved);
    put_byte(ends[1]);
    expect(dup2(ends[0], 0), 0);
    watch_with(0, EVENT_READ, called, ends);
    ready = ready_on(0);
    keys = selector_get_map(sel, &key, 1);
    expect_key(0, EVENT_READ, called, ends);
    unwatch(0);
    dup2(saved, 0);
    close(saved);
    expect(ready, EVENT_READ);
    expect(keys, 1);
    expect_fields(&key, 0, EVENT_READ, called, ends);
    expect_no_key(0, 0);
}

END_OF_PART(register, "register")

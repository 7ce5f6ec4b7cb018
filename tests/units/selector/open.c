/* open.c -- rules: how a selector comes and goes, and who is the default. */
#include "contract.h"

START_TEST(backends_are_named_best_first)
{
    int last = -1;

    for (int i = 0; i < backend_count(); i++) {
        subject = selector_backend_name(i);
        if (!backend_is_added(subject)) {
            expect_true(backend_rank(subject) > last);
            last = backend_rank(subject);
        }
    }
    expect(last, backend_rank("select"));
    expect_true(backend_count() >= 2);
    expect_true(selector_backend_name(-1) == NULL);
    expect_true(selector_backend_name(INT_MAX) == NULL);
    expect_true(selector_backend_name(INT_MIN) == NULL);
}
END_TEST

RULE(each_backend_opens_by_its_name, nothing)
{
    expect_text(selector_name(sel), backend_class_name(subject));
    expect(count_keys(), 0);
}

/* opened is NULL for this reason, and nothing is left behind. */
static void expect_refusal(const struct selector *opened, int error)
{
    expect(errno, error);
    expect_true(opened == NULL);
    expect(faults_blocks(), 0);
}

START_TEST(an_unknown_backend_is_refused)
{
    static const char *const names[] = {"Epoll", "epol", "epolls", " poll",
                                        "port"};

    subject = names[_i];
    errno = 0;
    expect_refusal(selector_open(names[_i]), EINVAL);
}
END_TEST

/* The selector of a program that does not care, or whose user does not. */
static void expect_default(const char *no_name, int backend)
{
    subject = selector_backend_name(backend);
    sel = selector_open(no_name);
    ck_assert_msg(sel != NULL, "%s: selector_open(): %s", subject,
                  strerror(errno));
    expect_text(selector_name(sel), backend_class_name(subject));
}

START_TEST(the_default_is_the_best_backend)
{
    expect_default(_i == 0 ? NULL : "", 0);
}
END_TEST

/* Those without a call that opens them, poll and select, fail only for want of
 * memory: the first allocation of the backend number i is the allocation number
 * i + 1. */
START_TEST(the_default_is_the_first_backend_that_works)
{
    int i;

    for (i = 0; i < _i; i++) {
        subject = selector_backend_name(i);
        if (info()->opener == NULL)
            break;
        faults_fail(info()->opener, 1, ENOSYS);
    }
    faults_fail_times("calloc", i + 1, _i - i, ENOMEM);
    expect_default(NULL, _i);
}
END_TEST

START_TEST(a_backend_that_cannot_open_says_why)
{
    int before = faults_descriptors();

    subject = selector_backend_name(_i);
    if (info()->opener == NULL)
        return;
    faults_fail(info()->opener, 1, EMFILE);
    errno = 0;
    expect_refusal(selector_open(subject), EMFILE);
    if (runs_on("kqueue")) {
        faults_fail("fcntl", 1, EINVAL); /* close-on-exec */
        expect_refusal(selector_open(subject), EINVAL);
    }
    expect(faults_descriptors(), before);
}
END_TEST

START_TEST(opening_without_memory_fails_and_leaks_nothing)
{
    int before = faults_descriptors();
    int nth = 0; /* the allocation that fails; at last there are not so many */

    subject = selector_backend_name(_i);
    for (;;) {
        expect_true(++nth < 10);
        faults_fail("calloc", nth, ENOMEM);
        errno = 0;
        sel = selector_open(subject);
        expect(sel == NULL, !faults_pending("calloc"));
        if (sel != NULL)
            break;
        expect_refusal(sel, ENOMEM);
        expect(faults_descriptors(), before);
    }
    expect_true(nth > 1); /* at least one was refused */
    selector_close(sel);
    sel = NULL;
    expect(faults_blocks(), 0);
    expect(faults_descriptors(), before);
}
END_TEST

RULE(the_selectors_own_descriptor_is_close_on_exec, nothing)
{
    bool has = backend_is_added(subject) ? selector_fileno(sel) != -1
                                         : info()->opener != NULL;

    if (has)
        expect(fcntl(selector_fileno(sel), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    else
        expect_failure(selector_fileno(sel), ENOSYS);
}

RULE(the_selectors_own_descriptor_is_readable_while_something_is_ready,
     make_pipe)
{
    struct pollfd own = {.fd = selector_fileno(sel), .events = POLLIN};

    if (emulation_of(subject)) {
        skip(__func__, "the stand-in's descriptor cannot be polled");
        return;
    }
    watch(ends[0], EVENT_READ);
    expect(poll(&own, 1, 0), 0);
    put_byte(ends[1]);
    expect(poll(&own, 1, PATIENCE_S * 1000), 1);
    expect(own.revents, POLLIN);
}

RULE(closing_leaves_the_registered_descriptors_open, make_pipe)
{
    int before = faults_descriptors() - (selector_fileno(sel) != -1);

    watch(ends[0], EVENT_READ);
    watch(ends[1], EVENT_WRITE);
    selector_close(sel);
    sel = NULL;
    expect(faults_descriptors(), before);
    expect(faults_blocks(), 0);
    put_byte(ends[1]);
    take_byte(ends[0]);
}

RULE(closing_keeps_errno, nothing)
{
    if (info()->opener != NULL)
        faults_fail_late("close", 1, EIO);
    errno = E2BIG;
    selector_close(sel);
    sel = NULL;
    expect(errno, E2BIG);
}

START_TEST(closing_null_does_nothing)
{
    selector_close(NULL);
    expect(faults_calls(NULL), 0);
}
END_TEST

RULE(a_selector_closes_its_own_descriptor_even_0_or_1, nothing)
{
    for (int fd = 0; fd <= 1 && selector_fileno(sel) != -1; fd++) {
        int saved = dup(fd);
        int own;
        int flags;
        struct selector *other;

        expect_success(saved);
        close(fd);
        other = selector_open(subject);
        own = other == NULL ? -1 : selector_fileno(other);
        selector_close(other);
        flags = fcntl(fd, F_GETFD);
        dup2(saved, fd);
        close(saved);
        expect(own, fd);
        expect(flags, -1);
    }
}

END_OF_PART(open, "open and close")

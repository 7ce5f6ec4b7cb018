/* calls.c -- register, modify and unregister beside bare epoll_ctl().
 *
 * A thousand descriptors are registered, modified and unregistered one after
 * the other, the selector's growing of its arrays included. They are reading
 * ends of pipes, which are never writable, so that no change makes one ready.
 */
#include "bench.h"
#include "measure.h"
#include "selector.h"
#include "selector_impl.h" /* for HAVE_EPOLL only */

#include <unistd.h>

enum { REGISTER, MODIFY, UNREGISTER, CALLS };

static void with_selector(const int *fds, int count, double ns[CALLS + 1])
{
    struct selector *selector = selector_open(NULL);

    ns[REGISTER] = measure_cpu();
    for (int i = 0; i < count; i++)
        if (selector_register(selector, fds[i], EVENT_READ, bench_ready,
                              NULL) == -1)
            measure_fail("selector_register");
    ns[MODIFY] = measure_cpu();
    for (int i = 0; i < count; i++)
        if (selector_modify(selector, fds[i], EVENT_READ | EVENT_WRITE,
                            bench_ready, NULL) == -1)
            measure_fail("selector_modify");
    ns[UNREGISTER] = measure_cpu();
    for (int i = 0; i < count; i++)
        if (selector_unregister(selector, fds[i]) == -1)
            measure_fail("selector_unregister");
    ns[CALLS] = measure_cpu();
    selector_close(selector);
}

void bench_modify_unchanged(const int *fds, int count)
{
    struct selector *selector = selector_open(NULL);

    if (selector_register(selector, fds[0], EVENT_READ, bench_ready, NULL) ==
        -1)
        measure_fail("selector_register");
    for (int i = 0; i < count; i++)
        if (selector_modify(selector, fds[0], EVENT_READ, bench_ready,
                            &count) == -1)
            measure_fail("selector_modify");
    selector_close(selector);
}

#ifdef HAVE_EPOLL
#include <sys/epoll.h>

static void change_all(int epoll_fd, int operation, unsigned events,
                       const int *fds, int count)
{
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = events, .data.fd = fds[i]};

        if (epoll_ctl(epoll_fd, operation, fds[i], &event) == -1)
            measure_fail("epoll_ctl");
    }
}

static void by_hand(const int *fds, int count, double ns[CALLS + 1])
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

    ns[REGISTER] = measure_cpu();
    change_all(epoll_fd, EPOLL_CTL_ADD, EPOLLIN, fds, count);
    ns[MODIFY] = measure_cpu();
    change_all(epoll_fd, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT, fds, count);
    ns[UNREGISTER] = measure_cpu();
    change_all(epoll_fd, EPOLL_CTL_DEL, 0, fds, count);
    ns[CALLS] = measure_cpu();
    close(epoll_fd);
}

void bench_calls(bool quick, const int *fds, int count)
{
    static const char *const names[] = {"times register", "times modify",
                                        "times unregister"};
    const int rounds = quick ? 10 : 201;
    struct series hand[CALLS] = {0};
    struct series ours[CALLS] = {0};
    struct series ratios[CALLS] = {0};

    for (int round = 0; round <= rounds; round++) {
        double ns[2][CALLS + 1];

        if (round % 2 == 0)
            by_hand(fds, count, ns[0]);
        with_selector(fds, count, ns[1]);
        if (round % 2 != 0)
            by_hand(fds, count, ns[0]);
        for (int call = 0; round > 0 && call < CALLS; call++) {
            double a = ns[0][call + 1] - ns[0][call];
            double b = ns[1][call + 1] - ns[1][call];

            series_add(&hand[call], a / count);
            series_add(&ours[call], b / count);
            series_add(&ratios[call], b / a);
        }
    }
    for (int call = 0; call < CALLS; call++) {
        measure_row((struct row){names[call], "epoll_ctl", count, "ns/call"},
                    &hand[call], NULL);
        measure_row((struct row){names[call], "selector", count, "ns/call"},
                    &ours[call], &ratios[call]);
    }
}
#else
void bench_calls(bool quick, const int *fds, int count)
{
}
#endif

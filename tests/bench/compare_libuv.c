/* compare_libuv.c -- libuv: a uv_poll_t for each descriptor. */
#include "bench.h"
#include "measure.h"

#ifdef HAVE_libuv
#include <stdlib.h>
#include <uv.h>

static uv_loop_t loop;
static uv_poll_t *watchers;
static int watcher_count;

static void ready(uv_poll_t *watcher, int status, int events)
{
    uv_os_fd_t fd;

    uv_fileno((uv_handle_t *)watcher, &fd);
    bench_ready(fd, events, NULL);
    if (bench_pending == 0)
        uv_stop(&loop);
}

static void open_loop(const int *fds, int count)
{
    watchers = calloc((size_t)count, sizeof *watchers);
    watcher_count = count;
    if (watchers == NULL || uv_loop_init(&loop) != 0)
        measure_fail("libuv");
    for (int i = 0; i < count; i++)
        if (uv_poll_init(&loop, &watchers[i], fds[i]) != 0 ||
            uv_poll_start(&watchers[i], UV_READABLE, ready) != 0)
            measure_fail("libuv");
}

static void run(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void close_loop(void)
{
    for (int i = 0; i < watcher_count; i++)
        uv_close((uv_handle_t *)&watchers[i], NULL);
    uv_run(&loop, UV_RUN_DEFAULT); /* it closes them here */
    uv_loop_close(&loop);
    free(watchers);
}

const struct contender libuv_contender = {"libuv", "libuv",    0,   open_loop,
                                          run,     close_loop, NULL};
#else
const struct contender libuv_contender = {.backend = "libuv", .name = "libuv"};
#endif

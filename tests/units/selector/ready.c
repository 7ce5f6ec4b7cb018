/* ready.c -- rules: what counts as ready. */
#include "contract.h"

#include <fcntl.h>
#include <netinet/in.h>

/* A descriptor to watch, the first, and what is to happen to it once it is. */
static void write_other(int pair[2])
{
    put_byte(pair[1]);
}

static void close_other(int pair[2])
{
    close(pair[1]);
    pair[1] = -1;
}

static void close_watched(int pair[2])
{
    close(pair[0]);
}

static void shut_other(int pair[2])
{
    expect_success(shutdown(pair[1], SHUT_WR));
}

static void fill_watched(int pair[2])
{
    char block[4096] = {0};

    expect_success(fcntl(pair[0], F_SETFL, O_NONBLOCK));
    while (write(pair[0], block, sizeof block) > 0)
        ;
    while (write(pair[0], block, 1) > 0)
        ;
    expect(errno, EAGAIN);
}

static void make_pipe_backwards(int pair[2])
{
    int forwards[2];

    make_pipe(forwards);
    pair[0] = forwards[1];
    pair[1] = forwards[0];
}

static void make_file(int pair[2])
{
    char name[] = "/tmp/test_selector.XXXXXX";

    pair[0] = mkstemp(name);
    ck_assert_msg(pair[0] != -1, "mkstemp(): %s", strerror(errno));
    unlink(name);
    expect(pwrite(pair[0], "x", 1, 0), 1);
    pair[1] = -1;
}

static void make_unconnected(int pair[2])
{
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    pair[1] = -1;
    expect_success(pair[0]);
}

static void send_urgent(int pair[2])
{
    expect(send(pair[1], "!", 1, MSG_OOB), 1);
    wait_for(pair[0], POLLPRI);
}

static void reset_other(int pair[2])
{
    reset_by_peer(pair[1]);
    pair[1] = -1;
    wait_for(pair[0], POLLIN);
}

/* On Linux only, as elsewhere the kernels differ; or anywhere. */
enum where { LINUX, ALL };

static const struct state {
    const char *name;
    void (*make)(int ends[2]);
    void (*happen)(int ends[2]);
    enum where where;
    const char *ready; /* in column * 3 + events - 1 */
} states[] = {
    /* clang-format off: a table. What is ready for a key that asks for R, for
     * W, for both. "x": it cannot be registered, "?": nobody has said.
     * select    poll      epoll     kqueue */
    {"an idle socket", make_pair, nothing, ALL,
     "- W W     - W W     - W W     - W W"},
    {"a socket with data", make_pair, write_other, ALL,
     "R W RW    R W RW    R W RW    R W RW"},
    {"a full socket", make_pair, fill_watched, ALL,
     "- - -     - - -     - - -     - - -"},
    {"an idle pipe", make_pipe, nothing, LINUX,
     "- - -     - - -     - - -     - - -"},
    {"H1 a pipe, the writer gone", make_pipe, close_other, LINUX,
     "R - R     R W RW    R W RW    R - R"},
    {"H2 a pipe, the reader gone", make_pipe_backwards, close_other, LINUX,
     "R W RW    R W RW    R W RW    - W W"},
    {"H3 a socket, the peer closed", make_pair, close_other, ALL,
     "R W RW    R W RW    R W RW    R W RW"},
    {"H3 a socket, the peer finished", make_pair, shut_other, ALL,
     "R W RW    R W RW    R W RW    R W RW"},
    {"H3 a TCP connection, reset", make_tcp, reset_other, ALL,
     "R W RW    R W RW    R W RW    R W RW"},
    {"H4 a closed descriptor", make_pair, close_watched, ALL,
     "? ? ?     R W RW    - - -     - - -"},
    {"H5 a regular file", make_file, nothing, ALL,
     "R W RW    R W RW    x x x     R W RW"},
    {"H6 urgent data", make_tcp, send_urgent, LINUX,
     "- W W     - W W     - W W     ? W ?"},
    {"H7 a socket never connected", make_unconnected, nothing, LINUX,
     "R W RW    R W RW    R W RW    - - -"},
    /* clang-format on */
};

enum { STATES = ROWS(states), COLUMNS = 4, WORD = 8 };

const int state_count = STATES;

/* By the backend's rank: kqueue, epoll, devpoll, poll, select. */
static const int columns[] = {3, 2, 1, 1, 0};

static void copy_word(const char *row, int nth, char word[WORD])
{
    for (int i = 0; i < nth; i++) {
        row += strcspn(row, " ");
        row += strspn(row, " ");
    }
    snprintf(word, WORD, "%.*s", (int)strcspn(row, " "), row);
}

/* What the table says for this backend; for one that was added what it says of
 * all. */
static void find_expected(const struct state *state, int events,
                          char word[WORD])
{
    int rank = backend_rank(subject);
    int column = rank < ROWS(columns) ? columns[rank] : 0;
    char other[WORD];

    copy_word(state->ready, column * 3 + events - 1, word);
    for (int i = 0; i < COLUMNS && rank >= ROWS(columns); i++) {
        copy_word(state->ready, i * 3 + events - 1, other);
        if (strcmp(word, other) != 0)
            strcpy(word, "?");
    }
}

static void check_state(const struct state *state, int backend, int events)
{
    static const char *const words[] = {"-", "R", "W", "RW"};
    char expected[WORD];
    const char *came = "x";

    find_expected(state, events, expected);
    if (*expected == '?')
        return;
    begin(backend, state->make);
    if (selector_register(sel, ends[0], events, called, NULL) == 0) {
        state->happen(ends);
        came = words[ready_on(ends[0])];
    }
    ck_assert_msg(strcmp(came, expected) == 0,
                  "%s: %s, events %d: ready is %s, expected %s", subject,
                  state->name, events, came, expected);
    finish();
}

START_TEST(what_counts_as_ready)
{
    const struct state *state = &states[_i % STATES];

    subject = selector_backend_name(_i / STATES);
#ifndef __linux__
    if (state->where == LINUX)
        return;
#endif
    for (int events = EVENT_READ; events <= BOTH; events++)
        check_state(state, _i / STATES, events);
}
END_TEST

RULE(select_fails_when_a_registered_descriptor_was_closed, make_pair)
{
    make_pipe(others);
    watch(ends[0], EVENT_READ);
    watch(others[1], EVENT_WRITE);
    expect(selector_select(sel, 0), 1);
    close(ends[0]);
    for (int i = 0; i < 2; i++) {
        expect_failure(selector_select(sel, -1), EBADF);
        expect(hand_out(), 0);
    }
    expect(count_keys(), 2);
    unwatch(ends[0]);
    expect(ready_on(others[1]), EVENT_WRITE);
}

RULE(epoll_and_kqueue_forget_a_closed_descriptor, make_pipe)
{
    make_pipe(others);
    watch(ends[0], EVENT_READ);
    put_byte(ends[1]);
    close(ends[0]);
    expect_wait(20);
    put_byte(others[1]);
    expect(dup2(others[0], ends[0]), ends[0]); /* the next connection */
    expect(ready_on(ends[0]), 0);
    expect(count_keys(), 1);
}

END_OF_PART(ready, "what counts as ready")

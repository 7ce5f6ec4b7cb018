/* lesson1h.c -- the checks of the exercises of lesson 1½. */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- 1h.1: sleep instead of asking ----------------------------------------- */

enum { SILENT_MS = 300 }; /* until there is room, or the peer has gone */

/* A peer whose queue is full does not answer. The kernel of whoever connects
 * tries again when a second is over, and finds what there is by then. */
struct peer {
    int listener;
    int waiting[SILENT]; /* they fill its queue */
    char target[32];
};

/* false: this system answers all the same. */
static bool opens_without_room(struct peer *peer)
{
    enum { WHILE_MS = 20 };
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int port;

    peer->listener = listener_open(&port);
    listen(peer->listener, 0);
    address.sin_port = htons((in_port_t)port);
    snprintf(peer->target, sizeof peer->target, "127.0.0.1:%d", port);
    for (int i = 0; i < SILENT; i++) {
        int one = socket(AF_INET, SOCK_STREAM, 0);

        fcntl(one, F_SETFD, FD_CLOEXEC);
        fcntl(one, F_SETFL, O_NONBLOCK);
        (void)!connect(one, (struct sockaddr *)&address, sizeof address);
        peer->waiting[i] = one;
    }
    return !wait_until(now_ms() + WHILE_MS, peer->waiting[SILENT - 1], POLLOUT);
}

/* Nobody waits any more, and the next one is answered. */
static void makes_room(const struct peer *peer)
{
    int one;

    for (int i = 0; i < SILENT; i++)
        close(peer->waiting[i]);
    while ((one = accept(peer->listener, NULL, NULL)) != -1)
        close(one);
}

static void goes_away(const struct peer *peer)
{
    makes_room(peer);
    close(peer->listener);
}

static void is_started(const struct peer *peer, const char *limit)
{
    program_launch.path = program_path;
    program = child_start(&program_launch, ARGS("-t", limit, peer->target));
    snprintf(program->name, sizeof program->name, "the program");
}

/* -- how it waits ---------------------------------------------------------- */

/* What the programs that have ended have used. */
struct usage {
    long wakeups;
    long cpu_ms;
};

static struct usage usage(void)
{
    struct rusage all = {0};

    getrusage(RUSAGE_CHILDREN, &all);
    return (struct usage){
        .wakeups = all.ru_nvcsw,
        .cpu_ms = all.ru_utime.tv_sec * 1000 + all.ru_utime.tv_usec / 1000 +
                  all.ru_stime.tv_sec * 1000 + all.ru_stime.tv_usec / 1000};
}

/* The number in "asked 123456 times", if it is still printed. */
static long times_asked(void)
{
    const char *asked =
        program->out.length == 0 ? NULL : strstr(program->out.text, "asked ");

    return asked == NULL ? 0 : strtol(asked + strlen("asked "), NULL, 10);
}

/* On a busy machine whoever asks without a pause may get little of the
 * processor, but will still have asked often. */
static void has_not_computed(struct usage before, int waited_ms)
{
    enum { OFTEN = 2000, TENTH = 10 };
    long cpu_ms = usage().cpu_ms - before.cpu_ms;

    because(
        "It asks \"decided?\" without a pause. The kernel knows when it is; "
        "let the program sleep until then.");
    if (times_asked() > OFTEN || cpu_ms > waited_ms / TENTH)
        fail_with("expected it to sleep, but in %d ms it has computed for %ld "
                  "ms, and asked %ld times",
                  waited_ms, cpu_ms, times_asked());
}

/* Two or three wake-ups are for its start. Whoever naps for 160 ms is not woken
 * much more often in a second, but asks each time: once to begin with and once
 * when it is decided would do. */
static void has_hardly_been_woken(struct usage before)
{
    enum { FEW = 6, FEW_QUESTIONS = 3 };
    long count = usage().wakeups - before.wakeups;

    because(
        "It still asks, only with pauses. Each of them ends in a wake-up "
        "for nothing, and the answer is noticed when a pause is over. Sleep "
        "in a call that the kernel ends when the connection is decided.");
    if (count > FEW)
        fail_with("expected it to be woken once, got %ld times", count);
    if (times_asked() > FEW_QUESTIONS)
        fail_with("expected it to ask when it is woken, but it has asked %ld "
                  "times",
                  times_asked());
}

enum { LIMIT_MS = 300 };

/* Returns after how many milliseconds. */
static long long gives_up(const struct peer *peer)
{
    long long start = now_ms();

    is_started(peer, "0.3");
    child_expect_exit(program, 1);
    return now_ms() - start;
}

/* The best of three tries, for a machine that has much to do. */
static void and_no_later(const struct peer *peer, long long waited)
{
    enum { LATE_MS = 100, MORE_TRIES = 2 };

    step("and no longer");
    for (int i = 0; i < MORE_TRIES && waited > LIMIT_MS + LATE_MS; i++) {
        child_free(program);
        waited = gives_up(peer);
    }
    because("It slept on when the time was over. No sleep may be longer than "
            "what is left of the time limit.");
    if (waited > LIMIT_MS + LATE_MS)
        fail_with("expected it to give up after %d ms, got %lld ms", LIMIT_MS,
                  waited);
}

static void gives_up_in_time(void)
{
    struct peer peer;
    struct usage before = usage();
    long long waited;

    opens_without_room(&peer);
    step("the peer never answers; the program is started with -t 0.3");
    step("after 0.3 s it gives up");
    because("Whoever sleeps must say for how long at most: no longer than is "
            "left of the time limit.");
    waited = gives_up(&peer);
    because("The time limit was not over yet.");
    if (waited < LIMIT_MS)
        fail_with("expected it to wait for %d ms, but it has ended after %lld",
                  LIMIT_MS, waited);
    step("until then it slept");
    has_not_computed(before, LIMIT_MS);
    has_hardly_been_woken(before);
    and_no_later(&peer, waited);
    child_free(program);
    goes_away(&peer);
}

/* It has not printed "connected!": perhaps it waits for something to read? */
static const char *what_it_sleeps_for(int newcomer)
{
    enum { WHILE_MS = 300 };
    long long limit = now_ms() + WHILE_MS;

    (void)!write(newcomer, "hello\n", 6);
    while (!stream_has(&program->out, "connected!"))
        if (!wait_until(limit, -1, 0))
            return "The peer has answered: the connection is made. How shall "
                   "the program learn of it while it sleeps?";
    return "It slept until something could be read: when the peer then said "
           "something, it woke. But the peer of a new connection need not say "
           "anything: that it is made shows in that one can write.";
}

/* The peer makes room, and answers when the kernel tries again. Returns after
 * how many milliseconds the program has noticed. */
static long long notices_the_answer(void)
{
    struct peer peer;
    long long answered;
    long long noticed;
    int newcomer;

    opens_without_room(&peer);
    is_started(&peer, "5");
    wait_until(now_ms() + SILENT_MS, -1, 0);
    makes_room(&peer);
    because("The peer has room again, and nobody comes. Has the program given "
            "up before its time limit of 5 s?");
    newcomer = listener_accept(peer.listener);
    answered = now_ms();
    while (!stream_has(&program->out, "connected!"))
        if (!wait_until(answered + patience_ms(), -1, 0)) {
            because("%s", what_it_sleeps_for(newcomer));
            fail_with("expected it to notice that it is connected, but in %d "
                      "ms it has not",
                      patience_ms());
        }
    noticed = now_ms() - answered;
    because(NULL);
    child_finish(program, 0);
    close(newcomer);
    close(peer.listener);
    return noticed;
}

static void notices_at_once(void)
{
    /* The second is for a machine that has much to do. */
    enum { LATE_MS = 20, ON_A_BUSY_MACHINE_MS = 100 };
    struct usage before = usage();
    long long noticed;

    step(
        "a peer answers after a second, and the program prints \"connected!\"");
    noticed = notices_the_answer();
    step("until then it slept");
    has_hardly_been_woken(before);
    step("it has noticed the answer at once");
    if (noticed <= LATE_MS)
        return;
    noticed = notices_the_answer();
    because("It slept on when the answer was there. A pause that somebody has "
            "chosen ends too early or too late; the kernel knows the right "
            "moment.");
    if (noticed > ON_A_BUSY_MACHINE_MS)
        fail_with("expected it to notice the answer within %d ms, got %lld ms",
                  LATE_MS, noticed);
}

static void says_when_it_is_refused(void)
{
    struct peer peer;

    opens_without_room(&peer);
    step("a peer goes away, so that after a second the program is refused");
    is_started(&peer, "5");
    wait_until(now_ms() + SILENT_MS, -1, 0);
    goes_away(&peer);
    step("it says so");
    because("It was woken because it is decided; that does not mean that it is "
            "connected. socket_connect_result() tells which.");
    child_expect_exit(program, 1);
    stream_expect(program, &program->err, "%s", strerror(ECONNREFUSED));
    child_free(program);
}

static bool there_is_a_silent_peer(void)
{
    struct peer peer;
    bool is_silent = opens_without_room(&peer);

    goes_away(&peer);
    return is_silent;
}

static void check_1h_1(void)
{
    if (!there_is_a_silent_peer()) {
        skip("exercise 1h.1", "this system answers although the queue is full");
        return;
    }
    gives_up_in_time();
    notices_at_once();
    says_when_it_is_refused();
}

const struct exercise lesson1h[] = {
    {"1h.1", check_1h_1},
    {0},
};

/* surroundings.c -- signals, the port, and a stdout that nobody reads. */
#include "../case.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- signals --------------------------------------------------------------- */

/* Both are in the same batch, and the newcomer gets the number of the other. */
static void comes_as_another_is_cut_off(void)
{
    int other = come("one who is cut off");
    int newcomer;

    serve(other, "one who is cut off");
    let_it_sleep();
    child_pause(server);
    client_reset(other);
    newcomer = come("one who comes as another is cut off");
    child_signal(server, SIGCONT);
    serve(newcomer, "one who comes as another is cut off");
    leave(newcomer, "one who has come as another was cut off");
}

static void stopped_and_continued(void)
{
    int client = come("one who talks to a stopped server");

    serve(client, "one who talks to a server");
    for (int i = 0; i < 5; i++) {
        let_it_sleep();
        child_pause(server);
        say(client, "are you asleep?\n");
        client_expect_silence(client, "from a stopped server");
        child_signal(server, SIGCONT);
        hear(client, "are you asleep?\n",
             "one who talked to a stopped server, when it went on,");
    }
    leave(client, "one who has talked to a stopped server");
    comes_as_another_is_cut_off();
}

static void storm_of_signals(void)
{
    static const int harmless[] = {SIGWINCH, SIGURG, SIGCHLD, SIGCONT};
    int client = come("one who talks while signals come");

    for (int i = 0; i < 1000; i++) {
        if (i % 100 < 4)
            let_it_sleep();
        child_signal(server, harmless[i % 4]);
        if (i % 10 == 0)
            serve(client, "one who talks while signals come");
    }
    leave(client, "one who has talked while signals came");
}

/* -- the port -------------------------------------------------------------- */

/* The server is killed, so it is the first to close, and its port is kept by a
 * connection in TIME_WAIT. */
static bool restarts(void)
{
    int client = come("one who is there when the server is killed");
    int port = server->port;

    serve(client, "one who is there when the server is killed");
    child_free(server);
    server = NULL;
    client_expect_closed(client);
    close(client);
    return start_on(port);
}

/* Another program may take the port in between; three times it will not. */
static void restart(void)
{
    for (int attempt = 1; !restarts(); attempt++) {
        if (attempt == 3)
            end_with(STUCK, "started again on its port it says nothing");
        child_free(server);
        server = NULL;
        start_on(0);
    }
}

static void second_server(void)
{
    struct child *second = start_another_on(server->port);
    long long limit = now_ms() + patience_ms();

    while (child_runs(second))
        if (now_ms() > limit)
            end_with(WRONG, "a second server runs on the same port");
        else
            wait_until(now_ms() + 5, -1, 0);
    if (WIFEXITED(second->status) && WEXITSTATUS(second->status) == 0)
        end_with(WRONG, "a second server on the same port ends with status 0");
    child_free(second);
}

/* -- nobody takes its words ------------------------------------------------ */

static void talk_unheard(int in, int out)
{
    start_unheard(in, out);
    for (int i = 0; i < TIMES; i++) {
        int client = come("one whom nobody hears of");

        serve(client, "one whom nobody hears of");
        leave(client, "one whom nobody hears of");
    }
}

/* The listener gets the number of stdin, and the first client that of stdout,
 * if nobody has seen to it. */
static void both_closed(void)
{
    talk_unheard(CLOSED, CLOSED);
}

static void stdout_reader_gone(void)
{
    int ends[2];

    pipe_make(ends);
    close(ends[0]);
    talk_unheard(0, ends[1]);
}

static void stdout_full_pipe(void)
{
    int ends[2];

    pipe_make(ends);
    pipe_fill(ends[1]);
    talk_unheard(0, ends[1]);
}

static void stdout_full_disk(void)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    if (full == -1)
        end_with(SKIPPED, "there is no /dev/full");
    talk_unheard(0, full);
}

/* A case more: a function above, its row here, as told at struct row. */
const struct row surrounding_cases[] = {
    {"stopped and continued", stopped_and_continued,
     .faults = {{"dies-of-eintr", DIES}, {"event-for-a-reused-number", DROPS}}},
    {"1000 harmless signals", storm_of_signals,
     .faults = {{"dies-of-eintr", DIES}}},
    {"restart on the same port", restart,
     .faults = {{"no-reuseaddr", DIES}, {"late-reuseaddr", DIES}}},
    {"second server, same port", second_server,
     .faults = {{"shares-its-port", WRONG}}},
    {"stdin, stdout closed", both_closed, .unheard = true,
     .faults = {{"logs-to-clients", WRONG}}},
    {"stdout: its reader gone", stdout_reader_gone, .unheard = true,
     .faults = {{"dies-of-sigpipe", DIES}}},
    {"stdout: a full pipe", stdout_full_pipe, .unheard = true,
     .faults = {{"blocks-on-stdout", STUCK}}},
    {"stdout: a full disk", stdout_full_disk, .unheard = true,
     .faults = {{"dies-of-full-disk", DIES}}},
    {.name = NULL},
};

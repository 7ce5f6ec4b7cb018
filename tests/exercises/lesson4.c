/* lesson4.c -- the checks of the exercises of lesson 4; get.c and race.c have
 * those of the last two. */
#include "targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- 4.1: SO_ERROR --------------------------------------------------------- */

static bool is_connected(const struct target *target)
{
    return has_line(&program->out, "connected!", target->text);
}

/* What the source says somewhere; only for the choice of words. */
static bool source_has(const char *words)
{
    static char text[64 * 1024];
    FILE *file = fopen(program_source, "r");

    if (file == NULL)
        return false;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return strstr(text, words) != NULL;
}

static void say_why_it_is_not_connected(void)
{
    if (source_has("SO_ERROR") || source_has("socket_connect_result"))
        because("Its socket is writable, as it is decided: refused. Asked for "
                "SO_ERROR the kernel says so. It tells an error once; whoever "
                "asks a second time hears 0.");
    else if (source_order(program_source, "connected(int", "data;", "errno"))
        because("errno speaks of the last call that has failed. Since then "
                "time has passed, and no call has told of this: the error is "
                "kept with the socket, until somebody asks for it.");
    else
        because("Its socket is writable, as it is decided: refused. Writable "
                "does not mean connected.");
}

/* The answer built once more, with late.c. */
static bool is_built_late(char path[64])
{
    char command[512];

    snprintf(path, 64, "build/exercises/late.%ld", (long)getpid());
    snprintf(command, sizeof command,
             "$COMPILE -w -Dsocket_connect=late_connect "
             "-Dsocket_connect_result=late_result "
             "-Dselector_select=late_select -Dselector_next=late_next "
             "%s tests/exercises/4.1/late.c "
             "$COMMON $LIBS -o %s 2>/dev/null",
             program_source, path);
    return getenv("COMPILE") != NULL && system(command) == 0;
}

static void may_be_woken_for_nothing(const struct target *nobody,
                                     const struct target *target)
{
    char path[64];
    bool has_ended;

    if (!is_built_late(path)) {
        skip("4.1", "the program cannot be built once more");
        return;
    }
    step("the program is woken before anything is decided");
    program_path = path;
    program_starts(ARGS("-t", LONG, nobody->text, target->text));
    has_ended = ends();
    unlink(path);
    because("When it was woken nothing was decided, and a socket that is still "
            "on its way has no error: SO_ERROR says 0. So 0 alone does not "
            "mean connected. socket_connect_result() knows them apart.");
    step("the program does not print connected! for %s", nobody->name);
    if (is_connected(nobody))
        fail_as_printed("no connected! for %s, where nobody listens",
                        nobody->text);
    because("Nothing was decided yet: so socket_connect_result() fails with "
            "EINPROGRESS, and that is no failure. Leave it where it is, it "
            "will be called again.");
    step("the program prints connected! for %s, and ends", target->name);
    if (!has_ended || !is_connected(target))
        fail_as_printed("connected! for %s", target->text);
    child_finish(program, 1);
}

static void check_4_1(void)
{
    struct target nobody = refusing();
    struct target somebody = listening();

    program_starts(ARGS("-t", LONG, nobody.text, somebody.text));
    because("Whoever is decided, one way or the other, must be watched no "
            "more, and be closed: the loop ends when nobody is watched. (An "
            "error is told once: to whoever asks again, nothing seems to be "
            "decided.)");
    must_end();
    step("it has printed connected! for %s, and not for %s", somebody.name,
         nobody.name);
    say_why_it_is_not_connected();
    if (is_connected(&nobody))
        fail_as_printed("no connected! for %s, where nobody listens",
                        nobody.text);
    if (stream_has(&program->err, somebody.text))
        because("SO_ERROR says 0, no error, for this one: it is connected.");
    else if (source_has("SO_ERROR") || source_has("socket_connect_result"))
        because("That one is refused concerns this one only: the others go "
                "on.");
    else
        because("Who is asked whether it is connected? errno speaks of the "
                "last call that has failed, and no call has told of this. The "
                "socket knows how it was decided: socket_connect_result(), or "
                "SO_ERROR.");
    if (!is_connected(&somebody))
        fail_as_printed("connected! for %s", somebody.text);
    because("What SO_ERROR says is an errno: it can say why.");
    step("it has printed on stderr why %s is not connected", nobody.name);
    stream_expect(program, &program->err, "%s", strerror(ECONNREFUSED));
    because("One is not connected: that is exit status 1.");
    child_finish(program, 1);
    because(NULL);
    may_be_woken_for_nothing(&nobody, &somebody);
}

/* -- 4.2: a time limit for each -------------------------------------------- */

static bool is_given_up(const struct target *target)
{
    return has_line(&program->err, strerror(ETIMEDOUT), target->text);
}

/* How many descriptors it has while it waits for this one only. */
static int descriptors_for_one(const struct target *patient)
{
    int count;

    program_starts(ARGS("-t", LONG, patient->text));
    stream_expect(program, &program->out, "connecting to");
    count = child_descriptors(program);
    child_free(program);
    return count;
}

static void is_given_up_in_time(const struct target *hasty)
{
    long long limit = now_ms() + patience_ms();

    step("%s is given up after 0.2 seconds", hasty->name);
    while (!is_given_up(hasty) && program->err.fd > 0 && now_ms() < limit)
        wait_until(now_ms() + 10, -1, 0);
    because(child_runs(program)
                ? "Nobody says anything any more. So selector_select() must "
                  "wake when the earliest of all limits is over: with -1, or "
                  "with what is left of a later one, it sleeps on."
                : "It has ended without a word about it.");
    if (!is_given_up(hasty))
        fail_as_printed("%s to be given up: \"%s\" on stderr", hasty->text,
                        strerror(ETIMEDOUT));
}

/* The one is given up once, the other is waited for. */
static void waits_on(const struct target *patient, const struct target *hasty)
{
    step("%s has 60 seconds, so the program waits on", patient->name);
    because("It was given up together with %s, whose time was over. One limit "
            "for all is not enough: each target has a moment of its own, and "
            "only those whose moment has come are given up.",
            hasty->name);
    because_if(SPINS, "There is nothing to do before the next limit is over. "
                      "Whose is the earliest? Whoever is connected, refused or "
                      "given up must not count any more: its time is over now "
                      "and for ever, so nothing would ever be left to sleep "
                      "for, and it would be given up again and again.");
    if (child_runs(program))
        program_sleeps("until the next limit is over");
    wait_until(now_ms(), -1, 0); /* whatever it has printed meanwhile */
    if (!child_runs(program) || is_given_up(patient))
        fail_as_printed("%s to be waited for, as its time is not over",
                        patient->text);
    because("Whoever is given up must not count any more: its time is over now "
            "and for ever, so it would be given up again and again.");
    if (stream_count(&program->err, strerror(ETIMEDOUT)) > 1)
        fail_as_printed("%s to be given up once", hasty->text);
}

/* Two that are silent: how long does the program take? */
static long long takes_ms(const struct target *silent)
{
    long long started = now_ms();

    program_starts(ARGS("-t", "0.3", silent->text, "-t", "0.6", silent->text));
    because("Both limits are over by now.");
    must_end();
    because("Each of them is given up.");
    if (stream_count(&program->err, strerror(ETIMEDOUT)) != 2)
        fail_as_printed("two lines on stderr with \"%s\"", strerror(ETIMEDOUT));
    because(NULL);
    child_finish(program, 1);
    return now_ms() - started;
}

/* A busy machine may be late once; whoever waits too long does so each time. */
static void has_its_time_from_its_start(const struct target *silent)
{
    enum { LIMIT_MS = 600, LATE_MS = 850, ATTEMPTS = 3 };
    long long took = LATE_MS;

    for (int i = 0; i < ATTEMPTS && took >= LATE_MS; i++)
        took = takes_ms(silent);
    because("It has not waited for the second one.");
    if (took < LIMIT_MS)
        fail_with("expected the program to run for %d ms, it took %lld",
                  LIMIT_MS, took);
    because("0.3 and then 0.6: for the second one the time began anew when the "
            "first was given up. What counts is what is left of it, and that "
            "is what deadline_left_ms() says.");
    if (took >= LATE_MS)
        fail_with("expected the program to end after about %d ms, it took %lld",
                  LIMIT_MS, took);
}

static void check_4_2(void)
{
    struct target quick = listening();
    struct target patient;
    struct target hasty;
    int before;

    if (!is_silent(&patient) || !is_silent(&hasty))
        return;
    before = descriptors_for_one(&patient);
    program_starts(
        ARGS("-t", LONG, patient.text, quick.text, "-t", "0.2", hasty.text));
    step("it prints connected! for %s", quick.name);
    stream_expect(program, &program->out, "connected! %s", quick.text);
    is_given_up_in_time(&hasty);
    waits_on(&patient, &hasty);
    because("Whoever is given up is closed, too.");
    step("it has as many descriptors as with %s alone", patient.name);
    child_expect_descriptors(program, before, "when one is given up");
    child_free(program);
    because(NULL);
    has_its_time_from_its_start(&hasty);
}

const struct exercise lesson4[] = {
    {"4.1", check_4_1},
    {"4.2", check_4_2},
    {"4.3", check_4_3},
    {"4.4", check_4_4},
    {0},
};

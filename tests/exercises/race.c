/* race.c -- the check of exercise 4.4: a race of two addresses. */
#include "targets.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_START_MS = 250 };

/* It has won, and is talked to. Returns the number of descriptors while it is:
 * the same, whoever has lost. (Not as soon as connected! is printed: the loser
 * may be closed after that.) */
static int wins(const struct target *winner, int visitor)
{
    step("the program prints connected! for %s", winner->name);
    stream_expect(program, &program->out, "connected! %s\n", winner->text);
    step("%s says \"welcome\\n\", and the program prints it", winner->name);
    client_send_text(visitor, "welcome\n");
    because("What the winner says is printed by talk(), until it closes.");
    stream_expect(program, &program->out, "welcome\n");
    return child_descriptors(program);
}

static void says_goodbye(const struct target *winner, int visitor)
{
    step("%s closes, and the program ends", winner->name);
    close(visitor);
    because("What the winner says is printed by talk(), until it closes.");
    if (!ends())
        fail_as_printed("the program to end, but it runs on");
    because("Somebody has won: that is exit status 0.");
    child_finish(program, 0);
}

/* Returns how many descriptors a program has that talks. */
static int first_is_quicker(void)
{
    enum { WHILE_MS = HEAD_START_MS + 100 };
    struct target first = listening();
    struct target second = listening();
    int visitor;
    int count;

    program_starts(ARGS("-t", LONG, first.text, second.text));
    because("It listens, and was named first.");
    visitor = visitor_of(&first);
    count = wins(&first, visitor);
    step("the program has never connected to %s", second.name);
    because("%s has a head start of 250 ms: it was connected long before they "
            "were over, and so the other one is never started.",
            first.name);
    if (wait_until(now_ms() + WHILE_MS, second.fd, POLLIN))
        fail_as_printed("no connection to %s, %s", second.name, second.text);
    says_goodbye(&first, visitor);
    return count;
}

static void first_is_silent(const struct target *silent, int before)
{
    struct target second = listening();
    long long started = now_ms();
    long long took;
    int visitor;

    program_starts(ARGS("-t", LONG, silent->text, second.text));
    because("%s may be silent for a minute. To wait for its end is not a race: "
            "after 250 ms the second one is started, and the first one goes "
            "on. So selector_select() must not sleep longer than that.",
            silent->name);
    visitor = visitor_of(&second);
    took = now_ms() - started;
    because("%s has a head start of 250 ms.", silent->name);
    if (took < HEAD_START_MS)
        fail_as_printed("250 ms before the connection to %s, it took %lld",
                        second.name, took);
    because("%s is connected, and so it has won.", second.name);
    wins(&second, visitor);
    step("it has as many descriptors as when the first had won");
    because("The winner is talked to, and the loser is still there: its socket "
            "is open, and the kernel goes on trying. If it answers at last, "
            "somebody is connected to whom nobody ever talks.");
    child_expect_descriptors(program, before, "when the second has won");
    says_goodbye(&second, visitor);
}

/* A busy machine may be late a few times; whoever waits does so each time. */
static void first_refuses(void)
{
    enum { ATTEMPTS = 5 };
    struct target refuses = refusing();
    struct target second = listening();
    long long took = HEAD_START_MS;

    for (int i = 0; i < ATTEMPTS && took >= HEAD_START_MS; i++) {
        long long started = now_ms();
        int visitor;

        program_starts(ARGS("-t", LONG, refuses.text, second.text));
        because("%s has refused, so it is the turn of the second one.",
                refuses.name);
        visitor = visitor_of(&second);
        took = now_ms() - started;
        wins(&second, visitor);
        says_goodbye(&second, visitor);
    }
    because("%s had refused at once: it was out of the race, and %s has "
            "nothing to wait for.",
            refuses.name, second.name);
    if (took >= HEAD_START_MS)
        fail_with("expected a connection to %s at once, it took %lld ms, %d "
                  "times of %d",
                  second.name, took, ATTEMPTS, ATTEMPTS);
}

/* The first answers at last, when the second has refused already. */
static void second_refuses(const struct target *late)
{
    struct target refuses = refusing();
    int visitor;

    program_starts(ARGS("-t", LONG, late->text, refuses.text));
    step("%s refuses", refuses.name);
    because("%s is to be tried after 250 ms. It refuses, and SO_ERROR says so: "
            "tell it on stderr.",
            refuses.name);
    stream_expect(program, &program->err, "%s", strerror(ECONNREFUSED));
    speaks_again(late);
    because("That the second one has failed does not end the race: the first "
            "one is still on its way.");
    visitor = visitor_of(late);
    wins(late, visitor);
    says_goodbye(late, visitor);
}

static void nobody_wins(const struct target *silent)
{
    enum { LIMIT_MS = 400 };
    struct target one = refusing();
    struct target other = refusing();
    long long started;

    program_starts(ARGS("-t", LONG, one.text, other.text));
    because("Both have refused: nobody is left, and nothing to wait for.");
    must_end();
    because("Nobody has won: that is exit status 1.");
    child_finish(program, 1);
    started = now_ms();
    program_starts(ARGS("-t", "0.4", silent->text, silent->text));
    because("Both are silent, and limit_ms are over.");
    must_end();
    if (now_ms() - started < LIMIT_MS)
        fail_as_printed("both to be waited for, 0.4 seconds");
    because("Nobody has won: that is exit status 1.");
    child_finish(program, 1);
}

void check_4_4(void)
{
    struct target silent;
    struct target late;
    int before = first_is_quicker();

    first_refuses();
    if (!is_silent(&silent) || !is_silent(&late))
        return;
    first_is_silent(&silent, before);
    second_refuses(&late);
    nobody_wins(&silent);
}

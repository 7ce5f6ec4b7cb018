/* catch_report.c -- what is printed: who was caught, and what the score means.
 */
#include "catch.h"

#include "basics.h"
#include "process.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PRINTS_A_LOT = 100000 };

static int shown;

static bool is_on_terminal(void)
{
    return isatty(STDOUT_FILENO);
}

static int sick(void)
{
    return plan.count - plan.good;
}

/* Two thirds: so much makes `make catch` green. */
static int wanted(void)
{
    return (2 * sick() + 2) / 3;
}

void print_head(void)
{
    int rounds = (plan.count + plan.jobs - 1) / plan.jobs;

    printf("%s: %d good servers, %d sick ones, at the most %d s for each\n",
           plan.script, plan.good, sick(), plan.limit_s);
    if (rounds * plan.limit_s >= 60)
        printf("(a check that always needs that long takes about %d s; Ctrl-C "
               "ends "
               "it\nand tells what was found)\n",
               rounds * plan.limit_s);
    printf("\n");
}

/* -- one server ------------------------------------------------------------ */

/* The last line with something in it, and nothing that a terminal obeys. */
static void last_line(const struct run *run, char *line, size_t size)
{
    size_t end = strlen(run->said);
    size_t start;

    while (end > 0 && isspace((unsigned char)run->said[end - 1]))
        end--;
    for (start = end; start > 0 && run->said[start - 1] != '\n'; start--)
        continue;
    snprintf(line, size, "%.*s", (int)(end - start), run->said + start);
    for (; *line != '\0'; line++)
        if (!isprint((unsigned char)*line))
            *line = '?';
}

/* How it came to its word, which is none if it hangs or cannot be run. */
static const char *manner(const struct run *run)
{
    static char text[80];

    switch (run->word) {
    case HANGS:
        snprintf(text, sizeof text, "no answer within %d s", plan.limit_s);
        break;
    case KILLED:
        snprintf(text, sizeof text, "killed by signal %d (%s)",
                 WTERMSIG(run->status), strsignal(WTERMSIG(run->status)));
        break;
    case LOST:
        snprintf(text, sizeof text, "this server did not start");
        break;
    case YES:
    case NO:
    case CANNOT_RUN:
        snprintf(text, sizeof text, "exit status %d", WEXITSTATUS(run->status));
    }
    return text;
}

static bool is_as_wished(const struct run *run)
{
    return run->word == (run->hint == NULL ? YES : NO);
}

static void print_run(const struct run *run)
{
    const char *outcome = run->hint == NULL
                              ? is_as_wished(run) ? "accepts" : "REJECTS"
                          : is_as_wished(run) ? "catches"
                                              : "misses";
    char line[SAID];

    last_line(run, line, sizeof line);
    if (is_on_terminal())
        printf("\033[K");
    printf("%-7s  %s", outcome, run->name);
    if (!is_as_wished(run) && run->word != YES)
        printf(": %s", manner(run));
    printf("\n");
    if (run->word != YES && *line != '\0')
        print_folded(line, 9);
}

void show_runs(void)
{
    for (; shown < plan.count && plan.runs[shown].done; shown++)
        print_run(&plan.runs[shown]);
    if (is_on_terminal())
        printf("\033[K... %d of %d\r", count_done(), plan.count);
    fflush(stdout);
}

/* -- a good one that is not accepted --------------------------------------- */

static const char *why_it_counts_for_nothing(const struct run *run)
{
    int rejected = count_words(NO, 0, plan.good);

    switch (run->word) {
    case NO:
        return rejected == plan.good
                   ? "It says no to every good server, so its no means "
                     "nothing: "
                     "nothing was asked of the sick ones. The exit status of a "
                     "script is that of its last command; 0 must mean yes."
                   : "It says no to a good server, so its no means nothing: "
                     "nothing was asked of the sick ones.";
    case HANGS:
        return "It does not come to an end with a good server, so nothing was "
               "asked of the sick ones. It was ended, with all that it had "
               "started. Each wait needs an end: guest has one, nc -w 2, "
               "timeout 2 COMMAND.";
    case CANNOT_RUN:
        return WEXITSTATUS(run->status) == 127
                   ? "Exit status 127 is neither yes nor no: it, or the last "
                     "command in it, was not found."
                   : "Exit status 126 is neither yes nor no: it, or the last "
                     "command in it, may not be executed.";
    case KILLED:
        return "To be killed by a signal is neither yes nor no: it has "
               "crashed.";
    case LOST:
    case YES:
        break;
    }
    return "A good server has not started; that is not the fault of your "
           "check. "
           "Try it again, with -j 1 if the machine is busy.";
}

static void explain_rejection(void)
{
    const struct run *run = plan.runs;
    const char *said = run->said;

    while (is_as_wished(run))
        run++;
    printf("\n");
    print_folded(why_it_counts_for_nothing(run), 0);
    printf("\nLook first at %s (%s). ", run->name, manner(run));
    said = run->said;
    printf(*said == '\0' ? "It has printed nothing.\n" : "It has printed%s:\n",
           run->printed < SAID ? "" : ", at the end");
    while (*said != '\0') {
        size_t length = strcspn(said, "\n");

        printf("    ");
        for (size_t i = 0; i < length; i++)
            putchar(isprint((unsigned char)said[i]) ? said[i] : '?');
        printf("\n");
        said += length + (said[length] == '\n');
    }
    printf("By hand: make run-02, and in another terminal\n"
           "    PATH=$PWD/build/clinic:$PATH; %s 5000; echo $?\n",
           plan.script);
}

/* -- the score ------------------------------------------------------------- */

static void print_missed(void)
{
    bool any = false;

    for (int i = plan.good; i < plan.count; i++) {
        const struct run *run = &plan.runs[i];

        if (!run->done || is_as_wished(run))
            continue;
        if (!any)
            printf("\nMissed, and what a client would have to do:\n");
        any = true;
        printf("  %s%s%s%s\n", run->name, run->word == YES ? "" : " (",
               run->word == YES ? "" : manner(run),
               run->word == YES ? "" : ")");
        print_folded(run->hint, 4);
    }
}

static void print_not_played(void)
{
    const char *comma = "";

    printf("\nNot played, as only the start of a server shows them, or as they "
           "are echoes, to\nwhich each check for Hello World would say no "
           "(make torture plays such cases):\n ");
    for (const struct sickness *s = sicknesses; s->fault != NULL; s++)
        if (s->hint == NULL) {
            printf("%s %s", comma, s->fault);
            comma = ",";
        }
    printf("\n");
}

static void print_note(int count, const char *of, const char *note)
{
    char text[500];

    if (count == 0)
        return;
    snprintf(text, sizeof text, "With %d of the %s %s", count, of, note);
    printf("\n");
    print_folded(text, 0);
}

static void print_notes(void)
{
    int left = 0;
    int much = 0;

    for (int i = 0; i < plan.count; i++) {
        left += plan.runs[i].left_some_behind;
        much += plan.runs[i].printed > PRINTS_A_LOT;
    }
    print_note(count_words(HANGS, plan.good, plan.count), "sick",
               "it came to no end, and who hangs has not said no: give each "
               "wait an end (guest has one, nc -w 2, timeout 2 COMMAND).");
    print_note(count_words(CANNOT_RUN, plan.good, plan.count) +
                   count_words(KILLED, plan.good, plan.count),
               "sick",
               "it has crashed or not found a command (a signal, exit status "
               "126 or 127), and that is not a no.");
    print_note(left, "servers",
               "it left processes behind, and perhaps connections. They were "
               "ended and cost nothing here, but a check should end what it "
               "starts (kill, wait).");
    print_note(much, "servers",
               "it printed more than 100 kB, of which only the end was kept.");
}

static void judge(int caught, int done)
{
    if (done < sick())
        return;
    if (count_words(YES, plan.good, plan.count) == sick())
        printf("\nIt says yes to every server, however sick: the exit status "
               "must be another\nthan 0 when something is wrong.\n");
    if (caught == sick())
        printf("\nNot one has escaped.\n");
    else if (caught < wanted())
        printf("\nAs soon as it catches %d this command ends well.\n",
               wanted());
}

int print_score(void)
{
    int accepted = count_words(YES, 0, plan.good);
    int caught = count_words(NO, plan.good, plan.count);
    int done = 0;

    for (int i = plan.good; i < plan.count; i++)
        done += plan.runs[i].done;
    if (is_on_terminal())
        printf("\033[K");
    for (; process_interrupted() && shown < plan.count; shown++)
        if (plan.runs[shown].done)
            print_run(&plan.runs[shown]);
    if (process_interrupted())
        printf("\nInterrupted; that is what was found until then.\n");
    if (accepted < plan.good && !process_interrupted()) {
        explain_rejection();
        printf("\naccepts %d of %d good servers; catches: not counted\n",
               accepted, plan.good);
        return 1;
    }
    if (caught > 0 || done == sick())
        print_missed();
    if (done == sick())
        print_not_played();
    print_notes();
    judge(caught, done);
    printf("\naccepts %d of %d good servers; catches %d of %d\n", accepted,
           plan.good, caught, done);
    return caught >= wanted() ? 0 : 1;
}

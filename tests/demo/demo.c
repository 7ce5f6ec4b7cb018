/* demo.c -- watch the four stages: who is answered, and when.
 *
 *   make demo
 *   make demo-02 SERVER="python3 mine.py"   your own, in place of that of 02
 *
 *   demo [STAGE [FILE]]    one stage only; what was seen is written to FILE,
 *                          for draw.sh
 *
 * Exit status 0: everything went as the lesson says. 1: it did not, and a line
 * that begins with UNEXPECTED says what.
 */
#include "demo.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MS = 13000, FRAME_MS = 40, WIDTH = 79 };

static long long end_ms;   /* when the demo must be over, come what may */
static char surprise[200]; /* of this stage; "": none so far */
static int surprised_stages;
static bool started;  /* it came as far as its first line */
static FILE *records; /* of what is seen; NULL: nobody wants any */
static struct {
    const char *program;
    const char *variable;
} shown; /* at present */

/* -- the program that is being shown --------------------------------------- */

void demo_title(const char *program, const char *instead, const char *title)
{
    shown.program = program;
    shown.variable = instead;
    started = true;
    printf("\n%s: %s\n", program, title);
    if (is_replaced(instead))
        printf("  (shown in its place: %s)\n", getenv(instead));
    if (records != NULL)
        fprintf(records, "picture\t%s\t%s\t%s\n", program, title,
                is_replaced(instead) ? getenv(instead) : "");
}

void demo_picture(const struct picture *picture)
{
    picture_end(picture);
    if (records != NULL)
        picture_write(picture, records);
}

struct child *demo_start(const char *const *arguments)
{
    const struct launch launch = {.path = shown.program,
                                  .variable = shown.variable,
                                  .selector = getenv("SELECTOR"),
                                  .err = AS_STDOUT};
    struct child *child = child_start(&launch, arguments);

    child_end_input(child);
    return child;
}

static long long earlier(long long one_ms, long long other_ms)
{
    return one_ms < other_ms ? one_ms : other_ms;
}

/* A part of the millisecond that now_ms() names is over already. */
long long demo_moment(int later_ms)
{
    return earlier(now_ms() + later_ms + 1, end_ms);
}

long long demo_frame(long long moment_ms)
{
    return earlier(now_ms() + FRAME_MS, moment_ms);
}

/* -- what is not as the lesson says ---------------------------------------- */

void demo_surprise(const char *what, ...)
{
    va_list arguments;

    if (surprise[0] != '\0')
        return;
    if (now_ms() >= end_ms)
        what = "The demo ran out of time before this could be seen.";
    va_start(arguments, what);
    vsnprintf(surprise, sizeof surprise, what, arguments);
    va_end(arguments);
}

void demo_did_not_start(struct child *child)
{
    const char *prefix = getenv("O");
    bool prefixed = prefix != NULL && *prefix != '\0';

    started = false;
    if (!is_replaced(shown.variable))
        demo_surprise("It did not start. Build it and start the demo at the "
                      "top of the repository: make demo%s%s",
                      prefixed ? " O=" : "", prefixed ? prefix : "");
    else if (child_runs(child))
        demo_surprise("It runs, but does not say that it has begun.");
    else
        demo_surprise("It ended before it had begun: %s.", child_state(child));
}

/* How they are to be typed: make watch-02 SERVER="python3 mine.py". */
static void print_command(const char *what, const char *which)
{
    printf("    make %s-%s %s=\"%s\"\n", what, which, shown.variable,
           getenv(shown.variable));
}

/* For whoever shows a program of his own. */
static void advise(void)
{
    const char *name = strrchr(shown.program, '/') + 1;
    bool is_server = strcmp(name, "server") == 0;
    char stage[3];

    snprintf(stage, sizeof stage, "%s", shown.program);
    if (!started && is_server) {
        printf("%s", server_contract);
    } else if (!started) {
        demo_say("In place of ours it gets -t SECONDS and some HOST:PORT, and "
                 "prints what ours prints.");
    } else {
        demo_say(
            "See where it sleeps meanwhile, and what others demand of it:");
        print_command("watch", is_server ? stage : name);
        print_command("test", stage);
    }
}

/* The beginning of it. */
static void print_said(const char *name, const struct stream *out)
{
    enum { MOST = 1200 };
    char said[MOST];

    if (out->length == 0) {
        demo_say("%s printed nothing.", name);
        return;
    }
    demo_say("%s printed:", name);
    snprintf(said, sizeof said, "%s", out->text);
    for (const char *line = said; *line != '\0';) {
        int length = (int)strcspn(line, "\n");

        printf("    | %.*s\n", length < WIDTH - 6 ? length : WIDTH - 6, line);
        line += length + (line[length] == '\n');
    }
}

bool demo_as_expected(const struct child *child)
{
    const char *name =
        is_replaced(shown.variable) ? getenv(shown.variable) : shown.program;

    if (surprise[0] == '\0')
        return true;
    demo_say("UNEXPECTED in %s: %s", name, surprise);
    print_said(name, &child->out);
    if (is_replaced(shown.variable))
        advise();
    if (records != NULL)
        fprintf(records, "unexpected\t%s\n", surprise);
    surprise[0] = '\0';
    surprised_stages++;
    return false;
}

/* -- words ----------------------------------------------------------------- */

void demo_say(const char *text, ...)
{
    char words[1000];
    int column = 0;
    va_list arguments;

    va_start(arguments, text);
    vsnprintf(words, sizeof words, text, arguments);
    va_end(arguments);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        int length = (int)strlen(word);

        if (column > 0 && column + 1 + length > WIDTH) {
            printf("\n");
            column = 0;
        }
        column += printf(column == 0 ? "  %s" : " %s", word);
    }
    printf("\n");
}

static void introduce(void)
{
    demo_say("Two clients talk to each of the three servers of this course. A "
             "connects, says a line, then stays connected and says nothing "
             "more. B comes later and has more to say. When is B answered?");
    printf("\n"
           "    + connects   ? says a line   = waits   ! is answered   "
           ". is silent\n"
           "    x leaves     * the server wakes; between: the call it sleeps "
           "in\n");
}

static void conclude(void)
{
    printf(
        "\nWhat next?\n"
        "  make run-01   run this server yourself; then, in two other "
        "terminals,\n"
        "                be A and B: nc 127.0.0.1 5000   (Ctrl-C ends it)\n"
        "  make demo-02 SERVER=\"python3 mine.py\"   your own server in this "
        "picture\n"
        "  LESSONS.md    the course: how the programs do it, and why\n");
}

/* -- the demo -------------------------------------------------------------- */

/* Nothing of it is left: no program, and no half of a picture. */
static void end_at_once(int number)
{
    process_end_all();
    picture_abandon();
    signal(number, SIG_DFL);
    raise(number);
}

/* With a buffer for all of a picture each is written at once: SIGKILL, too,
 * ends the demo before one or after it. */
int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    static char buffer[8192];
    struct sigaction at_once = {.sa_handler = end_at_once};

    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    sigfillset(&at_once.sa_mask);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        sigaction(deadly[i], &at_once, NULL);
    end_ms = now_ms() + MOST_MS;
    setenv("PYTHONUNBUFFERED", "1", 0); /* as if it printed on a terminal */
    if (argc > 2 && (records = fopen(argv[2], "w")) == NULL) {
        perror(argv[2]);
        return 1;
    }
    if (only == NULL || strcmp(only, "04") != 0)
        introduce();
    demo_servers(only);
    if (only == NULL || strcmp(only, "04") == 0)
        demo_connects();
    if (only == NULL)
        conclude();
    if (surprised_stages > 0)
        printf("\nNot as the lesson says: see the lines with UNEXPECTED.\n");
    if (records != NULL && (ferror(records) | fclose(records)) != 0)
        return 1;
    return surprised_stages > 0 || ferror(stdout) ? 1 : 0;
}

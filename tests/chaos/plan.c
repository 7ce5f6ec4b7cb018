/* plan.c -- which programs are run, with which selectors and which seeds. */
#include "chaos_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER "socket:EMFILE=0"
/* They close a client that does not read its replies, and none here is one. */
#define CLOSES_SLOW_READERS SERVER ",send:EAGAIN=0"
#define NO_OTHER_CONNECTION                                                    \
    "socket:EMFILE=0,malloc:ENOMEM=0,calloc:ENOMEM=0,epoll_ctl:ENOMEM=0"

static const struct conversation conversations[] = {
    {"01", talk_alone, CLOSES_SLOW_READERS},
    {"server", talk_to_server, CLOSES_SLOW_READERS},
    {"upper", talk_to_upper, SERVER},
    {"client", talk_to_client, NO_OTHER_CONNECTION},
    {"04", talk_to_connect, ""},
};

enum { LINES_MOST = 200, CHOICES_MOST = 16, SEEDS_MOST = 10000 };

struct line lines[LINES_MOST];
int line_count;
unsigned seeds[SEEDS_MOST];
int seed_count;

/* A selector; the first is none, for the programs that have no choice. */
static struct choice {
    const char *name;
    const char *build; /* $O of the programs that have it */
} choices[CHOICES_MOST];

static int choice_count;

/* What the programs of that build say $SELECTOR can be: " poll select ". */
static void ask_selectors(const char *build, char *names, size_t size)
{
    static const char before[] = "  SELECTOR can be";
    const struct launch how = {.path = "03_selectors_callbacks/server",
                               .selector = "?"};
    struct child *child;
    const char *found;

    setenv("O", build, 1);
    child = child_start(&how, ARGS("0"));
    child_expect_exit(child, 1);
    stream_expect(child, &child->err, "%s", before);
    found = strstr(child->err.text, before) + strlen(before);
    snprintf(names, size, "%.*s ", (int)strcspn(found, ","), found);
    child_free(child);
}

/* Programs with a stand-in for what the system has not are built elsewhere. */
static void list_choices(void)
{
    static char own[512];
    static char all[400];
    const char *emulated = getenv("EMULATED");
    char ours[400];
    char word[64];

    snprintf(own, sizeof own, "%s", getenv("O") == NULL ? "" : getenv("O"));
    ask_selectors(emulated == NULL ? own : emulated, all, sizeof all);
    ask_selectors(own, ours, sizeof ours);
    choices[0].build = own;
    for (char *name = strtok(all, " "); name; name = strtok(NULL, " ")) {
        snprintf(word, sizeof word, " %s ", name);
        choices[++choice_count] =
            (struct choice){name, strstr(ours, word) == NULL ? emulated : own};
    }
}

static bool is_asked_for(const char *full, char **names)
{
    const char *base = strchr(full, '/') + 1;

    for (char **name = names; *name != NULL; name++)
        if (strncmp(full, *name, strlen(*name)) == 0 ||
            strncmp(base, *name, strlen(*name)) == 0)
            return true;
    return *names == NULL;
}

static void add_line(const struct subject *subject, const struct choice *choice,
                     char **names)
{
    struct line *line = &lines[line_count];

    *line = (struct line){.subject = subject,
                          .conversation = conversations,
                          .selector = choice->name,
                          .build = choice->build};
    while (!subject_is(subject, line->conversation->with))
        line->conversation++;
    snprintf(line->name, sizeof line->name, "%s%s%s", subject->path,
             choice->name == NULL ? "" : ":",
             choice->name == NULL ? "" : choice->name);
    line_count += is_asked_for(line->name, names);
}

/* -- a program in place of ours -------------------------------------------- */

static bool any_is_replaced(void)
{
    for (int i = 0; i < subject_count; i++)
        if (is_replaced(subjects[i].variable))
            return true;
    return false;
}

/* The library would be in the interpreter, too, and in the shell. */
static const char *own_program(const char *variable)
{
    const struct launch how = {.path = "", .variable = variable};
    const char *command = launch_command(&how);

    command_must_run(command, variable);
    if (strchr(command, ' ') == NULL && strchr(command, '/') != NULL) {
        if (strcmp(variable, "SERVER") == 0 || strcmp(variable, "UPPER") == 0)
            server_check_contract(&how);
        return command;
    }
    fprintf(stderr,
            "%s=%s cannot be examined by chaos: it puts a library into one\n"
            "program, and that must be a file that was compiled, without "
            "arguments:\n%s=02_select_loop/mine\n",
            variable, command, variable);
    exit(2);
}

/* One for each variable; without a stage in names not the one that is talked to
 * by one client at a time. */
static bool is_its_place(const struct subject *subject, char **names)
{
    return is_replaced(subject->variable) && subject->selector == NULL &&
           (*names == NULL ? !subject_is(subject, "01")
                           : is_asked_for(subject->path, names));
}

static bool list_own(char **names)
{
    static struct subject own[8];
    static const struct choice none = {NULL, ""};
    static char *all[] = {NULL};
    int count = 0;

    for (const struct subject *s = subjects; s < subjects + subject_count;
         s++) {
        bool twice = false;

        for (int i = 0; i < count; i++)
            twice = twice || strcmp(own[i].variable, s->variable) == 0;
        if (twice || !is_its_place(s, names))
            continue;
        own[count] = *s;
        own[count].path = own_program(s->variable);
        add_line(s, &none, all);
        lines[line_count - 1].subject = &own[count++];
        snprintf(lines[line_count - 1].name, sizeof lines->name, "%s",
                 own[count - 1].path);
    }
    if (count == 0)
        fprintf(stderr,
                "chaos-%s has no such program: 01, 02 and 03 have SERVER=, 03 "
                "also UPPER= and\nCLIENT=, 04 CONNECT= and BUSY=\n",
                *names);
    return count > 0;
}

/* -- ours ------------------------------------------------------------------ */

static void list_ours(char **names)
{
    for (const struct subject *s = subjects; s < subjects + subject_count; s++)
        if (!s->has_selector)
            add_line(s, &choices[0], names);
        else if (s->selector == NULL)
            for (int i = 1; i <= choice_count; i++)
                add_line(s, &choices[i], names);
}

bool list_lines(char **names)
{
    static char *all[] = {NULL};

    if (any_is_replaced())
        return list_own(names);
    list_choices();
    list_ours(names);
    if (line_count > 0)
        return true;
    list_ours(all);
    fprintf(stderr,
            "chaos has no program \"%s\". PROGRAM= is the beginning of one of "
            "these;\nyour own is given with SERVER=02_select_loop/mine\n",
            *names);
    for (int i = 0; i < line_count; i++)
        fprintf(stderr, "  %s\n", lines[i].name);
    return false;
}

bool list_seeds(const char *text)
{
    while (*text != '\0') {
        char *end;
        unsigned long first = strtoul(text, &end, 10);
        unsigned long last = first;

        if (end == text)
            return false;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        for (; first <= last && seed_count < SEEDS_MOST; first++)
            seeds[seed_count++] = (unsigned)first;
        if (*end != ',' && *end != '\0')
            return false;
        text = *end == ',' ? end + 1 : end;
    }
    return seed_count > 0;
}

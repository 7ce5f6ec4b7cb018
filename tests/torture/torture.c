/* torture.c -- which programs survive which clients: a matrix.
 *
 *     torture [OPTION]... [01|02|03]...   the servers of these stages, or all
 *     torture [OPTION]... -b BROKEN_SERVER   one fault after the other
 *
 *     -j JOBS   so many at a time
 *     -r ROW    only the cases with that in their names
 *     -q        not a word about what is as it should be
 *
 * $SERVER or $UPPER replaces ours by a command of yours. It takes the port as
 * its last argument (0: any free one), prints a line that contains
 * 127.0.0.1:PORT as soon as it listens, and runs until it is killed. It answers
 * "Hello World\n", or what it got, or that in upper case.
 */
#include "torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The rows, in this order. A kind of cases more: a file of cases/, and here. */
static const struct row *const tables[] = {
    newcomer_cases, reset_cases,       byte_cases,
    crowd_cases,    surrounding_cases, NULL,
};

enum { ROWS_MOST = 100 };

static const struct row *rows[ROWS_MOST];
static int row_count;

static bool has_part(const char *name, const char *part)
{
    size_t length = strlen(part);

    while (*name != '\0' && strncasecmp(name, part, length) != 0)
        name++;
    return *name != '\0' || length == 0;
}

/* Those in whose names that part is; NULL: all. */
static void list_rows(const char *part)
{
    for (const struct row *const *table = tables; *table != NULL; table++)
        for (const struct row *row = *table; row->name != NULL; row++)
            if (row_count == ROWS_MOST)
                abort();
            else if (part == NULL || has_part(row->name, part))
                rows[row_count++] = row;
}

/* There is none with that part. */
static int name_rows(const char *part)
{
    fprintf(stderr,
            "torture: no case is called \"%s\". ROW= is a part of one of "
            "these names:\n",
            part);
    list_rows(NULL);
    for (int i = 0; i < row_count; i++)
        fprintf(stderr, "  %s\n", rows[i]->name);
    return 2;
}

/* -- the programs ---------------------------------------------------------- */

enum { COLUMNS_MOST = 20 };

static struct column columns[COLUMNS_MOST];
static int column_count;

/* "serv." for "server". */
static void abbreviate(char head[HEAD_SIZE], const char *word, int longest)
{
    bool fits = (int)strlen(word) <= longest;

    snprintf(head, HEAD_SIZE, "%.*s%s", fits ? longest : longest - 1, word,
             fits ? "" : ".");
}

static void add_ours(const struct subject *subject)
{
    bool chosen = subject->selector != NULL;
    struct column *column = &columns[column_count++];

    column->launch = launch_of(subject, 0);
    column->waiting = subject_is(subject, "01") ? SOME_MUST_WAIT : NOBODY_WAITS;
    abbreviate(column->heads[0], subject->stage, 5);
    abbreviate(column->heads[1], subject_program(subject), 5);
    if (subject->has_selector)
        abbreviate(column->heads[2], chosen ? subject->selector : "best", 4);
}

/* A command in place of ours has one column, and the rights of the stage for
 * which it was given. */
static void add_replacement(const char *variable, char **stages)
{
    struct column *column = &columns[column_count];

    if (!is_replaced(variable))
        return;
    *column = (struct column){.heads = {"yours"},
                              .launch = {.path = "", .variable = variable}};
    if (*stages != NULL && strcmp(*stages, "01") == 0)
        column->waiting = SOME_MAY_WAIT;
    server_check_contract(&column->launch);
    column_count++;
}

static bool is_asked_for(const struct subject *subject, char **stages)
{
    if (!subject_is(subject, "SERVER") && !subject_is(subject, "UPPER"))
        return false;
    for (char **asked = stages; *asked != NULL; asked++)
        if (strcmp(*asked, subject->stage) == 0)
            return true;
    return *stages == NULL;
}

static void choose_columns(char **stages)
{
    add_replacement("SERVER", stages);
    add_replacement("UPPER", stages);
    if (column_count > 0)
        return;
    for (int i = 0; i < subject_count && column_count < COLUMNS_MOST; i++)
        if (is_asked_for(&subjects[i], stages))
            add_ours(&subjects[i]);
}

/* -- the matrix ------------------------------------------------------------ */

static int torture(int at_a_time, char **stages)
{
    choose_columns(stages);
    if (column_count == 0) {
        fprintf(stderr,
                "torture: there are no servers of stage %s; 01, 02 and 03 have "
                "some\n",
                *stages);
        return 2;
    }
    for (int i = 0; i < row_count; i++)
        for (int j = 0; j < column_count; j++)
            add_cell(&columns[j], rows[i],
                     rows[i]->holds_up && columns[j].waiting != NOBODY_WAITS
                         ? WAITS
                         : OK);
    print_plan(cell_count, "case", at_a_time);
    print_heads(columns, column_count);
    run_cells(at_a_time, show_rows);
    print_legend();
    print_failures();
    print_unmeasured();
    return print_totals();
}

/* -- the faults ------------------------------------------------------------ */

static void add_fault(const struct row *row, const struct fault *fault,
                      const char *broken_server)
{
    static struct column faulty[CELLS_MOST];
    static char commands[CELLS_MOST][300];

    snprintf(commands[cell_count], sizeof *commands, "%s %s", broken_server,
             fault->name);
    faulty[cell_count].launch =
        (struct launch){.path = "", .command = commands[cell_count]};
    add_cell(&faulty[cell_count], row, fault->verdict);
}

static int find_faults(int at_a_time, const char *broken_server)
{
    static const struct fault none = {"none", OK};

    for (int i = 0; i < row_count; i++) {
        const struct fault *fault = rows[i]->faults;

        if (fault->name == NULL) {
            printf("FAILED no fault is known to fail \"%s\"\n", rows[i]->name);
            return 1;
        }
        for (; fault->name != NULL; fault++)
            add_fault(rows[i], fault, broken_server);
    }
    for (int i = 0; i < row_count; i++)
        add_fault(rows[i], &none, broken_server);
    print_plan(cell_count, "case", at_a_time);
    run_cells(at_a_time, show_faults);
    print_unmeasured();
    return print_totals();
}

enum { JOBS_MOST = 64 };

int main(int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int at_a_time = processors > 1 ? 2 * (int)processors : 2; /* most wait */
    const char *broken_server = NULL;
    const char *part = NULL;
    int option;

    while ((option = getopt(argc, argv, "j:r:b:q")) != -1)
        if (option == 'j')
            at_a_time = (int)strtol(optarg, NULL, 10);
        else if (option == 'b')
            broken_server = optarg;
        else if (option == 'r')
            part = optarg;
        else if (option == 'q')
            quiet = true;
        else
            return 2;
    if (at_a_time < 1 || at_a_time > JOBS_MOST) {
        fprintf(stderr, "torture: from 1 to %d at a time\n", JOBS_MOST);
        return 2;
    }
    list_rows(part);
    if (row_count == 0)
        return name_rows(part);
    raise_descriptor_limit();
    if (broken_server != NULL)
        return find_faults(at_a_time, broken_server);
    return torture(at_a_time, argv + optind);
}

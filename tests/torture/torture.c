/* torture.c -- which programs survive which clients: a matrix.
 *
 *     torture [-j JOBS] [01|02|03]...      the servers of these stages, or all
 *     torture [-j JOBS] [-q] -b BROKEN_SERVER   one fault after the other
 *
 * $SERVER or $UPPER replaces ours by a command of yours. It takes the port as
 * its last argument (0: any free one), prints a line that contains
 * 127.0.0.1:PORT as soon as it listens, and runs until it is killed. It answers
 * "Hello World\n", or what it got, or that in upper case.
 */
#include "torture.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- the programs ---------------------------------------------------------- */

#define SERVER_03 "03_selectors_callbacks/server"
#define UPPER_03 "03_selectors_callbacks/upper"

static const struct {
    const char *stage, *program, *backend; /* the heads of its column */
    const char *path, *variable, *selector;
} ours[] = {
    {"01", "serv.", "", "01_blocking/server", "SERVER", NULL},
    {"01", "func.", "", "01_blocking/functions", "SERVER", NULL},
    {"02", "serv.", "", "02_select_loop/server", "SERVER", NULL},
    {"03", "serv.", "best", SERVER_03, "SERVER", NULL},
    {"03", "serv.", "poll", SERVER_03, "SERVER", "poll"},
    {"03", "serv.", "sel.", SERVER_03, "SERVER", "select"},
    {"03", "upper", "best", UPPER_03, "UPPER", NULL},
    {"03", "upper", "poll", UPPER_03, "UPPER", "poll"},
    {"03", "upper", "sel.", UPPER_03, "UPPER", "select"},
};

enum { OURS = sizeof ours / sizeof *ours };

static struct column columns[OURS];
static int column_count;

static void add_ours(int i)
{
    columns[column_count++] = (struct column){
        .heads = {ours[i].stage, ours[i].program, ours[i].backend},
        .launch = {.path = ours[i].path,
                   .variable = ours[i].variable,
                   .selector = ours[i].selector},
        .waiting =
            strcmp(ours[i].stage, "01") == 0 ? SOME_MUST_WAIT : NOBODY_WAITS,
    };
}

static bool is_asked_for(const char *stage, char **stages)
{
    for (char **asked = stages; *asked != NULL; asked++)
        if (strcmp(*asked, stage) == 0)
            return true;
    return *stages == NULL;
}

/* A command in place of ours has one column, and the rights of the stage for
 * which it was given. */
static void add_replacement(const char *variable, char **stages)
{
    struct column *column = &columns[column_count];

    if (!is_replaced(variable))
        return;
    *column = (struct column){.heads = {"yours", "", ""},
                              .launch = {.path = "", .variable = variable}};
    if (*stages != NULL && strcmp(*stages, "01") == 0)
        column->waiting = SOME_MAY_WAIT;
    server_check_contract(&column->launch);
    column_count++;
}

static void choose_columns(char **stages)
{
    add_replacement("SERVER", stages);
    add_replacement("UPPER", stages);
    if (column_count > 0)
        return;
    for (int i = 0; i < OURS; i++)
        if (is_asked_for(ours[i].stage, stages))
            add_ours(i);
}

static void name_program(const struct column *column, char *name, size_t size)
{
    const char *selector = column->launch.selector;

    snprintf(name, size, "%s%s%s",
             is_replaced(column->launch.variable) ? "yours"
                                                  : column->launch.path,
             selector == NULL ? "" : " with SELECTOR=",
             selector == NULL ? "" : selector);
}

/* -- the cells ------------------------------------------------------------- */

struct cell {
    const struct column *column;
    const struct row *row;
    enum verdict expected; /* OK as well, if somebody may wait */
    int tries;
    bool done;
    struct outcome outcome;
};

enum { CELLS_MOST = 1000 };

static struct cell cells[CELLS_MOST];
static int cell_count;
static int started; /* of the cells, in their order */

static void add_cell(const struct column *column, const struct row *row,
                     enum verdict expected)
{
    if (cell_count == CELLS_MOST)
        abort();
    cells[cell_count++] =
        (struct cell){.column = column, .row = row, .expected = expected};
}

/* Where nobody tells how much is used, it is not expected to be seen. */
static bool is_unseen(const struct cell *cell)
{
    int unmeasured = cell->outcome.unmeasured;

    return (cell->expected == LEAKS && (unmeasured & DESCRIPTORS)) ||
           (cell->expected == GROWS && (unmeasured & MEMORY)) ||
           (cell->expected == SPINS && (unmeasured & PROCESSOR));
}

static bool is_as_it_should_be(const struct cell *cell)
{
    enum verdict verdict = cell->outcome.verdict;

    return is_unseen(cell) || verdict == cell->expected || verdict == SKIPPED ||
           (verdict == OK && cell->column->waiting == SOME_MAY_WAIT);
}

/* These rest on time, and the machine may have had other things to do. */
static bool is_doubtful(enum verdict verdict)
{
    return verdict == WAITS || verdict == STUCK || verdict == SPINS ||
           verdict == LEAKS || verdict == LOST;
}

/* What has been confirmed of a program once is believed. */
static bool deserves_a_second_try(const struct cell *cell)
{
    enum verdict verdict = cell->outcome.verdict;

    if (cell->tries > 1 || is_as_it_should_be(cell) || !is_doubtful(verdict))
        return false;
    for (int i = 0; i < cell_count; i++)
        if (cells[i].column == cell->column && cells[i].tries > 1 &&
            cells[i].done && cells[i].outcome.verdict == verdict)
            return false;
    return true;
}

/* -- running them, a few at a time ----------------------------------------- */

struct job {
    struct cell *cell; /* NULL: this place is free */
    pid_t pid;
    int from;
    long long limit;
};

enum { JOBS_MOST = 64, SECOND_TRY = 5, PATIENCES = 3 };

static struct job jobs[JOBS_MOST];
static volatile sig_atomic_t groups[JOBS_MOST]; /* to be killed with us */

static void end_at_once(int number)
{
    for (int i = 0; i < JOBS_MOST; i++)
        if (groups[i] > 0)
            kill((pid_t)-groups[i], SIGKILL);
    signal(number, SIG_DFL);
    raise(number);
}

static void in_the_cell(const struct cell *cell, int to)
{
    static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

    setpgid(0, 0);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL);
    cell_play(cell->column, cell->row, cell->tries == 1 ? 1 : SECOND_TRY, to);
}

static void start_job(struct job *job, struct cell *cell)
{
    int ends[2];

    if (pipe(ends) == -1) {
        perror("torture: pipe");
        exit(2);
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    cell->tries++;
    fflush(stdout);
    *job = (struct job){.cell = cell,
                        .pid = fork(),
                        .from = ends[0],
                        .limit = now_ms() + (long long)patience_ms() *
                                                PATIENCES * cell->tries};
    if (job->pid == -1) {
        perror("torture: fork");
        exit(2);
    }
    if (job->pid == 0)
        in_the_cell(cell, ends[1]);
    setpgid(job->pid, job->pid); /* whoever of us comes first */
    groups[job - jobs] = (sig_atomic_t)job->pid;
    close(ends[1]);
}

/* A cell in time ends its programs itself. What is left of its group is killed
 * as long as nobody else can have its number. */
static void end_group(pid_t group, bool in_time)
{
    siginfo_t how;

    if (!in_time)
        kill(-group, SIGKILL);
    waitid(P_PID, (id_t)group, &how, WEXITED | WNOWAIT);
    kill(-group, SIGKILL);
    waitpid(group, NULL, 0);
}

_Static_assert(sizeof(struct outcome) <= _POSIX_PIPE_BUF,
               "so that an outcome comes in one piece");

static void end_job(struct job *job, bool in_time)
{
    struct cell *cell = job->cell;
    ssize_t size = -1;

    if (in_time)
        size = read(job->from, &cell->outcome, sizeof cell->outcome);
    if (size != sizeof cell->outcome) {
        cell->outcome = (struct outcome){.verdict = LOST};
        snprintf(cell->outcome.evidence, sizeof cell->outcome.evidence,
                 "the test has ended without a result%s",
                 in_time ? "" : ", its time was up");
    }
    end_group(job->pid, in_time);
    close(job->from);
    groups[job - jobs] = 0;
    job->cell = NULL;
    if (deserves_a_second_try(cell))
        start_job(job, cell);
    else
        cell->done = true;
}

static bool await_jobs(void)
{
    enum { GLANCE_MS = 200 };
    struct pollfd entries[JOBS_MOST];
    bool any = false;

    for (int i = 0; i < JOBS_MOST; i++) {
        entries[i] = (struct pollfd){.fd = -1, .events = POLLIN};
        if (jobs[i].cell == NULL)
            continue;
        entries[i].fd = jobs[i].from;
        any = true;
    }
    if (any)
        poll(entries, JOBS_MOST, GLANCE_MS);
    for (int i = 0; i < JOBS_MOST; i++)
        if (jobs[i].cell != NULL &&
            (entries[i].revents != 0 || now_ms() > jobs[i].limit))
            end_job(&jobs[i], entries[i].revents != 0);
    return any;
}

static void run_cells(int at_a_time, void (*show)(void))
{
    static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], end_at_once);
    do {
        for (int i = 0; i < at_a_time && started < cell_count; i++)
            if (jobs[i].cell == NULL)
                start_job(&jobs[i], &cells[started++]);
        show();
    } while (await_jobs() || started < cell_count);
    show();
}

/* -- what is printed ------------------------------------------------------- */

static const char *const words[VERDICTS] = {
    [OK] = "ok",       [WAITS] = "waits", [STUCK] = "stuck", [DROPS] = "drops",
    [WRONG] = "wrong", [DIES] = "dies",   [LEAKS] = "leaks", [GROWS] = "grows",
    [SPINS] = "spins", [LOST] = "lost",   [SKIPPED] = "-",
};

static const char *meaning(enum verdict verdict)
{
    switch (verdict) {
    case OK:
        return "everybody was served; afterwards the process lives, serves a "
               "new client, has no more descriptors and memory than before, "
               "and sleeps";
    case WAITS:
        return "somebody was served, but not before others had left; in 01 "
               "that is the lesson";
    case STUCK:
        return "somebody was not served in time, though nobody was in the way";
    case DROPS:
        return "a connection was closed before it was served";
    case WRONG:
        return "other bytes came, or it behaved otherwise than it should";
    case DIES:
        return "the process ended";
    case LEAKS:
        return "descriptors stayed open";
    case GROWS:
        return "it uses more memory than before";
    case SPINS:
        return "it uses the processor although there is nothing to do";
    case SKIPPED:
        return "skipped: it cannot be done here";
    default:
        return "the test itself has failed";
    }
}

static bool on_terminal;
static bool quiet; /* about what is as it should be */

static bool is_coloured(void)
{
    return on_terminal && getenv("NO_COLOR") == NULL;
}

/* Replaces itself by what is printed next. */
static void print_progress(void)
{
    int done = 0;

    for (int i = 0; i < cell_count; i++)
        done += cells[i].done;
    if (on_terminal && done < cell_count)
        printf("... %d of %d\r", done, cell_count);
    fflush(stdout);
}

static void clear_progress(void)
{
    if (on_terminal)
        printf("\033[K");
}

/* As words in lines of at most 79 characters. */
static void print_folded(const char *text, int indent)
{
    int column = 0;

    while (*text != '\0') {
        int length = (int)strcspn(text, " ");

        if (column == 0 || column + 1 + length > 79)
            column = printf("%s%*s", column == 0 ? "" : "\n", indent, "") -
                     (column == 0 ? 0 : 1);
        else
            column += printf(" ");
        column += printf("%.*s", length, text);
        text += length;
        text += strspn(text, " ");
    }
    printf("\n");
}

static void print_word(const struct cell *cell)
{
    const char *word = words[cell->outcome.verdict];
    bool good = is_as_it_should_be(cell);
    char text[8];

    snprintf(text, sizeof text, "%s%s", word,
             !good && cell->outcome.verdict == OK ? "?" : "");
    for (char *at = text; !good && *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    printf("%s %5s%s",
           !is_coloured()                   ? ""
           : !good                          ? "\033[1;31m"
           : cell->outcome.verdict == WAITS ? "\033[33m"
           : cell->outcome.verdict == OK    ? "\033[32m"
                                            : "",
           text, is_coloured() ? "\033[0m" : "");
}

static void print_numbers(const char *name, const struct cell *first,
                          bool served)
{
    printf("%-25s", name);
    for (int i = 0; i < column_count; i++) {
        int number =
            served ? first[i].outcome.served : first[i].outcome.connected;

        if (number == -1)
            printf(" %5s", "");
        else
            printf(" %5d", number);
    }
    printf("\n");
}

static void print_row(const struct cell *first)
{
    clear_progress();
    printf("%-25s", first->row->name);
    for (int i = 0; i < column_count; i++)
        print_word(&first[i]);
    printf("\n");
    if (first->row->counts != COUNTS_NOTHING)
        print_numbers("              connected", first, false);
    if (first->row->counts == SERVED)
        print_numbers("    served at one time", first, true);
}

static int rows_printed;

/* In their order, as soon as all their cells are done. */
static void show_rows(void)
{
    while (rows_printed < row_count) {
        const struct cell *first =
            cells + (ptrdiff_t)rows_printed * column_count;

        for (int i = 0; i < column_count; i++)
            if (!first[i].done) {
                print_progress();
                return;
            }
        print_row(first);
        rows_printed++;
    }
    fflush(stdout);
}

static void print_heads(void)
{
    int lines = *columns[0].heads[1] == '\0' ? 1 : 3;

    for (int line = 0; line < lines; line++) {
        printf("%-25s", "");
        for (int i = 0; i < column_count; i++)
            printf(" %5s", columns[i].heads[line]);
        printf("\n");
    }
}

static void print_meaning(enum verdict verdict)
{
    char text[300];
    bool any = false;

    for (int i = 0; i < cell_count; i++)
        any = any || cells[i].outcome.verdict == verdict;
    if (!any)
        return;
    snprintf(text, sizeof text, "%s: %s", words[verdict], meaning(verdict));
    print_folded(text, 2);
}

static void print_legend(void)
{
    printf("\nIn lower case what is as it should be, IN UPPER CASE what is "
           "not.\n");
    for (int verdict = OK; verdict < VERDICTS; verdict++)
        print_meaning((enum verdict)verdict);
}

static void print_unmeasured(void)
{
    int unmeasured = 0;

    for (int i = 0; i < cell_count; i++)
        unmeasured |= cells[i].outcome.unmeasured;
    if (unmeasured != 0)
        printf("skipped, as this system does not tell:%s%s%s\n",
               unmeasured & DESCRIPTORS ? " open descriptors" : "",
               unmeasured & MEMORY ? " memory" : "",
               unmeasured & PROCESSOR ? " processor time" : "");
}

static bool is_the_same_failure(const struct cell *one,
                                const struct cell *other)
{
    return !is_as_it_should_be(one) && !is_as_it_should_be(other) &&
           one->column == other->column &&
           one->outcome.verdict == other->outcome.verdict &&
           strcmp(one->outcome.evidence, other->outcome.evidence) == 0;
}

static int count_same(const struct cell *failed, int from, int to)
{
    int count = 0;

    for (int i = from; i < to; i++)
        count += is_the_same_failure(failed, &cells[i]);
    return count;
}

static void print_evidence(const struct cell *cell, int others)
{
    char program[300];
    char more[40] = "";
    char text[1200];
    const char *evidence = cell->outcome.evidence;

    name_program(cell->column, program, sizeof program);
    if (others > 0)
        snprintf(more, sizeof more, " and %d more", others);
    snprintf(text, sizeof text, "%s, \"%s\"%s: %s: %s", program,
             cell->row->name, more, words[cell->outcome.verdict],
             *evidence == '\0' ? "nobody had to wait for anybody" : evidence);
    print_folded(text, 2);
}

static void print_failures(void)
{
    bool any = false;

    for (int i = 0; i < cell_count; i++) {
        if (is_as_it_should_be(&cells[i]) || count_same(&cells[i], 0, i) > 0)
            continue; /* the same words once */
        if (!any)
            printf("\nNot as it should be:\n");
        any = true;
        print_evidence(&cells[i], count_same(&cells[i], i + 1, cell_count));
    }
}

static int print_totals(void)
{
    int failed = 0;
    int skipped = 0;
    int twice = 0;

    for (int i = 0; i < cell_count; i++) {
        failed += !is_as_it_should_be(&cells[i]);
        skipped += cells[i].outcome.verdict == SKIPPED;
        twice += cells[i].tries > 1;
    }
    clear_progress();
    if (!quiet)
        printf("\n");
    if (twice > 0)
        printf("tried twice, the second time more patiently: %d\n", twice);
    if (skipped > 0)
        printf("skipped: %d\n", skipped);
    printf("%d passed, %d failed\n", cell_count - failed - skipped, failed);
    return failed == 0 ? 0 : 1;
}

/* -- the matrix ------------------------------------------------------------ */

static int torture(int at_a_time, char **stages)
{
    choose_columns(stages);
    if (column_count == 0) {
        fprintf(stderr, "torture: there are no servers of stage %s\n", *stages);
        return 2;
    }
    for (int i = 0; i < row_count; i++)
        for (int j = 0; j < column_count; j++)
            add_cell(&columns[j], &rows[i],
                     rows[i].holds_up && columns[j].waiting != NOBODY_WAITS
                         ? WAITS
                         : OK);
    print_heads();
    run_cells(at_a_time, show_rows);
    print_legend();
    print_failures();
    print_unmeasured();
    return print_totals();
}

/* -- the faults ------------------------------------------------------------ */

static const struct row *row_named(const char *name)
{
    for (int i = 0; i < row_count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    fprintf(stderr, "torture: there is no row '%s'\n", name);
    exit(2);
}

static void add_fault(const struct fault *fault, const char *broken_server)
{
    static struct column faulty[CELLS_MOST];
    static char commands[CELLS_MOST][300];
    struct column *column = &faulty[cell_count];
    char *command = commands[cell_count];

    snprintf(command, sizeof *commands, "%s %s", broken_server, fault->name);
    *column = (struct column){.launch = {.path = "", .variable = "BROKEN"},
                              .command = command};
    add_cell(column, row_named(fault->row), fault->verdict);
}

static void add_healthy(const char *broken_server)
{
    for (int i = 0; i < row_count; i++)
        add_fault(&(struct fault){"none", rows[i].name, OK}, broken_server);
}

static void print_fault(const struct cell *cell)
{
    const char *name = strrchr(cell->column->command, ' ') + 1;
    bool good = is_as_it_should_be(cell);

    if (good && quiet)
        return;
    clear_progress();
    printf("%-6s %-24s %-25s %s\n", good ? "ok" : "FAILED", name,
           cell->row->name, words[cell->outcome.verdict]);
    if (!good)
        printf("       expected: %s\n", words[cell->expected]);
    if (*cell->outcome.evidence != '\0')
        print_folded(cell->outcome.evidence, 7);
}

static void show_faults(void)
{
    static int shown;

    for (; shown < cell_count && cells[shown].done; shown++)
        print_fault(&cells[shown]);
    print_progress();
}

static bool is_covered(const struct row *row)
{
    for (const struct fault *fault = faults; fault->name != NULL; fault++)
        if (strcmp(fault->row, row->name) == 0)
            return true;
    return false;
}

static int find_faults(int at_a_time, const char *broken_server)
{
    for (int i = 0; i < row_count; i++)
        if (!is_covered(&rows[i])) {
            printf("FAILED no fault is known to fail \"%s\"\n", rows[i].name);
            return 1;
        }
    for (const struct fault *fault = faults; fault->name != NULL; fault++)
        add_fault(fault, broken_server);
    add_healthy(broken_server);
    run_cells(at_a_time, show_faults);
    clear_progress();
    print_unmeasured();
    return print_totals();
}

int main(int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int at_a_time = processors > 1 ? 2 * (int)processors : 2; /* most wait */
    const char *broken_server = NULL;
    int option;

    on_terminal = isatty(STDOUT_FILENO);
    while ((option = getopt(argc, argv, "j:b:q")) != -1)
        if (option == 'j')
            at_a_time = (int)strtol(optarg, NULL, 10);
        else if (option == 'b')
            broken_server = optarg;
        else if (option == 'q')
            quiet = true;
        else
            return 2;
    if (at_a_time < 1 || at_a_time > JOBS_MOST) {
        fprintf(stderr, "torture: from 1 to %d at a time\n", JOBS_MOST);
        return 2;
    }
    raise_descriptor_limit();
    if (broken_server != NULL)
        return find_faults(at_a_time, broken_server);
    return torture(at_a_time, argv + optind);
}

/* lsof.c -- how a program is, where only lsof(1) and ps(1) tell.
 *
 * lsof prints a line for each field: f3, n127.0.0.1:5000->127.0.0.1:40002,
 * TST=ESTABLISHED, TQR=4 (the bytes not yet read), TQS=0. Not every system says
 * how long the queues are.
 */
#include "moment.h"

#include <stdlib.h>
#include <string.h>

static void read_name(struct row *row, const char *name)
{
    const char *peer = strstr(name, "->");

    snprintf(row->what, sizeof row->what, "%.*s", PROC_ADDRESS_SIZE - 1,
             peer == NULL ? name : peer + 2);
}

static void read_state(struct row *row, const char *state)
{
    char address[PROC_ADDRESS_SIZE];

    snprintf(address, sizeof address, "%.*s", PROC_ADDRESS_SIZE - 1, row->what);
    if (strcmp(state, "LISTEN") == 0)
        snprintf(row->what, sizeof row->what, "listener %s", address);
    else if (strcmp(state, "SYN_SENT") == 0)
        snprintf(row->what, sizeof row->what, "connecting to %s", address);
}

static void read_queue(struct row *row, char which, long length)
{
    if (which == 'S')
        row_tell_unsent(row, length);
    else if (strncmp(row->what, "listener", 8) == 0)
        row_tell_newcomers(row, length);
    else
        row_tell_unread(row, length, false);
}

void lsof_read(struct moment *moment, FILE *print)
{
    char line[256];
    struct row *row = NULL;

    while (fgets(line, sizeof line, print) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == 'f')
            row = moment_add(moment, atoi(line + 1), "");
        else if (row == NULL)
            continue;
        else if (line[0] == 'n')
            read_name(row, line + 1);
        else if (strncmp(line, "TST=", 4) == 0)
            read_state(row, line + 4);
        else if (strncmp(line, "TQ", 2) == 0 && strlen(line) > 4)
            read_queue(row, line[2], strtol(line + 4, NULL, 10));
    }
}

/* The first letter of what ps says; '\0': nothing. */
static char state_by_ps(pid_t pid)
{
    char line[64];
    char state = '\0';
    FILE *ps;

    snprintf(line, sizeof line, "ps -o stat= -p %ld 2>/dev/null", (long)pid);
    ps = popen(line, "r");
    if (ps == NULL)
        return '\0';
    if (fgets(line, sizeof line, ps) != NULL)
        state = line[strspn(line, " ")];
    pclose(ps);
    return state;
}

static void tell_missing(pid_t pid, struct moment *moment)
{
    static char helps[160];

    if (proc_is_forbidden(pid))
        moment->missing = "not told here: the kernel lets only root look at it";
    else if (moment->count > 0)
        moment->missing =
            "not told here: in which call, by whom, what it watches";
    else if (helps[0] != '\0' || !tool_is_here("lsof", helps, sizeof helps))
        moment->missing = helps;
    else
        moment->missing = "not told here: lsof finds nothing";
}

void moment_from_lsof(pid_t pid, struct moment *moment)
{
    char command[100];
    char state = state_by_ps(pid);
    FILE *lsof;

    snprintf(command, sizeof command,
             "lsof -nPw -a -p %ld -iTCP -T qs -F fnT 2>/dev/null", (long)pid);
    lsof = popen(command, "r");
    if (lsof != NULL) {
        lsof_read(moment, lsof);
        pclose(lsof);
    }
    snprintf(moment->state, sizeof moment->state, "%s",
             state == '\0'  ? "runs or sleeps"
             : state == 'R' ? "running"
             : state == 'T' ? "stopped"
                            : "sleeps");
    tell_missing(pid, moment);
}

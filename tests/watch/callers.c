/* callers.c -- which functions of a program have led to where it sleeps. */
#include "callers.h"

#include "unwind.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH = 32, OBJECTS = 16, PATH_SIZE = 1024 };

/* A process, now: it may become another program under the same number. */
struct process {
    int memory;
    char program[PATH_SIZE];
    char maps[256 * 1024];
};

/* The addresses in the program, from the innermost caller on. */
struct chain {
    char program[PATH_SIZE];
    unsigned long long addresses[DEPTH];
    int length;
    char end[PATH_SIZE]; /* the file with no table to go on from there; or "" */
};

/* -- its files ------------------------------------------------------------- */

/* A shell reads the path from the environment: it may contain anything. */
static FILE *ask(const char *command, const char *path)
{
    setenv("OBJECT", path, 1);
    return popen(command, "r");
}

/* What readelf says of a file, asked once; NULL: there were too many. */
static const struct unwind_table *table_of(const char *path)
{
    static struct {
        char path[PATH_SIZE];
        struct unwind_table table;
    } objects[OBJECTS];
    int i = 0;
    FILE *print;

    while (i < OBJECTS && objects[i].path[0] != '\0')
        if (strcmp(objects[i++].path, path) == 0)
            return &objects[i - 1].table;
    if (i == OBJECTS)
        return NULL;
    snprintf(objects[i].path, PATH_SIZE, "%s", path);
    print = ask("exec readelf -wF \"$OBJECT\" 2>/dev/null", path);
    if (print != NULL) {
        unwind_read(&objects[i].table, print);
        pclose(print);
    }
    return &objects[i].table;
}

/* -- its stack ------------------------------------------------------------- */

static bool peek(void *of, unsigned long long address, unsigned long *word)
{
    const struct process *process = of;

    return pread(process->memory, word, sizeof *word, (off_t)address) ==
           sizeof *word;
}

/* Addresses in a file that can be loaded anywhere are counted from its begin,
 * the others are what they are. */
static unsigned long long base_of(struct process *process,
                                  unsigned long long begin)
{
    enum { ET_EXEC = 2 }; /* of <elf.h>, e_type */
    unsigned long words[16 / sizeof(unsigned long) + 1] = {0};
    unsigned short type = 0; /* the header is in the order of this machine */

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        peek(process, begin + i * sizeof *words, &words[i]);
    memcpy(&type, (char *)words + 16, sizeof type);
    return type == ET_EXEC ? 0 : begin;
}

/* The file whose code is at that address; false: none. A file's first mapping
 * is its begin. */
static bool find_file(struct process *process, unsigned long long address,
                      char path[PATH_SIZE], unsigned long long *base)
{
    unsigned long long begin = 0;

    path[0] = '\0';
    for (char *rest = process->maps; *rest != '\0';) {
        char line[PATH_SIZE + 100];
        struct proc_map map;

        snprintf(line, sizeof line, "%.*s", (int)strcspn(rest, "\n"), rest);
        rest += strcspn(rest, "\n");
        rest += *rest == '\n';
        if (!proc_parse_map(line, &map))
            continue;
        if (strcmp(path, map.path) != 0) {
            snprintf(path, PATH_SIZE, "%s", map.path);
            begin = map.start;
        }
        if (map.start <= address && address < map.end) {
            *base = base_of(process, begin);
            return true;
        }
    }
    return false;
}

/* A place that was returned to is behind the call, perhaps behind the
 * function. */
static void climb(struct process *process, const struct proc_call *call,
                  struct chain *chain)
{
    struct unwind_frame frame = {.pc = call->pc, .sp = call->sp};

    memset(chain, 0, sizeof *chain);
    memcpy(chain->program, process->program, sizeof chain->program);
    for (int depth = 0; depth < DEPTH; depth++) {
        char path[PATH_SIZE];
        unsigned long long base;
        const struct unwind_table *table;
        const struct unwind_rule *rule;
        unsigned long long place = frame.pc - (depth > 0);

        if (!find_file(process, place, path, &base))
            return;
        if (strcmp(path, process->program) == 0)
            chain->addresses[chain->length++] = place - base;
        table = table_of(path);
        rule = table == NULL ? NULL : unwind_find(table, place - base);
        if (table != NULL && rule == NULL)
            snprintf(chain->end, sizeof chain->end, "%s", path);
        if (rule == NULL || !unwind_step(&frame, rule, peek, process))
            return;
    }
}

static bool look_at(pid_t pid, const struct proc_call *call,
                    struct chain *chain)
{
    static struct process process;
    char name[64];
    ssize_t length;

    snprintf(name, sizeof name, "/proc/%ld/exe", (long)pid);
    length = readlink(name, process.program, PATH_SIZE - 1);
    if (length <= 0 ||
        !proc_read(pid, "maps", process.maps, sizeof process.maps))
        return false;
    process.program[length] = '\0';
    snprintf(name, sizeof name, "/proc/%ld/mem", (long)pid);
    process.memory = open(name, O_RDONLY | O_CLOEXEC);
    if (process.memory == -1)
        return false;
    climb(&process, call, chain);
    close(process.memory);
    return true;
}

/* -- their names ----------------------------------------------------------- */

static void add_function(struct callers *callers, const char *name)
{
    size_t used = strlen(callers->functions);

    snprintf(callers->functions + used, sizeof callers->functions - used,
             "%s%s()", used > 0 ? " <- " : "", name);
}

static char *next_line(char **rest)
{
    char *line = *rest;
    size_t length = strcspn(line, "\n");

    *rest = line + length + (line[length] == '\n');
    line[length] = '\0';
    return line;
}

/* As far as main(); those without a line are no work of the program's. */
static int read_names(char *print, char *functions[DEPTH], char *places[DEPTH])
{
    int count = 0;

    while (*print != '\0' && count < DEPTH) {
        functions[count] = next_line(&print);
        places[count] = next_line(&print);
        if (strncmp(places[count], "??", 2) == 0)
            continue;
        places[count][strcspn(places[count], " ")] = '\0'; /* discriminators */
        if (strcmp(functions[count++], "main") == 0)
            break;
    }
    return count;
}

/* The innermost line in the file of main(); without that, the innermost. That
 * main() is there everybody knows. A file whose line is not known tells
 * nothing.
 */
bool callers_parse(char *print, struct callers *callers)
{
    char *functions[DEPTH];
    char *places[DEPTH];
    int count = read_names(print, functions, places);
    bool whole = count > 0 && strcmp(functions[count - 1], "main") == 0;
    const char *file;
    int i = 0;

    memset(callers, 0, sizeof *callers);
    if (count == 0)
        return false;
    for (int j = 0; j == 0 || j < count - whole; j++)
        add_function(callers, functions[j]);
    if (!whole)
        strncat(callers->functions, " <- ...",
                sizeof callers->functions - strlen(callers->functions) - 1);
    file = places[whole ? count - 1 : 0];
    while (strncmp(places[i], file, strcspn(file, ":") + 1) != 0)
        i++;
    file = strrchr(places[i], '/');
    file = file == NULL ? places[i] : file + 1;
    if (file[strcspn(file, ":")] == ':' && strpbrk(file, "?") == NULL)
        snprintf(callers->place, sizeof callers->place, "%s", file);
    return true;
}

/* false: there are none. */
static bool name_them(const struct chain *chain, struct callers *callers)
{
    char command[DEPTH * 20 + 64] = "exec addr2line -f -i -e \"$OBJECT\"";
    char print[16 * 1024];
    size_t length;
    FILE *names;

    if (chain->length == 0)
        return false;
    for (int i = 0; i < chain->length; i++)
        snprintf(command + strlen(command), sizeof command - strlen(command),
                 " %llx", chain->addresses[i]);
    strcat(command, " 2>/dev/null");
    names = ask(command, chain->program);
    if (names == NULL)
        return false;
    length = fread(print, 1, sizeof print - 1, names);
    print[length] = '\0';
    pclose(names);
    return callers_parse(print, callers);
}

static bool are_same(const struct chain *one, const struct chain *other)
{
    return one->length == other->length &&
           strcmp(one->program, other->program) == 0 &&
           strcmp(one->end, other->end) == 0 &&
           memcmp(one->addresses, other->addresses, sizeof one->addresses) == 0;
}

/* -- what it would take ---------------------------------------------------- */

bool tool_is_here(const char *tool, char *missing, size_t size)
{
    char command[100];
    FILE *doctor;

    snprintf(command, sizeof command, "command -v %s >/dev/null", tool);
    if (system(command) == 0) /* NOLINT(cert-env33-c): a name of our own */
        return true;
    snprintf(command, sizeof command, "sh tests/doctor/doctor.sh need %s 2>&1",
             tool);
    doctor = popen(command, "r");
    if (doctor == NULL || fgets(missing, (int)size, doctor) == NULL)
        snprintf(missing, size, "there is no %s here", tool);
    missing[strcspn(missing, "\n")] = '\0';
    if (doctor != NULL)
        pclose(doctor);
    return false;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static void tell_missing(const struct chain *chain, struct callers *callers)
{
    char *missing = callers->missing;
    size_t size = sizeof callers->missing;

    if (!tool_is_here("readelf", missing, size) ||
        !tool_is_here("addr2line", missing, size))
        return;
    if (chain->end[0] != '\0')
        snprintf(missing, size, "no unwind table in %.33s; try make CC=gcc",
                 chain->end);
    else if (chain->length > 0)
        snprintf(missing, size,
                 "%.20s has no debug information; C has it by cc -g",
                 base_name(chain->program));
}

/* Nothing of this is asked again before it has been somewhere else. */
void callers_find(pid_t pid, const struct proc_call *call,
                  struct callers *callers)
{
    static struct chain last;
    static struct callers answer;
    static struct chain chain;

    memset(callers, 0, sizeof *callers);
    if (!look_at(pid, call, &chain))
        return;
    if (!are_same(&last, &chain) && !name_them(&chain, &answer)) {
        memset(&answer, 0, sizeof answer);
        tell_missing(&chain, &answer);
    }
    last = chain;
    *callers = answer;
}

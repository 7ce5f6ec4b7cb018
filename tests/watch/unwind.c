/* unwind.c -- from a place in the code to the place it was called from.
 *
 * The print is a block for each function; a CIE holds what several have in
 * common, so a function without rules of its own has the first rule of its CIE:
 *
 *     00000000 0000000000000014 00000000 CIE "zR" cf=1 df=-8 ra=16
 *        LOC           CFA      ra
 *     0000000000000000 rsp+8    c-8
 *     00000088 0000000000000028 0000005c FDE cie=00000000 pc=2670..2750
 *        LOC           CFA      rbp   ra
 *     0000000000002670 rsp+8    u     c-8
 *     0000000000002671 rsp+16   c-16  c-8
 */
#include "unwind.h"

#include <stdlib.h>
#include <string.h>

enum { CIES = 64, COLUMNS = 40 };

struct reader {
    struct unwind_table *table;
    struct {
        unsigned long id;
        struct unwind_rule rule;
    } cies[CIES];
    int cie_count;
    bool in_cie;
    struct unwind_rule function; /* of its CIE, and its end */
    int fp;                      /* the column; -1: none */
    int return_address;
};

static void add(struct unwind_table *table, const struct unwind_rule *rule)
{
    if (table->count == table->capacity) {
        table->capacity = 2 * table->capacity + 64;
        table->rules =
            realloc(table->rules, table->capacity * sizeof *table->rules);
        if (table->rules == NULL)
            abort();
    }
    if (table->count == 0 ||
        table->rules[table->count - 1].start != rule->start)
        table->count++; /* else it replaces that of the CIE */
    table->rules[table->count - 1] = *rule;
}

static int split(char *line, char *words[COLUMNS])
{
    int count = 0;

    for (char *word = strtok(line, " \n"); word && count < COLUMNS;
         word = strtok(NULL, " \n"))
        words[count++] = word;
    return count;
}

static void begin_cie(struct reader *reader, const char *id)
{
    reader->in_cie = reader->cie_count < CIES;
    if (reader->in_cie)
        reader->cies[reader->cie_count++].id = strtoul(id, NULL, 16);
}

static void begin_function(struct reader *reader, const char *cie,
                           const char *range)
{
    unsigned long id = strtoul(cie + sizeof "cie=" - 1, NULL, 16);

    reader->in_cie = false;
    memset(&reader->function, 0, sizeof reader->function);
    for (int i = 0; i < reader->cie_count; i++)
        if (reader->cies[i].id == id)
            reader->function = reader->cies[i].rule;
    if (sscanf(range, "pc=%llx..%llx", &reader->function.start,
               &reader->function.end) == 2)
        add(reader->table, &reader->function);
}

static void read_columns(struct reader *reader, char **words, int count)
{
    reader->fp = reader->return_address = -1;
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], "rbp") == 0 || strcmp(words[i], "x29") == 0)
            reader->fp = i;
        else if (strcmp(words[i], "ra") == 0)
            reader->return_address = i;
}

static bool saved_at(char **words, int count, int column, long *offset)
{
    return column >= 0 && column < count &&
           sscanf(words[column], "c%ld", offset) == 1;
}

static void read_rule(struct reader *reader, char **words, int count)
{
    struct unwind_rule rule = reader->function;
    char base[8] = "";

    rule.start = strtoull(words[0], NULL, 16);
    rule.base = BASE_NONE;
    if (sscanf(words[1], "%7[a-z0-9]%ld", base, &rule.offset) == 2 &&
        saved_at(words, count, reader->return_address, &rule.return_address))
        rule.base =
            strcmp(base, "rsp") == 0 || strcmp(base, "sp") == 0    ? BASE_SP
            : strcmp(base, "rbp") == 0 || strcmp(base, "x29") == 0 ? BASE_FP
                                                                   : BASE_NONE;
    rule.fp_is_saved = saved_at(words, count, reader->fp, &rule.fp);
    if (reader->in_cie)
        reader->cies[reader->cie_count - 1].rule = rule;
    else
        add(reader->table, &rule);
}

static int compare(const void *one, const void *other)
{
    const struct unwind_rule *a = one;
    const struct unwind_rule *b = other;

    return (a->start > b->start) - (a->start < b->start);
}

void unwind_read(struct unwind_table *table, FILE *print)
{
    struct reader reader = {.table = table};
    char line[512];
    char *words[COLUMNS];

    while (fgets(line, sizeof line, print) != NULL) {
        int count = split(line, words);

        if (count >= 4 && strcmp(words[3], "CIE") == 0)
            begin_cie(&reader, words[0]);
        else if (count >= 6 && strcmp(words[3], "FDE") == 0)
            begin_function(&reader, words[4], words[5]);
        else if (count >= 3 && strcmp(words[0], "LOC") == 0)
            read_columns(&reader, words, count);
        else if (count >= 3 && strspn(words[0], "0123456789abcdef") >= 8)
            read_rule(&reader, words, count);
    }
    if (table->count > 0)
        qsort(table->rules, table->count, sizeof *table->rules, compare);
}

const struct unwind_rule *unwind_find(const struct unwind_table *table,
                                      unsigned long long place)
{
    size_t low = 0;
    size_t high = table->count;

    while (low < high) { /* rules[low - 1] begins before, rules[high] after */
        size_t middle = low + (high - low) / 2;

        if (table->rules[middle].start <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && place < table->rules[low - 1].end ? &table->rules[low - 1]
                                                        : NULL;
}

bool unwind_step(struct unwind_frame *frame, const struct unwind_rule *rule,
                 bool (*peek)(void *stack, unsigned long long address,
                              unsigned long *word),
                 void *stack)
{
    unsigned long long sp = (rule->base == BASE_FP ? frame->fp : frame->sp) +
                            (unsigned long long)rule->offset;
    unsigned long word;

    if (rule->base == BASE_NONE ||
        (rule->base == BASE_FP && !frame->fp_is_known))
        return false;
    if (rule->fp_is_saved) {
        frame->fp_is_known =
            peek(stack, sp + (unsigned long long)rule->fp, &word);
        frame->fp = word;
    }
    if (!peek(stack, sp + (unsigned long long)rule->return_address, &word))
        return false;
    frame->sp = sp;
    frame->pc = word;
    return word != 0;
}

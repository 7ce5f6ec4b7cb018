/* unwind.h -- from a place in the code to the place it was called from.
 *
 * Compilers leave a table in each program and library that says, for every
 * instruction, how far from the stack pointer its function was entered. A
 * debugger reads it, exceptions need it, optimised code has it. readelf(1)
 * prints it (-wF); this reads the print. So nothing in the program that is
 * looked at has to be prepared.
 */
#ifndef UNWIND_H
#define UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* From a place on, as far as the next rule: the stack pointer before the call
 * (the "canonical frame address") is a register and an offset, and what else
 * is saved lies near it. Without a base nothing is known. */
enum unwind_base { BASE_NONE, BASE_SP, BASE_FP };

struct unwind_rule {
    unsigned long long start;
    unsigned long long end; /* of the function */
    enum unwind_base base;
    long offset;
    long return_address;
    bool fp_is_saved;
    long fp; /* where */
};

struct unwind_table {
    struct unwind_rule *rules; /* by start */
    size_t count;
    size_t capacity;
};

/* Adds what readelf prints. The rules are free()d by the caller. */
void unwind_read(struct unwind_table *table, FILE *print);

/* NULL: that place is in no function. */
const struct unwind_rule *unwind_find(const struct unwind_table *table,
                                      unsigned long long place);

/* The registers of a place in the code. */
struct unwind_frame {
    unsigned long long pc;
    unsigned long long sp;
    unsigned long long fp;
    bool fp_is_known;
};

/* The caller's in place of those; peek() reads a word of the stack. false: not
 * known, or there is none. */
bool unwind_step(struct unwind_frame *frame, const struct unwind_rule *rule,
                 bool (*peek)(void *stack, unsigned long long address,
                              unsigned long *word),
                 void *stack);

#endif

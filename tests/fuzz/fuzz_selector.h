/* fuzz_selector.h -- random use of a selector, compared with a model of it. */
#ifndef FUZZ_SELECTOR_H
#define FUZZ_SELECTOR_H

#include <stddef.h>
#include <stdint.h>

/* Reads the bytes as a sequence of operations and carries them out. The first
 * chooses the backend. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Who hears, with all that was done, that selector and model disagree; must
 * not return. By default it is said on stderr, and the program aborts. */
extern void (*fuzz_failed)(const char *message);

#endif

/* model.h -- what a selector should hold and report, and what was done to it.
 *
 * Each file has a part: input.c what the input decides, trace.c what is said
 * when selector and model disagree, descriptors.c what happens outside the
 * selector, keys.c what is registered, reports.c what is ready.
 */
#ifndef MODEL_H
#define MODEL_H

#include "backends.h"
#include "faults.h"
#include "fuzz_selector.h"
#include "selector_impl.h"

#include <errno.h>
#include <string.h>

enum { NUMBERS = 10, FILES = 64 };

enum kind { SOCKET, READ_END, WRITE_END, REGULAR, KINDS };

/* An open file, which several numbers may refer to. */
struct file {
    int refs;
    enum kind kind;
    int peer;       /* the other end, which nobody registers; -1: closed */
    unsigned epoll; /* bit i: epoll watches it as numbers[i] */
};

/* A descriptor: a number, whether it is open or not. */
struct number {
    struct file *file; /* NULL: closed */
    struct selector_key key;
    int fd;
    int must; /* the events that must be reported, if still asked for */
    int may;  /* a hang-up: also what is asked for after select() */
    bool registered;
    bool clean;    /* not closed since it was registered */
    bool newcomer; /* registered since the last select */
    bool reported; /* by selector_next() since the last select */
};

extern struct file files[FILES];
extern struct number numbers[NUMBERS];
extern struct selector *selector;
extern const struct backend *backend;
extern bool lenient; /* a system's own kqueue: each is a little different */
extern bool added;   /* not one of common/ */
extern int fd_limit; /* its descriptors are smaller; 0: they need not be */
extern bool strays;  /* epoll may report a number twice */

bool is(const char *name);

/* Number's in struct file.epoll. */
unsigned bit(const struct number *number);

/* -- input.c --------------------------------------------------------------- */

void input_start(const uint8_t *bytes, size_t size);
bool input_is_left(void);

/* Below limit, as the input says; 0 at its end. */
unsigned any(unsigned limit);
struct number *any_number(void);
struct selector_key any_key(int fd);

/* One call of the function may be made to fail: it, or NULL. */
const char *plan(const char *function, int error);

/* A signal may come during kevent(): what was to be changed has been changed.
 */
void interrupt(bool succeeds);

/* Whether what was planned has happened. Nothing is planned any more. */
bool struck(const char *function);

/* -- trace.c --------------------------------------------------------------- */

void trace_start(void);
void did(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void disagree(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* A call that must return 0, or -1 with this errno. */
void expect_error(int result, int error, const char *call);

/* -- descriptors.c --------------------------------------------------------- */

void choose_numbers(void);
void open_number(void);
void close_number(void);
void duplicate(void);
void stir(void);
void close_all(void);

/* -- keys.c ---------------------------------------------------------------- */

bool are_same(const struct selector_key *a, const struct selector_key *b);

/* Whether the backend surely watches what this number is now. */
bool is_watched(const struct number *number);

void try_register(void);
void try_modify(void);
void try_unregister(void);
void try_nonsense(void);
void check_keys(void);

/* -- reports.c ------------------------------------------------------------- */

void try_select(void);
void try_one_next(void);
void try_all_next(void);

#endif

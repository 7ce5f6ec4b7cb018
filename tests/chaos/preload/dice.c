/* dice.c -- which call meets which fault.
 *
 *     LD_PRELOAD=build/chaos/chaos.so CHAOS_SEED=7 03_selectors_callbacks/upper
 *     (macOS: DYLD_INSERT_LIBRARIES; it has not been run there yet)
 *
 * What each call can meet, and how often in a thousand calls, is in rules[]:
 *
 *  short         made with fewer bytes than asked for
 *  EINTR         connect() and changes of a kqueue are made all the same
 *  EAGAIN        although it was ready; only of non-blocking sockets
 *  ECONNABORTED  the newcomer is taken and closed
 *  EMFILE        and stays: until a few descriptors are closed there is room
 *                for none but in place of a closed one
 *  ENOMEM        accept() leaves the newcomer where it is, epoll and kqueue
 *                refuse a descriptor that is new; only growing tables ask
 *                calloc()
 *  spurious      says at once that a descriptor is ready which is not
 *  late          begun only when SO_ERROR was asked for some times; meanwhile
 *                it is "ready"
 *
 * Not touched, because no kernel does it or because giving up is right: the
 * time before the first accept, connect or wait (who cannot begin may say so);
 * close and fcntl; EPOLL_CTL_MOD and DEL, which take no memory; ENOMEM from a
 * wait, which is about no single connection; ioctl of /dev/poll. What else a
 * program's policy does not survive, chaos_run switches off with CHAOS_RATES.
 *
 * CHAOS_SEED    decides the fate of the nth call of each function, whatever
 *               other functions do. (How many calls it takes depends on timing,
 *               so totals differ a little between two runs.) Each seed also
 *               favours some faults and leaves out others. Not set: no faults.
 * CHAOS_RATES   "send:EAGAIN=0,accept:EMFILE=500": other rates, not favoured
 * CHAOS_TRACE   set: each fault is a line on stderr
 * CHAOS_REPORT  the descriptor of a file for the struct chaos_report
 */
#include "preload.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rule {
    enum chaos_call call;
    enum chaos_kind kind;
    unsigned per_mille;
} rules[] = {
    {CALL_accept, CHAOS_EINTR, 100},        {CALL_accept, CHAOS_EAGAIN, 100},
    {CALL_accept, CHAOS_ECONNABORTED, 80},  {CALL_accept, CHAOS_EMFILE, 50},
    {CALL_accept, CHAOS_ENOMEM, 50},        {CALL_calloc, CHAOS_ENOMEM, 300},
    {CALL_connect, CHAOS_EINTR, 100},       {CALL_connect, CHAOS_LATE, 400},
    {CALL_epoll_ctl, CHAOS_ENOMEM, 50},     {CALL_epoll_wait, CHAOS_EINTR, 100},
    {CALL_epoll_wait, CHAOS_SPURIOUS, 200}, {CALL_kevent, CHAOS_EINTR, 100},
    {CALL_kevent, CHAOS_ENOMEM, 50},        {CALL_kevent, CHAOS_SPURIOUS, 200},
    {CALL_malloc, CHAOS_ENOMEM, 50},        {CALL_poll, CHAOS_EINTR, 100},
    {CALL_poll, CHAOS_SPURIOUS, 200},       {CALL_read, CHAOS_EINTR, 100},
    {CALL_read, CHAOS_EAGAIN, 100},         {CALL_read, CHAOS_SHORT_READ, 250},
    {CALL_recv, CHAOS_EINTR, 100},          {CALL_recv, CHAOS_EAGAIN, 100},
    {CALL_recv, CHAOS_SHORT_READ, 250},     {CALL_select, CHAOS_EINTR, 100},
    {CALL_select, CHAOS_SPURIOUS, 200},     {CALL_send, CHAOS_EINTR, 100},
    {CALL_send, CHAOS_EAGAIN, 100},         {CALL_send, CHAOS_SHORT_WRITE, 250},
    {CALL_socket, CHAOS_EMFILE, 20},
};

enum { RULES = sizeof rules / sizeof rules[0] };

bool enabled;
static bool armed;
static uint64_t seed;

/* splitmix64: three numbers that differ in one bit give unrelated results. */
static uint64_t mixed(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x = a * 0x9E3779B97F4A7C15U + b * 0xD1B54A32D192ED03U + c;

    for (int i = 0; i < 2; i++) {
        x += 0x9E3779B97F4A7C15U;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
        x ^= x >> 31;
    }
    return x;
}

/* what: to get several for one call. */
static unsigned drawn_for(enum chaos_call call, unsigned what, unsigned limit)
{
    return (unsigned)(mixed(seed, numbers[call], call * 64U + what) % limit);
}

unsigned drawn(enum chaos_call call, unsigned limit)
{
    return drawn_for(call, RULES, limit);
}

/* -- before main() --------------------------------------------------------- */

static struct rule *find_rule(const char *name, size_t length)
{
    char full[64];

    for (int i = 0; i < RULES; i++) {
        snprintf(full, sizeof full, "%s:%s", call_names[rules[i].call],
                 kind_names[rules[i].kind]);
        if (strlen(full) == length && strncmp(full, name, length) == 0)
            return &rules[i];
    }
    fprintf(stderr, "CHAOS_RATES: no fault is called %s\n", name);
    abort();
}

static void set_rates(const char *text)
{
    while (*(text += strspn(text, ",")) != '\0') {
        size_t length = strcspn(text, "=");
        char *end;

        if (text[length] == '\0')
            break;
        find_rule(text, length)->per_mille =
            (unsigned)strtoul(text + length + 1, &end, 10);
        text = end;
    }
}

/* One fault alone finds what a mixture hides: EMFILE on each accept, say, and
 * nothing else. */
static void set_favours(void)
{
    static const unsigned times[] = {0, 1, 1, 3};

    for (unsigned i = 0; i < RULES; i++) {
        unsigned rate = rules[i].per_mille * times[mixed(seed, ~0U, i) % 4];

        rules[i].per_mille = rate < 600 ? rate : 600;
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("CHAOS_SEED");
    const char *rates = getenv("CHAOS_RATES");
    const char *fd = getenv("CHAOS_REPORT");

    if (text == NULL)
        return;
    seed = strtoul(text, NULL, 10);
    set_favours();
    if (rates != NULL)
        set_rates(rates);
    if (fd != NULL)
        map_report((int)strtol(fd, NULL, 10));
    enabled = true;
}

/* -- deciding -------------------------------------------------------------- */

bool is_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags != -1 && (flags & O_NONBLOCK);
}

bool is_wait(enum chaos_call call)
{
    return call == CALL_poll || call == CALL_select ||
           call == CALL_epoll_wait || call == CALL_kevent;
}

void arm(void)
{
    armed = true;
}

/* kevent() only if it waits, and says so itself. */
static bool arms(enum chaos_call call)
{
    return call == CALL_accept || call == CALL_connect ||
           (is_wait(call) && call != CALL_kevent);
}

enum chaos_kind decide(enum chaos_call call, int fd)
{
    if (!enabled || inside > 0)
        return CHAOS_NONE;
    armed = armed || arms(call);
    numbers[call]++;
    report->calls++;
    for (unsigned i = 0; armed && i < RULES; i++)
        if (rules[i].call == call &&
            drawn_for(call, i, 1000) < rules[i].per_mille &&
            (rules[i].kind != CHAOS_EAGAIN || is_nonblocking(fd)))
            return rules[i].kind;
    return CHAOS_NONE;
}

/* Half of the short ones are so short that what belongs together is torn. */
size_t shortened(enum chaos_call call, enum chaos_kind kind, int fd,
                 size_t size)
{
    enum { TINY = 12, TORN = RULES + 1 };
    size_t most = size > TINY && drawn_for(call, TORN, 2) ? TINY : size - 1;

    if ((kind != CHAOS_SHORT_READ && kind != CHAOS_SHORT_WRITE) || size < 2)
        return size;
    size = 1 + drawn(call, (unsigned)most);
    note(call, kind, fd, (long)size);
    return size;
}

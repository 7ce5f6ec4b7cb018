/* traced.c -- calls that are counted: linked into a student's program. */
#include "traced.h"

#include "selector.h"
#include "sockets.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096 };

static struct trace *trace(void)
{
    static struct trace *shared;
    const char *fd = getenv("TRACE");

    if (shared == NULL)
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED,
                      fd == NULL ? -1 : atoi(fd), 0);
    if (shared == MAP_FAILED)
        abort();
    return shared;
}

/* Whether this one is to fail. */
static bool fails(int *left, int error)
{
    if (*left == 0)
        return false;
    --*left;
    errno = error;
    return true;
}

/* -- memory ---------------------------------------------------------------- */

/* Before each piece. What is freed is never given out again, but made
 * unusable: so whoever uses it or frees it once more is found out. */
union header {
    struct {
        uint64_t state;
        size_t size;
    } is;
    max_align_t aligned;
};

static const uint64_t HELD = 0x9e3779b97f4a7c15, FREE = 0xc2b2ae3d27d4eb4f;

void *traced_malloc(size_t size);
void *traced_calloc(size_t count, size_t size);
void *traced_realloc(void *old, size_t size);
char *traced_strdup(const char *text);
void traced_free(void *piece);

void *traced_malloc(size_t size)
{
    union header *header;

    if (fails(&trace()->no_memory, ENOMEM))
        return NULL;
    header = malloc(sizeof *header + size);
    if (header == NULL)
        return NULL;
    header->is.state = HELD;
    header->is.size = size;
    trace()->held++;
    return memset(header + 1, 0xa5, size);
}

void *traced_calloc(size_t count, size_t size)
{
    void *piece = traced_malloc(count * size);

    return piece == NULL ? NULL : memset(piece, 0, count * size);
}

void *traced_realloc(void *old, size_t size)
{
    void *piece = traced_malloc(size);
    size_t had = old == NULL ? 0 : ((union header *)old - 1)->is.size;

    if (piece == NULL)
        return NULL;
    if (old != NULL)
        memcpy(piece, old, had < size ? had : size);
    traced_free(old);
    return piece;
}

char *traced_strdup(const char *text)
{
    char *piece = traced_malloc(strlen(text) + 1);

    return piece == NULL ? NULL : strcpy(piece, text);
}

void traced_free(void *piece)
{
    union header *header;

    if (piece == NULL)
        return;
    header = (union header *)piece - 1;
    if (header->is.state == HELD) {
        header->is.state = FREE;
        memset(piece, 0xa5, header->is.size);
        trace()->held--;
    } else if (header->is.state == FREE) {
        trace()->freed_again++;
    } else {
        free(piece); /* some other function has allocated it */
    }
}

/* -- descriptors ----------------------------------------------------------- */

static bool watched[DESCRIPTORS];

int traced_register(struct selector *sel, int fd, int events,
                    selector_callback *callback, void *data);
int traced_unregister(struct selector *sel, int fd);
int traced_close(int fd);

static void is_watched(int fd, bool yes)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        watched[fd] = yes;
}

int traced_register(struct selector *sel, int fd, int events,
                    selector_callback *callback, void *data)
{
    if (fails(&trace()->not_watched, ENOSPC) ||
        selector_register(sel, fd, events, callback, data) == -1)
        return -1;
    is_watched(fd, true);
    return 0;
}

int traced_unregister(struct selector *sel, int fd)
{
    is_watched(fd, false);
    return selector_unregister(sel, fd);
}

int traced_close(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS && watched[fd])
        trace()->closed_watched = fd;
    return close(fd);
}

/* -- sending --------------------------------------------------------------- */

ssize_t traced_send(int fd, const void *data, size_t size);
int traced_sendall(int fd, const void *data, size_t size);

ssize_t traced_send(int fd, const void *data, size_t size)
{
    return fails(&trace()->no_room, EAGAIN) ? -1 : socket_send(fd, data, size);
}

int traced_sendall(int fd, const void *data, size_t size)
{
    return fails(&trace()->no_room, EAGAIN) ? -1
                                            : socket_sendall(fd, data, size);
}

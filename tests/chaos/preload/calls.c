/* calls.c -- memory, bytes, and descriptors from their begin to close(). */
#include "preload.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool resolving;

#ifndef __APPLE__
void *real_call(enum chaos_call call)
{
    static void *addresses[CHAOS_CALL_COUNT];

    if (addresses[call] == NULL) {
        resolving = true;
        addresses[call] = real(call_names[call]);
        resolving = false;
    }
    return addresses[call];
}
#endif

/* -- memory ---------------------------------------------------------------- */

/* dlsym() may ask for memory, and manages without. */
static bool is_refused(enum chaos_call call)
{
    return resolving || (decide(call, -1) == CHAOS_ENOMEM &&
                         fails(call, CHAOS_ENOMEM, -1) == -1);
}

REPLACE(void *, malloc, size_t size)
{
    return is_refused(CALL_malloc) ? NULL : REAL(malloc)(size);
}

REPLACE(void *, calloc, size_t count, size_t size)
{
    return is_refused(CALL_calloc) ? NULL : REAL(calloc)(count, size);
}

/* -- reading and writing --------------------------------------------------- */

/* Whether the real call is to be made, and with how many bytes. */
static bool may_move(enum chaos_call call, int fd, size_t *size)
{
    enum chaos_kind kind = decide(call, fd);

    if (error_of(kind))
        return fails(call, kind, fd) == 0;
    *size = shortened(call, kind, fd, *size);
    enter();
    return true;
}

static ssize_t moved(ssize_t result)
{
    leave();
    return progress(result);
}

REPLACE(ssize_t, recv, int fd, void *buffer, size_t size, int flags)
{
    ssize_t received = -1;

    if (is_late(fd)) /* a socket that has not called connect() is at its end */
        errno = EAGAIN;
    else if (may_move(CALL_recv, fd, &size))
        received = moved(REAL(recv)(fd, buffer, size, flags));
    if (received > 0 && inside == 0)
        report->received++;
    return received;
}

REPLACE(ssize_t, read, int fd, void *buffer, size_t size)
{
    return may_move(CALL_read, fd, &size) ? moved(REAL(read)(fd, buffer, size))
                                          : -1;
}

REPLACE(ssize_t, send, int fd, const void *data, size_t size, int flags)
{
    return may_move(CALL_send, fd, &size)
               ? moved(REAL(send)(fd, data, size, flags))
               : -1;
}

/* -- descriptors ----------------------------------------------------------- */

static int full; /* for so many more close() there is only the room they make */
static int room;
static bool freed; /* and nobody else is there to take it */

/* A connect() that is held back, until SO_ERROR was asked for `left` times. */
static struct late {
    int left;
    socklen_t size;
    struct sockaddr_storage address;
} lates[DESCRIPTORS];

int late_count;

bool is_late(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS && lates[fd].left > 0;
}

static void end_late(int fd)
{
    lates[fd].left = 0;
    late_count--;
}

REPLACE(int, close, int fd)
{
    decide(CALL_close, fd);
    if (is_late(fd))
        end_late(fd);
    watch(fd, 0);
    if (full > 0 && inside == 0) {
        room++;
        full--;
        freed = true;
    }
    return (int)progress(REAL(close)(fd));
}

static int take_room(int fd)
{
    if (fd != -1) {
        room -= full > 0;
        freed = false;
    }
    return fd;
}

/* Otherwise the second part of what was sent in two waits for a late
 * acknowledgement of the first, for 40 ms. */
static int send_at_once(int fd)
{
    int yes = 1;

    if (fd != -1 && enabled)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

REPLACE(int, accept, int fd, struct sockaddr *address, socklen_t *size)
{
    enum chaos_kind kind = decide(CALL_accept, fd);
    int client;

    if (kind == CHAOS_EMFILE && full == 0 && !freed) {
        full = 1 + (int)drawn(CALL_accept, 12);
        room = 0;
    }
    if (full > 0 && room == 0 && inside == 0)
        return fails(CALL_accept, CHAOS_EMFILE, fd);
    if (error_of(kind) && kind != CHAOS_EMFILE && kind != CHAOS_ECONNABORTED)
        return fails(CALL_accept, kind, fd);
    enter();
    client = REAL(accept)(fd, address, size);
    leave();
    if (kind != CHAOS_ECONNABORTED || client == -1)
        return (int)progress(send_at_once(take_room(client)));
    fails(CALL_accept, kind, fd); /* first: the newcomer's side looks it up */
    REAL(close)(client);
    errno = ECONNABORTED;
    return -1;
}

REPLACE(int, socket, int family, int type, int protocol)
{
    enum chaos_kind kind = decide(CALL_socket, -1);

    if (kind == CHAOS_EMFILE || (full > 0 && room == 0))
        return fails(CALL_socket, CHAOS_EMFILE, -1);
    return take_room(REAL(socket)(family, type, protocol));
}

/* -- connecting ------------------------------------------------------------ */

static bool postpone(int fd, const struct sockaddr *address, socklen_t size)
{
    if (fd < 0 || fd >= DESCRIPTORS || size > sizeof lates[fd].address ||
        !is_nonblocking(fd))
        return false;
    memcpy(&lates[fd].address, address, size);
    lates[fd].size = size;
    lates[fd].left = 2 + (int)drawn(CALL_connect, 3);
    late_count++;
    note(CALL_connect, CHAOS_LATE, fd, lates[fd].left);
    return true;
}

REPLACE(int, connect, int fd, const struct sockaddr *address, socklen_t size)
{
    enum chaos_kind kind = decide(CALL_connect, fd);
    int result;

    if (kind == CHAOS_LATE && postpone(fd, address, size)) {
        errno = EINPROGRESS;
        return -1;
    }
    enter();
    result = REAL(connect)(fd, address, size);
    leave();
    if (kind == CHAOS_EINTR && (result == 0 || errno == EINPROGRESS))
        return fails(CALL_connect, kind, fd);
    return result;
}

/* 0, or the error with which it has failed at once. */
static int begin_late(int fd)
{
    const struct late *late = &lates[fd];
    int result =
        REAL(connect)(fd, (const struct sockaddr *)&late->address, late->size);

    end_late(fd);
    return result == 0 || errno == EINPROGRESS ? 0 : errno;
}

REPLACE(int, getsockopt, int fd, int level, int name, void *value,
        socklen_t *size)
{
    int error = 0;

    decide(CALL_getsockopt, fd);
    if (level == SOL_SOCKET && name == SO_ERROR && is_late(fd) &&
        --lates[fd].left == 0)
        error = begin_late(fd);
    progress(0);
    if (error == 0)
        return REAL(getsockopt)(fd, level, name, value, size);
    memcpy(value, &error, sizeof error);
    return 0;
}

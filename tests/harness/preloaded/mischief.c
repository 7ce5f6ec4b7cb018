/* mischief.c -- a library to preload, with which the nth call of a function
 * fails.
 *
 *     LD_PRELOAD=build/harness/mischief.so MISCHIEF=select:3:12 PROGRAM
 *
 * (macOS: DYLD_INSERT_LIBRARIES.) The third select() of the program fails with
 * the error 12; "3-5" are the third to the fifth. With 0 a call does as little
 * as it may: send(), recv() and read() one byte; SO_ERROR says that there is no
 * error yet; a wait says at once that everything it was asked about is ready,
 * which it may not be. close() fails for connections only, and with 0 gives the
 * number to somebody else at once; "exit:1:0" says that exit() was called.
 * There can be several, with blanks between them. The name two.invalid has the
 * addresses in $TWO, "127.0.0.1:4001 127.0.0.1:4002", in this order.
 */
#ifndef __APPLE__
#undef _POSIX_C_SOURCE
#define _GNU_SOURCE
#endif

#include "replace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#elif __has_include(<sys/event.h>)
#include <sys/event.h>
#endif

/* So one finds out whether it is there. */
__attribute__((constructor)) static void show_up(void)
{
    const char *text = getenv("MISCHIEF");

    if (text != NULL && strcmp(text, "hello") == 0)
        fputs("mischief is there\n", stderr);
}

enum { AS_IT_IS = -1, LITTLE = 0 };

static int fate(const char *call, int number);

/* _exit() does not come by here. */
__attribute__((destructor)) static void say_goodbye(void)
{
    if (fate("exit", 1) == LITTLE)
        fputs("mischief: this is exit()\n", stderr);
}

/* Of the call of that number: the two above, or an error. */
static int fate(const char *call, int number)
{
    const char *text = getenv("MISCHIEF");
    char name[32];
    int first, last, what, length;

    while (text != NULL &&
           sscanf(text, " %31[a-z_]:%d%n", name, &first, &length) == 2) {
        text += length;
        last = first;
        if (sscanf(text, "-%d%n", &last, &length) == 1)
            text += length;
        if (sscanf(text, ":%d%n", &what, &length) != 1)
            break;
        text += length;
        if (strcmp(name, call) == 0 && first <= number && number <= last)
            return what;
    }
    return AS_IT_IS;
}

/* When it is to do little: little. */
#define MAY_FAIL(type, name, arguments, little, ...)                           \
    REPLACE(type, name, __VA_ARGS__)                                           \
    {                                                                          \
        static int number;                                                     \
        int error = fate(#name, ++number);                                     \
                                                                               \
        if (error == AS_IT_IS)                                                 \
            return REAL(name) arguments;                                       \
        if (error == LITTLE)                                                   \
            return little;                                                     \
        errno = error;                                                         \
        return -1;                                                             \
    }

/* -- waiting --------------------------------------------------------------- */

static int count_in(const fd_set *set, int nfds)
{
    int count = 0;

    for (int fd = 0; set != NULL && fd < nfds; fd++)
        count += FD_ISSET(fd, set) ? 1 : 0;
    return count;
}

static int all_of(struct pollfd *entries, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++)
        entries[i].revents = entries[i].events;
    return (int)count;
}

MAY_FAIL(int, select, (nfds, readers, writers, others, timeout),
         count_in(readers, nfds) + count_in(writers, nfds), int nfds,
         fd_set *readers, fd_set *writers, fd_set *others,
         struct timeval *timeout)
MAY_FAIL(int, poll, (entries, count, timeout_ms), all_of(entries, count),
         struct pollfd *entries, nfds_t count, int timeout_ms)
#ifdef __linux__
MAY_FAIL(int, epoll_wait, (set, events, capacity, timeout_ms), 0, int set,
         struct epoll_event *events, int capacity, int timeout_ms)
MAY_FAIL(int, epoll_ctl, (set, operation, fd, event), 0, int set, int operation,
         int fd, struct epoll_event *event)
#elif __has_include(<sys/event.h>)
MAY_FAIL(int, kevent, (queue, changes, nchanges, events, nevents, timeout), 0,
         int queue, const struct kevent *changes, int nchanges,
         struct kevent *events, int nevents, const struct timespec *timeout)
#endif

/* -- processes ------------------------------------------------------------- */

MAY_FAIL(pid_t, fork, (), 0, void)

/* -- sockets --------------------------------------------------------------- */

MAY_FAIL(int, accept, (fd, address, size), 0, int fd, struct sockaddr *address,
         socklen_t *size)
MAY_FAIL(ssize_t, recv, (fd, buffer, size, flags),
         REAL(recv)(fd, buffer, 1, flags), int fd, void *buffer, size_t size,
         int flags)
MAY_FAIL(ssize_t, send, (fd, data, size, flags), REAL(send)(fd, data, 1, flags),
         int fd, const void *data, size_t size, int flags)
MAY_FAIL(ssize_t, read, (fd, buffer, size), REAL(read)(fd, buffer, 1), int fd,
         void *buffer, size_t size)
MAY_FAIL(int, connect, (fd, address, size), 0, int fd,
         const struct sockaddr *address, socklen_t size)
MAY_FAIL(int, getpeername, (fd, address, size), 0, int fd,
         struct sockaddr *address, socklen_t *size)
MAY_FAIL(int, getsockopt, (fd, level, name, value, size),
         (memset(value, 0, *size), 0), int fd, int level, int name, void *value,
         socklen_t *size)

static bool is_connection(int fd)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;

    return REAL(getpeername)(fd, (struct sockaddr *)&peer, &size) == 0;
}

REPLACE(int, close, int fd)
{
    static int number;
    int error = is_connection(fd) ? fate("close", ++number) : AS_IT_IS;

    if (error == LITTLE) {
        int null = open("/dev/null", O_RDONLY);

        dup2(null, fd); /* in one step, as it could be with several threads */
        return REAL(close)(null);
    }
    if (error == AS_IT_IS)
        return REAL(close)(fd);
    REAL(close)(fd); /* the number is free all the same */
    errno = error;
    return -1;
}

/* -- a name with several addresses ----------------------------------------- */

enum { MOST = 4 };

static struct addrinfo found[MOST];
static struct sockaddr_in addresses[MOST];

static int find_two(const struct addrinfo *hints, struct addrinfo **list)
{
    const char *text = getenv("TWO");
    char host[32];
    int port, length;
    int count = 0;

    for (; text != NULL && count < MOST; text += length) {
        if (sscanf(text, " %31[0-9.]:%d%n", host, &port, &length) != 2)
            break;
        addresses[count] = (struct sockaddr_in){
            .sin_family = AF_INET,
            .sin_port = htons((unsigned short)port),
            .sin_addr.s_addr = inet_addr(host),
        };
        found[count] = (struct addrinfo){
            .ai_family = AF_INET,
            .ai_socktype = hints->ai_socktype,
            .ai_addr = (struct sockaddr *)&addresses[count],
            .ai_addrlen = sizeof addresses[count],
        };
        if (count > 0)
            found[count - 1].ai_next = &found[count];
        count++;
    }
    *list = found;
    return count > 0 ? 0 : EAI_NONAME;
}

REPLACE(int, getaddrinfo, const char *host, const char *service,
        const struct addrinfo *hints, struct addrinfo **list)
{
    return strcmp(host, "two.invalid") == 0
               ? find_two(hints, list)
               : REAL(getaddrinfo)(host, service, hints, list);
}

REPLACE(void, freeaddrinfo, struct addrinfo *list)
{
    if (list != found)
        REAL(freeaddrinfo)(list);
}

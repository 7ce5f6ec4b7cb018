/* faults.c -- system calls that fail on demand, for the tests of common/. */
#include "faults.h"

#include <emulation.h>
#include <errno.h>
#include <kernels.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/devpoll.h>
#include <sys/resource.h>

#define FUNCTIONS(X)                                                           \
    X(accept)                                                                  \
    X(bind)                                                                    \
    X(calloc)                                                                  \
    X(clock_gettime)                                                           \
    X(close)                                                                   \
    X(connect)                                                                 \
    X(epoll_create1)                                                           \
    X(epoll_ctl)                                                               \
    X(epoll_wait)                                                              \
    X(fcntl)                                                                   \
    X(fstat)                                                                   \
    X(getaddrinfo)                                                             \
    X(getnameinfo)                                                             \
    X(getpeername)                                                             \
    X(getsockname)                                                             \
    X(getsockopt)                                                              \
    X(ioctl)                                                                   \
    X(kevent)                                                                  \
    X(kqueue)                                                                  \
    X(listen)                                                                  \
    X(open)                                                                    \
    X(poll)                                                                    \
    X(recv)                                                                    \
    X(select)                                                                  \
    X(send)                                                                    \
    X(setsockopt)                                                              \
    X(socket)                                                                  \
    X(write)

#define CALL_OF(f) CALL_##f,
#define FUNCTION_OF(f) {.name = #f},

enum call { FUNCTIONS(CALL_OF) CALLS };
enum kind { FAIL, FAIL_LATE, SHORTEN };

static struct function {
    const char *name;
    int calls;
    int fault_at; /* the number of the call that is to fail; 0: none */
    int times;    /* how many are to fail */
    enum kind kind;
    int error;
    size_t size;
} functions[CALLS] = {FUNCTIONS(FUNCTION_OF)};

static const char *first_call;
static long long timeout_ns;
static long long clock_ns = -1;
static size_t memory_limit;
static int blocks;

/* -- what a test asks for -------------------------------------------------- */

static struct function *find(const char *name)
{
    for (int i = 0; i < CALLS; i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    fprintf(stderr, "faults.c does not know %s()\n", name);
    abort();
}

static struct function *plan(const char *name, int nth, enum kind kind)
{
    struct function *function = find(name);

    function->fault_at = function->calls + nth;
    function->times = 1;
    function->kind = kind;
    return function;
}

void faults_fail(const char *function, int nth, int error)
{
    plan(function, nth, FAIL)->error = error;
}

void faults_fail_times(const char *function, int nth, int times, int error)
{
    struct function *planned = plan(function, nth, FAIL);

    planned->error = error;
    planned->times = times;
}

void faults_fail_late(const char *function, int nth, int error)
{
    plan(function, nth, FAIL_LATE)->error = error;
}

void faults_shorten(const char *function, int nth, size_t size)
{
    plan(function, nth, SHORTEN)->size = size;
}

bool faults_pending(const char *function)
{
    const struct function *found = find(function);

    return found->fault_at > found->calls;
}

static bool is_system_call(unsigned call)
{
    return call != CALL_calloc && call != CALL_clock_gettime;
}

int faults_calls(const char *function)
{
    int sum = 0;

    if (function != NULL)
        return find(function)->calls;
    for (unsigned i = 0; i < CALLS; i++)
        if (is_system_call(i))
            sum += functions[i].calls;
    return sum;
}

const char *faults_first_call(void)
{
    return first_call;
}

long long faults_timeout_ns(void)
{
    return timeout_ns;
}

void faults_reset(void)
{
    for (int i = 0; i < CALLS; i++)
        functions[i].calls = functions[i].fault_at = 0;
    first_call = NULL;
    clock_ns = -1;
    memory_limit = 0;
}

void faults_memory(size_t limit)
{
    memory_limit = limit;
}

void faults_clock(long long ns)
{
    clock_ns = ns;
}

int faults_blocks(void)
{
    return blocks;
}

void faults_descriptor_limit(int limit)
{
    static rlim_t before;
    struct rlimit now;

    getrlimit(RLIMIT_NOFILE, &now);
    if (limit != 0 && before == 0)
        before = now.rlim_cur;
    if (limit != 0 || before != 0)
        now.rlim_cur = limit == 0 ? before : (rlim_t)limit;
    setrlimit(RLIMIT_NOFILE, &now);
}

int faults_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            count++;
    return count;
}

/* -- what common/ calls ---------------------------------------------------- */

/* Counts the call. true: it is not to be made, errno says why. */
static bool fails(enum call call)
{
    struct function *function = &functions[call];
    int nth = ++function->calls - function->fault_at;

    if (first_call == NULL && is_system_call(call))
        first_call = function->name;
    if (function->fault_at == 0 || nth < 0 || nth >= function->times ||
        function->kind != FAIL)
        return false;
    errno = function->error;
    return true;
}

/* What the call that has just been made is to return. */
static int outcome(enum call call, int result)
{
    const struct function *function = &functions[call];

    if (function->calls != function->fault_at || function->kind != FAIL_LATE)
        return result;
    errno = function->error;
    return -1;
}

/* With how many bytes the call is to be made. */
static size_t shortened(enum call call, size_t size)
{
    const struct function *function = &functions[call];
    bool at = function->calls == function->fault_at;

    return at && function->kind == SHORTEN && function->size < size
               ? function->size
               : size;
}

static int remember_ms(int timeout_ms)
{
    timeout_ns = timeout_ms < 0 ? -1 : timeout_ms * 1000000LL;
    return timeout_ms;
}

/* made is the call, evaluated only if it is to be made. */
#define CALL(name, made) (fails(CALL_##name) ? -1 : outcome(CALL_##name, made))

int faults_accept(int fd, struct sockaddr *address, socklen_t *size)
{
    return kernel_accepted(fd, CALL(accept, accept(fd, address, size)));
}

int faults_bind(int fd, const struct sockaddr *address, socklen_t size)
{
    return CALL(bind, bind(fd, address, size));
}

void *faults_calloc(size_t count, size_t size)
{
    bool too_large = memory_limit != 0 && count > memory_limit / size;
    void *block = fails(CALL_calloc) || too_large ? NULL : calloc(count, size);

    if (block == NULL)
        errno = ENOMEM;
    blocks += block != NULL;
    return block;
}

int faults_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock_ns < 0)
        return CALL(clock_gettime, clock_gettime(clock, now));
    now->tv_sec = (time_t)(clock_ns / 1000000000);
    now->tv_nsec = (long)(clock_ns % 1000000000);
    return 0;
}

int faults_close(int fd)
{
    return CALL(close, emulation_close(fd));
}

int faults_connect(int fd, const struct sockaddr *address, socklen_t size)
{
    return CALL(connect, connect(fd, address, size));
}

/* What common/ uses takes an int, if anything. */
int faults_fcntl(int fd, int command, ...)
{
    bool asks = command == F_GETFD || command == F_GETFL;
    va_list arguments;
    int argument;

    va_start(arguments, command);
    argument = asks ? 0 : va_arg(arguments, int);
    va_end(arguments);
    return CALL(fcntl, fcntl(fd, command, argument));
}

void faults_free(void *block)
{
    blocks -= block != NULL;
    free(block);
    errno = EFAULT;
}

void faults_freeaddrinfo(struct addrinfo *addresses)
{
    blocks--;
    freeaddrinfo(addresses);
    errno = EFAULT;
}

int faults_fstat(int fd, struct stat *status)
{
    return CALL(fstat, fstat(fd, status));
}

int faults_getaddrinfo(const char *host, const char *service,
                       const struct addrinfo *hints, struct addrinfo **found)
{
    int error;

    if (fails(CALL_getaddrinfo)) {
        errno = EMFILE; /* for EAI_SYSTEM */
        return functions[CALL_getaddrinfo].error;
    }
    error = getaddrinfo(host, service, hints, found);
    blocks += error == 0;
    return error;
}

/* NOLINTNEXTLINE(readability-function-size): POSIX has seven parameters */
int faults_getnameinfo(const struct sockaddr *address, socklen_t size,
                       char *host, socklen_t host_size, char *service,
                       socklen_t service_size, int flags)
{
    return fails(CALL_getnameinfo) ? functions[CALL_getnameinfo].error
                                   : getnameinfo(address, size, host, host_size,
                                                 service, service_size, flags);
}

int faults_getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
    return CALL(getpeername, getpeername(fd, address, size));
}

int faults_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
    return CALL(getsockname, getsockname(fd, address, size));
}

int faults_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
    return CALL(getsockopt, getsockopt(fd, level, name, value, size));
}

int faults_ioctl(int fd, unsigned long request, void *argument)
{
    if (request == DP_POLL)
        remember_ms(((const struct dvpoll *)argument)->dp_timeout);
    return CALL(ioctl, emulation_ioctl(fd, request, argument));
}

int faults_kevent(int queue, const struct kevent *changes, int nchanges,
                  struct kevent *events, int nevents,
                  const struct timespec *timeout)
{
    timeout_ns = timeout == NULL
                     ? -1
                     : (timeout->tv_sec * 1000000000LL) + timeout->tv_nsec;
    return CALL(kevent,
                kevent(queue, changes, nchanges, events, nevents, timeout));
}

int faults_kqueue(void)
{
    return CALL(kqueue, kqueue());
}

int faults_listen(int fd, int backlog)
{
    return CALL(listen, listen(fd, backlog));
}

/* common/ creates no files: there is never a mode. */
int faults_open(const char *path, int flags, ...)
{
    return CALL(open, emulation_open(path, flags));
}

/* As on the BSDs only -1 is for ever. */
int faults_poll(struct pollfd *entries, nfds_t count, int timeout_ms)
{
    if (timeout_ms < -1) {
        errno = EINVAL;
        return -1;
    }
    return CALL(poll, poll(entries, count, remember_ms(timeout_ms)));
}

ssize_t faults_recv(int fd, void *buffer, size_t size, int flags)
{
    return fails(CALL_recv)
               ? -1
               : recv(fd, buffer, shortened(CALL_recv, size), flags);
}

int faults_select(int nfds, fd_set *readers, fd_set *writers, fd_set *others,
                  struct timeval *timeout)
{
    timeout_ns = timeout == NULL ? -1
                                 : (timeout->tv_sec * 1000000000LL) +
                                       (timeout->tv_usec * 1000LL);
    return CALL(select, select(nfds, readers, writers, others, timeout));
}

ssize_t faults_send(int fd, const void *data, size_t size, int flags)
{
    return fails(CALL_send) ? -1
                            : send(fd, data, shortened(CALL_send, size), flags);
}

int faults_setsockopt(int fd, int level, int name, const void *value,
                      socklen_t size)
{
    return CALL(setsockopt, setsockopt(fd, level, name, value, size));
}

int faults_socket(int family, int type, int protocol)
{
    return CALL(socket, socket(family, type, protocol));
}

ssize_t faults_write(int fd, const void *data, size_t size)
{
    return fails(CALL_write)
               ? -1
               : emulation_write(fd, data, shortened(CALL_write, size));
}

#ifdef FAULTS_EPOLL

int faults_epoll_create1(int flags)
{
    return CALL(epoll_create1, epoll_create1(flags));
}

int faults_epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    return CALL(epoll_ctl, epoll_ctl(set, operation, fd, event));
}

int faults_epoll_wait(int set, struct epoll_event *events, int room,
                      int timeout_ms)
{
    return CALL(epoll_wait,
                epoll_wait(set, events, room, remember_ms(timeout_ms)));
}

#endif

/* faults.h -- system calls that fail on demand, for the tests of common/.
 *
 * For the tests the Makefile compiles common/ with this file before the first
 * line of each of its files (-include, -DWITH_FAULTS). There every name at the
 * end of this file means a function of faults.c, which counts the call and
 * then makes it, or lets it fail if a test has asked for that. A test's own
 * calls are the real ones. An unknown name of a function ends the test.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* The nth call of the function from now on (1: the next) is not made; it fails
 * with this errno. getaddrinfo() and getnameinfo() return error
 * itself (EAI_SYSTEM comes with EMFILE). One fault at a time for each function.
 */
void faults_fail(const char *function, int nth, int error);

/* The same for so many calls, one after the other. */
void faults_fail_times(const char *function, int nth, int times, int error);

/* The nth call is made, but says that it has failed: connect() and kevent() do
 * so when a signal interrupts them. */
void faults_fail_late(const char *function, int nth, int error);

/* The nth recv(), send() or write() is made with at most size bytes. */
void faults_shorten(const char *function, int nth, size_t size);

/* Whether the fault that was asked for is still to come. */
bool faults_pending(const char *function);

/* How often the function was called since faults_reset(); NULL: all of them,
 * but for the memory and the clock, which are no system calls. */
int faults_calls(const char *function);

/* The system call that was made first since then; NULL: none. */
const char *faults_first_call(void);

/* How long the last wait was to be, whichever call was made; -1: for ever. */
long long faults_timeout_ns(void);

/* Nothing fails, nothing was called, the clock runs. */
void faults_reset(void);

/* No more than this many bytes at once can be allocated; 0: no limit. */
void faults_memory(size_t limit);

/* Stops the clock at ns nanoseconds; < 0: it runs. */
void faults_clock(long long ns);

/* How many blocks of memory and lists of addresses common/ holds. Giving one
 * back spoils errno, as the standards allow. */
int faults_blocks(void);

/* No descriptor from this number on can be opened (RLIMIT_NOFILE; under
 * valgrind it is not quite the kernel's limit); 0: as before. */
void faults_descriptor_limit(int limit);

/* How many descriptors below 1024 this process has open. */
int faults_descriptors(void);

/* -- in place of the system's ---------------------------------------------- */

#if __has_include(<sys/epoll.h>)
#define FAULTS_EPOLL
#include <sys/epoll.h>
#endif
#include <sys/types.h> /* FreeBSD before 12 needs it for <sys/event.h> */

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/event.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int faults_accept(int fd, struct sockaddr *address, socklen_t *size);
int faults_bind(int fd, const struct sockaddr *address, socklen_t size);
void *faults_calloc(size_t count, size_t size);
int faults_clock_gettime(clockid_t clock, struct timespec *now);
int faults_close(int fd);
int faults_connect(int fd, const struct sockaddr *address, socklen_t size);
int faults_fcntl(int fd, int command, ...);
void faults_free(void *block);
void faults_freeaddrinfo(struct addrinfo *addresses);
int faults_fstat(int fd, struct stat *status);
int faults_getaddrinfo(const char *host, const char *service,
                       const struct addrinfo *hints, struct addrinfo **found);
int faults_getnameinfo(const struct sockaddr *address, socklen_t size,
                       char *host, socklen_t host_size, char *service,
                       socklen_t service_size, int flags);
int faults_getpeername(int fd, struct sockaddr *address, socklen_t *size);
int faults_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int faults_getsockopt(int fd, int level, int name, void *value,
                      socklen_t *size);
int faults_ioctl(int fd, unsigned long request, void *argument);
int faults_kevent(int queue, const struct kevent *changes, int nchanges,
                  struct kevent *events, int nevents,
                  const struct timespec *timeout);
int faults_kqueue(void);
int faults_listen(int fd, int backlog);
int faults_open(const char *path, int flags, ...);
int faults_poll(struct pollfd *entries, nfds_t count, int timeout_ms);
ssize_t faults_recv(int fd, void *buffer, size_t size, int flags);
int faults_select(int nfds, fd_set *readers, fd_set *writers, fd_set *others,
                  struct timeval *timeout);
ssize_t faults_send(int fd, const void *data, size_t size, int flags);
int faults_setsockopt(int fd, int level, int name, const void *value,
                      socklen_t size);
int faults_socket(int family, int type, int protocol);
ssize_t faults_write(int fd, const void *data, size_t size);
#ifdef FAULTS_EPOLL
int faults_epoll_create1(int flags);
int faults_epoll_ctl(int set, int operation, int fd, struct epoll_event *event);
int faults_epoll_wait(int set, struct epoll_event *events, int room,
                      int timeout_ms);
#endif

#ifdef WITH_FAULTS
#define accept faults_accept
#define bind faults_bind
#define calloc faults_calloc
#define clock_gettime faults_clock_gettime
#define close faults_close
#define connect faults_connect
#define epoll_create1 faults_epoll_create1
#define epoll_ctl faults_epoll_ctl
#define epoll_wait faults_epoll_wait
#define fcntl faults_fcntl
#define free faults_free
#define freeaddrinfo faults_freeaddrinfo
#define fstat faults_fstat
#define getaddrinfo faults_getaddrinfo
#define getnameinfo faults_getnameinfo
#define getpeername faults_getpeername
#define getsockname faults_getsockname
#define getsockopt faults_getsockopt
#define ioctl faults_ioctl
#define kevent(...) faults_kevent(__VA_ARGS__) /* there is a struct, too */
#define kqueue faults_kqueue
#define listen faults_listen
#define open faults_open
#define poll faults_poll
#define recv faults_recv
#define select faults_select
#define send faults_send
#define setsockopt faults_setsockopt
#define socket faults_socket
#define write faults_write
#endif

#endif

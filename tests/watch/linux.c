/* linux.c -- how a program is, by /proc.
 *
 * Several files are read one after the other, so it is asked before and after
 * whether the program has slept all the while. If it has not, what was read may
 * belong to two moments, and is read again; who never sleeps is shown as he is.
 *
 * What lies in /proc/PID/syscall, fd, maps and mem is told to whom the kernel
 * would allow to trace the process (ptrace(2), PTRACE_MODE_ATTACH_FSCREDS): one
 * of the same user. Under kernel.yama.ptrace_scope=1, as Ubuntu has it, it must
 * also be one of ours, and it is: we are its parent. Under 2 and 3 only root,
 * or nobody, is told.
 */
#include "calls.h"
#include "moment.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif
#include <unistd.h>

/* -- descriptors ----------------------------------------------------------- */

static bool read_link(const char *of, int fd, char *link, size_t size)
{
    char path[64];
    ssize_t length;

    snprintf(path, sizeof path, "/proc/%s/fd/%d", of, fd);
    length = readlink(path, link, size - 1);
    link[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* What a socket is until its connection is found. */
static void name_socket(struct row *row, const char *pid)
{
    char protocol[16] = "";
#ifdef __linux__
    char path[64];

    snprintf(path, sizeof path, "/proc/%s/fd/%d", pid, row->fd);
    (void)!getxattr(path, "system.sockprotoname", protocol,
                    sizeof protocol - 1);
#endif
    snprintf(row->what, sizeof row->what, "%s socket%s", protocol,
             strncmp(protocol, "TCP", 3) == 0 ? ", not connected" : "");
}

static void add_descriptor(struct moment *moment, const char *pid, int fd)
{
    char link[sizeof moment->rows->what];
    char ours[sizeof link];
    struct row *row;

    if (!read_link(pid, fd, link, sizeof link))
        return;
    row = moment_add(moment, fd, link);
    row->inode = proc_parse_socket(link);
    if (row->inode != 0)
        name_socket(row, pid);
    else if (strcmp(link, "anon_inode:[eventpoll]") == 0)
        snprintf(row->what, sizeof row->what, "epoll");
    row->inherited =
        fd <= STDERR_FILENO ||
        (read_link("self", fd, ours, sizeof ours) && strcmp(link, ours) == 0);
}

static void add_descriptors(struct moment *moment, const char *pid)
{
    char path[64];
    DIR *directory;
    struct dirent *entry;

    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    directory = opendir(path);
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            add_descriptor(moment, pid, atoi(entry->d_name));
    closedir(directory);
}

static struct row *row_of(struct moment *moment, int fd)
{
    for (int i = 0; i < moment->count; i++)
        if (moment->rows[i].fd == fd)
            return &moment->rows[i];
    return NULL;
}

/* -- connections ----------------------------------------------------------- */

static void describe(struct row *row, const struct proc_tcp *tcp)
{
    snprintf(row->what, sizeof row->what, "%s%s",
             tcp->state == TCP_LISTENS      ? "listener "
             : tcp->state == TCP_CONNECTING ? "connecting to "
                                            : "",
             tcp->state == TCP_LISTENS ? tcp->local : tcp->peer);
    if (tcp->state == TCP_LISTENS)
        row->listens_on = tcp->local_port;
    row_tell_newcomers(row, tcp->newcomers);
    row_tell_unread(row, tcp->unread, tcp->end_unread);
    row_tell_unsent(row, tcp->unsent);
    if (tcp->newcomers > 0 || tcp->unread > 0 || tcp->peer_finished)
        row->ready |= TO_READ;
    if (tcp->state == TCP_CONNECTED && tcp->unsent == 0)
        row->ready |= TO_WRITE;
}

static bool is_newcomer(const struct moment *moment, const struct proc_tcp *tcp)
{
    if (tcp->inode != 0 || tcp->state != TCP_CONNECTED || tcp->we_finished)
        return false;
    for (int i = 0; i < moment->count; i++)
        if (moment->rows[i].listens_on == tcp->local_port)
            return true;
    return false;
}

static struct row *row_for(struct moment *moment, const struct proc_tcp *tcp)
{
    if (is_newcomer(moment, tcp))
        return moment_add(moment, -1, "");
    for (int i = 0; i < moment->count && tcp->inode != 0; i++)
        if (moment->rows[i].inode == tcp->inode)
            return &moment->rows[i];
    return NULL;
}

/* These tables take the kernel milliseconds to write. */
static bool has_socket(const struct moment *moment, const char *kind)
{
    for (int i = 0; i < moment->count; i++)
        if (strncmp(moment->rows[i].what, kind, strlen(kind)) == 0)
            return true;
    return false;
}

/* Listeners stand before connections. */
static void add_connections(struct moment *moment, const char *pid,
                            const char *table)
{
    char text[256];
    struct proc_tcp tcp;
    FILE *lines;

    snprintf(text, sizeof text, "/proc/%s/net/%s", pid, table);
    lines = fopen(text, "r");
    while (lines != NULL && fgets(text, sizeof text, lines) != NULL) {
        struct row *row =
            proc_parse_tcp(text, &tcp) ? row_for(moment, &tcp) : NULL;

        if (row != NULL && tcp.state != TCP_OTHER)
            describe(row, &tcp);
    }
    if (lines != NULL)
        fclose(lines);
}

/* -- what is watched ------------------------------------------------------- */

static void watch(struct moment *moment, int fd, int events)
{
    struct row *row = events == 0 ? NULL : row_of(moment, fd);

    if (row != NULL)
        row->watched |= events;
}

static int events_of_poll(unsigned events)
{
    return (events & POLLIN ? TO_READ : 0) | (events & POLLOUT ? TO_WRITE : 0);
}

/* false: its memory is not for us to read. */
static bool read_memory(const char *pid, unsigned long long address,
                        void *bytes, size_t size)
{
    char path[64];
    ssize_t length;
    int fd;

    snprintf(path, sizeof path, "/proc/%s/mem", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = pread(fd, bytes, size, (off_t)address);
    close(fd);
    return length == (ssize_t)size;
}

/* The kernel writes its answer over the sets when it wakes the program. */
static void watch_set(struct moment *moment, const char *pid,
                      unsigned long long set, size_t descriptors, int events)
{
    enum { MOST = 65536, BITS = 8 * sizeof(unsigned long) };
    unsigned long words[MOST / BITS];
    size_t count = (descriptors + BITS - 1) / BITS;

    if (set == 0 || descriptors > MOST ||
        !read_memory(pid, set, words, count * sizeof *words))
        return;
    for (size_t fd = 0; fd < descriptors; fd++)
        if (words[fd / BITS] >> fd % BITS & 1)
            watch(moment, (int)fd, events);
}

static void watch_array(struct moment *moment, const char *pid,
                        unsigned long long array, size_t count)
{
    struct pollfd *fds = calloc(count + 1, sizeof *fds);

    if (fds != NULL && read_memory(pid, array, fds, count * sizeof *fds))
        for (size_t i = 0; i < count; i++)
            watch(moment, fds[i].fd, events_of_poll((unsigned)fds[i].events));
    free(fds);
}

static void watch_by_call(struct moment *moment, const char *pid,
                          const struct proc_call *call)
{
    const struct call *known = call_find(call->number);
    const unsigned long long *a = call->arguments;

    if (known == NULL)
        return;
    if (known->waits == WAITS_TO_READ || known->waits == WAITS_TO_WRITE)
        watch(moment, (int)a[0],
              known->waits == WAITS_TO_READ ? TO_READ : TO_WRITE);
    if (known->waits == WAITS_SELECT) {
        watch_set(moment, pid, a[1], a[0], TO_READ);
        watch_set(moment, pid, a[2], a[0], TO_WRITE);
    }
    if (known->waits == WAITS_POLL)
        watch_array(moment, pid, a[0], a[1]);
}

/* The list is the kernel's, so it is known while the program is awake, too. */
static void watch_by_epoll(struct moment *moment, const char *pid, int epoll)
{
    char text[256];
    int fd;
    int count = 0;
    unsigned events;
    FILE *lines;

    snprintf(text, sizeof text, "/proc/%s/fdinfo/%d", pid, epoll);
    lines = fopen(text, "r");
    while (lines != NULL && fgets(text, sizeof text, lines) != NULL)
        if (proc_parse_epoll(text, &fd, &events)) {
            watch(moment, fd, events_of_poll(events));
            count++;
        }
    if (lines != NULL)
        fclose(lines);
    snprintf(row_of(moment, epoll)->what, sizeof moment->rows->what,
             "epoll, %d on its list", count);
}

/* What a program has from us, its ends of our pipes too, is no news, unless it
 * sleeps for that. */
static void drop_inherited(struct moment *moment)
{
    int kept = 0;

    for (int i = 0; i < moment->count; i++)
        if (!moment->rows[i].inherited || moment->rows[i].watched != 0)
            moment->rows[kept++] = moment->rows[i];
    moment->count = kept;
}

static void add_rows(struct moment *moment, const char *pid,
                     const struct proc_call *call)
{
    add_descriptors(moment, pid);
    if (has_socket(moment, "TCP socket"))
        add_connections(moment, pid, "tcp");
    if (has_socket(moment, "TCPv6 socket"))
        add_connections(moment, pid, "tcp6");
    watch_by_call(moment, pid, call);
    for (int i = 0; i < moment->count; i++)
        if (strcmp(moment->rows[i].what, "epoll") == 0)
            watch_by_epoll(moment, pid, moment->rows[i].fd);
    drop_inherited(moment);
}

/* -- where it sleeps ------------------------------------------------------- */

static void tell_state(struct moment *moment, pid_t pid,
                       const struct proc_call *call)
{
    const struct call *known = call_find(call->number);
    char text[1024];
    bool stopped = proc_read(pid, "stat", text, sizeof text) &&
                   proc_parse_state(text) == 'T';
    const char *how = stopped ? "stopped" : "sleeps";

    if (call->running)
        snprintf(moment->state, sizeof moment->state, "running");
    else if (known != NULL)
        snprintf(moment->state, sizeof moment->state, "%s in %s()", how,
                 known->name);
    else if (call->number == -1)
        snprintf(moment->state, sizeof moment->state, "%s", how);
    else
        snprintf(moment->state, sizeof moment->state, "%s in system call %ld",
                 how, call->number);
}

/* Where it sleeps, and how often it has not: if both are the same later, it has
 * slept in between. false: this system does not tell. */
static bool read_sleep(pid_t pid, char *sleep, size_t size)
{
    char status[4096] = "";
    const char *switches;
    size_t used;

    if (!proc_read(pid, "syscall", sleep, size))
        return false;
    proc_read(pid, "status", status, sizeof status);
    switches = strstr(status, "voluntary_ctxt_switches");
    used = strlen(sleep);
    snprintf(sleep + used, size - used, "%s", switches ? switches : "");
    return true;
}

bool proc_is_forbidden(pid_t pid)
{
    char text[64];

    errno = 0;
    return !proc_read(pid, "syscall", text, sizeof text) &&
           (errno == EACCES || errno == EPERM);
}

/* Until then it is a copy of us. */
static bool has_begun(const char *pid)
{
    char path[64];
    char ours[1024] = "";
    char its[1024] = "";

    snprintf(path, sizeof path, "/proc/%s/exe", pid);
    return readlink(path, its, sizeof its - 1) > 0 &&
           readlink("/proc/self/exe", ours, sizeof ours - 1) > 0 &&
           strcmp(its, ours) != 0;
}

bool moment_from_proc(pid_t pid, struct moment *moment)
{
    enum { ATTEMPTS = 4 };
    char before[512];
    char after[512];
    char name[32];
    struct proc_call call;
    bool slept = false;

    snprintf(name, sizeof name, "%ld", (long)pid);
    for (int i = 0; i < ATTEMPTS && !slept; i++) {
        poll(NULL, 0, i); /* it may have to do, but not for long */
        if (!read_sleep(pid, before, sizeof before) ||
            !proc_parse_call(before, &call))
            return false;
        moment->count = 0;
        if (has_begun(name))
            add_rows(moment, name, &call);
        if (!call.running)
            callers_find(pid, &call, &moment->callers);
        slept = !call.running && read_sleep(pid, after, sizeof after) &&
                strcmp(before, after) == 0;
    }
    tell_state(moment, pid, &call);
    return true;
}

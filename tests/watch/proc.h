/* proc.h -- what Linux says of a process, line by line: text in, numbers out.
 *
 * proc(5) describes the text. Only the first function opens a file.
 */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All that fits of /proc/PID/NAME; false: nothing. */
bool proc_read(pid_t pid, const char *name, char *text, size_t size);

/* /proc/PID/syscall: where a process sleeps. */
struct proc_call {
    bool running; /* it does not, and nothing else is known */
    long number;  /* of the system call; -1: it sleeps outside of any */
    unsigned long long arguments[6];
    unsigned long long sp; /* its stack pointer, and where it goes on */
    unsigned long long pc;
};

bool proc_parse_call(const char *text, struct proc_call *call);

/* A line of /proc/net/tcp or tcp6. The kernel counts a FIN as a byte on either
 * side; here it is none. */
enum proc_tcp_state { TCP_OTHER, TCP_LISTENS, TCP_CONNECTING, TCP_CONNECTED };
enum { PROC_ADDRESS_SIZE = 56 };

struct proc_tcp {
    unsigned long inode; /* 0: nobody has a descriptor for it */
    enum proc_tcp_state state;
    char local[PROC_ADDRESS_SIZE];
    char peer[PROC_ADDRESS_SIZE];
    int local_port;
    long newcomers;   /* of a listener: whom accept() would return */
    long unread;      /* bytes that have come */
    long unsent;      /* bytes that the peer has not acknowledged */
    bool we_finished; /* by shutdown() or close() */
    bool peer_finished;
    bool end_unread; /* and recv() has not returned 0 yet */
};

/* Of TCP_OTHER nothing else is told. */
bool proc_parse_tcp(const char *line, struct proc_tcp *tcp);

/* A line of /proc/PID/fdinfo/N for a descriptor that epoll watches; events are
 * those of poll(2). */
bool proc_parse_epoll(const char *line, int *fd, unsigned *events);

/* A line of /proc/PID/maps that names a file; valid as long as line. */
struct proc_map {
    unsigned long long start;
    unsigned long long end;
    unsigned long long offset;
    const char *path;
};

bool proc_parse_map(char *line, struct proc_map *map);

/* The number behind "socket:[" in what a descriptor points to; 0: none. */
unsigned long proc_parse_socket(const char *link);

/* The state in /proc/PID/stat: 'R', 'S', 'T' ...; 0: none. */
char proc_parse_state(const char *text);

#endif

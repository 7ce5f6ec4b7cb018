/* proc.c -- what Linux says of a process, line by line: text in, numbers out.
 */
#include "proc.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool proc_read(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    size_t length = 0;
    ssize_t more = 1;
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd != -1 && more > 0 && length < size - 1) {
        more = read(fd, text + length, size - 1 - length);
        length += more > 0 ? (size_t)more : 0;
    }
    text[length] = '\0';
    if (fd != -1)
        close(fd);
    return length > 0;
}

bool proc_parse_call(const char *text, struct proc_call *call)
{
    unsigned long long *a = call->arguments;

    memset(call, 0, sizeof *call);
    call->number = -1;
    call->running = strncmp(text, "running", 7) == 0;
    if (call->running ||
        sscanf(text, "%ld %llx %llx %llx %llx %llx %llx %llx %llx",
               &call->number, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5],
               &call->sp, &call->pc) == 9)
        return true;
    return sscanf(text, "-1 %llx %llx", &call->sp, &call->pc) == 2;
}

/* -- connections ----------------------------------------------------------- */

/* "0100007F:1388": words of 32 bits, each as it lies in memory, and a port. */
static int format_address(const char *hex, char *address)
{
    uint32_t words[4] = {0};
    size_t count = strcspn(hex, ":") / 8;
    bool is_v6 = count == 4;
    char text[INET6_ADDRSTRLEN];
    int port = (int)strtol(hex + count * 8 + 1, NULL, 16);
    const void *bytes = words;

    for (size_t i = 0; i < count && i < 4; i++) {
        char word[9] = "";

        memcpy(word, hex + 8 * i, 8);
        words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    if (is_v6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)bytes)) {
        bytes = &words[3];
        is_v6 = false;
    }
    inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes, text, sizeof text);
    snprintf(address, PROC_ADDRESS_SIZE, is_v6 ? "[%s]:%d" : "%s:%d", text,
             port);
    return port;
}

/* The numbers are those of the kernel's include/net/tcp_states.h. */
static void tell_state(struct proc_tcp *tcp, unsigned state)
{
    enum { ESTABLISHED = 1, SYN_SENT, FIN_WAIT1 = 4, FIN_WAIT2 };
    enum { CLOSE_WAIT = 8, LAST_ACK, LISTEN, CLOSING };

    tcp->we_finished = state == FIN_WAIT1 || state == FIN_WAIT2 ||
                       state == LAST_ACK || state == CLOSING;
    tcp->peer_finished =
        state == CLOSE_WAIT || state == LAST_ACK || state == CLOSING;
    if (state == LISTEN)
        tcp->state = TCP_LISTENS;
    else if (state == SYN_SENT)
        tcp->state = TCP_CONNECTING;
    else if (state == ESTABLISHED || tcp->we_finished || tcp->peer_finished)
        tcp->state = TCP_CONNECTED;
}

static void tell_queues(struct proc_tcp *tcp, long received, long queued)
{
    if (tcp->state == TCP_LISTENS)
        tcp->newcomers = received;
    if (tcp->state != TCP_CONNECTED)
        return;
    tcp->end_unread = tcp->peer_finished && received > 0;
    tcp->unread = received - tcp->end_unread;
    tcp->unsent = queued - (tcp->we_finished && queued > 0);
}

bool proc_parse_tcp(const char *line, struct proc_tcp *tcp)
{
    char local[48];
    char peer[48];
    unsigned state;
    unsigned long received;
    unsigned long queued;

    memset(tcp, 0, sizeof *tcp);
    if (sscanf(line, " %*d: %47s %47s %x %lx:%lx %*s %*s %*s %*s %lu", local,
               peer, &state, &queued, &received, &tcp->inode) != 6)
        return false;
    tell_state(tcp, state);
    if (tcp->state == TCP_OTHER) /* there may be very many that are over */
        return true;
    tcp->local_port = format_address(local, tcp->local);
    format_address(peer, tcp->peer);
    tell_queues(tcp, (long)received, (long)queued);
    return true;
}

/* -- descriptors and memory ------------------------------------------------ */

bool proc_parse_epoll(const char *line, int *fd, unsigned *events)
{
    return sscanf(line, "tfd: %d events: %x", fd, events) == 2;
}

bool proc_parse_map(char *line, struct proc_map *map)
{
    int path = 0;

    if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %n", &map->start, &map->end,
               &map->offset, &path) != 3 ||
        line[path] != '/')
        return false;
    line[path + (int)strcspn(line + path, "\n")] = '\0';
    map->path = line + path;
    return true;
}

unsigned long proc_parse_socket(const char *link)
{
    unsigned long inode = 0;

    return sscanf(link, "socket:[%lu]", &inode) == 1 ? inode : 0;
}

/* The name before it may contain anything, parentheses too. */
char proc_parse_state(const char *text)
{
    const char *end = strrchr(text, ')');

    if (end == NULL || end[1] != ' ')
        return '\0';
    return end[2];
}

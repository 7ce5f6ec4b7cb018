/* server_by_hand.c -- stage 03's server without its selector: epoll(7) only.
 *
 * The same prints, the same policy, the same order of unregister and close, so
 * that what is measured beside it is the selector and the helpers of common/
 * and nothing else. There is one kind of client, so the loop needs no callback:
 * a descriptor is the listener's or a client's.
 */
#include "measure.h"
#include "program.h"
#include "selector_impl.h" /* for HAVE_EPOLL only */

#include <errno.h>
#include <stdio.h>

#ifdef HAVE_EPOLL
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 1024 };

static int epoll_fd;

static int watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void accept_connection(int server_socket)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    char host[INET_ADDRSTRLEN] = "?";
    int client_socket =
        accept(server_socket, (struct sockaddr *)&address, &size);

    if (client_socket == -1) {
        if (errno != EAGAIN)
            perror("accept");
        return;
    }
    inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
    printf("Connection from %s:%d\n", host, ntohs(address.sin_port));
    if (fcntl(client_socket, F_SETFD, FD_CLOEXEC) == -1 ||
        fcntl(client_socket, F_SETFL, O_NONBLOCK) == -1 ||
        watch(client_socket) == -1) {
        perror("cannot watch");
        close(client_socket);
    }
}

static void send_message(int client_socket)
{
    char request[4096];
    ssize_t received = recv(client_socket, request, sizeof request, 0);

    if (received == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (received > 0 && send(client_socket, "Hello World\n", 12, 0) == 12)
        return;
    if (received != 0)
        perror("client");
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, client_socket, NULL);
    close(client_socket);
}

static void event_loop(int server_socket)
{
    static struct epoll_event events[BATCH];

    for (;;) {
        int ready = epoll_wait(epoll_fd, events, BATCH, -1);

        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == server_socket)
                accept_connection(server_socket);
            else
                send_message(events[i].data.fd);
        if (ready == -1 && errno != EINTR)
            measure_fail("epoll_wait");
    }
}

int main(int argc, char **argv)
{
    int server_socket = program_listen(argc, argv);

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd == -1 || socket_set_nonblocking(server_socket) == -1 ||
        watch(server_socket) == -1)
        measure_fail("epoll");
    program_announce(server_socket, NULL);
    event_loop(server_socket);
}
#else
int main(void)
{
    measure_fail("there is no epoll here");
}
#endif

/* listeners.c -- whom the programs that connect are to reach, or not. */
#include "listeners.h"

#include "basics.h"
#include "clients.h"
#include "programs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

int listener_refusing(int *port)
{
    struct sockaddr_in address = loopback(0);
    int fd = client_socket();

    if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1)
        fail_with("bind: %s", strerror(errno));
    *port = client_port(fd);
    return fd;
}

int listener_open(int *port)
{
    int fd = listener_refusing(port);

    if (listen(fd, SOMAXCONN) == -1)
        fail_with("listen: %s", strerror(errno));
    return fd;
}

/* How many fit into the smallest backlog is different on each system. Sure only
 * when one that is on its way stays there for a while; the while is for systems
 * that answer late, the others need none. */
bool listener_fill(int listener, int pending[SILENT])
{
    enum { AT_ONCE = 20, WHILE_MS = 20 };
    struct sockaddr_in address = loopback(client_port(listener));
    bool is_silent = false;

    memset(pending, -1, SILENT * sizeof *pending);
    listen(listener, 0);
    for (int i = 0; i < SILENT && !is_silent; i++) {
        pending[i] = client_socket();
        (void)!connect(pending[i], (struct sockaddr *)&address, sizeof address);
        if ((i + 1) % AT_ONCE == 0)
            is_silent = !wait_until(now_ms() + WHILE_MS, pending[i], POLLOUT);
    }
    return is_silent;
}

bool listener_silent(int *port, int pending[SILENT])
{
    return listener_fill(listener_refusing(port), pending);
}

int listener_accept(int listener)
{
    enum { GLANCE_MS = 50 };
    long long limit = now_ms() + patience_ms();
    int fd;

    while (!wait_until(now_ms() + GLANCE_MS, listener, POLLIN))
        if (now_ms() > limit || children_have_ended())
            fail_with("expected somebody to connect, but nobody has");
    fd = accept(listener, NULL, NULL);
    if (fd < 0)
        fail_with("accept: %s", strerror(errno));
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

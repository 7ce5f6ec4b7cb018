/* basics.c -- a few small things that several rooms need. */
#include "basics.h"

#include "outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void pipe_make(int ends[2])
{
    if (pipe(ends) == -1)
        fail_with("pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

void pipe_fill(int fd)
{
    static const char bytes[4096];

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, bytes, sizeof bytes) > 0 || write(fd, bytes, 1) > 0)
        continue;
    fcntl(fd, F_SETFL, 0);
}

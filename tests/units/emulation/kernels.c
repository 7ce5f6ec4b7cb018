/* kernels.c -- in what the kernels differ, as far as it can be stood in for. */
#include "kernels.h"

#include <emulation.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* The last is none, but kevent(2) promises no more than it does. */
static const struct kernel kernels[] = {
    {"linux", EPIPE, INT_MAX, false, false},
    {"freebsd", EPIPE, INT_MAX, true, false}, /* and OpenBSD */
    {"netbsd", EBADF, INT_MAX, true, false},
    {"macos", 0, INT_MAX, true, true},
    {"illumos", EPIPE, INT_MAX, true, false},
    {"stingy", EPIPE, 512, true, false},
};

#ifdef __APPLE__
static const char here[] = "macos";
#elif defined __NetBSD__
static const char here[] = "netbsd";
#elif defined __sun
static const char here[] = "illumos";
#elif defined __linux__
static const char here[] = "linux";
#else
static const char here[] = "freebsd";
#endif

static const struct kernel *find(const char *name)
{
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (strcmp(kernels[i].name, name) == 0)
            return &kernels[i];
    return NULL;
}

const struct kernel *kernel(void)
{
    static const struct kernel *found;
    const char *name = getenv("STAND_IN");

    if (found != NULL)
        return found;
    found = find(name == NULL ? here : name);
    if (found == NULL || (name != NULL && !emulation_of("kqueue"))) {
        fprintf(stderr, "STAND_IN: nothing here does for '%s'\n", name);
        exit(2);
    }
    return found;
}

/* As it may take one descriptor more than a test allows. */
static void drop_newcomer(int listener)
{
    struct pollfd entry = {.fd = listener, .events = POLLIN};
    struct rlimit limit;
    struct rlimit more;
    int error = errno;

    if (poll(&entry, 1, 0) == 1 && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        more = limit;
        more.rlim_cur = more.rlim_max;
        setrlimit(RLIMIT_NOFILE, &more);
        close(accept(listener, NULL, NULL));
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    errno = error;
}

int kernel_accepted(int listener, int client)
{
    if (strcmp(kernel()->name, here) == 0)
        return client;
    if (client != -1 && kernel()->accept_inherits)
        fcntl(client, F_SETFL, fcntl(listener, F_GETFL) & O_NONBLOCK);
    if (client == -1 && (errno == EMFILE || errno == ENFILE) &&
        kernel()->accept_drops)
        drop_newcomer(listener);
    return client;
}

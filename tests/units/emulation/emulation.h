/* emulation.h -- a stand-in for kqueue(2) and /dev/poll on top of poll(2).
 *
 * It is there so that every backend is compiled and tested on every system:
 * <sys/event.h> and <sys/devpoll.h> of this directory declare what a system
 * does not have, and hand over to its own headers where it has them. It
 * follows the kernels of FreeBSD and illumos in what their manual pages
 * promise, and others where kernels.h says so. It is slow, and a descriptor of
 * the stand-in cannot be polled.
 */
#ifndef EMULATION_H
#define EMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether "kqueue" or "devpoll" is the stand-in here. */
bool emulation_of(const char *backend);

/* These calls of the system, and what they mean to /dev/poll or a kqueue. */
int emulation_open(const char *path, int flags);
ssize_t emulation_write(int fd, const void *data, size_t size);
int emulation_ioctl(int fd, unsigned long request, void *argument);
int emulation_close(int fd);

#endif

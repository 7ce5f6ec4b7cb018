/* descriptors.c -- what happens outside the selector, and behind its back. */
#include "model.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST = 200, LARGE = 1100 };

struct file files[FILES];
struct number numbers[NUMBERS];

/* Some of them beyond what select() can take, if there may be so many. */
void choose_numbers(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < LARGE + NUMBERS && limit.rlim_max >= LARGE + NUMBERS) {
        limit.rlim_cur = LARGE + NUMBERS;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (int i = 0; i < NUMBERS; i++)
        numbers[i].fd = FIRST + i;
    for (int i = NUMBERS - 2; i < NUMBERS; i++)
        if (limit.rlim_cur >= LARGE + NUMBERS)
            numbers[i].fd = LARGE + i;
}

static void release(struct number *number)
{
    struct file *file = number->file;

    close(number->fd);
    number->file = NULL;
    number->clean = false;
    if (--file->refs > 0) {
        strays = strays || (file->epoll & bit(number));
        return;
    }
    if (file->peer != -1)
        close(file->peer);
    *file = (struct file){.refs = 0};
}

static struct file *free_file(void)
{
    struct file *file = files;

    while (file->refs > 0)
        file++;
    return file; /* there are more files than numbers */
}

/* ends[0] is registered, ends[1] its peer. */
static void open_kind(enum kind kind, int ends[2])
{
    int swapped;
    FILE *regular;

    ends[1] = -1;
    if (kind == REGULAR) {
        regular = tmpfile();
        ends[0] = regular == NULL ? -1 : dup(fileno(regular));
        if (regular != NULL)
            fclose(regular);
        return;
    }
    if ((kind == SOCKET ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends)
                        : pipe(ends)) == -1)
        abort();
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    if (kind == WRITE_END) {
        swapped = ends[0];
        ends[0] = ends[1];
        ends[1] = swapped;
    }
}

void open_number(void)
{
    struct number *number = any_number();
    enum kind kind = (enum kind)any(KINDS);
    int ends[2];

    if (number->file != NULL)
        return;
    open_kind(kind, ends);
    if (dup2(ends[0], number->fd) == -1)
        abort();
    close(ends[0]);
    number->file = free_file();
    *number->file = (struct file){1, kind, ends[1], 0};
    did("open(%d, kind %d)\n", number->fd, kind);
}

void close_number(void)
{
    struct number *number = any_number();

    if (number->file == NULL)
        return;
    did("close(%d)%s\n", number->fd, number->registered ? " registered" : "");
    release(number);
}

void duplicate(void)
{
    struct number *to = any_number();
    struct number *from = any_number();

    if (from->file == NULL || from == to)
        return;
    did("dup2(%d, %d)\n", from->fd, to->fd);
    if (to->file != NULL)
        release(to);
    if (dup2(from->fd, to->fd) == -1)
        abort();
    to->file = from->file;
    to->file->refs++;
}

/* Makes it ready, or not ready, or broken. */
void stir(void)
{
    struct number *number = any_number();
    static char bytes[64 * 1024];
    unsigned how = any(5);
    struct file *file = number->file;

    if (file == NULL)
        return;
    did("stir(%d, %u)\n", number->fd, how);
    if (how == 0 && file->peer != -1)
        (void)!write(file->peer, bytes, 1);
    else if (how == 1)
        (void)!read(number->fd, bytes, sizeof bytes);
    else if (how == 2 && file->kind != REGULAR)
        while (write(number->fd, bytes, sizeof bytes) > 0)
            continue;
    else if (how == 3 && file->peer != -1)
        while (read(file->peer, bytes, sizeof bytes) > 0)
            continue;
    else if (how == 4 && file->peer != -1) {
        close(file->peer);
        file->peer = -1;
    }
}

void close_all(void)
{
    for (int i = 0; i < NUMBERS; i++)
        if (numbers[i].file != NULL)
            release(&numbers[i]);
    memset(numbers, 0, sizeof numbers);
}

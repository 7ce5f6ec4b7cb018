/* reports.c -- select and next: what must be reported, and what may be. */
#include "model.h"

#include <poll.h>

/* The files that epoll watches by this number since it was another. */
static int stale_files(const struct number *number)
{
    int count = 0;

    for (int i = 0; i < FILES; i++)
        if (files[i].refs > 0 && (files[i].epoll & bit(number)) &&
            (&files[i] != number->file || !number->clean))
            count++;
    return count;
}

/* Looks at the descriptor itself. */
static void foresee(struct number *number)
{
    struct pollfd entry = {.fd = number->fd, .events = POLLIN | POLLOUT};
    int events = number->registered ? number->key.events : 0;

    poll(&entry, 1, 0);
    number->newcomer = false;
    number->reported = false;
    number->must = (entry.revents & (POLLIN | POLLNVAL) ? EVENT_READ : 0) |
                   (entry.revents & (POLLOUT | POLLNVAL) ? EVENT_WRITE : 0);
    number->may = (entry.revents & ~POLLOUT ? EVENT_READ : 0) |
                  (entry.revents & ~POLLIN ? EVENT_WRITE : 0);
    if (stale_files(number) > 0 || (!is("epoll") && !number->clean))
        number->may = EVENT_READ | EVENT_WRITE;
    if (!is_watched(number))
        number->must = 0;
    if (events == 0)
        number->may = 0;
    number->must &= events;
}

static bool any_closed(void)
{
    for (int i = 0; i < NUMBERS; i++)
        if (numbers[i].registered && numbers[i].file == NULL)
            return true;
    return false;
}

static void forget_batch(void)
{
    for (int i = 0; i < NUMBERS; i++)
        numbers[i].must = numbers[i].may = 0;
}

void try_select(void)
{
    bool fails = is("select") && any_closed();
    int least = 0;
    int most = 0;
    const char *fault;
    int ready;

    for (int i = 0; i < NUMBERS; i++) {
        foresee(&numbers[i]);
        least += numbers[i].must != 0;
        most += (numbers[i].may & numbers[i].key.events) != 0;
        most += numbers[i].registered ? stale_files(&numbers[i]) : 0;
    }
    did("select() ");
    fault = plan(backend->waiter, EINTR);
    ready = selector_select(selector, least > 0 && any(2) == 0 ? -1 : 0);
    struck(fault);
    if (ready == -1 && added && any_closed()) {
        forget_batch();
        return;
    }
    if (ready == -1 || fails) {
        expect_error(ready, fails ? EBADF : 0, "selector_select");
        forget_batch();
        return;
    }
    did("= %d\n", ready);
    if (ready < least || ready > most)
        disagree("expected from %d to %d to be ready", least, most);
}

static void check_report(const struct selector_key *key, int mask)
{
    struct number *number = numbers;

    while (number < numbers + NUMBERS && number->fd != key->fd)
        number++;
    if (number == numbers + NUMBERS || !number->registered)
        disagree("%d is reported, which is not registered", key->fd);
    if (!are_same(key, &number->key))
        disagree("%d is reported with another key", key->fd);
    if (number->newcomer)
        disagree("%d was registered after select()", key->fd);
    if (number->reported && !strays)
        disagree("%d is reported twice", key->fd);
    if (mask == 0 || (mask & ~(number->may & key->events)))
        disagree("%d is reported for %d, expected a part of %d", key->fd, mask,
                 number->may & key->events);
    if (!strays && (number->must & key->events & ~mask))
        disagree("%d is reported for %d, expected also %d", key->fd, mask,
                 number->must & key->events);
    number->reported = true;
}

static void check_batch_end(void)
{
    for (int i = 0; i < NUMBERS; i++) {
        const struct number *number = &numbers[i];

        if (number->registered && !number->newcomer && !number->reported &&
            (number->must & number->key.events))
            disagree("%d is ready for %d, but was not reported", number->fd,
                     number->must & number->key.events);
    }
    forget_batch();
}

/* true: there was one. */
static bool try_next(void)
{
    struct selector_key key;
    int mask;

    if (!selector_next(selector, &key, &mask)) {
        did("next() = false\n");
        check_batch_end();
        return false;
    }
    did("next() = %d for %d\n", key.fd, mask);
    check_report(&key, mask);
    return true;
}

void try_all_next(void)
{
    while (try_next())
        continue;
}

void try_one_next(void)
{
    try_next();
}

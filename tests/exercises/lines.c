/* lines.c -- numbered lines, said to an echo in upper case and heard later. */
#include "lines.h"

#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LINE = 8, BLOCK = 1024 * LINE };

/* Whole lines from an offset on, of which the first may have been begun. Valid
 * until the next call with the same letter. */
static const char *text_at(size_t offset, size_t *size, char letter)
{
    static char texts[2][BLOCK + 1];
    char *text = texts[letter == 'L'];
    size_t line = offset / LINE;

    for (size_t i = 0; i < BLOCK; i += LINE)
        snprintf(text + i, LINE + 1, "%c%06zu\n", letter, line++ % 1000000);
    *size = BLOCK - offset % LINE;
    return text + offset % LINE;
}

bool lines_say(struct lines *lines, size_t total)
{
    size_t before = lines->said;

    while (lines->said < total) {
        size_t size;
        const char *text = text_at(lines->said, &size, 'l');
        size_t left = total - lines->said;
        ssize_t sent = send(lines->client, text, left < size ? left : size, 0);

        if (sent == -1 && errno == EAGAIN)
            break;
        if (sent == -1)
            fail_with("%s: expected to be heard, got: %s", lines->name,
                      strerror(errno));
        lines->said += (size_t)sent;
    }
    return lines->said > before;
}

void lines_say_until_full(struct lines *lines, size_t total, int other)
{
    enum { PIECE = 6000, SURE = 10 };
    int full = 0;

    while (full < SURE && lines->said < total) {
        size_t next = lines->said + PIECE;

        full = lines_say(lines, next < total ? next : total) ? 0 : full + 1;
        client_ask(other, "and I?\n", "AND I?\n");
    }
}

/* The number of the first whole line; -1: there is none. */
static long number_in(const char *text, const char *end)
{
    for (; end - text >= LINE; text++)
        if (text[0] == 'L' && text[LINE - 1] == '\n')
            return strtol(text + 1, NULL, 10);
    return -1;
}

/* got is where byte lines->heard should be, and something else is. */
static void explain(const struct lines *lines, const char *got, size_t size)
{
    long wanted = (long)(lines->heard / LINE);
    long number = number_in(got, got + size);

    if (number > wanted)
        because("What lies between is lost. send() returns how many bytes it "
                "took; the others must be kept until there is room.");
    else if (number != -1)
        because("That was sent before. send() returns how many bytes it took; "
                "the next one begins behind them. (socket_sendall() does not "
                "say it if it fails: how much has gone by then?)");
    if (number != -1)
        fail_with("%s: expected line %ld next, got line %ld", lines->name,
                  wanted, number);
    fail_with("%s: expected line %ld next, got %s", lines->name, wanted,
              quoted(got, size));
}

/* What comes next, up to most bytes. If nothing does, it may be lost, or wait
 * until more is said. */
static size_t receive(struct lines *lines, char *bytes, size_t most,
                      const char *wanted)
{
    ssize_t received =
        client_receive(lines->client, bytes, most, now_ms() + patience_ms());

    if (received == -1 && errno == ETIMEDOUT) {
        lines_say(lines, lines->said + 3 * LINE);
        received = client_receive(lines->client, bytes, most,
                                  now_ms() + patience_ms() / 2);
        if (received >= LINE && memcmp(bytes, wanted, LINE) == 0)
            fail_with("%s: expected line %zu next, it came only when more was "
                      "said",
                      lines->name, lines->heard / LINE);
    }
    if (received <= 0)
        fail_with("%s: expected line %zu next, got %s", lines->name,
                  lines->heard / LINE,
                  received == 0        ? "the end of the connection"
                  : errno == ETIMEDOUT ? "nothing"
                                       : strerror(errno));
    return (size_t)received;
}

static void hear(struct lines *lines, size_t until)
{
    char got[BLOCK + LINE];

    while (lines->heard < until) {
        size_t wanted, same = 0;
        const char *text = text_at(lines->heard, &wanted, 'L');
        size_t size = receive(lines, got, BLOCK - LINE, text);

        while (same < size && got[same] == text[same])
            same++;
        lines->heard += same;
        if (same == size)
            continue;
        if (size - same < 2 * LINE) { /* a whole one is not among them */
            ssize_t more = client_receive(lines->client, got + size, 2 * LINE,
                                          now_ms() + patience_ms() / 2);
            size += more > 0 ? (size_t)more : 0;
        }
        explain(lines, got + same, size - same);
    }
}

/* The last line may have been begun only: somebody may wait for the rest. */
void lines_hear(struct lines *lines)
{
    size_t whole = lines->said / LINE * LINE;

    hear(lines, whole);
    if (lines->said > whole)
        lines_say(lines, whole + LINE);
    hear(lines, lines->said);
}

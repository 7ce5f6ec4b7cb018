/* stream.c -- what a program has printed until now. */
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_LIMIT = 16 * 1024 * 1024 };

static void append(struct stream *stream, const char *bytes, size_t size)
{
    if (stream->length + size > TEXT_LIMIT)
        size = TEXT_LIMIT - stream->length;
    if (stream->length + size + 1 > stream->capacity) {
        stream->capacity = 2 * (stream->length + size + 1);
        stream->text = realloc(stream->text, stream->capacity);
        if (stream->text == NULL)
            abort();
    }
    memcpy(stream->text + stream->length, bytes, size);
    stream->length += size;
    stream->text[stream->length] = '\0';
}

void stream_read(struct stream *stream)
{
    char bytes[16384];
    ssize_t length = read(stream->fd, bytes, sizeof bytes);

    if (length > 0) {
        append(stream, bytes, (size_t)length);
    } else if (length == 0 || errno != EINTR) {
        close(stream->fd);
        stream->fd = -1;
    }
}

void stream_read_file(struct stream *stream, int file)
{
    char bytes[16384];
    ssize_t length;

    while ((length = pread(file, bytes, sizeof bytes, (off_t)stream->length)) >
           0)
        append(stream, bytes, (size_t)length);
}

bool stream_has(const struct stream *stream, const char *words)
{
    return stream->length > 0 && strstr(stream->text, words) != NULL;
}

int stream_count(const struct stream *stream, const char *words)
{
    const char *found = stream->length == 0 ? NULL : stream->text;
    int count = 0;

    while (found != NULL && (found = strstr(found, words)) != NULL) {
        found += strlen(words);
        count++;
    }
    return count;
}

bool stream_line(struct stream *stream, char *line, size_t size)
{
    const char *start;
    const char *end;

    if (stream->taken == stream->length)
        return false;
    start = stream->text + stream->taken;
    end = strchr(start, '\n');
    if (end == NULL)
        return false;
    snprintf(line, size, "%.*s", (int)(end - start), start);
    stream->taken += (size_t)(end - start) + 1;
    return true;
}

void stream_free(struct stream *stream)
{
    if (stream->fd > 0)
        close(stream->fd);
    free(stream->text);
}

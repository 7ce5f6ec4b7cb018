/* stream.h -- what a program has printed until now. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct stream {
    int fd; /* our end of the pipe; -1: ended */
    char *text;
    size_t length;
    size_t capacity;
    size_t taken; /* by stream_line() */
};

/* Reads once. Only after poll(2) has said so, or it waits. */
void stream_read(struct stream *stream);

/* What is there in a file, since the last time. */
void stream_read_file(struct stream *stream, int file);

bool stream_has(const struct stream *stream, const char *words);

/* How often they have appeared. */
int stream_count(const struct stream *stream, const char *words);

/* The next line, without its end; cut if it is longer. false: not yet. */
bool stream_line(struct stream *stream, char *line, size_t size);

void stream_free(struct stream *stream);

#endif

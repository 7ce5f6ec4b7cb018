/* source.c -- what can only be seen in the text of a program. */
#include "check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 2000 };

/* The text of a function, from its name to the brace that ends it. */
static char *body_of(const char *path, const char *function)
{
    static char text[64 * 1024];
    FILE *file = fopen(path, "r");
    char *start;
    char *end;

    if (file == NULL)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (start = strstr(text, function); start != NULL;
         start = strstr(start + 1, function)) {
        end = strstr(start, "\n}");
        if (end != NULL && memchr(start, '{', (size_t)(end - start)) != NULL &&
            strcspn(start, ";") > strcspn(start, "{")) {
            *end = '\0';
            return start;
        }
    }
    return NULL;
}

/* Each comment becomes blanks. */
static void remove_comments(char *text)
{
    while ((text = strpbrk(text, "/")) != NULL) {
        size_t length = text[1] == '/' ? strcspn(text, "\n") : 1;
        const char *end = text[1] == '*' ? strstr(text + 2, "*/") : NULL;

        if (end != NULL)
            length = (size_t)(end + 2 - text);
        if (length > 1)
            memset(text, ' ', length);
        text += length;
    }
}

bool source_order(const char *path, const char *function, const char *first,
                  const char *second)
{
    char *body = body_of(path, function);
    const char *one;
    const char *other;

    if (body == NULL)
        return false;
    remove_comments(body);
    one = strstr(body, first);
    other = strstr(body, second);
    return one != NULL && other != NULL && one < other;
}

/* Without what is between the words: spaces, ends of lines, comments. */
static void squeeze(char *to, const char *text)
{
    while (*text != '\0') {
        const char *end =
            strncmp(text, "/*", 2) == 0 ? strstr(text, "*/") : NULL;

        if (end != NULL)
            text = end + 2;
        else if (isspace((unsigned char)*text))
            text++;
        else
            *to++ = *text++;
    }
    *to = '\0';
}

bool source_is(const char *path, const char *function, const char *text)
{
    static char wanted[TEXT];
    char *body = body_of(path, function);

    if (body == NULL || strlen(text) >= sizeof wanted)
        return false;
    squeeze(body, body);
    squeeze(wanted, text);
    return strcmp(body, wanted) == 0;
}

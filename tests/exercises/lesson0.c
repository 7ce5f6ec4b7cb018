/* lesson0.c -- the checks of the exercises of lesson 0. */
#include "check.h"

#include <stdio.h>
#include <string.h>

/* -- 0.1: another reply ---------------------------------------------------- */

static const char good_day[] = "Good day, World\n";
static const char hello[] = "Hello World\n";

/* The stage's own program: beside the folder in which the exercise is. */
static void the_original_is_as_it_was(void)
{
    char original[1024];
    const char *slash = strrchr(program_source, '/');

    snprintf(original, sizeof original, "%.*s/../server.c",
             slash == NULL ? 1 : (int)(slash - program_source),
             slash == NULL ? "." : program_source);
    because("It seems that you changed the original. Put it back (git checkout "
            "01_blocking/server.c); the exercise is its copy, "
            "01_blocking/exercises/0.1_reply.c.");
    step("01_blocking/server.c is as it was");
    if (!source_order(original, "serve(int", "\"Hello World\\n\"", "12"))
        fail_with("expected 01_blocking/server.c to answer \"Hello World\\n\", "
                  "but that is no longer in it");
}

static const char *what_is_wrong(const struct heard *heard)
{
    if (heard->size == 0)
        return "The reply is sent by socket_sendall(); is it still there?";
    if (is_heard(heard, hello))
        return "This is what it said before. Change the text in "
               "01_blocking/exercises/0.1_reply.c, save it, and do it again.";
    if (heard->size < sizeof good_day - 1 &&
        memcmp(heard->bytes, good_day, heard->size) == 0)
        return "The words are right, and the end is missing. The number behind "
               "the text is how many bytes of it are sent; the new text has "
               "more of them. \\n is one byte.";
    if (memcmp(heard->bytes, good_day, sizeof good_day - 1) == 0)
        return "The number behind the text is larger than the text is long, so "
               "bytes are sent that are not part of it. (A C string ends with "
               "a byte 0, \\000, which is not counted.)";
    return "Compare the two letter by letter: capitals, the comma, blanks.";
}

static void check_0_1(void)
{
    struct heard heard;
    int a;

    the_original_is_as_it_was();
    because(NULL);
    server_starts();
    a = connects("A");
    says(a, "hello\n");
    step("A hears %s", quoted(good_day, strlen(good_day)));
    heard = hears_line(a);
    because("%s", what_is_wrong(&heard));
    must_be(a, &heard, good_day);
    because("Behind the reply more bytes came, or the connection stayed open.");
    leaves(a);
    because(NULL);
    server_ends_well();
}

const struct exercise lesson0[] = {
    {"0.1", check_0_1},
    {0},
};

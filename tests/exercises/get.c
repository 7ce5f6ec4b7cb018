/* get.c -- the check of exercise 4.3: the first line of an answer. */
#include "targets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Connected, and asked. if_not: what is behind it if it is not asked. */
static int asked(const struct target *target, const char *if_not)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    enum { SIZE = sizeof request - 1 };
    long long limit = now_ms() + patience_ms();
    char bytes[200];
    size_t size = 0;
    int visitor = visitor_of(target);

    step("%s hears %s", target->name, quoted(request, SIZE));
    because("%s", if_not);
    while (size < SIZE) {
        ssize_t received =
            client_receive(visitor, bytes + size, sizeof bytes - size, limit);

        if (received <= 0)
            break;
        size += (size_t)received;
    }
    if (size > SIZE && memcmp(bytes, request, SIZE) == 0)
        because("More was sent than the request has. A byte \\000 behind it is "
                "the one with which C ends a string: sizeof counts it, and it "
                "is not part of the text.");
    if (size != SIZE || memcmp(bytes, request, SIZE) != 0)
        fail_as_printed("%s, %s, to be asked, got %s", target->name,
                        target->text,
                        size == 0 ? "nothing" : quoted(bytes, size));
    return visitor;
}

static void answers(int visitor, const struct target *target, const char *text)
{
    step("%s says %s", target->name, quoted(text, strlen(text)));
    client_send_text(visitor, text);
}

/* This line, as it is. */
static void is_printed(const struct target *target, const char *line)
{
    long long limit = now_ms() + patience_ms();
    char whole[200];

    snprintf(whole, sizeof whole, "%s: %s\n", target->text, line);
    step("the program prints \"%s: %s\"", target->text, line);
    while (!stream_has(&program->out, whole) && now_ms() < limit &&
           program->out.fd > 0 && !has_line(&program->out, "\r", target->text))
        wait_until(now_ms() + 10, -1, 0);
    if (has_line(&program->out, "\r", target->text))
        because("A line of HTTP ends with \\r\\n. Both are its end, and not a "
                "part of it.");
    if (!stream_has(&program->out, whole))
        fail_as_printed("the line \"%s: %s\"", target->text, line);
}

static const char alone[] =
    "Another one has not answered, or not to the end, and so the program does "
    "not go on: it waits for this one alone, perhaps in recv(). Wait in "
    "selector_select() and nowhere else.";

/* One is silent at first; all others are asked meanwhile. */
static void all_are_asked(const struct target *late,
                          const struct target *targets, int visitors[3])
{
    struct target nobody = refusing();

    program_starts(ARGS("-t", LONG, late->text, targets[0].text,
                        targets[1].text, targets[2].text, nobody.text));
    because("%s is silent, but nobody is to wait for it. Start them all, and "
            "then wait for all of them, not for one after the other.",
            late->name);
    for (int i = 0; i < 3; i++)
        visitors[i] = asked(&targets[i], alone);
    speaks_again(late);
    step("the program says on stderr that %s refuses", nobody.name);
    because("The kernel tells that once: to SO_ERROR, or to a send() that is "
            "made before the connection stands.");
    stream_expect(program, &program->err, "%s", strerror(ECONNREFUSED));
    step("nobody answers, and the program sleeps");
    because("A connected socket is writable nearly always. When the request is "
            "sent, wait for EVENT_READ in place of EVENT_WRITE.");
    program_sleeps("while nobody answers");
}

static void answer_comes_in_pieces(const struct target *slow, int slow_visitor,
                                   const struct target *other,
                                   int other_visitor)
{
    answers(slow_visitor, slow, "HTTP/1.0 2");
    answers(other_visitor, other,
            "HTTP/1.0 404 Not Found\r\nServer: us\r\n\r\nNothing here.\n");
    because("%s", alone);
    is_printed(other, "HTTP/1.0 404 Not Found");
    because("The line is printed. Nobody waits for what comes behind it.");
    is_left(other_visitor, other);
    because("TCP knows no lines: recv() gives what is there, and that was only "
            "the half of it. The line is whole when its \\n is there.");
    if (has_line(&program->out, "HTTP/1.0 2", slow->text))
        fail_as_printed("nothing to be printed for %s yet", slow->text);
    answers(slow_visitor, slow, "00 OK\r");
    answers(slow_visitor, slow, "\nDate: today\r\n\r\n");
    because("The answer came in pieces, and what is printed is only the end of "
            "it, or nothing: what has come of it must be kept, for each target "
            "on its own, until its \\n is there. (And \\r is not printed.)");
    is_printed(slow, "HTTP/1.0 200 OK");
    is_left(slow_visitor, slow);
}

/* It was silent when the program connected to it. */
static void late_one_is_asked(const struct target *late)
{
    static const char too_early[] =
        "This one was not connected as soon as connect() had returned, but a "
        "second later. A request that is sent before the connection stands "
        "goes nowhere: send() fails with EAGAIN. EVENT_WRITE tells when.";
    int visitor;

    because("%s", too_early);
    visitor = asked(late, too_early);
    answers(visitor, late, "HTTP/1.1 200 OK\r\n");
    is_printed(late, "HTTP/1.1 200 OK");
    is_left(visitor, late);
}

static void half_a_line_is_no_answer(const struct target *target, int visitor)
{
    answers(visitor, target, "HTTP/1.0 5");
    step("%s closes the connection", target->name);
    close(visitor);
    because("All are decided by now. Whoever is, must be watched no more: the "
            "loop ends when nobody is watched.");
    must_end();
    step("the program has said on stderr that %s has not answered",
         target->name);
    because("Its line was never whole, so it has not answered: that belongs on "
            "stderr, with the name of the target.");
    if (has_line(&program->out, "HTTP/1.0 5", target->text) ||
        !stream_has(&program->err, target->text))
        fail_as_printed("%s on stderr, and not on stdout", target->text);
    because("Not all have answered: that is exit status 1.");
    child_finish(program, 1);
}

static void time_is_limited(void)
{
    enum { LIMIT_MS = 300 };
    struct target silent = listening();
    struct target quick = listening();
    long long started = now_ms();
    int visitor;

    program_starts(ARGS("-t", "0.3", silent.text, quick.text));
    because(NULL);
    asked(&silent, alone);
    visitor = asked(&quick, alone);
    answers(visitor, &quick, "HTTP/1.0 200 OK\r\n");
    is_printed(&quick, "HTTP/1.0 200 OK");
    because("One is connected and does not answer: limit_ms is for that, too.");
    must_end();
    if (now_ms() - started < LIMIT_MS)
        fail_as_printed("%s to be waited for, 0.3 seconds", silent.text);
    because("Its time is over: that belongs on stderr, with its name.");
    if (!stream_has(&program->err, silent.text))
        fail_as_printed("%s on stderr", silent.text);
    child_finish(program, 1);
}

void check_4_3(void)
{
    struct target targets[] = {listening(), listening(), listening()};
    struct target late;
    int visitors[3];

    if (!is_silent(&late))
        return;
    all_are_asked(&late, targets, visitors);
    answer_comes_in_pieces(&targets[1], visitors[1], &targets[2], visitors[2]);
    late_one_is_asked(&late);
    half_a_line_is_no_answer(&targets[0], visitors[0]);
    time_is_limited();
    program_starts(ARGS("-t", LONG, targets[0].text));
    visitors[0] = asked(&targets[0], alone);
    answers(visitors[0], &targets[0], "HTTP/1.0 200 OK\n");
    must_end();
    because("All have answered: that is exit status 0.");
    child_finish(program, 0);
}

/* picture.c -- a timeline in plain ASCII, drawn while it happens. */
#include "picture.h"

#include "basics.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_WIDTH = 9, WIDTH = 70, COLUMN_MS = 25, TICK = 10 };

/* How many lines of the picture stand above the cursor. */
static int on_screen;

static bool is_live(void)
{
    const char *terminal = getenv("TERM");

    return isatty(STDOUT_FILENO) && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

/* -- noting ---------------------------------------------------------------- */

void picture_begin(struct picture *picture, const char *const *names)
{
    memset(picture, 0, sizeof *picture);
    for (; names[picture->count] != NULL; picture->count++)
        picture->rows[picture->count].name = names[picture->count];
    picture->start_ns = clock_ns(CLOCK_MONOTONIC);
}

double picture_now(const struct picture *picture)
{
    return (double)(clock_ns(CLOCK_MONOTONIC) - picture->start_ns) / 1e6;
}

double picture_note(struct picture *picture, int row, const char *mark,
                    const char *label)
{
    struct picture_row *to = &picture->rows[row];
    double now = picture_now(picture);

    if (to->count < PICTURE_EVENTS) {
        struct picture_event *event = &to->events[to->count++];

        event->at_ms = now;
        event->mark = mark;
        snprintf(event->label, sizeof event->label, "%s", label);
    }
    return now;
}

/* -- drawing --------------------------------------------------------------- */

/* More per column if need be: something unexpected may take longer. */
static int column_ms(double now)
{
    int ms = COLUMN_MS;

    while (now / ms >= WIDTH - 1)
        ms += 5;
    return ms;
}

/* The column of an event, given that of the one before it. A mark moves to the
 * right rather than hide another, so "?!" can be told from "!?"; but a server
 * that wakes twice at once has one mark. After the last event: the end. */
static int place(const struct picture_row *row, int i, int before, int ms)
{
    const struct picture_event *event = &row->events[i];
    int column;

    if (i == row->count)
        return WIDTH;
    column = (int)(event->at_ms / ms);
    if (i > 0 && column <= before)
        column = event->mark[0] == event[-1].mark[0] ? before : before + 1;
    return column < WIDTH ? column : WIDTH - 1;
}

/* A label that has no room waits for the next event that has the same. */
static void draw_row(const struct picture_row *row, double now, int ms,
                     char line[WIDTH + 1])
{
    const char *written = "";
    int column = place(row, 0, 0, ms);
    int end = (int)(now / ms);

    memset(line, ' ', WIDTH);
    line[WIDTH] = '\0';
    for (int i = 0; i < row->count; i++) {
        const struct picture_event *event = &row->events[i];
        int length = (int)strlen(event->label);
        int next = place(row, i + 1, column, ms);

        line[column] = event->mark[0];
        for (int c = column + 1; c < next && c <= end; c++)
            line[c] = event->mark[1];
        if (length < next - column && strcmp(event->label, written) != 0) {
            memcpy(line + column + 1, event->label, (size_t)length);
            written = event->label;
        }
        column = next;
    }
}

/* Red: waits, or works in vain. Green: is answered. NULL: like the text. */
static const char *colour_of(char mark)
{
    if (mark == '!')
        return "\033[32m";
    return mark == '=' || mark == '#' ? "\033[31m" : NULL;
}

static void print_line(const char *name, const char *line, bool live)
{
    bool in_colour = live && getenv("NO_COLOR") == NULL;
    size_t length = strlen(line);

    while (length > 0 && line[length - 1] == ' ')
        length--;
    printf("  %-*s", NAME_WIDTH - 2, name);
    for (size_t i = 0; i < length; i++) {
        const char *colour = in_colour ? colour_of(line[i]) : NULL;

        if (colour != NULL)
            printf("%s%c\033[m", colour, line[i]);
        else
            putchar(line[i]);
    }
    printf(live ? "\033[K\n" : "\n");
}

static void print_axis(int ms, bool live)
{
    char line[WIDTH + TICK];
    int used = 0;

    for (int column = 0; column < WIDTH; column += TICK)
        used += snprintf(line + used, TICK + 1, "|%-*d", TICK - 1, column * ms);
    print_line("ms", line, live);
}

static void draw(const struct picture *picture, bool live)
{
    double now = picture_now(picture);
    int ms = column_ms(now);

    if (on_screen > 0)
        printf("\033[%dA", on_screen);
    print_axis(ms, live);
    for (int i = 0; i < picture->count; i++) {
        char line[WIDTH + 1];

        draw_row(&picture->rows[i], now, ms, line);
        print_line(picture->rows[i].name, line, live);
    }
    on_screen = picture->count + 1;
}

/* On a narrow terminal the lines must not be wrapped while they are drawn over:
 * there would be more of them than the cursor goes up. */
void picture_refresh(const struct picture *picture)
{
    if (!is_live())
        return;
    printf("\033[?7l");
    draw(picture, true);
    printf("\033[?7h");
    fflush(stdout);
}

void picture_end(const struct picture *picture)
{
    draw(picture, is_live());
    on_screen = 0;
}

void picture_write(const struct picture *picture, FILE *to)
{
    for (int i = 0; i < picture->count; i++) {
        const struct picture_row *row = &picture->rows[i];

        for (int j = 0; j < row->count; j++)
            fprintf(to, "event\t%.1f\t%s\t%s\t%s\n", row->events[j].at_ms,
                    row->name, row->events[j].mark, row->events[j].label);
    }
}

void picture_abandon(void)
{
    static const char sane[] = "\033[m\033[?7h\n";

    if (on_screen > 0 && write(STDOUT_FILENO, sane, sizeof sane - 1) == -1)
        on_screen = 0;
}

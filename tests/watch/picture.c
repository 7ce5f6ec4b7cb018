/* picture.c -- a moment in plain text, drawn when it differs from the last. */
#include "picture.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 80, MOST_WIDTH = 256 };

/* A line, without its first column: one or, if both queues hold something, two
 * lines for a row. */
struct text {
    char line[2][MOST_WIDTH];
};

/* -- words ----------------------------------------------------------------- */

static const char *events(int bits)
{
    static const char *const words[] = {"", "read", "write", "read, write"};

    return words[bits & (TO_READ | TO_WRITE)];
}

static void put_watched(const struct row *row, char *text, size_t size)
{
    int ready = row->ready & row->watched;

    if (row->fd == -1)
        snprintf(text, size, "not accepted yet");
    else if (ready == 0)
        snprintf(text, size, "%s", events(row->watched));
    else if (ready == row->watched)
        snprintf(text, size, "%-7s ready", events(row->watched));
    else
        snprintf(text, size,
                 ready == TO_READ ? "read (ready), write"
                                  : "read, write (ready)");
}

static void trim(char *line)
{
    size_t length = strlen(line);

    while (length > 0 && line[length - 1] == ' ')
        line[--length] = '\0';
}

static void put_row(const struct row *row, struct text *text)
{
    bool has_both = row->incoming[0] != '\0' && row->outgoing[0] != '\0';
    const char *queue =
        row->incoming[0] == '\0' ? row->outgoing : row->incoming;
    char fd[16] = "-";
    char watched[40];

    if (row->fd != -1)
        snprintf(fd, sizeof fd, "%d", row->fd);
    put_watched(row, watched, sizeof watched);
    snprintf(text->line[0], MOST_WIDTH, "%4s  %-25s %-26s %s", fd, row->what,
             queue, watched);
    snprintf(text->line[1], MOST_WIDTH, "%32s%s", "",
             has_both ? row->outgoing : "");
    trim(text->line[0]);
    trim(text->line[1]);
}

static void put_head(const struct picture *picture, const struct moment *moment,
                     struct text *text)
{
    const struct callers *callers = &moment->callers;
    int room = WIDTH - 6 - (int)strlen(callers->place);

    snprintf(text->line[0], MOST_WIDTH, "%.*s  %s",
             WIDTH - 4 - (int)strlen(moment->state), picture->child->name,
             moment->state);
    if (moment->missing != NULL)
        snprintf(text->line[1], MOST_WIDTH, "  (%s)", moment->missing);
    else if (callers->functions[0] != '\0')
        snprintf(text->line[1], MOST_WIDTH, "  %-*.*s  %s", room, room,
                 callers->functions, callers->place);
    else if (callers->missing[0] != '\0')
        snprintf(text->line[1], MOST_WIDTH, "  (no functions: %s)",
                 callers->missing);
    else
        text->line[1][0] = '\0';
    trim(text->line[1]);
}

/* -- a picture ------------------------------------------------------------- */

struct line {
    char text[MOST_WIDTH];
    bool has_changed;
    bool is_idle; /* a row that may be left out */
};

struct drawing {
    struct line *lines;
    int count;
    bool has_changed;
};

static void put(struct drawing *drawing, const char *text, bool has_changed,
                bool is_idle)
{
    struct line *line;

    drawing->has_changed |= has_changed;
    if (text[0] == '\0')
        return;
    line = &drawing->lines[drawing->count++];
    snprintf(line->text, sizeof line->text, "%s", text);
    line->has_changed = has_changed;
    line->is_idle = is_idle;
}

/* A newcomer is known by its address. */
static const struct row *same_row(const struct moment *moment,
                                  const struct row *row)
{
    for (int i = 0; i < moment->count; i++)
        if (moment->rows[i].fd == row->fd &&
            (row->fd != -1 || strcmp(moment->rows[i].what, row->what) == 0))
            return &moment->rows[i];
    return NULL;
}

static void draw_head(const struct picture *picture, struct drawing *drawing)
{
    struct text now;
    struct text before = {{""}};

    put_head(picture, &picture->now, &now);
    put_head(picture, &picture->before, &before);
    for (int i = 0; i < 2; i++)
        put(drawing, now.line[i],
            picture->drawn && strcmp(now.line[i], before.line[i]) != 0, false);
}

static void draw_row(const struct picture *picture, const struct row *row,
                     struct drawing *drawing)
{
    const struct row *then = same_row(&picture->before, row);
    bool is_idle = row->listens_on == 0 && row->incoming[0] == '\0' &&
                   row->outgoing[0] == '\0';
    struct text now;
    struct text before = {{""}};

    put_row(row, &now);
    if (then != NULL)
        put_row(then, &before);
    for (int i = 0; i < 2; i++) {
        bool has_changed =
            picture->drawn && strcmp(now.line[i], before.line[i]) != 0;

        put(drawing, now.line[i], has_changed, is_idle && !has_changed);
    }
}

static void draw_gone(const struct picture *picture, struct drawing *drawing)
{
    for (int i = 0; i < picture->before.count; i++) {
        const struct row *row = &picture->before.rows[i];
        char text[40];

        snprintf(text, sizeof text, "%4d  closed", row->fd);
        if (same_row(&picture->now, row) == NULL)
            put(drawing, row->fd == -1 ? "" : text, true, false);
    }
}

static void draw(const struct picture *picture, struct drawing *drawing)
{
    int most = 2 * (picture->now.count + picture->before.count) + 4;

    drawing->lines = calloc((size_t)most, sizeof *drawing->lines);
    if (drawing->lines == NULL)
        abort();
    draw_head(picture, drawing);
    if (picture->now.count > 0)
        put(drawing,
            "  fd  what                      in the kernel              "
            "watched "
            "for",
            false, false);
    for (int i = 0; i < picture->now.count; i++)
        draw_row(picture, &picture->now.rows[i], drawing);
    if (!picture->child->ended)
        draw_gone(picture, drawing);
}

/* -- on the screen --------------------------------------------------------- */

/* Leaves out rows in which nothing happens until the others have room. */
static void shorten(struct drawing *drawing, int room)
{
    int left_out = drawing->count > room ? drawing->count - room + 1 : 0;
    int kept = drawing->count;
    int missing = 0;

    for (int pass = 0; pass < 2; pass++)
        for (int i = kept - 1; i > 3 && missing < left_out; i--)
            if (pass > 0 || drawing->lines[i].is_idle) {
                memmove(&drawing->lines[i], &drawing->lines[i + 1],
                        (size_t)(--kept - i) * sizeof *drawing->lines);
                missing++;
            }
    drawing->count = kept;
    if (missing > 0) {
        char text[40];

        snprintf(text, sizeof text, "   - and %d more", missing);
        put(drawing, text, false, false);
    }
}

static void write_line(const struct picture *picture, FILE *to,
                       const struct line *line, int width)
{
    bool in_reverse = picture->in_colour && line->has_changed;

    fprintf(to, "%s%c%.*s%s%s\n", in_reverse ? "\033[7m" : "",
            line->has_changed ? '>' : ' ', width - 1, line->text,
            in_reverse ? "\033[0m" : "", picture->on_terminal ? "\033[K" : "");
}

/* Where the last count lines of text begin. */
static const char *last_lines(const char *text, size_t length, int count)
{
    const char *start = text + length - (length > 0);

    while (start > text && (start[-1] != '\n' || --count > 0))
        start--;
    return start;
}

/* Whatever a terminal might take for a command is shown as a dot. */
static void write_printed(const struct picture *picture, FILE *to,
                          const char *text, size_t length, int width)
{
    struct line line = {.has_changed = false};

    if (length == 0)
        return;
    fprintf(to, " - what it prints -%s\n",
            picture->on_terminal ? "\033[K" : "");
    for (const char *end = text + length; text < end;) {
        size_t size = strcspn(text, "\n");

        snprintf(line.text, sizeof line.text, "%.*s", (int)size, text);
        for (char *c = line.text; *c != '\0'; c++)
            if ((unsigned char)*c < ' ' || *c == 127)
                *c = '.';
        write_line(picture, to, &line, width);
        text += size + (text[size] == '\n');
    }
}

static void write_on_terminal(struct picture *picture, FILE *to,
                              struct drawing *drawing)
{
    enum { LINES = 24, LEFT = 5 };
    const struct stream *out = &picture->child->out;
    struct winsize window = {0};
    int height;

    ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
    height = (window.ws_row == 0 ? LINES : window.ws_row) - 2;
    shorten(drawing, height - LEFT);
    fprintf(to, picture->drawn ? "\033[H" : "\033[H\033[J");
    for (int i = 0; i < drawing->count; i++)
        write_line(picture, to, &drawing->lines[i],
                   window.ws_col == 0 ? WIDTH : window.ws_col);
    if (out->length > 0) {
        const char *last =
            last_lines(out->text, out->length, height - drawing->count);

        write_printed(picture, to, last,
                      out->length - (size_t)(last - out->text),
                      window.ws_col == 0 ? WIDTH : window.ws_col);
    }
    fprintf(to, "\033[J");
}

static void write_behind(const struct picture *picture, FILE *to,
                         const struct drawing *drawing, size_t whole_lines)
{
    const struct stream *out = &picture->child->out;

    if (picture->drawn)
        fprintf(to, "\n");
    for (int i = 0; i < drawing->count; i++)
        write_line(picture, to, &drawing->lines[i], MOST_WIDTH);
    if (whole_lines > picture->printed)
        write_printed(picture, to, out->text + picture->printed,
                      whole_lines - picture->printed, MOST_WIDTH);
}

/* How much of the program's output is to be shown: no line that it is still
 * writing, unless it is watched while it does. */
static size_t printed_by_now(const struct picture *picture)
{
    const struct stream *out = &picture->child->out;
    size_t length = out->length;

    while (!picture->on_terminal && !picture->child->ended && length > 0 &&
           out->text[length - 1] != '\n')
        length--;
    return length;
}

/* In one piece. */
static void write_drawing(struct picture *picture, struct drawing *drawing,
                          size_t printed)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&bytes, &size);

    if (to == NULL)
        abort();
    if (picture->on_terminal)
        write_on_terminal(picture, to, drawing);
    else
        write_behind(picture, to, drawing, printed);
    fclose(to);
    fwrite(bytes, 1, size, stdout);
    fflush(stdout);
    free(bytes);
}

void picture_begin(struct picture *picture, struct child *child)
{
    const char *no_colour = getenv("NO_COLOR");

    memset(picture, 0, sizeof *picture);
    picture->child = child;
    picture->on_terminal = isatty(STDOUT_FILENO);
    picture->in_colour =
        picture->on_terminal && (no_colour == NULL || *no_colour == '\0');
}

/* All of it, unless it prints without end. */
static void read_printed(void)
{
    for (int i = 0; i < 64 && wait_until(0, -1, 0); i++)
        continue;
}

void picture_take(struct picture *picture)
{
    struct drawing drawing = {.count = 0};
    struct moment before = picture->before;
    size_t printed;

    moment_take(picture->child, &picture->now);
    read_printed(); /* before this moment */
    printed = printed_by_now(picture);
    draw(picture, &drawing);
    if (!picture->drawn || drawing.has_changed || printed > picture->printed) {
        write_drawing(picture, &drawing, printed);
        picture->before = picture->now;
        picture->now = before; /* its rows are room for the next */
        picture->printed = printed;
        picture->drawn = true;
    }
    free(drawing.lines);
}

void picture_end(struct picture *picture)
{
    free(picture->now.rows);
    free(picture->before.rows);
}

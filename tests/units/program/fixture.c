/* fixture.c -- what the tests of common/program.h work with. */
#include "fixture.h"

#include <sys/wait.h>

static FILE *new_file(void)
{
    FILE *file = tmpfile();

    ck_assert_msg(file != NULL, "tmpfile(): %s", strerror(errno));
    return file;
}

static void read_file(FILE *file, char text[OUTPUT_SIZE])
{
    size_t size;

    rewind(file);
    size = fread(text, 1, OUTPUT_SIZE - 1, file);
    text[size] = '\0';
    fclose(file);
}

struct outcome run(int (*body)(void))
{
    struct outcome outcome;
    FILE *out = new_file();
    FILE *err = new_file();
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        fclose(out);
        fclose(err);
        exit(body());
    }
    expect(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "%s: ended by signal %d", subject,
                  WTERMSIG(status));
    outcome.status = WEXITSTATUS(status);
    read_file(out, outcome.out);
    read_file(err, outcome.err);
    return outcome;
}

struct outcome expect_run(int (*body)(void), int status, const char *out,
                          const char *err)
{
    struct outcome outcome = run(body);

    ck_assert_msg(outcome.status == status,
                  "%s: status is %d, expected %d; stderr: %s", subject,
                  outcome.status, status, outcome.err);
    expect_part(outcome.out, out);
    expect_part(outcome.err, err);
    return outcome;
}

struct outcome expect_line(int (*body)(void), int status, const char *out,
                           const char *err)
{
    struct outcome outcome = expect_run(body, status, out, err);

    if (*out == '\0')
        expect_text(outcome.out, "");
    if (*err == '\0')
        expect_text(outcome.err, "");
    return outcome;
}

void must(bool condition, const char *what)
{
    if (!condition) {
        dprintf(STDERR_FILENO, "expected %s\n", what);
        exit(FAILED);
    }
}

/* -- the command line under test ------------------------------------------- */

char *words[WORDS + 1];
int word_count;

void set_words(const char *const arguments[WORDS])
{
    static char path[] = "./03_selectors_callbacks/server";
    static char texts[WORDS][64];

    words[0] = path;
    word_count = 1;
    for (int i = 0; i < WORDS && arguments[i] != NULL; i++) {
        snprintf(texts[i], sizeof texts[i], "%s", arguments[i]);
        words[word_count++] = texts[i];
    }
    words[word_count] = NULL;
    subject = word_count > 1 ? words[1] : "(no argument)";
}

void set_word(const char *argument)
{
    const char *const arguments[WORDS] = {argument};

    set_words(arguments);
}

void start(void)
{
    set_word(NULL);
    program_start(words);
}

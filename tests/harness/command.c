/* command.c -- a command that somebody has given: can it be run at all? */
#include "command.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORD_SIZE = 512 };

/* The first word; false: it is not that plain. */
static bool first_word(const char *command, char word[WORD_SIZE])
{
    size_t length;

    command += strspn(command, " ");
    length = strcspn(command, " ");
    if (length == 0 || length >= WORD_SIZE)
        return false;
    memcpy(word, command, length);
    word[length] = '\0';
    return strpbrk(word, "'\"\\$`=(){}[]*?!<>|&;~") == NULL;
}

/* Commands that no file stands for. */
static bool is_built_in(const char *word)
{
    static const char *const names[] = {"exec", "cd",    "eval",   ".",   ":",
                                        "set",  "umask", "ulimit", "trap"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(word, names[i]) == 0)
            return true;
    return false;
}

static bool is_in_path(const char *word)
{
    const char *path = getenv("PATH");
    char file[2 * WORD_SIZE];

    while (path != NULL && *path != '\0') {
        int length = (int)strcspn(path, ":");

        snprintf(file, sizeof file, "%.*s/%s", length, path, word);
        if (access(file, X_OK) == 0)
            return true;
        path += length;
        path += *path == ':';
    }
    return false;
}

static bool has_ending(const char *word, const char *ending)
{
    size_t length = strlen(word);
    size_t end = strlen(ending);

    return length > end && strcmp(word + length - end, ending) == 0;
}

static const char *interpreter(const char *word)
{
    return has_ending(word, ".py")   ? "python3 "
           : has_ending(word, ".sh") ? "sh "
           : has_ending(word, ".js") ? "node "
           : has_ending(word, ".rb") ? "ruby "
           : has_ending(word, ".pl") ? "perl "
                                     : "COMMAND ";
}

/* What the variable could be given. */
static const char *example(const char *variable)
{
    return strcmp(variable, "SCRIPT") == 0
               ? "mine.sh, a copy of tests/clinic/first.sh"
               : "02_select_loop/mine, which make builds from "
                 "02_select_loop/mine.c";
}

static void explain_missing(const char *word, const char *variable, char *why,
                            size_t size)
{
    char here[WORD_SIZE] = "";
    bool of_a_stage = strncmp(word, "0", 1) == 0 && strchr(word, '.') == NULL;

    (void)!getcwd(here, sizeof here);
    if (of_a_stage)
        snprintf(why, size,
                 "there is no %s, nor a %s.c to build it from.\n"
                 "  The name is seen from %s.",
                 word, word, here);
    else
        snprintf(why, size,
                 "there is no file %s.\n"
                 "  The name is seen from %s: for example\n"
                 "  %s=%s",
                 word, here, variable, example(variable));
}

static bool file_can_run(const char *word, const char *variable, char *why,
                         size_t size)
{
    struct stat status;

    if (stat(word, &status) == -1) {
        explain_missing(word, variable, why, size);
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        snprintf(why, size,
                 "%s is a folder.\n"
                 "  Name the program in it: %s=%s%smine",
                 word, variable, word, has_ending(word, "/") ? "" : "/");
        return false;
    }
    if (access(word, X_OK) == 0)
        return true;
    if (has_ending(word, ".c"))
        snprintf(why, size,
                 "%s is the source.\n"
                 "  Name the program, make builds it: %s=%.*s",
                 word, variable, (int)strlen(word) - 2, word);
    else
        snprintf(why, size,
                 "%s may not be executed.\n"
                 "  Allow it with: chmod +x %s\n"
                 "  or name what it is read by: %s=\"%s%s\"",
                 word, word, variable, interpreter(word), word);
    return false;
}

/* A name alone: is there such a program in the folder of a stage, or its
 * source? */
static bool find_in_stages(const char *word, char *found, size_t size)
{
    char pattern[WORD_SIZE + 8];
    glob_t paths;

    snprintf(pattern, sizeof pattern, "0*/%s", word);
    if (glob(pattern, 0, NULL, &paths) != 0) {
        strcat(pattern, ".c");
        if (glob(pattern, 0, NULL, &paths) != 0)
            return false;
    }
    snprintf(found, size, "%s", paths.gl_pathv[0]);
    globfree(&paths);
    if (has_ending(found, ".c"))
        found[strlen(found) - 2] = '\0';
    return true;
}

/* It has no slash, and there is no such command. */
static void explain_name(const char *word, const char *variable, char *why,
                         size_t size)
{
    struct stat status;
    char found[2 * WORD_SIZE];

    if (stat(word, &status) == 0 && S_ISDIR(status.st_mode))
        file_can_run(word, variable, why, size);
    else if (stat(word, &status) == 0)
        snprintf(why, size,
                 "no command is called %s, but a file here is.\n"
                 "  A file is named with a slash: %s=./%s",
                 word, variable, word);
    else if (strcmp(variable, "SCRIPT") != 0 &&
             find_in_stages(word, found, sizeof found))
        snprintf(why, size,
                 "there is no command and no file %s here.\n"
                 "  A file is named with its folder: %s=%s",
                 word, variable, found);
    else
        snprintf(why, size,
                 "there is no command and no file %s: for example\n"
                 "  %s=%s",
                 word, variable, example(variable));
}

bool command_can_run(const char *command, const char *variable, char *why,
                     size_t size)
{
    char word[WORD_SIZE];

    if (!first_word(command, word) || is_built_in(word))
        return true;
    if (strchr(word, '/') != NULL)
        return file_can_run(word, variable, why, size);
    if (is_in_path(word))
        return true;
    explain_name(word, variable, why, size);
    return false;
}

void command_must_run(const char *command, const char *variable)
{
    char why[4 * WORD_SIZE];

    if (command == NULL || command_can_run(command, variable, why, sizeof why))
        return;
    fprintf(stderr, "%s=%s cannot be run: %s\n", variable, command, why);
    exit(2);
}

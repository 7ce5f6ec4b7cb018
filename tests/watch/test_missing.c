/* test_missing.c -- what is said where not all can be seen: which it is, and
 * what helps. The rest is shown all the same.
 */
#include "harness.h"
#include "shown.h"
#include "suites.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Holds what a test has made. Others than us may look into it. */
static char room[] = "/tmp/watch.XXXXXX";

static bool shell(const char *format, ...) PRINTF_LIKE(1, 2);
static bool shell(const char *format, ...)
{
    char command[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    setenv("ROOM", room, 1);
    return system(command) == 0; /* NOLINT(cert-env33-c) */
}

/* Makes the room, in which that is done; false: it cannot be had here. */
static bool prepare(const char *test, const char *command)
{
    strcpy(room + strlen(room) - 6, "XXXXXX");
    if (is_wrapped() || access("/proc/self/syscall", R_OK) == -1) {
        skip(test, "here nothing is to be seen of the program itself");
        return false;
    }
    ck_assert_ptr_nonnull(mkdtemp(room));
    if (shell("chmod 755 $ROOM && cp ${O}tests/watch/watch "
              "${O}02_select_loop/server $ROOM && { %s; } 2>/dev/null",
              command))
        return true;
    shell("rm -rf $ROOM");
    skip(test, "these surroundings cannot be had here");
    return false;
}

/* Watches what is there by now; before: a command that sees to the rest. */
static struct child *watch_after(const char *before)
{
    char command[512];
    struct launch launch = {.path = "watch", .command = command};
    struct child *watch;

    snprintf(command, sizeof command, "%s %s/watch %s/server", before, room,
             room);
    shown_until = 0;
    watch = child_start(&launch, ARGS("0"));
    watch->port = server_await_port(watch);
    return watch;
}

static void leave(struct child *watch)
{
    child_free(watch);
    shell("rm -rf $ROOM");
}

/* There is the line, and who is connected is seen as ever. */
static void expect_line_and_table(struct child *watch, const char *line)
{
    int client = client_connect(watch->port);

    expect_picture(watch,
                   "*/server  sleeps in select()|%s|   fd  what *|"
                   "*listener 127.0.0.1:%d *  read|*  127.0.0.1:%d  *  read",
                   line, watch->port, client_port(client));
    close(client);
    leave(watch);
}

/* -- tools ----------------------------------------------------------------- */

/* All that is in PATH is in the room's bin, but for one. */
static void expect_without(const char *tool)
{
    char path[100];
    char line[100];
    char hide[200];

    snprintf(hide, sizeof hide,
             "mkdir $ROOM/bin && for dir in $(echo $PATH | tr : ' '); do "
             "ln -s $dir/* $ROOM/bin; done; rm -f $ROOM/bin/%s",
             tool);
    if (!prepare("a tool is missing", hide))
        return;
    snprintf(path, sizeof path, "env PATH=%s/bin", room);
    snprintf(line, sizeof line,
             "?  (no functions: there is no %s here; this helps: *binutils*)",
             tool);
    expect_line_and_table(watch_after(path), line);
}

START_TEST(a_missing_tool_is_named_and_what_installs_it)
{
    expect_without("readelf");
    expect_without("addr2line");
}
END_TEST

/* -- programs -------------------------------------------------------------- */

START_TEST(a_program_without_debug_information_is_told_so)
{
    if (prepare("a stripped program is watched", "strip $ROOM/server"))
        expect_line_and_table(
            watch_after(""),
            "?  (no functions: server has no debug information; *cc -g)");
}
END_TEST

START_TEST(a_library_without_an_unwind_table_is_named)
{
    if (prepare("a program of musl's is watched",
                "musl-gcc -O2 -g -Icommon 02_select_loop/server.c common/*.c "
                "-o $ROOM/server"))
        expect_line_and_table(
            watch_after(""),
            "?  (no functions: no unwind table in *musl*; *make CC=gcc)");
}
END_TEST

/* -- rights ---------------------------------------------------------------- */

#define AS_NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups"

/* As root we may look at everything, so this takes root to try. Under
 * ptrace_scope=1 it works, too, as the program is a child of watch. */
START_TEST(an_ordinary_user_sees_as_much_as_root)
{
    struct child *watch;

    if (!prepare("an ordinary user watches", AS_NOBODY " true"))
        return;
    watch = watch_after(AS_NOBODY);
    ck_assert(strstr(watch->out.text, "(not told") == NULL);
    expect_line_and_table(watch, "*");
}
END_TEST

/* A program that may be executed and not read is nobody's to look at. The same
 * is said under ptrace_scope=2. */
START_TEST(a_program_that_the_kernel_hides_is_said_to_be)
{
    struct child *watch;

    if (!prepare("a hidden program is watched",
                 "chmod 711 $ROOM/server && " AS_NOBODY " true && ! " AS_NOBODY
                 " cat $ROOM/server"))
        return;
    watch = watch_after(AS_NOBODY);
    expect_picture(watch,
                   "?  (not told here: the kernel lets only root look at it)");
    leave(watch);
}
END_TEST

/* -- another system -------------------------------------------------------- */

/* With an empty folder in place of /proc; ps and lsof of Linux read there. */
#define WITHOUT_PROC "unshare -rm sh -c 'mount -t tmpfs none /proc && "

START_TEST(without_proc_it_says_what_it_does_not_know)
{
    struct child *watch;

    if (!prepare("there is no /proc", WITHOUT_PROC "true'"))
        return;
    watch = watch_after(WITHOUT_PROC "exec \"$0\" \"$@\"'");
    expect_picture(watch, "*/server  runs or sleeps|?  (*lsof*)");
    stream_expect(watch, &watch->out, " Listening on ");
    leave(watch);
}
END_TEST

/* -- the suites ------------------------------------------------------------ */

static void add(TCase *tc, int i)
{
    if (strcmp(subjects[i].stage, "02") != 0)
        return;
    ADD(a_missing_tool_is_named_and_what_installs_it);
    ADD(a_program_without_debug_information_is_told_so);
    ADD(a_library_without_an_unwind_table_is_named);
    ADD(an_ordinary_user_sees_as_much_as_root);
    ADD(a_program_that_the_kernel_hides_is_said_to_be);
    ADD(without_proc_it_says_what_it_does_not_know);
}

int main(void)
{
    unsetenv("SERVER");
    return suites_run("SERVER", add);
}

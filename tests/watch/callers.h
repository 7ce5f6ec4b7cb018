/* callers.h -- which functions of a program have led to where it sleeps.
 *
 * The program runs on meanwhile, and is as its user has built it: its stack is
 * read in /proc, readelf(1) says how (unwind.h), addr2line(1) names what was
 * found. Inlined functions are named too. Both tools come with the linker.
 * What cannot be found out: the callers of a function that was compiled with a
 * frame pointer (-O0), as the kernel does not tell that register.
 */
#ifndef CALLERS_H
#define CALLERS_H

#include "proc.h"

#include <sys/types.h>

/* Ends with "<- ..." where main() was not reached. If nothing is known, missing
 * says what it takes. */
struct callers {
    char
        functions[256]; /* "select_readable() <- event_loop()"; "": not known */
    char place[64]; /* the line of the file that main() is in: "server.c:87" */
    char missing[160]; /* "": nothing */
};

/* Of a process that sleeps. */
void callers_find(pid_t pid, const struct proc_call *call,
                  struct callers *callers);

/* Or else missing says what helps on this system, as the doctor knows. */
bool tool_is_here(const char *tool, char *missing, size_t size);

/* What addr2line has printed: "function\n/path/file.c:12\n" for each, innermost
 * first. false: no line is known. */
bool callers_parse(char *print, struct callers *callers);

#endif

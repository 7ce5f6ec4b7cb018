/* command.h -- a command that somebody has given: can it be run at all? */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* false: it cannot, and why[0 .. size-1] says so and what to do. variable is
 * what it was given in ("SERVER"). What only a shell understands is left to
 * the shell. */
bool command_can_run(const char *command, const char *variable, char *why,
                     size_t size);

/* The same, but tells stderr and ends with status 2; NULL is no command. */
void command_must_run(const char *command, const char *variable);

#endif

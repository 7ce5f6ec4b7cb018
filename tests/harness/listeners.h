/* listeners.h -- whom the programs that connect are to reach, or not. */
#ifndef LISTENERS_H
#define LISTENERS_H

#include <stdbool.h>

/* On 127.0.0.1, any port. */
int listener_open(int *port);

/* Bound and not listening: refused, and nobody else gets the port. */
int listener_refusing(int *port);

/* Listening, its backlog full: whoever connects hears nothing. The descriptors
 * are pending[0 .. SILENT-1], -1: none; false: this system answers all the
 * same. */
enum { SILENT = 200 };
bool listener_silent(int *port, int pending[SILENT]);

/* Makes one so, until listen() makes its backlog larger. */
bool listener_fill(int listener, int pending[SILENT]);

int listener_accept(int listener);

#endif

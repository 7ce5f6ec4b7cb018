/* servers.h -- programs that listen: on which port, and are they well? */
#ifndef SERVERS_H
#define SERVERS_H

#include "programs.h"

struct child *child_start_on(const struct launch *launch, int port);

/* Starts it on port 0 and reads from its stdout which one it got. */
struct child *server_start(const struct launch *launch);

/* For one whose stdout nobody reads: on a free port, until it accepts. */
struct child *server_start_unheard(const struct launch *launch);

/* The port on which it says that it listens; 0: it has ended, or not said it
 * in time. */
int server_await_port(struct child *child);

/* Somebody comes, sends text, gets this reply, and leaves. */
void server_expect_service(struct child *server, const char *text,
                           const char *reply);

/* What a server in place of ours must do, for who has to be told. */
extern const char server_contract[];

/* If a command replaces ours and does not say where it listens, this prints
 * what it must do and ends, before every test waits for it in vain. */
void server_check_contract(const struct launch *launch);

#endif

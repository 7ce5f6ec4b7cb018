/* talk.h -- what the suites of the servers do again and again.
 *
 * The number of a test, _i, is that of its subject: subjects[_i].
 */
#ifndef TALK_H
#define TALK_H

#include "harness.h"

#define HELLO "Hello World\n"

/* How the server of this test is to be started; it, started; it, with so many
 * descriptors. */
struct launch launch_for(int i);
struct child *start(int i);
struct child *start_with(int descriptors, int i);

/* What must come back of a text that is this in upper case. */
const char *reply(const char *in_upper_case);

/* Asks, and is answered. */
void converse(int client);

/* For somebody who comes now. */
void expect_service(struct child *server);

/* What every test of bad manners ends with: that, and it must run on. */
void expect_no_harm(struct child *server);

/* Connects count clients, talks to each; closes and sets to -1 those that are
 * turned away. How many are served. */
int fill_up(const struct child *server, int *clients, int count);

/* Sends from one that never reads while the other is served, until the server
 * closes: true. false: for so many rounds nothing more has gone, or far too
 * much has. */
bool is_closed_when_deaf(int deaf, int other, int rounds);

#ifndef TALK_C
#define start(...) HERE(start, __VA_ARGS__)
#define start_with(...) HERE(start_with, __VA_ARGS__)
#define converse(...) HERE(converse, __VA_ARGS__)
#define expect_service(...) HERE(expect_service, __VA_ARGS__)
#define expect_no_harm(...) HERE(expect_no_harm, __VA_ARGS__)
#define fill_up(...) HERE(fill_up, __VA_ARGS__)
#define is_closed_when_deaf(...) HERE(is_closed_when_deaf, __VA_ARGS__)
#endif

#endif

/* harness.h -- start a program, talk to it, and say clearly what went wrong.
 *
 * The programs are seen from outside only: what they print, what their clients
 * receive, how they end. Each part explains itself in its header: begin with
 * programs.h. The part that needs Check, suites.h, is not among these.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "basics.h"    /* a pipe, an address, chance */
#include "clients.h"   /* whoever talks to those */
#include "command.h"   /* can a command be run? */
#include "flows.h"     /* many bytes, checked */
#include "launch.h"    /* how a program is started */
#include "listeners.h" /* whoever is connected to */
#include "mischief.h"  /* a program whose calls fail */
#include "outcome.h"   /* a test that does not pass */
#include "process.h"   /* processes that never outlive us */
#include "programs.h"  /* start them, hear them, see them end */
#include "servers.h"   /* programs that listen */
#include "stream.h"    /* what one has printed */
#include "subjects.h"  /* our programs */
#include "usage.h"     /* descriptors, memory, processor */

#include "here.h" /* last: it makes macros of the names above */

#endif

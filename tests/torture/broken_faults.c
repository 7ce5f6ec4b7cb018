/* broken_faults.c -- what each fault of broken_server must look like.
 *
 * Of every row of the matrix it is seen at least once that it can fail, and of
 * every look at what a case has left behind.
 */
#include "torture.h"

#include <stddef.h>

const struct fault faults[] = {
    {"busy-polls", "nobody comes", SPINS},
    {"never-closes", "nobody comes", LEAKS},
    {"starves", "second client, first idle", WAITS},
    {"forgets-to-remove", "one leaves, others go on", SPINS},
    {"closes-before-remove", "one leaves, others go on", DIES},
    {"dies-of-reset", "reset right after connect", DIES},
    {"leaks-descriptors", "reset right after connect", LEAKS},
    {"dies-of-reset", "reset after sending", DIES},
    {"dies-of-epipe", "reset while answered", DIES},
    {"dies-of-sigpipe", "close with unread replies", DIES},
    {"dies-of-epipe", "close with unread replies", DIES},
    {"leaks-memory", "1000 times connect, reset", GROWS},
    {"leaks-descriptors", "1000 times connect, reset", LEAKS},
    {"waits-for-lines", "one byte at a time", STUCK},
    {"overruns-its-buffer", "1 MiB at once", DIES},
    {"echo-loses-bytes", "megabytes, read late", WRONG},
    {"drops-nuls", "binary, NULs in it", STUCK},
    {"no-half-close", "half-close is answered", DROPS},
    {"blocks-on-slow-reader", "a client that never reads", WAITS},
    {"starves", "a client that never reads", WAITS},
    {"starves", "200 silent clients", WAITS},
    {"always-asks-to-write", "200 silent clients", SPINS},
    {"forgets-the-101st", "200 silent clients", STUCK},
    {"cuts-replies", "200 busy clients", WRONG},
    {"starves", "200 busy clients", WAITS},
    {"dies-of-emfile", "64 descriptors, 100 come", DIES},
    {"spins-on-emfile", "64 descriptors, 100 come", SPINS},
    {"overflows-fd-set", "1100 come (FD_SETSIZE)", DIES},
    {"forgets-above-fd-setsize", "1100 come (FD_SETSIZE)", STUCK},
    {"starves", "1100 come (FD_SETSIZE)", WAITS},
    {"dies-of-eintr", "stopped and continued", DIES},
    {"dies-of-eintr", "1000 harmless signals", DIES},
    {"no-reuseaddr", "restart on the same port", DIES},
    {"late-reuseaddr", "restart on the same port", DIES},
    {"shares-its-port", "second server, same port", WRONG},
    {"logs-to-clients", "stdin, stdout closed", WRONG},
    {"dies-of-sigpipe", "stdout: its reader gone", DIES},
    {"blocks-on-stdout", "stdout: a full pipe", STUCK},
    {"dies-of-full-disk", "stdout: a full disk", DIES},
    {NULL, NULL, OK},
};

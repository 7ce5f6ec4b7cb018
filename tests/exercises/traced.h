/* traced.h -- what is counted in a program that was built to be counted.
 *
 * Some mistakes cannot be seen from outside: memory that is never freed, a
 * descriptor that is closed while it is watched. So the source is compiled once
 * more, with the names of some functions replaced by those in traced.c, which
 * do the same, count, and fail when the check wants it. The counts are in
 * memory that is shared with the check.
 */
#ifndef TRACED_H
#define TRACED_H

#define TRACED_NAMES                                                           \
    "-Dmalloc=traced_malloc -Dcalloc=traced_calloc -Drealloc=traced_realloc "  \
    "-Dstrdup=traced_strdup -Dfree=traced_free -Dclose=traced_close "          \
    "-Dselector_register=traced_register "                                     \
    "-Dselector_unregister=traced_unregister "                                 \
    "-Dsocket_send=traced_send -Dsocket_sendall=traced_sendall"

struct trace {
    int held;           /* pieces of memory */
    int freed_again;    /* how often a piece was freed that was free */
    int closed_watched; /* a descriptor closed while registered; 0: none was */
    int no_memory;      /* how many requests for memory are to fail */
    int not_watched;    /* how many registrations are to fail */
    int no_room;        /* how often nothing can be sent */
};

#endif

/* flows.h -- many bytes to a server and back, each of which can be checked. */
#ifndef FLOWS_H
#define FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flow_failure {
    FLOW_BROKEN, /* the connection was closed, or reset */
    FLOW_WRONG,  /* other bytes came, or more than were sent */
    FLOW_STUCK   /* nothing has moved for as long as patience lasts */
};

/* total bytes, generated from a seed and never stored. */
struct flow {
    uint32_t seed;
    size_t total;
    size_t sent;
    size_t received;
    bool ended; /* the end of the connection has come */
    /* The byte that must come back at a place; NULL: the one that was sent, in
     * upper case. */
    unsigned char (*expected)(const struct flow *flow, size_t place);
    /* Hears of a failure, and does not return; NULL: fail_with() does. */
    void (*failed)(enum flow_failure how, const char *message);
};

/* The byte that is sent at a place. */
unsigned char flow_byte(const struct flow *flow, size_t place);

/* As much as goes without waiting; how many bytes that was. An end that comes
 * before all has come back is a failure. */
size_t flow_send(int fd, struct flow *flow);
size_t flow_receive(int fd, struct flow *flow);

/* Both, until all is sent and back. */
void flow_finish(int fd, struct flow *flow);

/* For replies of another length: until all is sent, the server is told so, and
 * the end has come. */
void flow_finish_to_end(int fd, struct flow *flow);

#endif

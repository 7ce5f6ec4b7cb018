/* here.h -- the line that is named when a helper fails: that of its caller.
 *
 * The outermost call counts. So a test that has helpers of its own may make
 * them name its lines, too:
 *
 *     static void converse(int client) { ... client_ask(...) ... }
 *     #define converse(...) HERE(converse, __VA_ARGS__)
 */
#ifndef HERE_H
#define HERE_H

#include "outcome.h"

#define HERE(function, ...)                                                    \
    __extension__({                                                            \
        __attribute__((unused, cleanup(place_leave))) bool here_##function =   \
            place_enter(__FILE__, __LINE__);                                   \
        function(__VA_ARGS__);                                                 \
    })

#define fail_with(...) HERE(fail_with, __VA_ARGS__)

#define pipe_make(...) HERE(pipe_make, __VA_ARGS__)

#define child_start(...) HERE(child_start, __VA_ARGS__)
#define child_pause(...) HERE(child_pause, __VA_ARGS__)
#define child_write(...) HERE(child_write, __VA_ARGS__)
#define child_expect_exit(...) HERE(child_expect_exit, __VA_ARGS__)
#define child_finish(...) HERE(child_finish, __VA_ARGS__)
#define child_stop(...) HERE(child_stop, __VA_ARGS__)
#define child_expect_stdout(...) HERE(child_expect_stdout, __VA_ARGS__)
#define child_expect_stderr(...) HERE(child_expect_stderr, __VA_ARGS__)
#define stream_expect(...) HERE(stream_expect, __VA_ARGS__)
#define stream_expect_count(...) HERE(stream_expect_count, __VA_ARGS__)
#define child_expect_descriptors(...)                                          \
    HERE(child_expect_descriptors, __VA_ARGS__)
#define child_expect_idle(...) HERE(child_expect_idle, __VA_ARGS__)

#define child_start_on(...) HERE(child_start_on, __VA_ARGS__)
#define server_start(...) HERE(server_start, __VA_ARGS__)
#define server_start_unheard(...) HERE(server_start_unheard, __VA_ARGS__)
#define server_expect_service(...) HERE(server_expect_service, __VA_ARGS__)

#define client_connect(...) HERE(client_connect, __VA_ARGS__)
#define client_connect_small(...) HERE(client_connect_small, __VA_ARGS__)
#define client_connect_until(...) HERE(client_connect_until, __VA_ARGS__)
#define client_try_connect(...) HERE(client_try_connect, __VA_ARGS__)
#define client_send(...) HERE(client_send, __VA_ARGS__)
#define client_send_text(...) HERE(client_send_text, __VA_ARGS__)
#define client_expect(...) HERE(client_expect, __VA_ARGS__)
#define client_expect_text(...) HERE(client_expect_text, __VA_ARGS__)
#define client_expect_end(...) HERE(client_expect_end, __VA_ARGS__)
#define client_expect_closed(...) HERE(client_expect_closed, __VA_ARGS__)
#define client_expect_silence(...) HERE(client_expect_silence, __VA_ARGS__)
#define client_expect_readable(...) HERE(client_expect_readable, __VA_ARGS__)
#define client_ask(...) HERE(client_ask, __VA_ARGS__)
#define client_leave(...) HERE(client_leave, __VA_ARGS__)
#define client_is_answered(...) HERE(client_is_answered, __VA_ARGS__)

#define listener_open(...) HERE(listener_open, __VA_ARGS__)
#define listener_refusing(...) HERE(listener_refusing, __VA_ARGS__)
#define listener_silent(...) HERE(listener_silent, __VA_ARGS__)
#define listener_fill(...) HERE(listener_fill, __VA_ARGS__)
#define listener_accept(...) HERE(listener_accept, __VA_ARGS__)

#define flow_send(...) HERE(flow_send, __VA_ARGS__)
#define flow_receive(...) HERE(flow_receive, __VA_ARGS__)
#define flow_finish(...) HERE(flow_finish, __VA_ARGS__)
#define flow_finish_to_end(...) HERE(flow_finish_to_end, __VA_ARGS__)

#endif

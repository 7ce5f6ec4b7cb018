/* typed.c -- the ">>>" client, and who talks to it. */
#define TYPED_C
#include "typed.h"

#include <unistd.h>

struct child *start_client_with(int in, int out, int port)
{
    return child_start_on(
        &(struct launch){.path = "03_selectors_callbacks/client",
                         .variable = "CLIENT",
                         .in = in,
                         .out = out},
        port);
}

struct child *start_client(int *server)
{
    int port;
    int listener = listener_open(&port);
    struct child *client = start_client_with(0, 0, port);

    *server = listener_accept(listener);
    close(listener);
    return client;
}

struct child *start_client_refused(void)
{
    int port;

    listener_refusing(&port);
    return start_client_with(0, 0, port);
}

struct child *start_upper(void)
{
    return server_start(
        &(struct launch){.path = "03_selectors_callbacks/upper"});
}

void type_hello(struct child *client, int server)
{
    child_write(client, "hello\n", 6);
    client_expect_text(server, "hello\n");
}

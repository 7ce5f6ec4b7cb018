/* test_upper.c -- the echo in upper case: nothing lost, nobody kept waiting.
 *
 * What only a server that queues its replies can do wrong; test_servers.c asks
 * the rest of it, and says what a program in place of ours must do. A client
 * that does not read is not closed: it is not read from either, and costs a
 * bounded piece of memory and no time.
 */
#include "suites.h"
#include "talk.h"

#include <signal.h>
#include <unistd.h>

static const size_t KIB = 1024;
static const size_t MIB = (size_t)1024 * 1024;

START_TEST(two_hundred_clients_each_get_their_own_bytes_back)
{
    enum { CLIENTS = 200 };
    struct child *server = start(_i);
    int clients[CLIENTS];
    struct flow flows[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect(server->port);
        flows[i] = (struct flow){.seed = (uint32_t)i, .total = 64 * KIB};
    }
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < CLIENTS; i++) {
            flow_send(clients[i], &flows[i]);
            flow_receive(clients[i], &flows[i]);
        }
    for (int i = CLIENTS - 1; i >= 0; i--)
        flow_finish(clients[i], &flows[i]);
    for (int i = 0; i < CLIENTS; i++)
        client_leave(clients[i]);
    child_expect_idle(server, "when everybody has left");
    child_stop(server);
}
END_TEST

/* -- a client that does not read ------------------------------------------- */

/* Sends until nothing more goes: again and again the others are served, and
 * still there is no room. So the server has stopped to read from it. */
static void send_until_full(int client, struct flow *flow, int other)
{
    enum { SURE = 10 };

    for (int full = 0; full < SURE && flow->sent < flow->total; full++) {
        if (flow_send(client, flow) > 0)
            full = 0;
        converse(other);
    }
}
#define send_until_full(...) HERE(send_until_full, __VA_ARGS__)

START_TEST(thirty_two_mebibytes_come_back_whole_to_a_client_that_reads_late)
{
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int late = client_connect(server->port);
    struct flow flow = {.seed = 5, .total = 32 * MIB};

    send_until_full(late, &flow, other);
    ck_assert_msg(flow.sent < flow.total,
                  "expected the server to stop reading while its replies are "
                  "not read, it took all %zu bytes",
                  flow.total);
    flow_finish(late, &flow);
    converse(other);
    client_leave(late);
    client_leave(other);
    child_expect_idle(server, "when all is delivered");
    child_stop(server);
}
END_TEST

START_TEST(a_client_that_does_not_read_costs_no_time_and_one_queue_of_memory)
{
    enum { CLIENTS = 100, BASE_KIB = 1024, EACH_KIB = 20 };
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int clients[CLIENTS];
    long before;
    long grown;

    converse(other);
    before = child_memory(server);
    for (int i = 0; i < CLIENTS; i++) {
        struct flow flow = {.seed = (uint32_t)i, .total = 32 * MIB};

        clients[i] = client_connect_small(server->port);
        send_until_full(clients[i], &flow, other);
    }
    child_expect_idle(server, "although nobody reads");
    grown = child_memory(server) - before;
    if (before == -1)
        skip("bounded memory", "ps does not tell how much is used");
    else if (grown > BASE_KIB + CLIENTS * EACH_KIB)
        fail_with("expected at most %d KiB more memory for %d clients that do "
                  "not read, got %ld",
                  BASE_KIB + CLIENTS * EACH_KIB, CLIENTS, grown);
    converse(other);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    expect_no_harm(server);
}
END_TEST

/* The end stays readable for ever: whoever goes on asking for EVENT_READ is
 * woken for ever, and whoever closes at the end loses what is queued. How much
 * fits on the way to a client is the system's affair. So each sends a bit more
 * than the one before, and with some of them the server has read to the end
 * and cannot send it all. */
START_TEST(clients_that_have_finished_cost_no_time_and_get_what_they_are_owed)
{
    enum { CLIENTS = 60, STEP = 6 * 1024 };
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int clients[CLIENTS];
    struct flow flows[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect_small(server->port);
        flows[i] =
            (struct flow){.seed = (uint32_t)i, .total = (size_t)i * STEP + 1};
        send_until_full(clients[i], &flows[i], other);
        flows[i].total = flows[i].sent;
        client_finish_sending(clients[i]);
    }
    converse(other);
    child_expect_idle(server, "although clients have finished sending and do "
                              "not read");
    for (int i = 0; i < CLIENTS; i++) {
        flow_finish(clients[i], &flows[i]);
        client_expect_end(clients[i]);
        close(clients[i]);
    }
    converse(other);
    child_stop(server);
}
END_TEST

/* More than one queue, and the end is there before the first byte is read. */
START_TEST(after_an_end_that_comes_with_a_full_queue_all_is_delivered)
{
    struct child *server = start(_i);
    int client = client_connect(server->port);
    struct flow flow = {.seed = 9, .total = 1 * MIB};

    child_pause(server);
    flow_send(client, &flow);
    flow.total = flow.sent;
    client_finish_sending(client);
    child_signal(server, SIGCONT);
    flow_finish(client, &flow);
    client_expect_end(client);
    close(client);
    child_stop(server);
}
END_TEST

/* -- bad manners ----------------------------------------------------------- */

START_TEST(resets_with_a_full_queue_harm_nobody_and_leave_nothing_behind)
{
    enum { TIMES = 10 };
    struct child *server = start(_i);
    int other = client_connect(server->port);
    int before;

    converse(other);
    before = child_descriptors(server);
    for (int i = 0; i < TIMES; i++) {
        int client = client_connect_small(server->port);
        struct flow flow = {.seed = (uint32_t)i, .total = 32 * MIB};

        send_until_full(client, &flow, other);
        if (i % 2 == 0)
            client_reset(client);
        else
            close(client); /* with unread replies: a reset as well */
    }
    for (int i = 0; i < 3; i++)
        converse(other);
    child_expect_descriptors(server, before, "after the resets");
    expect_no_harm(server);
}
END_TEST

/* -- the suite ------------------------------------------------------------- */

static void add(TCase *tc, int i)
{
    struct launch launch = launch_of(&subjects[i], 0);

    server_check_contract(&launch);
    ADD(two_hundred_clients_each_get_their_own_bytes_back);
    ADD(thirty_two_mebibytes_come_back_whole_to_a_client_that_reads_late);
    ADD(a_client_that_does_not_read_costs_no_time_and_one_queue_of_memory);
    ADD(clients_that_have_finished_cost_no_time_and_get_what_they_are_owed);
    ADD(after_an_end_that_comes_with_a_full_queue_all_is_delivered);
    ADD(resets_with_a_full_queue_harm_nobody_and_leave_nothing_behind);
}

int main(void)
{
    return suites_run("UPPER", add);
}

/* test_parts.c -- what is read from /proc, readelf, addr2line and lsof, by what
 * they once have said. */
#include "calls.h"
#include "moment.h"
#include "unwind.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A file with that text in it. */
static FILE *file_of(const char *text)
{
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    rewind(file);
    return file;
}

/* -- /proc/PID/syscall, stat, maps, fd ------------------------------------- */

START_TEST(a_sleeping_program_has_a_call_its_arguments_and_registers)
{
    struct proc_call call;

    ck_assert(proc_parse_call("270 0x6 0x7ffc01e12ef0 0x1 0x2 0x3 0x4 "
                              "0x7ffc01e12e30 0x7faf02f0d954\n",
                              &call));
    ck_assert(!call.running);
    ck_assert_int_eq(call.number, 270);
    ck_assert(call.arguments[0] == 6 && call.arguments[5] == 4);
    ck_assert(call.arguments[1] == 0x7ffc01e12ef0);
    ck_assert(call.sp == 0x7ffc01e12e30 && call.pc == 0x7faf02f0d954);
}
END_TEST

START_TEST(a_program_may_run_or_sleep_in_no_call)
{
    struct proc_call call;

    ck_assert(proc_parse_call("running\n", &call));
    ck_assert(call.running);
    ck_assert_int_eq(call.number, -1);
    ck_assert(proc_parse_call("-1 0x7ffc0 0x7faf0\n", &call));
    ck_assert(!call.running);
    ck_assert_int_eq(call.number, -1);
    ck_assert(call.sp == 0x7ffc0);
    ck_assert(!proc_parse_call("", &call));
    ck_assert_ptr_null(call_find(-1));
}
END_TEST

START_TEST(a_state_stands_behind_whatever_name)
{
    ck_assert_int_eq(proc_parse_state("12 (server) S 1 2 3"), 'S');
    ck_assert_int_eq(proc_parse_state("12 (a) R (b) T 1 2 3"), 'T');
    ck_assert_int_eq(proc_parse_state(""), 0);
}
END_TEST

START_TEST(a_map_has_a_path_with_whatever_in_it)
{
    char line[] = "55c6846a0000-55c6846a3000 r-xp 00002000 fe:00 11027983    "
                  "               /tmp/what's mine/server\n";
    char anonymous[] = "7ffc01df5000-7ffc01e16000 rw-p 00000000 00:00 0       "
                       "                   [stack]\n";
    struct proc_map map;

    ck_assert(proc_parse_map(line, &map));
    ck_assert(map.start == 0x55c6846a0000 && map.end == 0x55c6846a3000);
    ck_assert_str_eq(map.path, "/tmp/what's mine/server");
    ck_assert(!proc_parse_map(anonymous, &map));
}
END_TEST

START_TEST(a_socket_is_known_by_its_inode)
{
    ck_assert_uint_eq(proc_parse_socket("socket:[14169789]"), 14169789);
    ck_assert_uint_eq(proc_parse_socket("pipe:[14163915]"), 0);
    ck_assert_uint_eq(proc_parse_socket("/dev/null"), 0);
}
END_TEST

START_TEST(a_line_of_epoll_has_a_descriptor_and_events)
{
    int fd = 0;
    unsigned events = 0;

    ck_assert(proc_parse_epoll("tfd:        5 events:       1d data:        5 "
                               " pos:0 ino:d8353d sdev:8\n",
                               &fd, &events));
    ck_assert_int_eq(fd, 5);
    ck_assert_uint_eq(events, 0x1d);
    ck_assert(!proc_parse_epoll("pos:\t0\n", &fd, &events));
}
END_TEST

/* -- /proc/net/tcp --------------------------------------------------------- */

#define TCP_LINE(local, peer, state, queues)                                   \
    "   7: " local " " peer " " state " " queues                               \
    " 00:00000000 00000000  1000        0 4711 1 0000000000000000 20 4 30\n"

static struct proc_tcp parsed(const char *line)
{
    struct proc_tcp tcp;

    ck_assert(proc_parse_tcp(line, &tcp));
    ck_assert_uint_eq(tcp.inode, 4711);
    return tcp;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOCAL "0100007F:1388"
#define PEER "0100007F:9C42"
#else
#define LOCAL "7F000001:1388"
#define PEER "7F000001:9C42"
#endif

START_TEST(a_listener_has_newcomers)
{
    struct proc_tcp tcp =
        parsed(TCP_LINE(LOCAL, "00000000:0000", "0A", "00000000:0000000B"));

    ck_assert_int_eq(tcp.state, TCP_LISTENS);
    ck_assert_str_eq(tcp.local, "127.0.0.1:5000");
    ck_assert_int_eq(tcp.local_port, 5000);
    ck_assert_int_eq(tcp.newcomers, 11);
    ck_assert_int_eq(tcp.unread, 0);
}
END_TEST

START_TEST(a_connection_has_two_queues)
{
    struct proc_tcp tcp =
        parsed(TCP_LINE(LOCAL, PEER, "01", "00000200:00000004"));

    ck_assert_int_eq(tcp.state, TCP_CONNECTED);
    ck_assert_str_eq(tcp.peer, "127.0.0.1:40002");
    ck_assert_int_eq(tcp.unread, 4);
    ck_assert_int_eq(tcp.unsent, 512);
    ck_assert(!tcp.peer_finished && !tcp.we_finished);
}
END_TEST

START_TEST(the_end_of_the_peer_is_no_byte)
{
    struct proc_tcp tcp =
        parsed(TCP_LINE(LOCAL, PEER, "08", "00000000:00000005"));

    ck_assert_int_eq(tcp.unread, 4);
    ck_assert(tcp.peer_finished && tcp.end_unread);
    tcp = parsed(TCP_LINE(LOCAL, PEER, "08", "00000000:00000000"));
    ck_assert_int_eq(tcp.unread, 0);
    ck_assert(tcp.peer_finished && !tcp.end_unread);
}
END_TEST

START_TEST(our_end_is_no_byte)
{
    struct proc_tcp tcp =
        parsed(TCP_LINE(LOCAL, PEER, "04", "00000008:00000000"));

    ck_assert_int_eq(tcp.unsent, 7);
    ck_assert(tcp.we_finished && !tcp.peer_finished);
    tcp = parsed(TCP_LINE(LOCAL, PEER, "05", "00000000:00000000"));
    ck_assert_int_eq(tcp.unsent, 0);
    ck_assert(tcp.we_finished);
}
END_TEST

START_TEST(the_beginning_is_no_byte)
{
    struct proc_tcp tcp =
        parsed(TCP_LINE(LOCAL, PEER, "02", "00000001:00000000"));

    ck_assert_int_eq(tcp.state, TCP_CONNECTING);
    ck_assert_int_eq(tcp.unsent, 0);
}
END_TEST

START_TEST(an_address_of_version_six_stands_in_brackets)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    struct proc_tcp tcp = parsed(TCP_LINE(
        "00000000000000000000000001000000:1388",
        "0000000000000000FFFF00000100007F:9C42", "01", "00000000:00000000"));
#else
    struct proc_tcp tcp = parsed(TCP_LINE(
        "00000000000000000000000000000001:1388",
        "00000000000000000000FFFF7F000001:9C42", "01", "00000000:00000000"));
#endif

    ck_assert_str_eq(tcp.local, "[::1]:5000");
    ck_assert_str_eq(tcp.peer, "127.0.0.1:40002");
}
END_TEST

START_TEST(a_heading_is_no_connection)
{
    struct proc_tcp tcp;

    ck_assert(!proc_parse_tcp("  sl  local_address rem_address   st tx_queue "
                              "rx_queue tr tm->when retrnsmt   uid  timeout "
                              "inode\n",
                              &tcp));
    ck_assert(!proc_parse_tcp("", &tcp));
}
END_TEST

/* -- readelf -wF ----------------------------------------------------------- */

static const char frames[] =
    "Contents of the .eh_frame section:\n\n\n"
    "00000000 0000000000000014 00000000 CIE \"zR\" cf=1 df=-8 ra=16\n"
    "   LOC           CFA      ra    \n"
    "0000000000000000 rsp+8    c-8   \n\n"
    "00000018 0000000000000010 0000001c FDE cie=00000000 "
    "pc=0000000000005000..0000000000005040\n\n"
    "00000088 0000000000000028 0000005c FDE cie=00000000 "
    "pc=0000000000002670..0000000000002750\n"
    "   LOC           CFA      rbx   rbp   ra    \n"
    "0000000000002670 rsp+8    u     u     c-8   \n"
    "0000000000002671 rsp+24   u     c-16  c-8   \n"
    "0000000000002680 rbp+16   u     c-16  c-8   \n"
    "0000000000002700 exp      u     c-16  c-8   \n\n";

static struct unwind_table table_of_frames(void)
{
    struct unwind_table table = {.count = 0};
    FILE *print = file_of(frames);

    unwind_read(&table, print);
    fclose(print);
    return table;
}

START_TEST(a_place_has_the_last_rule_before_it)
{
    struct unwind_table table = table_of_frames();
    const struct unwind_rule *rule = unwind_find(&table, 0x2670);

    ck_assert_ptr_nonnull(rule);
    ck_assert(rule->base == BASE_SP && rule->offset == 8 && !rule->fp_is_saved);
    rule = unwind_find(&table, 0x267f);
    ck_assert(rule->base == BASE_SP && rule->offset == 24);
    ck_assert(rule->fp_is_saved && rule->fp == -16);
    rule = unwind_find(&table, 0x26ff);
    ck_assert(rule->base == BASE_FP && rule->offset == 16);
    ck_assert_int_eq(unwind_find(&table, 0x274f)->base, BASE_NONE);
    ck_assert_ptr_null(unwind_find(&table, 0x266f));
    ck_assert_ptr_null(unwind_find(&table, 0x2750));
    free(table.rules);
}
END_TEST

START_TEST(a_function_without_rules_has_those_that_all_share)
{
    struct unwind_table table = table_of_frames();
    const struct unwind_rule *rule = unwind_find(&table, 0x503f);

    ck_assert_ptr_nonnull(rule);
    ck_assert(rule->base == BASE_SP && rule->offset == 8);
    ck_assert_int_eq(rule->return_address, -8);
    ck_assert_ptr_null(unwind_find(&table, 0x5040));
    free(table.rules);
}
END_TEST

/* The word at an address is ten times that. */
static bool peek(void *limit, unsigned long long address, unsigned long *word)
{
    *word = (unsigned long)address * 10;
    return address < *(unsigned *)limit;
}

START_TEST(a_step_goes_to_the_caller)
{
    struct unwind_table table = table_of_frames();
    struct unwind_frame frame = {.pc = 0x2671, .sp = 1000};
    const struct unwind_rule *by_fp = unwind_find(&table, 0x2680);
    unsigned limit = 2000;

    ck_assert(!unwind_step(&frame, by_fp, peek, &limit));
    ck_assert(unwind_step(&frame, unwind_find(&table, 0x2671), peek, &limit));
    ck_assert(frame.sp == 1024 && frame.pc == 10160);
    ck_assert(frame.fp_is_known && frame.fp == 10080);
    ck_assert(!unwind_step(&frame, by_fp, peek, &limit));
    frame.fp = 1500;
    frame.fp_is_known = true;
    ck_assert(unwind_step(&frame, by_fp, peek, &limit));
    ck_assert(frame.sp == 1516 && frame.pc == 15080 && frame.fp == 15000);
    free(table.rules);
}
END_TEST

/* -- addr2line -f -i ------------------------------------------------------- */

START_TEST(the_line_is_that_of_the_file_of_main)
{
    char print[] = "wait_epoll\n/x/common/epoll_selector.c:42\n"
                   "selector_select\n/x/common/selector.c:200\n"
                   "event_loop\n/x/03/server.c:62 (discriminator 1)\n"
                   "main\n/x/03/server.c:78\n"
                   "__libc_start_main\n/libc.c:1\n";
    struct callers callers;

    ck_assert(callers_parse(print, &callers));
    ck_assert_str_eq(callers.functions,
                     "wait_epoll() <- selector_select() <- event_loop()");
    ck_assert_str_eq(callers.place, "server.c:62");
}
END_TEST

START_TEST(callers_that_are_not_known_are_dots)
{
    char print[] = "wait_epoll\n/x/common/epoll_selector.c:42\n";
    char alone[] = "main\nmine.c:5\n";
    char none[] = "_PyEval_EvalFrameDefault\n??:?\n??\n??:0\n";
    char bare[] = "event_loop\nbroken_server.c:?\nmain\nbroken_server.c:?\n";
    struct callers callers;

    ck_assert(callers_parse(print, &callers));
    ck_assert_str_eq(callers.functions, "wait_epoll() <- ...");
    ck_assert_str_eq(callers.place, "epoll_selector.c:42");
    ck_assert(callers_parse(alone, &callers));
    ck_assert_str_eq(callers.functions, "main()");
    ck_assert_str_eq(callers.place, "mine.c:5");
    ck_assert(!callers_parse(none, &callers));
    ck_assert_str_eq(callers.functions, "");
    ck_assert(callers_parse(bare, &callers));
    ck_assert_str_eq(callers.functions, "event_loop()");
    ck_assert_str_eq(callers.place, "");
}
END_TEST

/* -- lsof -F fnT ----------------------------------------------------------- */

START_TEST(lsof_tells_of_listeners_and_connections)
{
    struct moment moment = {.count = 0};
    FILE *print = file_of("p3832\nf3\nn127.0.0.1:5000\nTST=LISTEN\nTQR=1\n"
                          "TQS=0\nf4\nn127.0.0.1:5000->127.0.0.1:40002\n"
                          "TST=ESTABLISHED\nTQR=4\nTQS=512\n"
                          "f5\nn127.0.0.1:5001->10.0.0.1:80\nTST=SYN_SENT\n");

    lsof_read(&moment, print);
    fclose(print);
    ck_assert_int_eq(moment.count, 3);
    ck_assert_int_eq(moment.rows[1].fd, 4);
    ck_assert_str_eq(moment.rows[0].what, "listener 127.0.0.1:5000");
    ck_assert_str_eq(moment.rows[0].incoming, "1 newcomer waits");
    ck_assert_str_eq(moment.rows[1].what, "127.0.0.1:40002");
    ck_assert_str_eq(moment.rows[1].incoming, "4 bytes not yet read");
    ck_assert_str_eq(moment.rows[1].outgoing, "512 bytes not yet taken");
    ck_assert_str_eq(moment.rows[2].what, "connecting to 10.0.0.1:80");
    free(moment.rows);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_sleeping_program_has_a_call_its_arguments_and_registers,
        a_program_may_run_or_sleep_in_no_call,
        a_state_stands_behind_whatever_name,
        a_map_has_a_path_with_whatever_in_it,
        a_socket_is_known_by_its_inode,
        a_line_of_epoll_has_a_descriptor_and_events,
        a_listener_has_newcomers,
        a_connection_has_two_queues,
        the_end_of_the_peer_is_no_byte,
        our_end_is_no_byte,
        the_beginning_is_no_byte,
        an_address_of_version_six_stands_in_brackets,
        a_heading_is_no_connection,
        a_place_has_the_last_rule_before_it,
        a_function_without_rules_has_those_that_all_share,
        a_step_goes_to_the_caller,
        the_line_is_that_of_the_file_of_main,
        callers_that_are_not_known_are_dots,
        lsof_tells_of_listeners_and_connections,
    };
    Suite *suite = suite_create("watch: what it reads");
    TCase *tc = tcase_create("parts");
    SRunner *runner = srunner_create(suite);
    int failed;

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

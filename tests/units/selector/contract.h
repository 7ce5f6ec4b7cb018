/* contract.h -- the rules of common/selector.h: the list that makes the suite.
 *
 * Each rule has a number, the rows of ../PYTHON.md from which it comes, the
 * backends for which it holds, and the test that shows it. The tests of
 * RULES_OF_open are in open.c, and so on. A test runs once for each of its
 * backends that this system has or that ../emulation stands in for; a skip is
 * allowed only where the system's documented limit is in the way, and says so.
 */
#ifndef CONTRACT_H
#define CONTRACT_H

#include "fixture.h"

/* A bit for each backend, by its rank; or how often, whatever the backends. */
enum {
    KQUEUE = 1 << 0,
    EPOLL = 1 << 1,
    DEVPOLL = 1 << 2,
    POLL = 1 << 3,
    SELECT = 1 << 4,
    OURS = KQUEUE | EPOLL | DEVPOLL | POLL | SELECT,
    ADDED = 1 << 5, /* all that somebody has added */
    EACH = OURS | ADDED,
    KERNEL_SET = KQUEUE | EPOLL | DEVPOLL | ADDED, /* the kernel may have it */
    IN_EVERY_STATE = 1 << 6,                       /* and on each backend */
    ONCE = -1
};
#define TIMES(n) (-(n))

/* clang-format off: it would fill the lines */
#define RULES_OF_open(ITEM)                                                    \
    ITEM(1, "", ONCE, backends_are_named_best_first)                           \
    ITEM(2, "", EACH, each_backend_opens_by_its_name)                          \
    ITEM(3, "", TIMES(5), an_unknown_backend_is_refused)                       \
    ITEM(4, "D1", TIMES(2), the_default_is_the_best_backend)                   \
    ITEM(5, "D1", EACH, the_default_is_the_first_backend_that_works)           \
    ITEM(6, "", KERNEL_SET, a_backend_that_cannot_open_says_why)               \
    ITEM(7, "", EACH, opening_without_memory_fails_and_leaks_nothing)          \
    ITEM(8, "F1", EACH, the_selectors_own_descriptor_is_close_on_exec)         \
    ITEM(9, "F1", EPOLL | KQUEUE,                                              \
         the_selectors_own_descriptor_is_readable_while_something_is_ready)    \
    ITEM(10, "C1", EACH, closing_leaves_the_registered_descriptors_open)       \
    ITEM(11, "", EACH, closing_keeps_errno)                                    \
    ITEM(12, "C1", ONCE, closing_null_does_nothing)                            \
    ITEM(13, "C1", KERNEL_SET, a_selector_closes_its_own_descriptor_even_0_or_1)

#define RULES_OF_register(ITEM)                                                \
    ITEM(14, "G1", EACH, a_key_holds_what_was_registered)                      \
    ITEM(15, "R3", EACH, callback_and_data_may_be_null)                        \
    ITEM(16, "R1", EACH,                                                       \
         bad_events_are_refused_before_the_descriptor_is_looked_at)            \
    ITEM(17, "G2", EACH, a_negative_descriptor_is_invalid_everywhere)          \
    ITEM(18, "R2", EACH, registering_twice_fails_and_changes_nothing)          \
    ITEM(19, "", OURS, each_change_costs_the_calls_of_its_backend_and_no_more) \
    ITEM(20, "", EACH, a_change_without_memory_fails_and_changes_nothing)      \
    ITEM(21, "R4", SELECT, select_refuses_descriptors_beyond_fd_setsize)       \
    ITEM(22, "R4", SELECT, select_takes_descriptors_up_to_fd_setsize)          \
    ITEM(23, "R4, R5", SELECT | POLL,                                          \
         select_and_poll_take_a_closed_descriptor)                             \
    ITEM(24, "R6, R7", EPOLL | KQUEUE,                                         \
         epoll_and_kqueue_refuse_a_closed_descriptor)                          \
    ITEM(25, "R6", EPOLL, epoll_refuses_files_directories_and_itself)          \
    ITEM(26, "R6, R7, R8", EACH, what_the_kernel_refuses_leaves_no_key)        \
    ITEM(27, "R7", KQUEUE,                                                     \
         kqueue_deletes_the_first_filter_when_the_second_is_refused)           \
    ITEM(28, "R7", KQUEUE, kqueue_ignores_a_signal_during_a_change)            \
    ITEM(29, "R7, N4", KQUEUE, kqueue_may_refuse_a_pipe_without_reader)        \
    ITEM(30, "R8", DEVPOLL, devpoll_fails_when_its_write_is_short)             \
    ITEM(31, "R9", EPOLL,                                                      \
         epoll_refuses_the_number_that_a_duplicate_keeps_alive)                \
    ITEM(32, "", EACH, huge_numbers_neither_crash_nor_eat_memory)              \
    ITEM(33, "", EACH, huge_numbers_are_refused_where_memory_is_short)         \
    ITEM(34, "", EACH, one_descriptor_may_be_in_two_selectors)                 \
    ITEM(35, "", EACH, descriptor_0_is_like_any_other)

#define RULES_OF_unregister(ITEM)                                              \
    ITEM(36, "U1", EACH, unregistering_the_unknown_fails)                      \
    ITEM(37, "U2", EACH, unregister_removes_the_key_and_ends_the_reports)      \
    ITEM(38, "U2", EACH, a_descriptor_may_be_registered_again)                 \
    ITEM(39, "U3", EACH, a_closed_descriptor_can_be_unregistered)              \
    ITEM(40, "U4", EACH, a_reused_number_can_be_unregistered)                  \
    ITEM(41, "U3", KERNEL_SET, unregister_ignores_every_error_of_the_kernel)   \
    ITEM(42, "U5, S8", EACH, a_duplicate_of_a_closed_descriptor_does_no_harm)  \
    ITEM(43, "U5", EACH, many_duplicates_of_closed_descriptors_do_no_harm)     \
    ITEM(44, "U6", KQUEUE,                                                     \
         kqueue_deletes_the_second_filter_when_the_first_fails)                \
    ITEM(45, "U2", EACH, a_key_that_is_gone_leaves_nothing_behind)

#define RULES_OF_modify(ITEM)                                                  \
    ITEM(46, "M1", EACH, modifying_the_unknown_fails_whatever_the_events)      \
    ITEM(47, "M2", EACH, modify_with_the_same_events_makes_no_system_call)     \
    ITEM(48, "M3", EACH, new_data_can_be_given_even_to_a_closed_descriptor)    \
    ITEM(49, "M4, M6", EACH, modify_changes_what_is_reported)                  \
    ITEM(50, "M5", EPOLL,                                                      \
         epoll_loses_the_key_of_a_descriptor_that_the_kernel_lost)             \
    ITEM(51, "M5, M6", EACH, a_modify_that_the_kernel_refuses_loses_the_key)   \
    ITEM(52, "M6", KQUEUE, kqueue_leaves_no_filter_behind_when_modify_fails)   \
    ITEM(53, "M5", SELECT | POLL,                                              \
         modify_of_a_closed_descriptor_cannot_fail_on_select_and_poll)         \
    ITEM(54, "M6", KQUEUE, kqueue_changes_only_the_filters_that_differ)        \
    ITEM(55, "M7, M6", EACH, modify_refuses_bad_events_and_keeps_the_key)      \
    ITEM(56, "M5", DEVPOLL, devpoll_modifies_in_one_write)

#define RULES_OF_select(ITEM)                                                  \
    ITEM(57, "S1", EACH, a_timeout_of_zero_only_looks)                         \
    ITEM(58, "S10", EACH, a_select_of_nothing_waits_for_the_timeout)           \
    ITEM(59, "S3", EACH, no_wait_ends_early)                                   \
    ITEM(60, "S1", EACH, a_negative_timeout_waits_until_something_happens)     \
    ITEM(61, "S2", EACH, the_longest_timeout_is_not_taken_for_a_short_one)     \
    ITEM(62, "S4, S6", EACH, signals_neither_shorten_nor_prolong_a_wait)       \
    ITEM(63, "S4", EACH, signals_do_not_end_an_endless_wait)                   \
    ITEM(64, "S4", EACH, an_interrupted_wait_is_started_again)                 \
    ITEM(65, "S3, S4", EACH, an_interrupted_wait_does_not_end_early)           \
    ITEM(66, "S3", OURS, the_system_waits_for_as_long_as_was_asked)            \
    ITEM(67, "", EACH, a_failing_wait_says_why_and_the_next_one_works)         \
    ITEM(68, "S7, S11", EACH, one_entry_has_both_events)                       \
    ITEM(69, "S7", EACH, only_the_events_asked_for_are_reported)               \
    ITEM(70, "S7", EACH, what_is_ready_is_reported_until_it_is_consumed)       \
    ITEM(71, "S9", EACH, all_that_is_ready_comes_from_one_call)                \
    ITEM(72, "S9, S11", EACH, whatever_their_number_all_come_with_both_events) \
    ITEM(73, "S9", EACH, it_works_with_the_last_descriptor_in_use)             \
    ITEM(74, "", KERNEL_SET | POLL, five_thousand_descriptors_are_no_burden)   \
    ITEM(75, "", EACH, twelve_pairs_are_drained_as_in_pythons_test)            \
    ITEM(76, "", EACH, many_changes_leave_what_a_simple_model_says)

#define RULES_OF_ready(ITEM)                                                   \
    ITEM(77, "H1, H2, H3, H4, H5, H6, H7, S12", IN_EVERY_STATE,                \
         what_counts_as_ready)                                                 \
    ITEM(78, "H4", SELECT,                                                     \
         select_fails_when_a_registered_descriptor_was_closed)                 \
    ITEM(79, "N2", EPOLL | KQUEUE, epoll_and_kqueue_forget_a_closed_descriptor)

#define RULES_OF_next(ITEM)                                                    \
    ITEM(80, "", EACH, nothing_comes_before_the_first_select)                  \
    ITEM(81, "", EACH, a_second_select_drops_what_was_not_handed_out)          \
    ITEM(82, "", EACH, a_key_unregistered_in_the_batch_is_not_handed_out)      \
    ITEM(83, "", EACH, a_newcomer_with_a_dead_clients_number_is_not_called)    \
    ITEM(84, "", EACH,                                                         \
         a_descriptor_registered_again_in_the_batch_waits_for_the_next)        \
    ITEM(85, "", EACH, a_key_modified_in_the_batch_comes_as_it_is_now)         \
    ITEM(86, "", EACH, many_can_be_registered_in_the_batch)                    \
    ITEM(87, "", EACH, the_event_loop_calls_what_was_registered)

#define RULES_OF_lookup(ITEM)                                                  \
    ITEM(88, "P1", EACH, the_key_of_the_unknown_is_not_found)                  \
    ITEM(89, "P1, P2", EACH, the_map_is_in_the_order_of_descriptors)           \
    ITEM(90, "P1", EACH, the_map_is_cut_to_the_room_there_is)                  \
    ITEM(91, "P1", EACH, a_walk_finds_each_key_whatever_is_done_meanwhile)     \
    ITEM(92, "", EACH, looking_up_makes_no_system_call)

#define PARTS(PART)                                                            \
    PART(open)                                                                 \
    PART(register)                                                             \
    PART(unregister)                                                           \
    PART(modify)                                                               \
    PART(select)                                                               \
    PART(ready)                                                                \
    PART(next)                                                                 \
    PART(lookup)
/* clang-format on */

/* How many states what_counts_as_ready() tries on each backend. */
extern const int state_count;

/* -- how the suite gets at them -------------------------------------------- */

struct rule {
    int backends;
    const TTest *const *test;
};

struct part {
    const char *name;
    const struct rule *rules;
    int count;
};

#define AS_RULE(number, rows, backends, test) {backends, &(test)},
#define AS_PART(file) extern const struct part file##_part;
PARTS(AS_PART)
#undef AS_PART

/* At the end of a file. */
#define END_OF_PART(file, name)                                                \
    static const struct rule rules[] = {RULES_OF_##file(AS_RULE)};             \
    const struct part file##_part = {name, rules, ROWS(rules)};

#endif

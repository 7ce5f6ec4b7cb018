/* deadlines.c -- tests of common/deadline.h. */
#include "deadline.h"

#include "fixture.h"

enum { NS_PER_MS = 1000000 };

/* Of so many milliseconds so many are left so many nanoseconds later. */
static const struct moment {
    int timeout_ms;
    int left_ms;
    long long later_ns;
} moments[] = {
    {10, 10, 0},
    {10, 10, 1}, /* rounded up: nobody wakes too early */
    {10, 10, NS_PER_MS - 1},
    {10, 9, NS_PER_MS},
    {10, 1, 9LL * NS_PER_MS},
    {10, 1, 10LL * NS_PER_MS - 1},
    {10, 0, 10LL * NS_PER_MS},
    {10, 0, 10LL * NS_PER_MS + 1},
    {10, 0, LLONG_MAX / 2},
    {0, 0, 0},
    {0, 0, 1},
    {1, 1, 0},
    {INT_MAX, INT_MAX, 0},
    {INT_MAX, INT_MAX, 1},
    {INT_MAX, INT_MAX - 1, NS_PER_MS},
    {-1, -1, 0},
    {-1, -1, LLONG_MAX / 2},
    {INT_MIN, -1, NS_PER_MS},
};

START_TEST(a_deadline_says_how_much_time_is_left)
{
    static const long long starts_ns[] = {0, 1, 123456789, 1LL << 61};
    const struct moment *moment = &moments[_i];

    for (int i = 0; i < 4; i++) {
        long long deadline;

        if (i == 3 && moment->later_ns > LLONG_MAX / 4)
            break;
        faults_clock(starts_ns[i]);
        deadline = deadline_in(moment->timeout_ms);
        faults_clock(starts_ns[i] + moment->later_ns);
        expect(deadline_left_ms(deadline), moment->left_ms);
    }
    faults_clock(-1);
}
END_TEST

START_TEST(a_deadline_may_be_in_the_next_second)
{
    static const struct {
        int now_ms;
        int left_ms;
    } rows[] = {{5995, 10}, {5999, 6}, {6000, 5}, {6004, 1}, {6005, 0}};
    long long deadline;

    faults_clock((long long)rows[0].now_ms * NS_PER_MS);
    deadline = deadline_in(10);
    for (int i = 0; i < ROWS(rows); i++) {
        faults_clock((long long)rows[i].now_ms * NS_PER_MS);
        expect(deadline_left_ms(deadline), rows[i].left_ms);
    }
}
END_TEST

START_TEST(the_clock_of_deadlines_runs)
{
    long long deadline = deadline_in(20);
    int left = deadline_left_ms(deadline);

    faults_reset();
    expect_true(left > 0 && left <= 20);
    while (deadline_left_ms(deadline) > 0)
        poll(NULL, 0, deadline_left_ms(deadline));
    expect(deadline_left_ms(deadline), 0);
}
END_TEST

void add_deadlines(Suite *suite)
{
    TCase *tcase = new_case(suite, "deadlines", NULL);

    ADD_TIMES(ROWS(moments), a_deadline_says_how_much_time_is_left);
    ADD(a_deadline_may_be_in_the_next_second);
    ADD(the_clock_of_deadlines_runs);
}

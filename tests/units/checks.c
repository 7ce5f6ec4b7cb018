/* checks.c -- what the unit tests share. */
#include "checks.h"

#include "basics.h"

#include <kernels.h>

const char *subject = "";

/* -- what is expected ------------------------------------------------------ */

void skip(const char *test, const char *why)
{
    const char *suffix = strstr(test, "_fn"); /* what START_TEST() adds */
    int length = (int)(suffix == NULL ? strlen(test) : (size_t)(suffix - test));

    printf("skipped: %.*s%s%s: %s\n", length, test,
           *subject == '\0' ? "" : ", ", subject, why);
    fflush(stdout);
}

bool under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");

    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* -- descriptors ----------------------------------------------------------- */

void make_pipe(int ends[2])
{
    ck_assert_msg(pipe(ends) == 0, "%s: pipe(): %s", subject, strerror(errno));
}

void make_pair(int ends[2])
{
    ck_assert_msg(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0,
                  "%s: socketpair(): %s", subject, strerror(errno));
}

void make_tcp(int ends[2])
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    expect_success(bind(listener, (struct sockaddr *)&address, size));
    expect_success(listen(listener, 1));
    expect_success(getsockname(listener, (struct sockaddr *)&address, &size));
    ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    expect_success(connect(ends[1], (struct sockaddr *)&address, size));
    ends[0] = accept(listener, NULL, NULL);
    expect_success(ends[0]);
    close(listener);
}

void close_both(const int ends[2])
{
    for (int i = 0; i < 2; i++)
        if (ends[i] != -1)
            close(ends[i]);
}

void put_byte(int fd)
{
    ck_assert_msg(write(fd, "x", 1) == 1, "%s: write(): %s", subject,
                  strerror(errno));
}

void take_byte(int fd)
{
    char byte;

    ck_assert_msg(read(fd, &byte, 1) == 1, "%s: read(): %s", subject,
                  strerror(errno));
}

void wait_for(int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};

    expect(poll(&entry, 1, PATIENCE_S * 1000), 1);
}

void reset_by_peer(int peer)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    expect_success(
        setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    close(peer);
}

int closed_number(void)
{
    int fd = dup(STDIN_FILENO);

    expect_success(fd);
    close(fd);
    return fd;
}

/* -- signals --------------------------------------------------------------- */

volatile sig_atomic_t alarms;
static volatile sig_atomic_t alarm_to_write; /* at which one to write ... */
static int alarm_fd;                         /* ... and where */

static void count_alarm(int number)
{
    int saved = errno;

    alarms = alarms + 1;
    if (alarms == alarm_to_write && write(alarm_fd, "x", 1) != 1)
        abort();
    errno = saved;
}

void start_alarms(int interval_ms, int quiet, int fd)
{
    struct sigaction action = {.sa_handler = count_alarm};
    int us = interval_ms * (under_valgrind() ? 5000 : 1000);
    struct itimerval timer = {{0, us}, {0, us}};

    alarms = 0;
    alarm_to_write = quiet + 1;
    alarm_fd = fd;
    expect_success(sigaction(SIGALRM, &action, NULL));
    expect_success(setitimer(ITIMER_REAL, &timer, NULL));
}

void stop_alarms(void)
{
    struct itimerval timer = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

/* -- the suite ------------------------------------------------------------- */

TCase *new_case(Suite *suite, const char *name, void (*finish)(void))
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, PATIENCE_S);
    tcase_add_checked_fixture(tcase, faults_reset, finish);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    kernel(); /* $STAND_IN may be nonsense: then this says so */
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    if (srunner_ntests_run(runner) == 0 && getenv("CK_RUN_CASE") == NULL) {
        fprintf(stderr, "nothing was examined\n");
        failed = 1;
    }
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

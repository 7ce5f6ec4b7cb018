/* program.c -- what every program does before its lesson begins. */
#include "program.h"

#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *program = "?";

PROGRAM_FORMAT(0)
static void vreport(const char *what, va_list arguments)
{
    int saved = errno;
    char line[512];

    vsnprintf(line, sizeof line, what, arguments);
    fprintf(stderr, "%s: %s: %s\n", program, line, strerror(saved));
    errno = saved;
}

void report(const char *what, ...)
{
    va_list arguments;

    va_start(arguments, what);
    vreport(what, arguments);
    va_end(arguments);
}

void program_fail(const char *what, ...)
{
    va_list arguments;

    va_start(arguments, what);
    vreport(what, arguments);
    va_end(arguments);
    exit(1);
}

/* Opened the wrong way round, so that using it is the error it was before. */
static void plug_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == -1)
            program_fail("descriptor %d is closed, and cannot be replaced", fd);
}

void program_start(char **argv)
{
    const char *slash = strrchr(argv[0], '/');

    program = slash == NULL ? argv[0] : slash + 1;
    plug_standard_descriptors();
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

int program_end(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: not all that was printed reached stdout\n", program);
    return status == 0 ? 1 : status;
}

/* -- the command lines ----------------------------------------------------- */

/* Says how it is done: after a complaint on stderr or, for -h, on stdout. */
static _Noreturn void usage(bool help, const char *text)
{
    fprintf(help ? stdout : stderr, "usage: %s %s", program, text);
    exit(help ? program_end(0) : 2);
}

int program_port(int argc, char **argv)
{
    const char *argument = argc > 1 ? argv[1] : "5000";
    bool help = strcmp(argument, "-h") == 0;
    int port = argc > 2 ? -1 : socket_parse_port(argument);

    program_start(argv);
    if (port != -1)
        return port;
    if (!help && argc > 2)
        fprintf(stderr, "%s: too many arguments\n", program);
    else if (!help)
        fprintf(stderr, "%s: '%s' is not a port\n", program, argument);
    usage(help, "[PORT]\n"
                "  PORT  on 127.0.0.1, from 0 to 65535; without it 5000\n");
}

static int parse_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds > 0 && seconds <= 1e6))
        return -1;
    if (seconds < 0.001)
        return 1; /* 0 would be no time */
    return (int)(seconds * 1000 + 0.999);
}

/* Not a target: an option behind the targets, or a port alone, which would be
 * looked up as if it were a host. */
static bool is_target(const char *text)
{
    char host[SOCKET_HOST_SIZE];
    int port = 0;

    return *text != '-' && strspn(text, "0123456789") < strlen(text) &&
           socket_parse_target(text, host, &port) == 0;
}

static bool are_targets(char **targets)
{
    for (; *targets != NULL; targets++)
        if (!is_target(*targets)) {
            fprintf(stderr, "%s: '%s' is not HOST or HOST:PORT\n", program,
                    *targets);
            return false;
        }
    return true;
}

char **program_targets(int argc, char **argv, int *count, int *limit_ms)
{
    static const char text[] =
        "[-t SECONDS] [HOST[:PORT]]...\n"
        "  -t SECONDS   give up after that long; without it 10\n"
        "  HOST[:PORT]  whom to connect to, port 80 if none is named;\n"
        "               [ADDRESS]:PORT for IPv6; without any xkcd.com:80\n";
    static char xkcd[] = "xkcd.com:80";
    static char *by_default[] = {xkcd};
    int option;

    program_start(argv);
    *limit_ms = 10000;
    /* "+": glibc would look for options behind the targets, too. */
    while ((option = getopt(argc, argv, "+ht:")) != -1) {
        if (option == 't' && (*limit_ms = parse_seconds(optarg)) == -1)
            fprintf(stderr, "%s: '%s' is not a time in seconds\n", program,
                    optarg);
        if (option != 't' || *limit_ms == -1)
            usage(option == 'h', text);
    }
    if (!are_targets(argv + optind))
        usage(false, text);
    *count = optind < argc ? argc - optind : 1;
    return optind < argc ? argv + optind : by_default;
}

struct addrinfo *program_resolve(const char *target)
{
    char host[SOCKET_HOST_SIZE];
    int port = 80;
    struct addrinfo *addresses;
    int error;

    if (socket_parse_target(target, host, &port) == -1) {
        report("%s", target);
        return NULL;
    }
    error = socket_resolve(host, port, &addresses);
    if (error == EAI_SYSTEM)
        report("%s", target);
    else if (error != 0)
        fprintf(stderr, "%s: %s: %s\n", program, target, gai_strerror(error));
    return error == 0 ? addresses : NULL;
}

/* -- servers --------------------------------------------------------------- */

static void do_not_wait_for_reader(int fd)
{
    struct stat status;

    if (fstat(fd, &status) == 0 &&
        (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)))
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static _Noreturn void fail_to_listen(int port)
{
    report("cannot listen on 127.0.0.1:%d", port);
    if (errno == EADDRINUSE)
        fprintf(stderr,
                "  An earlier run, or another program (AirPlay on macOS)? This "
                "shows it:\n"
                "  ss -tanp 'sport = :%d'  (Linux)    lsof -nP -iTCP:%d  "
                "(macOS, BSD)\n",
                port, port);
    else if (errno == EACCES)
        fprintf(stderr, "  Ports below 1024 are for root; try %s 5000\n",
                program);
    exit(1);
}

int program_listen(int argc, char **argv)
{
    int port = program_port(argc, argv);
    int listener;

    do_not_wait_for_reader(STDOUT_FILENO);
    do_not_wait_for_reader(STDERR_FILENO);
    listener = socket_listen("127.0.0.1", port);
    if (listener == -1)
        fail_to_listen(port);
    return listener;
}

void program_announce(int listener, const struct selector *sel)
{
    int port = socket_port(listener);

    printf("Listening on 127.0.0.1:%d%s%s, try: nc 127.0.0.1 %d\n", port,
           sel == NULL ? "" : " with ", sel == NULL ? "" : selector_name(sel),
           port);
    if (ferror(stdout))
        report("goes on without stdout");
}

/* -- stages 03 and 04 ------------------------------------------------------ */

struct selector *program_selector(void)
{
    const char *backend = getenv("SELECTOR");
    struct selector *sel = selector_open(backend);

    if (sel != NULL)
        return sel;
    report("cannot open selector '%s'", backend == NULL ? "" : backend);
    fprintf(stderr, "  SELECTOR can be");
    for (int i = 0; selector_backend_name(i) != NULL; i++)
        fprintf(stderr, " %s", selector_backend_name(i));
    fprintf(stderr, ", or unset for the first of them that works\n");
    exit(1);
}

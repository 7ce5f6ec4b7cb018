# What there is to make (`make` alone needs only make and a C compiler):
#
#   make             build the four stages
#   make demo        watch them: who is answered, and when
#   make run-02      run the server of a stage (01 02 03); PORT=6000 changes the port
#   make run-04      connect to xkcd.com; TARGETS="host:port ..." to others
#
#   make setup       install what the tests need (asks for root's password)
#   make test        all tests; make test-02 those of a stage
#   make test-02 SERVER="python3 mine.py"   the same tests, your program
#   make asan        the tests again with address and undefined-behaviour checks
#   make valgrind    the tests again under valgrind
#   make coverage    which lines of common/ the tests reach
#   make lint        static checks;  make format  puts the layout right
#   make clean       remove what was built
#
# CC=clang and CFLAGS=... choose the compiler and its options, O=build/x/ where
# everything is built; without it programs lie beside their source.

CC ?= cc
CFLAGS = -O2 -g
STANDARD = -std=c11 -D_POSIX_C_SOURCE=200809L
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
    -Wmissing-prototypes -Wformat=2 -Wvla -Wno-unused-parameter
# musl's FD_SET() divides an int by an unsigned long.
WARNINGS += $(if $(findstring musl,$(CC) $(shell $(CC) -dumpmachine)),-Wno-sign-conversion)
COMPILE = $(CC) $(WARNINGS) -Icommon $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@
LINK = $(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

COMMON = $(patsubst %.c,$(O)%.o,$(wildcard common/*.c))
PROGRAMS = $(patsubst %.c,$(O)%,$(wildcard 0*/*.c))
DEMO = $(patsubst %.c,$(O)%.o,$(wildcard tests/demo*.c))
SUITES = $(patsubst %.c,$(O)%,$(wildcard tests/test_*.c))
# The tests see common/ with system calls that fail on demand, and with a
# stand-in for kqueue and /dev/poll where the system has none.
TESTED = $(COMMON:$(O)%=$(O)tests/%)
HELPERS = $(O)tests/faults.o $(O)tests/emulation.o $(O)tests/harness.o
TEST_CFLAGS = -std=gnu11 -isystem tests/emulation -Itests

programs: $(PROGRAMS)
$(PROGRAMS): $(O)%: $(O)%.o $(COMMON)
	$(LINK)
$(COMMON) $(PROGRAMS:=.o): $(O)%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(STANDARD)

.PHONY: programs run-01 run-02 run-03 run-04 demo setup test test-01 test-02 \
    test-03 test-04 asan valgrind coverage lint format help clean
.SECONDARY:

run-01: $(O)01_blocking/server
run-02: $(O)02_select_loop/server
run-03: $(O)03_selectors_callbacks/server
run-01 run-02 run-03:
	./$< $(PORT)
run-04: $(O)04_nonblocking_connect/connect
	./$< $(TARGETS)

demo: $(PROGRAMS) $(O)tests/demo
	@O=$(O) ./$(O)tests/demo
$(O)tests/demo: $(DEMO) $(COMMON)
	$(LINK)

setup:
	sh tests/setup.sh

CHECK_CFLAGS = $(shell pkg-config --cflags check)
CHECK_LIBS = $(shell pkg-config --libs check)
has_check:
	@pkg-config --exists check || \
	{ echo "The tests need Check and pkg-config. This installs them: make setup"; exit 2; }
$(SUITES): $(O)%: $(O)%.o $(TESTED) $(HELPERS)
	$(LINK) $(CHECK_LIBS)
$(TESTED): $(O)tests/common/%.o: common/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(TEST_CFLAGS) -DWITH_FAULTS -include tests/faults.h
$(SUITES:=.o) $(HELPERS): $(O)%.o: %.c | has_check
	@mkdir -p $(@D)
	$(COMPILE) $(TEST_CFLAGS) $(CHECK_CFLAGS)
$(DEMO): $(O)%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(STANDARD)
test: has_check $(PROGRAMS) $(SUITES)
	@failed=0; for suite in $(SUITES); do O=$(O) $(RUN) ./$$suite || failed=1; done; exit $$failed
BY_STAGE = $(patsubst %,$(O)tests/test_%,servers wording upper client connect)
test-01 test-02 test-03 test-04: test-%: has_check $(PROGRAMS) $(BY_STAGE)
	@failed=0; for suite in $(BY_STAGE); do \
	    O=$(O) CK_RUN_SUITE=$* $(RUN) ./$$suite || failed=1; done; exit $$failed

-include $(wildcard $(O)*/*.d $(O)tests/common/*.d)

# Sanitizers stop at the first error, and a program that stops fails its test.
asan:
	$(MAKE) test O=build/asan/ CFLAGS="-O1 -g -fno-omit-frame-pointer \
	    -fsanitize=address,undefined -fno-sanitize-recover=all"
# The suites and the programs that they start; a log that is not empty is an error.
valgrind: $(PROGRAMS) $(SUITES)
	rm -rf build/valgrind && mkdir -p build/valgrind
	$(MAKE) test CK_TIMEOUT_MULTIPLIER=10 RUN="valgrind -q --trace-children=yes \
	    --leak-check=full --log-file=$(CURDIR)/build/valgrind/%p.log"
	cat build/valgrind/*.log && [ ! -s "$$(find build/valgrind -size +0 | tail -1)" ]
coverage:
	rm -rf build/coverage
	$(MAKE) test O=build/coverage/ CFLAGS="-O0 -g --coverage"
	gcovr --filter common/ --fail-under-line 100 build/coverage
	gcovr --filter common/ --fail-under-branch 95 --branches build/coverage

SOURCES = $(wildcard common/*.c 0*/*.c tests/*.c)
lint:
	clang-format --dry-run -Werror $(SOURCES) $(wildcard */*.h)
	clang-tidy --quiet $(SOURCES) -- $(STANDARD) -Icommon
	cppcheck -q --std=c11 --enable=warning,style,performance,portability \
	    --error-exitcode=1 -Icommon -U__has_include -DHAVE_EPOLL common 0*
	shellcheck .ci/run $(wildcard tests/*.sh)
format:
	clang-format -i $(SOURCES) $(wildcard */*.h)

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile
clean:
	rm -rf build $(PROGRAMS) $(SUITES) tests/demo */*.[od] tests/common

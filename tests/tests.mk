# tests.mk -- what the rooms of tests/ share, and what goes through all of them.
#
# Each room says in its own .mk what it builds and what can be made of it. Rooms
# on which others build stand in front. A room with suites adds them to SUITES.

TEST_CFLAGS = -std=gnu11
CHECK_CFLAGS = $(shell pkg-config --cflags check)
CHECK_LIBS = $(shell pkg-config --libs check)
SUITES =
# A program beside a stage that is given in place of ours is built first.
GIVEN = $(filter $(BUILDABLE) $(SICK),$(patsubst ./%,%,\
    $(SERVER) $(UPPER) $(CLIENT) $(CONNECT) $(BUSY) $(SCRIPT)))
# Who types SERVER= or SERVER=$FORGOTTEN is not asking for ours, and gets it.
is_empty = $(and $(filter command,$(firstword $(origin $(1)))),$(if $($(1)),,yes))
$(if $(TOLD_EMPTY),,$(foreach name,SERVER UPPER CLIENT CONNECT BUSY,\
    $(if $(call is_empty,$(name)),$(info $(name)= is empty, so this is about our own program.))))
export TOLD_EMPTY = yes
ROOMS = doctor harness units programs exercises fuzz clinic torture chaos demo watch lessons book bench
include $(foreach room,$(ROOMS),tests/$(room)/$(room).mk)

$(patsubst %.c,$(O)%.o,$(wildcard 0*/exercises/*.c tests/*/*.c tests/*/*/*.c)) \
    $(TESTED) $(CLINIC_OBJECTS) $(TORTURE_OBJECTS) $(CHAOS_OBJECTS) $(PRELOADED) $(BENCH_OBJECTS) \
    $(MISCHIEF).o $(CHAOS)emulation.o $(CHAOS)kernels.o: $(FLAGS)

# Everything, and nothing of it run: what does a compiler say?
build-all: has_check $(PROGRAMS) $(EXERCISES) $(CHECK_EXERCISE) $(SUITES) $(DEMO) $(WATCH) $(TORTURE_BUILT) $(CHAOS_BUILT) \
    $(BENCH_PROGRAMS)
has_check:
	@pkg-config --exists check 2>/dev/null || sh tests/doctor/doctor.sh need check
setup:
	sh tests/setup.sh

# RUN is put before what is examined: before a unit test, or before the programs.
# make -j runs several suites at a time.
check: test
test: suites commands lessons check-pictures torture-quick
suites: has_check $(PROGRAMS) $(GIVEN) $(SUITES)
	@$(MAKE) -k --no-print-directory $(SUITES:=.run)

# Sanitizers stop at the first error, and a program that stops fails its test.
asan:
	@$(MAKE) --no-print-directory suites O=$(or $(O),build/)asan/ CFLAGS="-O1 -g -fno-omit-frame-pointer \
	    -fsanitize=address,undefined -fno-sanitize-recover=all"
# A log that is not empty is an error: some programs are killed in the end, so
# their exit status says nothing.
VALGRIND = $(or $(O),build/)valgrind
valgrind: $(PROGRAMS) $(SUITES)
	@rm -rf $(VALGRIND) && mkdir -p $(VALGRIND)
	@$(MAKE) --no-print-directory -j4 suites CK_TIMEOUT_MULTIPLIER=10 RUN="valgrind -q --trace-children=yes \
	    --leak-check=full --log-file=$(VALGRIND)/%p.log"
	@cat $(VALGRIND)/*.log; [ -z "$$(find $(VALGRIND) -type f -size +0)" ]
COVERAGE = $(or $(O),build/)coverage
coverage:
	@rm -rf $(COVERAGE)
	@$(MAKE) --no-print-directory suites O=$(COVERAGE)/ CFLAGS="-O0 -g --coverage"
	gcovr --filter common/ --fail-under-line 100 $(COVERAGE)
	gcovr --filter common/ --fail-under-branch 95 --branches $(COVERAGE)

STAGES = $(wildcard common/*.c 0*/*.c)
TESTS = $(wildcard tests/*/*.c tests/*/*/*.c)
HEADERS = $(wildcard common/*.h 0*/*.h tests/*/*.h tests/*/*/*.h tests/*/*/*/*.h)
# Check's macros and its loops over numbers are not what clang-tidy expects.
EXCEPT = -clang-analyzer-*,-performance-no-int-to-ptr,-cert-err34-c,$\
    -bugprone-implicit-widening-of-multiplication-result,-misc-no-recursion,$\
    -readability-inconsistent-declaration-parameter-name
# (The starters of exercises have faults by design.)
lint:
	clang-format --dry-run -Werror $(STAGES) $(TESTS) $(HEADERS)
	clang-tidy --quiet $(STAGES) -- $(STANDARD) -Icommon
	clang-tidy --quiet --checks='$(EXCEPT)' $(TESTS) -- $(UNITS_CFLAGS) \
	    -Itests/harness -Icommon
	cppcheck -q --std=c11 --enable=warning,style,performance,portability \
	    --error-exitcode=1 -Icommon -U__has_include -DHAVE_EPOLL \
	    -DAI_PASSIVE -DCLOCK_MONOTONIC $(STAGES)
	shellcheck .ci/run
	shellcheck -s sh $(wildcard tests/*.sh tests/*/*.sh)
format:
	clang-format -i $(STAGES) $(TESTS) $(HEADERS)

.PHONY: build-all has_check setup check test suites asan valgrind coverage lint format

# tests.mk -- what examines the programs: make demo, test, asan ... lint.

SUITES = $(patsubst %.c,$(O)%,$(wildcard tests/test_*.c))
# These start the programs; the other suites call the functions of common/.
BY_STAGE = $(patsubst %,$(O)tests/test_%,servers wording upper client connect)
UNITS = $(filter-out $(BY_STAGE),$(SUITES))
# The suites see common/ with system calls that fail on demand, and with a
# stand-in for kqueue and /dev/poll where the system has none.
TESTED = $(COMMON:$(O)%=$(O)tests/%)
HELPERS = $(O)tests/faults.o $(O)tests/emulation.o $(O)tests/harness.o
TEST_CFLAGS = -std=gnu11 -isystem tests/emulation -Itests
CHECK_CFLAGS = $(shell pkg-config --cflags check)
CHECK_LIBS = $(shell pkg-config --libs check)

$(SUITES): $(O)%: $(O)%.o $(TESTED) $(HELPERS)
	$(LINK) $(CHECK_LIBS)
$(TESTED): $(O)tests/common/%.o: common/%.c
	$(COMPILE) $(TEST_CFLAGS) -DWITH_FAULTS -include tests/faults.h
$(SUITES:=.o) $(HELPERS): $(O)%.o: %.c | has_check
	$(COMPILE) $(TEST_CFLAGS) $(CHECK_CFLAGS)
has_check:
	@pkg-config --exists check 2>/dev/null || \
	{ echo "The tests need Check and pkg-config. This installs them: make setup"; exit 2; }
setup:
	sh tests/setup.sh

# RUN is put before what is examined: before a unit test, or before the programs.
# make -j runs several suites at a time.
test: suites lessons
suites: has_check $(PROGRAMS) $(SUITES)
	@$(MAKE) -k --no-print-directory $(SUITES:=.run)
$(UNITS:=.run): %.run: %
	@O=$(O) $(RUN) ./$<
$(BY_STAGE:=.run): %.run: %
	@O=$(O) $(if $(STAGE),CK_RUN_SUITE=$(STAGE)) \
	    WRAPPER="$(or $(WRAPPER),$(RUN))" ./$<
test-01 test-02 test-03 test-04: test-%: has_check $(PROGRAMS) $(BY_STAGE)
	@$(MAKE) -k --no-print-directory $(BY_STAGE:=.run) STAGE=$*
lessons: $(PROGRAMS)
	@O=$(O) sh tests/lessons.sh

DEMO = $(patsubst %.c,$(O)%.o,$(wildcard tests/demo*.c))
demo: $(PROGRAMS) $(O)tests/demo
	@O=$(O) ./$(O)tests/demo
$(O)tests/demo: $(DEMO) $(COMMON)
	$(LINK)
$(DEMO): $(O)%.o: %.c
	$(COMPILE) $(STANDARD)

# Sanitizers stop at the first error, and a program that stops fails its test.
asan:
	$(MAKE) suites O=build/asan/ CFLAGS="-O1 -g -fno-omit-frame-pointer \
	    -fsanitize=address,undefined -fno-sanitize-recover=all"
# A log that is not empty is an error: some programs are killed in the end, so
# their exit status says nothing.
valgrind: $(PROGRAMS) $(SUITES)
	rm -rf build/valgrind && mkdir -p build/valgrind
	$(MAKE) -j4 suites CK_TIMEOUT_MULTIPLIER=10 RUN="valgrind -q --trace-children=yes \
	    --leak-check=full --log-file=$(CURDIR)/build/valgrind/%p.log"
	@cat build/valgrind/*.log; [ -z "$$(find build/valgrind -type f -size +0)" ]
coverage:
	rm -rf build/coverage
	$(MAKE) suites O=build/coverage/ CFLAGS="-O0 -g --coverage"
	gcovr --filter common/ --fail-under-line 100 build/coverage
	gcovr --filter common/ --fail-under-branch 95 --branches build/coverage

STAGES = $(wildcard common/*.c 0*/*.c)
TESTS = $(wildcard tests/*.c)
# Check's macros and its loops over numbers are not what clang-tidy expects.
EXCEPT = -clang-analyzer-*,-performance-no-int-to-ptr,-cert-err34-c,$\
    -bugprone-implicit-widening-of-multiplication-result,-misc-no-recursion,$\
    -readability-inconsistent-declaration-parameter-name
lint:
	clang-format --dry-run -Werror $(STAGES) $(TESTS) $(wildcard */*.h)
	clang-tidy --quiet $(STAGES) -- $(STANDARD) -Icommon
	clang-tidy --quiet --checks='$(EXCEPT)' $(TESTS) -- $(TEST_CFLAGS) -I. -Icommon
	cppcheck -q --std=c11 --enable=warning,style,performance,portability \
	    --error-exitcode=1 -Icommon -U__has_include -DHAVE_EPOLL common 0*
	shellcheck .ci/run
	shellcheck -s sh $(wildcard tests/*.sh tests/*/*.sh)
format:
	clang-format -i $(STAGES) $(TESTS) $(wildcard */*.h)

.PHONY: has_check setup test suites lessons test-01 test-02 test-03 test-04 \
    demo asan valgrind coverage lint format $(SUITES:=.run)

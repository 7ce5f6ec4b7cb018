# What there is to make (`make` alone needs only make and a C compiler):
#
#   make             build the four stages; make 02_select_loop/mine  what you
#                    wrote there in mine.c
#   make demo        watch them: who is answered, and when; demo-02 one stage
#   make demo-02 SERVER="python3 mine.py"   your own server in that picture; in
#                    04 CONNECT= or BUSY=; SVG=mine.svg makes a drawing of it
#   make run-02      run the server of a stage (01 02 03); PORT=6000 changes the
#                    port, SELECTOR=poll what 03 and 04 wait with
#   make run-04      connect to xkcd.com; TARGETS="host:port ..." to others
#   make watch-02    the same server with its lid off: where it sleeps, and for
#                    whom (01 02 03 upper connect busy); SERVER="python3 mine.py"
#                    make watch SERVER=... any other
#
#   make learn       the exercises: where you are, and the next command
#   make ex-2.1      check one; hint-2.1 solution-2.1 again-2.1 (the starter)
#
#   make sick        a server with a fault, and a user who complains: what is it?
#                    CASE=7 chooses; sick-list has what it can be, sick-hint
#                    CASE=7 helps, cure CASE=7 ANSWER=name judges
#
#   make book        the course as one file for a browser, a telephone, a printer
#                    (it needs pandoc)
#   make doctor      what this machine has for the course, and what it lacks
#   make setup       install what the tests need (asks for root's password)
#   make test        all tests; make test-02 those of a stage
#   make test-02 SERVER="python3 mine.py"   the same tests, your program; in 03
#                    also UPPER= and CLIENT=, in 04 CONNECT= and BUSY=
#   make torture     which servers survive which clients; torture-02: this one;
#                    ROW="never reads": these cases
#   make torture-02 SERVER=02_select_loop/mine  does yours? (or "python3 my.py")
#   make catch SCRIPT=tests/clinic/first.sh  a check of servers, put to the test
#                    which faults does it notice? Copy it, and make it better
#   make variants    the tests as the kernels of other systems would have them
#   make asan        the tests again with address and undefined-behaviour checks
#   make valgrind    the tests again under valgrind
#   make coverage    which lines of common/ the tests reach
#   make chaos       the programs with unreliable system calls: a minute; make
#                    chaos-03 SEED=7 one of them, SEEDS=1-200 more; make chaos-02
#                    SERVER=02_select_loop/mine   yours
#   make fuzz        the selector, used at random for SECONDS=30
#   make lint        static checks;  make format  puts the layout right
#   make bench       what an event costs, measured and drawn: three to five
#                    minutes; make bench-quick  less exact: a dozen seconds
#   make pictures    draw those of the lessons anew (tests/demo/*.svg and
#                    tests/bench/measured.svg); check-pictures: are they true?
#   make clean       remove what was built
#
# CC=clang and CFLAGS=... choose the compiler and its options, O=build/x/ where
# everything is built; without it programs lie beside their source. V=1 shows the
# commands. In a stage's folder: make, make run, and make watch, demo or test,
# each with SERVER="./mine".

include common/given.mk
CFLAGS = -O2 -g
STANDARD = -std=c11 -D_XOPEN_SOURCE=700
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
    -Wmissing-prototypes -Wformat=2 -Wvla -Wno-unused-parameter
# musl's FD_SET() divides an int by an unsigned long.
WARNINGS += $(if $(findstring musl,$(CC) $(shell $(CC) -dumpmachine)),-Wno-sign-conversion)
# A line for each file in place of its command; nothing with make -s.
silent = $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
short = $(if $(V),,@$(if $(silent),,echo $(1) $@;))
define COMPILE
@mkdir -p $(@D)
$(call short,CC)$(CC) $(WARNINGS) -Icommon $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@
endef
# Solaris, and illumos before 2024, keep sockets in libraries of their own.
LDLIBS = $(if $(filter SunOS,$(shell uname)),-lsocket -lnsl)
LINK = $(call short,LD)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

COMMON = $(patsubst %.c,$(O)%.o,$(wildcard common/*.c))
PROGRAMS = $(addprefix $(O),01_blocking/server 01_blocking/functions \
    02_select_loop/server 03_selectors_callbacks/server \
    03_selectors_callbacks/upper 03_selectors_callbacks/client \
    04_nonblocking_connect/connect 04_nonblocking_connect/busy)
# And what a reader wrote beside them, which is built when asked for: it may not
# compile yet.
BUILDABLE = $(patsubst %.c,$(O)%,$(wildcard 0*/*.c))

all programs: $(PROGRAMS)
$(BUILDABLE): $(O)%: $(O)%.o $(COMMON)
	$(LINK)
$(COMMON) $(BUILDABLE:=.o): $(O)%.o: %.c
	$(COMPILE) $(STANDARD)
# What all is built with: other options than the last time, and it is built again.
FLAGS = $(or $(O),build/)flags
flags = '$(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS))'
$(FLAGS): always
	@mkdir -p $(@D) 2>/dev/null && [ -w $(@D) ] || { \
	    echo 'Nothing can be written to $(@D). Elsewhere it can be built: make O=/tmp/course/'; exit 1; }
	@command -v $(firstword $(CC)) >/dev/null || sh tests/doctor/doctor.sh need $(firstword $(CC))
	@printf '%s\n' $(flags) | cmp -s - $@ || printf '%s\n' $(flags) >$@
always:
$(COMMON) $(BUILDABLE:=.o): $(FLAGS)

run-01: $(O)01_blocking/server
run-02: $(O)02_select_loop/server
run-03: $(O)03_selectors_callbacks/server
run-01 run-02 run-03:
	@echo $(call path,$<) $(PORT); $(UNTIL_CTRL_C) $(call path,$<) $(PORT)
run-04: $(O)04_nonblocking_connect/connect
	@echo $(call path,$<) $(TARGETS); $(UNTIL_CTRL_C) $(call path,$<) $(TARGETS)
# So a server is meant to end: no error. The pause is for make, which looks for a
# child that it has lost ("wait: No child processes") if that is gone too soon.
UNTIL_CTRL_C = trap 'sleep 0.2; exit 0' INT;

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile
# Not what is known of a reader's exercises: that was not built.
clean:
	@rm -rf $(filter-out build/exercises,$(wildcard build/*)) build/exercises/proof \
	    $(BUILDABLE) $(EXERCISES) $(CHECK_EXERCISE) $(SUITES) $(DEMO) $(WATCH) $(FUZZ_GUIDED) \
	    tests/units/common */*.[od] 0*/exercises/*.[od] tests/*/*.[od] tests/*/*/*.[od]

.PHONY: all programs always run-01 run-02 run-03 run-04 help clean
.SECONDARY:
include $(wildcard tests/tests.mk $(O)*/*.d $(O)tests/*/*.d $(O)tests/*/*/*.d)

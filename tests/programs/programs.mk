# programs.mk -- the suites that see the programs from outside.

# The simplest first: somebody's own program is told of three failures at a time.
BY_STAGE = $(patsubst %.c,$(O)%,tests/programs/test_servers.c \
    $(filter-out %/test_servers.c,$(wildcard tests/programs/test_*.c)))
OWN = $(SERVER)$(UPPER)$(CLIENT)$(CONNECT)$(BUSY)
SUITES += $(BY_STAGE)
TALK = $(addprefix $(O)tests/programs/,talk.o targets.o typed.o preload.o)

$(BY_STAGE): $(O)%: $(O)%.o $(TALK) $(HARNESS) $(SUITES_HARNESS) | $(MISCHIEF).so
	$(LINK) $(CHECK_LIBS)
$(TALK) $(BY_STAGE:=.o): $(O)%.o: %.c | has_check
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness $(CHECK_CFLAGS)
$(BY_STAGE:=.run): %.run: % $(PROGRAMS)
	@O=$(O) $(if $(STAGE),CK_RUN_SUITE=$(STAGE)) \
	    WRAPPER="$(or $(WRAPPER),$(RUN))" $(call path,$<)
test-01 test-02 test-03 test-04: test-%: has_check $(PROGRAMS) $(GIVEN) $(BY_STAGE)
	@status=0; $(MAKE) $(if $(OWN),$(if $(ALL),-k),-k) --no-print-directory \
	    $(BY_STAGE:=.run) STAGE=$* || status=$$?; \
	    $(if $(OWN),sh tests/exercises/exercise.sh meant $(SERVER) $(UPPER) $(CONNECT);) \
	    exit $$status
# What make itself says and does, in a copy of the repository.
commands: has_check
	@MAKE="$(MAKE_COMMAND)" sh tests/programs/commands.sh
test: itself
itself: $(PROGRAMS)
	@[ "$$(uname)" != Linux ] || O=$(O) sh tests/programs/itself.sh

.PHONY: commands itself test-01 test-02 test-03 test-04 $(BY_STAGE:=.run)

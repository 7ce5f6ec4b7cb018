# programs.mk -- the suites that see the programs from outside.

BY_STAGE = $(patsubst %.c,$(O)%,$(wildcard tests/programs/test_*.c))
SUITES += $(BY_STAGE)
TALK = $(addprefix $(O)tests/programs/,talk.o targets.o)

$(BY_STAGE): $(O)%: $(O)%.o $(TALK) $(HARNESS) $(SUITES_HARNESS)
	$(LINK) $(CHECK_LIBS)
$(TALK) $(BY_STAGE:=.o): $(O)%.o: %.c | has_check
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness $(CHECK_CFLAGS)
$(BY_STAGE:=.run): %.run: %
	@O=$(O) $(if $(STAGE),CK_RUN_SUITE=$(STAGE)) \
	    WRAPPER="$(or $(WRAPPER),$(RUN))" ./$<
test-01 test-02 test-03 test-04: test-%: has_check $(PROGRAMS) $(GIVEN) $(BY_STAGE)
	@$(MAKE) -k --no-print-directory $(BY_STAGE:=.run) STAGE=$*
# What make itself says and does, in a copy of the repository.
commands: has_check
	@MAKE="$(MAKE_COMMAND)" sh tests/programs/commands.sh

.PHONY: commands test-01 test-02 test-03 test-04 $(BY_STAGE:=.run)

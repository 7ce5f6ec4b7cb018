# harness.mk -- what starts programs and talks to them, for the rooms below.

# What makes Check suites of it is apart: the rest needs no Check.
SUITES_HARNESS = $(O)tests/harness/suites.o
HARNESS = $(filter-out $(SUITES_HARNESS),$(patsubst %.c,$(O)%.o,$(wildcard tests/harness/*.c)))

$(HARNESS): $(O)%.o: %.c
	$(COMPILE) $(TEST_CFLAGS)
$(SUITES_HARNESS): $(O)%.o: %.c | has_check
	$(COMPILE) $(TEST_CFLAGS) $(CHECK_CFLAGS)

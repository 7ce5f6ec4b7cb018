# harness.mk -- what starts programs and talks to them, for the rooms below.

HARNESS_SUITE = $(O)tests/harness/test_harness
# What makes Check suites of it is apart: the rest needs no Check.
SUITES_HARNESS = $(O)tests/harness/suites.o
HARNESS = $(filter-out $(SUITES_HARNESS) $(HARNESS_SUITE).o,\
    $(patsubst %.c,$(O)%.o,$(wildcard tests/harness/*.c)))
SUITES += $(HARNESS_SUITE)

$(HARNESS): $(O)%.o: %.c
	$(COMPILE) $(TEST_CFLAGS)
$(SUITES_HARNESS) $(HARNESS_SUITE).o: $(O)%.o: %.c | has_check
	$(COMPILE) $(TEST_CFLAGS) $(CHECK_CFLAGS)
$(HARNESS_SUITE): $(HARNESS_SUITE).o $(HARNESS)
	$(LINK) $(CHECK_LIBS)
$(HARNESS_SUITE).run: %.run: %
	@$(call path,$<)

.PHONY: $(HARNESS_SUITE).run

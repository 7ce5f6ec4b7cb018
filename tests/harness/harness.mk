# harness.mk -- what starts programs and talks to them, for the rooms below.

HARNESS_SUITE = $(O)tests/harness/test_harness
# What makes Check suites of it is apart: the rest needs no Check.
SUITES_HARNESS = $(O)tests/harness/suites.o
HARNESS = $(filter-out $(SUITES_HARNESS) $(HARNESS_SUITE).o,\
    $(patsubst %.c,$(O)%.o,$(wildcard tests/harness/*.c)))
# With it the nth system call of a program fails.
MISCHIEF = $(or $(O),build/)harness/mischief
SUITES += $(HARNESS_SUITE)

$(HARNESS): $(O)%.o: %.c
	$(COMPILE) $(TEST_CFLAGS)
$(SUITES_HARNESS) $(HARNESS_SUITE).o: $(O)%.o: %.c | has_check
	$(COMPILE) $(TEST_CFLAGS) $(CHECK_CFLAGS)
$(HARNESS_SUITE): $(HARNESS_SUITE).o $(HARNESS)
	$(LINK) $(CHECK_LIBS)
# The library sees select() and the like just as the programs do: $(STANDARD).
$(MISCHIEF).o: tests/harness/preloaded/mischief.c
	$(COMPILE) $(STANDARD) -Itests/harness -fPIC
$(MISCHIEF).so: $(MISCHIEF).o
	$(LINK) -shared $(if $(filter Linux,$(shell uname)),-ldl)
$(HARNESS_SUITE).run: %.run: %
	@$(call path,$<)

.PHONY: $(HARNESS_SUITE).run

-include $(wildcard $(MISCHIEF).d)

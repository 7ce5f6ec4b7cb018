# harness.mk -- what starts programs and talks to them, for the rooms below.

HARNESS = $(patsubst %.c,$(O)%.o,$(wildcard tests/harness/*.c))

$(HARNESS): $(O)%.o: %.c | has_check
	$(COMPILE) $(TEST_CFLAGS) $(CHECK_CFLAGS)

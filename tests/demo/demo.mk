# demo.mk -- make demo: watch the four stages.

DEMO = $(O)tests/demo/demo
DEMO_OBJECTS = $(patsubst %.c,$(O)%.o,$(wildcard tests/demo/*.c))

demo: $(PROGRAMS) $(DEMO)
	@$(UNTIL_CTRL_C) O=$(O) $(call path,$(DEMO))
$(DEMO): $(DEMO_OBJECTS) $(HARNESS)
	$(LINK)
$(DEMO_OBJECTS): $(O)%.o: %.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness

.PHONY: demo

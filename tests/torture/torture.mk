# torture.mk -- how to build and run torture.c and broken_server.c.

TORTURE = $(or $(O),build/)torture/
TORTURE_OBJECTS = $(patsubst tests/torture/%.c,$(TORTURE)%.o,\
    $(wildcard tests/torture/*.c tests/torture/cases/*.c))
TORTURE_BUILT = $(TORTURE)torture $(TORTURE)broken_server

.PHONY: torture torture-01 torture-02 torture-03 torture-broken torture-quick
torture: $(PROGRAMS) $(GIVEN) $(TORTURE)torture
	@O=$(O) $(call path,$(TORTURE)torture)
torture-01 torture-02 torture-03: torture-%: $(PROGRAMS) $(GIVEN) $(TORTURE)torture
	@O=$(O) $(call path,$(TORTURE)torture) $*

# Every case is seen to fail, with a server that has that fault. As a part of
# `make test` in half the time, and without a word about what is right.
torture-broken: $(TORTURE_BUILT)
	@$(call path,$(TORTURE)torture) -j 16 -b $(call path,$(TORTURE)broken_server)
torture-quick: $(TORTURE_BUILT)
	@echo "Every fault of broken_server must be noticed:"
	@CK_TIMEOUT_MULTIPLIER=$${CK_TIMEOUT_MULTIPLIER:-0.5} \
	    $(call path,$(TORTURE)torture) -q -j 16 -b $(call path,$(TORTURE)broken_server)

$(TORTURE_OBJECTS): $(TORTURE)%.o: tests/torture/%.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness
$(TORTURE)torture: $(filter-out %/broken_server.o,$(TORTURE_OBJECTS)) $(HARNESS)
	$(LINK)
$(TORTURE)broken_server: $(TORTURE)broken_server.o
	$(LINK)

-include $(wildcard $(TORTURE)*.d $(TORTURE)*/*.d)

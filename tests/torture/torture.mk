# torture.mk -- how to build and run torture.c.

TORTURE = $(or $(O),build/)torture/
TORTURE_OBJECTS = $(patsubst tests/torture/%.c,$(TORTURE)%.o,\
    $(wildcard tests/torture/*.c tests/torture/cases/*.c))
TORTURE_BUILT = $(TORTURE)torture $(BROKEN_SERVER)

# ROW="never reads" plays the cases with that in their names.
ONLY = $(if $(ROW),-r $(call quote,$(ROW)))

.PHONY: torture torture-01 torture-02 torture-03 torture-broken torture-quick torture-check
torture: $(PROGRAMS) $(GIVEN) $(TORTURE)torture
	@O=$(O) $(call path,$(TORTURE)torture) $(ONLY)
torture-01 torture-02 torture-03: torture-%: $(PROGRAMS) $(GIVEN) $(TORTURE)torture
	@O=$(O) $(call path,$(TORTURE)torture) $(ONLY) $*

# Every case is seen to fail, with a server that has that fault. As a part of
# `make test` in half the time, and without a word about what is right.
torture-broken: $(TORTURE_BUILT)
	@$(call path,$(TORTURE)torture) $(ONLY) -j 16 -b $(call path,$(BROKEN_SERVER))
torture-quick: $(TORTURE_BUILT)
	@echo "Every fault of broken_server must be noticed:"
	@CK_TIMEOUT_MULTIPLIER=$${CK_TIMEOUT_MULTIPLIER:-0.5} \
	    $(call path,$(TORTURE)torture) -q -j 16 -b $(call path,$(BROKEN_SERVER))

# What it says to whoever names something wrong.
test: torture-check
torture-check: $(PROGRAMS) $(TORTURE)torture
	@O=$(O) TORTURE=$(TORTURE) sh tests/torture/check.sh

$(TORTURE_OBJECTS): $(TORTURE)%.o: tests/torture/%.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness
$(TORTURE)torture: $(TORTURE_OBJECTS) $(HARNESS)
	$(LINK)

-include $(wildcard $(TORTURE)*.d $(TORTURE)*/*.d)

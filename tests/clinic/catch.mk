# catch.mk -- make catch: a check that somebody has written, put to the test.
#
#   make catch SCRIPT=mine.sh      does it accept our servers, which of the sick
#                                  does it catch? LIMIT=10 seconds for each
#   make catch SCRIPT="python3 mine.py"

GUEST = $(CLINIC)guest
CATCH = $(CLINIC)catch
CATCH_OBJECTS = $(patsubst tests/clinic/%.c,$(CLINIC)%.o,$(wildcard tests/clinic/catch*.c))
CLINIC_OBJECTS += $(CLINIC)guest.o $(CATCH_OBJECTS)
CATCH_BUILT = $(CATCH) $(GUEST) $(BROKEN_SERVER)

.PHONY: catch catch-check
catch: $(PROGRAMS) $(GIVEN) $(CATCH_BUILT)
	@O=$(O) $(call path,$(CATCH)) $(if $(LIMIT),-l '$(LIMIT)') \
	    $(call path,$(BROKEN_SERVER)) $(call quote,$(SCRIPT))
# What it says of checks that are good, poor or mischievous.
test: catch-check
catch-check: $(PROGRAMS) $(CATCH_BUILT)
	@O=$(O) CLINIC=$(CLINIC) sh tests/clinic/catch_check.sh

$(CATCH): $(CATCH_OBJECTS) $(HARNESS)
	$(LINK)
$(CLINIC)guest.o $(CATCH_OBJECTS): $(CLINIC)%.o: tests/clinic/%.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness
$(GUEST): $(CLINIC)guest.o $(HARNESS)
	$(LINK)

# units.mk -- the suites that call the functions of common/.

UNITS = $(patsubst %.c,$(O)%,$(wildcard tests/units/test_*.c))
# They see common/ with system calls that fail on demand, and with a stand-in
# for kqueue and /dev/poll where the system has none.
TESTED = $(COMMON:$(O)%=$(O)tests/units/%)
FAULTS = $(O)tests/units/faults.o
EMULATION = $(O)tests/units/emulation/emulation.o
UNITS_CFLAGS = $(TEST_CFLAGS) -isystem tests/units/emulation -Itests/units
SUITES += $(UNITS)

$(UNITS): $(O)%: $(O)%.o $(TESTED) $(FAULTS) $(EMULATION)
	$(LINK) $(CHECK_LIBS)
$(TESTED): $(O)tests/units/%.o: %.c
	$(COMPILE) $(UNITS_CFLAGS) -DWITH_FAULTS -include tests/units/faults.h
$(UNITS:=.o) $(FAULTS) $(EMULATION): $(O)%.o: %.c | has_check
	$(COMPILE) $(UNITS_CFLAGS) $(CHECK_CFLAGS)
$(UNITS:=.run): %.run: %
	@O=$(O) $(RUN) ./$<
# Not with our flags.
test: alone
alone:
	@CC="$(CC)" sh tests/units/alone.sh

.PHONY: alone $(UNITS:=.run)

# chaos.mk -- how to build and run chaos_run.c.

CHAOS = $(or $(O),build/)chaos/
SEEDS = 1-40
JOBS = $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Programs with a stand-in for the kqueue and /dev/poll that a system has not.
EMULATED = $(addprefix $(CHAOS),$(filter 03% 04%,$(PROGRAMS:$(O)%=%)))
CHAOS_BUILT = $(PROGRAMS) $(EMULATED) $(CHAOS)chaos.so $(CHAOS)chaos_run
CHAOS_RUN = @O=$(O) EMULATED=$(CHAOS) RATES='$(RATES)' ./$(CHAOS)chaos_run \
    -l ./$(CHAOS)chaos.so -j $(JOBS) -s $(or $(SEED),$(SEEDS))

.PHONY: chaos chaos-01 chaos-02 chaos-03 chaos-04
chaos: $(CHAOS_BUILT)
	$(CHAOS_RUN) -k 03_selectors_callbacks/upper
	$(CHAOS_RUN) $(PROGRAM)
chaos-01 chaos-02 chaos-03 chaos-04: chaos-%: $(CHAOS_BUILT)
	$(CHAOS_RUN) $(or $(PROGRAM),$*)

# The library sees select() and the like just as the programs do: $(STANDARD).
$(CHAOS)chaos.o: tests/chaos/chaos.c
	$(COMPILE) $(STANDARD) -isystem tests/units/emulation -fPIC
$(CHAOS)emulation.o: tests/units/emulation/emulation.c
	$(COMPILE) $(UNITS_CFLAGS) -fPIC
$(CHAOS)%.so: $(CHAOS)%.o
	$(LINK) -shared $(if $(filter Linux,$(shell uname)),-ldl)
$(CHAOS)chaos_run.o: tests/chaos/chaos_run.c
	$(COMPILE) $(UNITS_CFLAGS) -Itests/harness
$(CHAOS)chaos_run: $(CHAOS)chaos_run.o $(TESTED) $(FAULTS) $(EMULATION) $(HARNESS)
	$(LINK) $(CHECK_LIBS)
$(EMULATED): $(CHAOS)%: $(O)%.o $(TESTED) $(FAULTS) $(CHAOS)emulation.so
	@mkdir -p $(@D)
	$(LINK)

-include $(wildcard $(CHAOS)*.d)

# chaos.mk -- how to build and run chaos_run, and the library that it preloads.

CHAOS = $(or $(O),build/)chaos/
SEEDS = 1-40
JOBS = $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Programs with a stand-in for the kqueue and /dev/poll that a system has not.
EMULATED = $(addprefix $(CHAOS),$(filter 03% 04%,$(PROGRAMS:$(O)%=%)))
CHAOS_BUILT = $(PROGRAMS) $(EMULATED) $(CHAOS)chaos.so $(CHAOS)chaos_run
CHAOS_RUN = @O=$(O) EMULATED=$(CHAOS) RATES='$(RATES)' $(call path,$(CHAOS)chaos_run) \
    -l $(call path,$(CHAOS)chaos.so) -j $(JOBS) $(if $(ALL),-a) \
    -s $(or $(SEED),$(SEEDS))

.PHONY: chaos chaos-01 chaos-02 chaos-03 chaos-04
chaos: $(CHAOS_BUILT) $(GIVEN)
	$(if $(OWN),,@O=$(O) CHAOS=$(CHAOS) sh tests/chaos/check.sh)
	$(if $(OWN),,$(CHAOS_RUN) -k 03_selectors_callbacks/upper)
	$(CHAOS_RUN) $(if $(PROGRAM),$(call quote,$(PROGRAM)))
chaos-01 chaos-02 chaos-03 chaos-04: chaos-%: $(CHAOS_BUILT) $(GIVEN)
	$(CHAOS_RUN) $(call quote,$(or $(PROGRAM),$*))

SHARED = -shared $(if $(filter Linux,$(shell uname)),-ldl)
PRELOADED = $(patsubst tests/chaos/%.c,$(CHAOS)%.o,$(wildcard tests/chaos/preload/*.c))
CHAOS_OBJECTS = $(patsubst tests/chaos/%.c,$(CHAOS)%.o,$(wildcard tests/chaos/*.c))
# The library sees select() and the like just as the programs do: $(STANDARD).
$(PRELOADED): $(CHAOS)%.o: tests/chaos/%.c
	$(COMPILE) $(STANDARD) -isystem tests/units/emulation -Itests/harness -fPIC
$(CHAOS)chaos.so: $(PRELOADED)
	$(LINK) $(SHARED)
$(CHAOS_OBJECTS): $(CHAOS)%.o: tests/chaos/%.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness
$(CHAOS)chaos_run: $(CHAOS_OBJECTS) $(HARNESS)
	$(LINK)
$(CHAOS)emulation.o $(CHAOS)kernels.o: $(CHAOS)%.o: tests/units/emulation/%.c
	$(COMPILE) $(UNITS_CFLAGS) -fPIC
$(CHAOS)emulation.so: $(CHAOS)emulation.o $(CHAOS)kernels.o
	$(LINK) $(SHARED)
$(EMULATED): $(CHAOS)%: $(O)%.o $(TESTED) $(FAULTS) $(CHAOS)emulation.so
	@mkdir -p $(@D)
	$(LINK)

-include $(wildcard $(CHAOS)*.d $(CHAOS)*/*.d)

# chaos.mk -- how to build and run chaos_run.c and fuzz_selector.c.

CHAOS = $(or $(O),build/)chaos/
SEEDS = 1-40
JOBS = $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
CHAOS_TESTED = $(COMMON:$(O)%=$(O)tests/%) $(O)tests/faults.o
# Programs with a stand-in for the kqueue and /dev/poll that a system has not.
EMULATED = $(addprefix $(CHAOS),03_selectors_callbacks/server \
    03_selectors_callbacks/upper 04_nonblocking_connect/connect)
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
$(CHAOS)chaos.o: tests/chaos.c
	$(COMPILE) $(STANDARD) -isystem tests/emulation -fPIC
$(CHAOS)emulation.o: tests/emulation.c
	$(COMPILE) $(TEST_CFLAGS) -fPIC
$(CHAOS)%.so: $(CHAOS)%.o
	$(LINK) -shared $(if $(filter Linux,$(shell uname)),-ldl)
$(CHAOS)chaos_run.o: tests/chaos_run.c
	$(COMPILE) $(TEST_CFLAGS)
$(CHAOS)chaos_run: $(CHAOS)chaos_run.o $(CHAOS_TESTED) \
    $(O)tests/emulation.o $(O)tests/harness.o
	$(LINK) $(CHECK_LIBS)
$(EMULATED): $(CHAOS)%: $(O)%.o $(CHAOS_TESTED) $(CHAOS)emulation.so
	@mkdir -p $(@D)
	$(LINK)

# Under the sanitizers; guided by coverage where clang has its libFuzzer.
FUZZ = build/fuzz/
SECONDS = 30
SANITIZED = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all

.PHONY: fuzz fuzz-guided fuzz-random
fuzz:
	@mkdir -p $(FUZZ)corpus
	@if echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	    clang -fsanitize=fuzzer -x c - -o $(FUZZ)probe 2>/dev/null; \
	then $(MAKE) -s fuzz-guided; else $(MAKE) -s fuzz-random; fi
fuzz-guided:
	$(MAKE) O=$(FUZZ) CC=clang CFLAGS="$(SANITIZED) -fsanitize=fuzzer-no-link" \
	    $(FUZZ)tests/fuzz_selector
	$(FUZZ)tests/fuzz_selector -max_total_time=$(SECONDS) -max_len=700 \
	    -timeout=20 -use_cmp=0 -verbosity=0 -print_funcs=0 \
	    -artifact_prefix=$(FUZZ) $(FUZZ)corpus
	@echo "guided by coverage: nothing found in $(SECONDS) seconds"
fuzz-random:
	$(MAKE) O=$(FUZZ)random/ CFLAGS="$(SANITIZED)" $(FUZZ)random/tests/test_fuzz
	FUZZ_SECONDS=$(SECONDS) $(FUZZ)random/tests/test_fuzz
	@echo "at random (no libFuzzer here): nothing found in $(SECONDS) seconds"

$(O)tests/fuzz_selector: $(O)tests/fuzz_selector.o $(CHAOS_TESTED) \
    $(O)tests/emulation.o
	$(LINK) -fsanitize=fuzzer
$(O)tests/test_fuzz: $(O)tests/fuzz_selector.o
$(O)tests/fuzz_selector.o: tests/fuzz_selector.c
	$(COMPILE) $(TEST_CFLAGS)

-include $(wildcard $(CHAOS)*.d)

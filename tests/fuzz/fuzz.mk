# fuzz.mk -- the selector, used at random: a little by the suites, more here.
#
# Under the sanitizers; guided by coverage where clang has its libFuzzer.

FUZZ = $(or $(O),build/)fuzz/
FUZZ_SUITE = $(O)tests/fuzz/test_fuzz
FUZZ_GUIDED = $(O)tests/fuzz/fuzz_selector
FUZZ_PARTS = $(patsubst %.c,$(O)%.o,\
    $(filter-out %/test_fuzz.c,$(wildcard tests/fuzz/*.c)))
FUZZED = $(FUZZ_PARTS) $(TESTED) $(BACKENDS) $(FAULTS) $(EMULATION)
SECONDS = 30
SANITIZED = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all
SUITES += $(FUZZ_SUITE)

fuzz:
	@mkdir -p $(FUZZ)corpus
	@if echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	    clang -fsanitize=fuzzer -x c - -o $(FUZZ)probe 2>/dev/null; \
	then $(MAKE) -s fuzz-guided; else $(MAKE) -s fuzz-random; fi
fuzz-guided:
	$(MAKE) O=$(FUZZ) CC=clang CFLAGS="$(SANITIZED) -fsanitize=fuzzer-no-link" \
	    $(FUZZ)tests/fuzz/fuzz_selector
	$(FUZZ)tests/fuzz/fuzz_selector -max_total_time=$(SECONDS) -max_len=700 \
	    -timeout=20 -use_cmp=0 -verbosity=0 -print_funcs=0 \
	    -artifact_prefix=$(FUZZ) $(FUZZ)corpus
	@echo "guided by coverage: nothing found in $(SECONDS) seconds"
fuzz-random:
	$(MAKE) O=$(FUZZ)random/ CFLAGS="$(SANITIZED)" \
	    $(FUZZ)random/tests/fuzz/test_fuzz
	FUZZ_SECONDS=$(SECONDS) $(FUZZ)random/tests/fuzz/test_fuzz
	@echo "at random (no libFuzzer here): nothing found in $(SECONDS) seconds"

$(FUZZ_SUITE): $(O)tests/fuzz/test_fuzz.o $(FUZZED)
	$(LINK) $(CHECK_LIBS)
$(PLANTED)test_fuzz: $(FUZZ_SUITE).o $(FUZZ_PARTS)
$(FUZZ_GUIDED): $(FUZZED)
	$(LINK) -fsanitize=fuzzer
$(FUZZ_SUITE).o: $(O)%.o: %.c | has_check
	$(COMPILE) $(UNITS_CFLAGS) $(CHECK_CFLAGS)
$(FUZZ_PARTS): $(O)%.o: %.c
	$(COMPILE) $(UNITS_CFLAGS)
$(FUZZ_SUITE).run: %.run: %
	@O=$(O) $(RUN) $(call path,$<)

.PHONY: fuzz fuzz-guided fuzz-random $(FUZZ_SUITE).run

# units.mk -- the suites that call the functions of common/.

UNITS = $(addprefix $(O)tests/units/test_,selector sockets program)
unit = $(patsubst %.c,$(O)%.o,$(wildcard tests/units/$(1)/*.c))
# They see common/ with system calls that fail on demand, and with a stand-in
# for kqueue and /dev/poll where the system has none.
TESTED = $(COMMON:$(O)%=$(O)tests/units/%)
FAULTS = $(O)tests/units/faults.o
EMULATION = $(call unit,emulation)
BACKENDS = $(O)tests/units/backends.o
CHECKS = $(O)tests/units/checks.o
UNITS_CFLAGS = $(TEST_CFLAGS) -isystem tests/units/emulation -Itests/units \
    -Itests/harness
SUITES += $(UNITS)

$(UNITS): $(TESTED) $(CHECKS) $(BACKENDS) $(FAULTS) $(EMULATION)
	$(LINK) $(CHECK_LIBS)
$(O)tests/units/test_selector: $(call unit,selector)
$(O)tests/units/test_sockets: $(call unit,sockets)
$(O)tests/units/test_program: $(call unit,program)
$(TESTED): $(O)tests/units/%.o: %.c
	$(COMPILE) $(UNITS_CFLAGS) -DWITH_FAULTS -include tests/units/faults.h
$(call unit,*) $(CHECKS) $(BACKENDS) $(FAULTS): $(O)%.o: %.c | has_check
	$(COMPILE) $(UNITS_CFLAGS) $(CHECK_CFLAGS)
$(UNITS:=.run): %.run: %
	@O=$(O) $(RUN) $(call path,$<)

# Is a backend that somebody adds taken in by the tests of common/?
PLANTED = $(or $(O),build/)planted/
PLANTED_SUITES = $(PLANTED)test_selector $(PLANTED)test_fuzz
PLANTED_COMMON = $(filter-out %/selector.o,$(TESTED)) \
    $(PLANTED)selector.o $(PLANTED)sweep_selector.o
planted: $(PLANTED_SUITES)
	@sh tests/units/planted.sh $(PLANTED)
$(PLANTED)test_selector: $(call unit,selector)
$(PLANTED_SUITES): $(PLANTED_COMMON) $(CHECKS) $(BACKENDS) $(FAULTS) $(EMULATION)
	$(LINK) $(CHECK_LIBS)
$(PLANTED)%.c: tests/units/planted/%.c
	@mkdir -p $(@D)
	@cp $< $@
$(PLANTED)selector.c: common/selector.c
	@mkdir -p $(@D)
	@sed 's/\(&*\)select_backend/&, \1sweep_backend/' $< >$@
$(PLANTED)%.o: $(PLANTED)%.c
	$(COMPILE) $(UNITS_CFLAGS) -DWITH_FAULTS -include tests/units/faults.h
-include $(wildcard $(PLANTED)*.d)

# Do they pass as well where a kernel does it in another way? Whoever has a
# kqueue needs no stand-in.
variants: KERNELS = freebsd netbsd macos illumos stingy
some-variants: KERNELS = netbsd macos
variants some-variants: has_check $(UNITS) $(O)tests/fuzz/test_fuzz
	@[ "$$(uname)" != Linux ] || sh tests/units/variants.sh $(O)tests $(KERNELS)

# And the programs, seen from outside? They wait with the stand-in's kqueue there.
# macos accepts as no other does; stingy tells less than there is.
ELSEWHERE = $(or $(O),build/)elsewhere/
PROGRAMS_ELSEWHERE = $(PROGRAMS:$(O)%=$(ELSEWHERE)%)
elsewhere = $(ELSEWHERE)03_selectors_callbacks/
variants: programs-elsewhere
programs-elsewhere: has_check $(PROGRAMS_ELSEWHERE)
	@[ "$$(uname)" != Linux ] || for kernel in macos stingy; do \
	    echo "as on $$kernel:"; \
	    talk() { $(MAKE) --no-print-directory STAND_IN=$$kernel ALL=1 "$$@"; }; \
	    talk test-01 SERVER=$(ELSEWHERE)01_blocking/server && \
	    talk test-02 SERVER=$(ELSEWHERE)02_select_loop/server && \
	    talk test-03 SERVER=$(elsewhere)server UPPER=$(elsewhere)upper CLIENT=$(elsewhere)client && \
	    talk test-04 CONNECT=$(ELSEWHERE)04_nonblocking_connect/connect || exit 1; \
	done
$(PROGRAMS_ELSEWHERE): $(ELSEWHERE)%: $(O)%.o $(TESTED) $(FAULTS) $(EMULATION)
	@mkdir -p $(@D)
	$(LINK)

# What no suite can see.
test: contract alone planted some-variants
contract:
	@sh tests/units/contract.sh
alone:
	@CC="$(CC)" sh tests/units/alone.sh

.PHONY: contract alone planted variants some-variants programs-elsewhere $(UNITS:=.run)

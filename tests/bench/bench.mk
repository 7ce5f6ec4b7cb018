# bench.mk -- how to build and run the benchmark: see tests/bench/run.sh.

BENCH = $(or $(O),build/)bench/
BENCH_PROGRAMS = $(addprefix $(BENCH),bench load connects server_by_hand)
BENCH_OBJECTS = $(patsubst tests/bench/%.c,$(BENCH)%.o,$(wildcard tests/bench/*.c))
BENCH_PARTS = bench calls by_hand ours measure \
    compare_libev compare_libevent compare_libuv compare_python

# The header and the library of another event loop, if this compiler finds both.
found = $(shell mkdir -p $(BENCH); \
    echo 'int main(void) { return 0; }' >$(BENCH)probe.c; \
    $(CC) $(CPPFLAGS) $(CFLAGS) -include $(2) $(BENCH)probe.c $(LDFLAGS) -l$(1) \
    -o $(BENCH)probe 2>/dev/null && echo $(1))
found_libev = $(call found,ev,ev.h)
found_libevent = $(call found,event,event2/event.h)
found_libuv = $(call found,uv,uv.h)

.PHONY: bench bench-quick
bench: $(PROGRAMS) $(BENCH_PROGRAMS)
	@O=$(O) CC="$(CC)" CFLAGS="$(CFLAGS)" sh tests/bench/run.sh $(BENCH)
bench-quick: $(PROGRAMS) $(BENCH_PROGRAMS)
	@O=$(O) CC="$(CC)" CFLAGS="$(CFLAGS)" sh tests/bench/run.sh -q $(BENCH)

# libevent first: libev has functions of the same names, for its old programs.
$(BENCH)bench: $(BENCH_PARTS:%=$(BENCH)%.o) $(COMMON)
	$(LINK) $(addprefix -l,$(found_libevent) $(found_libev) $(found_libuv))
$(BENCH)load $(BENCH)connects: $(HARNESS)
$(BENCH)load $(BENCH)connects $(BENCH)server_by_hand: $(BENCH)%: \
    $(BENCH)%.o $(BENCH)measure.o $(COMMON)
	$(LINK)
$(BENCH_OBJECTS): $(BENCH)%.o: tests/bench/%.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness \
	    $(if $(findstring compare_lib,$@),$(if $(found_$(*:compare_%=%)),-DHAVE_$(*:compare_%=%)))

-include $(wildcard $(BENCH)*.d)

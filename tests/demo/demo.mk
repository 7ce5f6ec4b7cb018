# demo.mk -- make demo: watch the four stages. make pictures: keep what is seen.

DEMO = $(O)tests/demo/demo
DEMO_OBJECTS = $(patsubst %.c,$(O)%.o,$(wildcard tests/demo/*.c))
DEMO_STAGES = 01 02 03 04

# One's own program is shown in one place.
demo: $(if $(SERVER),demo-02,$(if $(CONNECT)$(BUSY),demo-04,demo-all))
demo-all: $(PROGRAMS) $(DEMO)
	@$(UNTIL_CTRL_C) O=$(O) $(call path,$(DEMO))
demo-01 demo-02 demo-03 demo-04: demo-%: $(PROGRAMS) $(DEMO) $(GIVEN)
	@$(UNTIL_CTRL_C) O=$(O) $(if $(SVG),sh tests/demo/draw.sh $* '$(subst ','\'',$(SVG))',$(call path,$(DEMO)) $*)
# Those that are kept are of our programs, drawn one after the other.
pictures: $(PROGRAMS) $(DEMO)
	@for stage in $(DEMO_STAGES); do \
	    SERVER= CONNECT= BUSY= O=$(O) sh tests/demo/draw.sh $$stage tests/demo/$$stage.svg || exit; done
	@LC_ALL=C awk -f tests/harness/svg.awk -f tests/bench/curves.awk tests/bench/measured.tsv >tests/bench/measured.svg
check-demo: $(PROGRAMS) $(DEMO)
	@O=$(O) sh tests/demo/check.sh
check-pictures: $(PROGRAMS) $(DEMO)
	@O=$(O) sh tests/demo/pictures.sh
$(DEMO): $(DEMO_OBJECTS) $(HARNESS)
	$(LINK)
$(DEMO_OBJECTS): $(O)%.o: %.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness

.PHONY: demo demo-all $(addprefix demo-,$(DEMO_STAGES)) pictures check-demo check-pictures

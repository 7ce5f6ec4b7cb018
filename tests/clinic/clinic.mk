# clinic.mk -- servers with a fault, for those who learn to find it.

CLINIC = $(or $(O),build/)clinic/
BROKEN_SERVER = $(CLINIC)broken_server
CLINIC_OBJECTS = $(CLINIC)broken_server.o
CASES = $(sort $(patsubst tests/clinic/%/about,%,$(wildcard tests/clinic/*/about)))
# Diagnoses that no case has: they are proven, and are wrong everywhere.
NO_CASES = $(sort $(patsubst tests/clinic/%/about,%,$(wildcard tests/clinic/no-case/*/about)))
SICK = $(CASES:%=$(CLINIC)%/sick) $(NO_CASES:%=$(CLINIC)%/sick)
HEALTHY = $(CLINIC)none/sick

$(CLINIC_OBJECTS): $(CLINIC)%.o: tests/clinic/%.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness
$(BROKEN_SERVER): $(CLINIC)broken_server.o
	$(LINK)
# -g would tell in which line it sleeps, and inlining would hide the function.
SICK_CFLAGS = $(TEST_CFLAGS) $(CPPFLAGS) $(CFLAGS) -O1 -g0 -fno-inline
$(SICK) $(HEALTHY): $(CLINIC)%/sick: tests/clinic/broken_server.c $(FLAGS)
	@mkdir -p $(@D)
	$(call short,CC)$(CC) $(WARNINGS) $(SICK_CFLAGS) -DSICK=$$(sh tests/clinic/clinic.sh fault $*) \
	    $< $(LDFLAGS) $(LDLIBS) -o $@
$(SICK): $(CLINIC)%/sick: tests/clinic/%/about

CLINIC_SH = @$(UNTIL_CTRL_C) O=$(O) MAKE="$(MAKE)" sh tests/clinic/clinic.sh
sick sick-list sick-hint cure:
	$(CLINIC_SH) $@

# The commands of each case's last hint, on the sick server and on ours; and
# whether the clinic says what is so.
test: clinic
clinic: $(PROGRAMS) $(SICK) $(HEALTHY)
	@$(MAKE) -k -s --no-print-directory -j12 clinic-words $(CASES:%=clinic-%) $(NO_CASES:%=clinic-%); \
	    sh tests/clinic/prove.sh sum words $(CASES) $(NO_CASES)
clinic-words: $(SICK) $(HEALTHY)
	@O=$(O) MAKE="$(MAKE)" sh tests/clinic/check.sh
$(CASES:%=clinic-%) $(NO_CASES:%=clinic-%): clinic-%: $(PROGRAMS) $(SICK)
	@O=$(O) sh tests/clinic/prove.sh $*
# Whether what is said against a wrong answer is so: all commands on all servers.
clinic-answers: $(SICK)
	@$(MAKE) -k -s --no-print-directory -j8 $(CASES:%=clinic-answers-%) $(NO_CASES:%=clinic-answers-%)
$(CASES:%=clinic-answers-%) $(NO_CASES:%=clinic-answers-%): clinic-answers-%: $(SICK)
	@O=$(O) sh tests/clinic/prove.sh $* answers

.PHONY: sick sick-list sick-hint cure clinic clinic-words clinic-answers \
    $(CASES:%=clinic-%) $(CASES:%=clinic-answers-%) \
    $(NO_CASES:%=clinic-%) $(NO_CASES:%=clinic-answers-%)

-include $(wildcard $(CLINIC)*.d)
include tests/clinic/catch.mk

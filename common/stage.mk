# stage.mk -- what can be made in the folder of a stage; the rules are in
# ../Makefile.
#
#   make           build all that is here; make mine  one of it
#   make run       as make run-02 at the top, if this is stage 02
#   make watch     as make watch-02, its lid off; watch-upper, watch-busy: another
#   make demo      as make demo-02, who is answered when
#   make test      as make test-02; SERVER="python3 mine.py", UPPER= and so on are
#                  commands as you would type them here, as for watch and demo
#   make torture   as make torture-02; make chaos as make chaos-02
#   make catch SCRIPT=./mine.sh   as at the top
#   make ex-1.1    learn, hint-1.1, solution-1.1, again-1.1: as at the top
include ../common/given.mk

STAGE = $(lastword $(subst /, ,$(CURDIR)))
NN = $(firstword $(subst _, ,$(STAGE)))
PROGRAMS = $(patsubst %.c,%,$(wildcard *.c))
GIVEN = SERVER UPPER CLIENT CONNECT BUSY
TOP = $(MAKE) --no-print-directory -C ..
# The tests run at the top, a command that is given goes back here first. $$$$
# is a $ after our make and the one at the top have read it.
here = sh -c 'cd $(STAGE) && exec "$$$$0" "$$$$@"' $(value $(1))
# A file of this folder as it is called at the top.
from_top = $(if $(filter-out /%,$(1)),$(STAGE)/)$(patsubst ./%,%,$(1))

all $(PROGRAMS):
	@$(TOP) $(addprefix $(O)$(STAGE)/,$(if $(filter all,$@),$(PROGRAMS),$@))
run test watch demo torture: %: %-$(NN)
# A library is put into the program itself, so that is named, not run by a shell.
chaos: $(filter $(PROGRAMS),$(foreach v,$(GIVEN),$(patsubst ./%,%,$($(v)))))
	@$(TOP) chaos-$(NN) $(foreach v,$(GIVEN),$(if $($(v)),$(v)=$(call quote,$(call from_top,$($(v))))))
catch:
	@$(TOP) $@ SCRIPT=$(call quote,$(if $(word 2,$(SCRIPT)),$(call here,SCRIPT),$(call from_top,$(SCRIPT))))
run-$(NN):
	@trap 'exit 0' INT; $(TOP) $@
# One rule each: with one for all of them make would think that ex-1.1 has also
# made hint-1.1.
learn:
	@$(TOP) $@
ex-%:
	@$(TOP) $@
hint-%:
	@$(TOP) $@
solution-%:
	@$(TOP) $@
again-%:
	@$(TOP) $@
given = $(foreach v,$(GIVEN),$(if $($(v)),$(v)=$(call quote,$(call here,$(v)))))
given_here = $(filter $(PROGRAMS),$(foreach v,$(GIVEN),$(patsubst ./%,%,$($(v)))))
watch-%: $(given_here)
	@trap 'exit 0' INT; $(TOP) $@ $(given)
demo-$(NN): $(given_here)
	@$(TOP) $@ $(given) $(if $(SVG),SVG=$(call quote,$(if $(filter /%,$(SVG)),,$(CURDIR)/)$(SVG)))
%-$(NN): $(given_here)
	@$(TOP) $@ $(given)
help:
	@$(TOP) help
clean:
	@rm -f $(PROGRAMS) *.[od]
.PHONY: all run test watch demo torture chaos catch learn help clean $(PROGRAMS)

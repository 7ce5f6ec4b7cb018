# stage.mk -- what can be made in the folder of a stage; the rules are in
# ../Makefile.
#
#   make           build all that is here; make mine  one of it
#   make run       as make run-02 at the top, if this is stage 02
#   make test      as make test-02; SERVER="python3 mine.py", UPPER= and so on are
#                  commands as you would type them here
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
quote = '$(subst ','\'',$(1))'

all $(PROGRAMS):
	@$(TOP) $(addprefix $(O)$(STAGE)/,$(if $(filter all,$@),$(PROGRAMS),$@))
run test: %: %-$(NN)
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
%-$(NN): $(filter $(PROGRAMS),$(foreach v,$(GIVEN),$(patsubst ./%,%,$($(v)))))
	@$(TOP) $@ $(foreach v,$(GIVEN),$(if $($(v)),$(v)=$(call quote,$(call here,$(v)))))
help:
	@$(TOP) help
clean:
	@rm -f $(PROGRAMS) *.[od]
.PHONY: all run test learn help clean $(PROGRAMS)

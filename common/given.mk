# given.mk -- what make is told, and by whom.
#
# On its command line. What a shell has for other programs (STAGE=dev, SERVER=...)
# must not decide what is built or examined here.
OURS = STAGE RUN WRAPPER O V SEED SEEDS SECONDS RATES PROGRAM BACKEND STAND_IN \
    SERVER UPPER CLIENT CONNECT BUSY SVG LESSONS CONTRACT ROWS FUZZ_SEED FUZZ_SECONDS \
    DEFECT FORCE CASE ANSWER SCRIPT LIMIT ROW ALL \
    CK_RUN_SUITE CK_RUN_CASE CK_INCLUDE_TAGS CK_EXCLUDE_TAGS CK_FORK
$(foreach v,$(OURS),$(if $(filter environment%,$(origin $(v))),\
    $(eval $(v) =)$(eval unexport $(v))))
unexport CDPATH

override O := $(if $(O),$(patsubst %/,%,$(O))/)
# For a shell, as one word.
quote = '$(subst ','\'',$(1))'
# How to call what lies there: by a path with a slash.
path = $(if $(filter /%,$(1)),$(1),./$(1))

ifeq ($(origin CC),undefined) # make -R
CC = cc
endif
$(if $(strip $(CC)),,$(error CC= names no compiler))

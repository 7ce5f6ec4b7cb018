# exercises.mk -- make learn, ex-N, hint-N, solution-N, again-N, exercises.

EXERCISES = $(patsubst %.c,$(O)%,$(wildcard 0*/exercises/*.c))
CHECK_EXERCISE = $(O)tests/exercises/check
TRACED = $(O)tests/exercises/traced.o
CHECK_OBJECTS = $(filter-out $(TRACED),\
    $(patsubst %.c,$(O)%.o,$(wildcard tests/exercises/*.c)))
# Some programs are built once more while they are checked.
BUILDING = COMPILE="$(CC) $(WARNINGS) -Icommon $(CPPFLAGS) $(CFLAGS) $(STANDARD)" \
    COMMON="$(COMMON)" TRACED=$(TRACED) LIBS="$(LDFLAGS) $(LDLIBS)"
EXERCISE = @O= MAKE="$(MAKE)" FORCE="$(FORCE)" $(BUILDING) \
    sh tests/exercises/exercise.sh

$(EXERCISES): $(O)%: $(O)%.o $(COMMON)
	$(LINK)
$(EXERCISES:=.o): $(O)%.o: %.c
	$(COMPILE) $(STANDARD)
$(CHECK_OBJECTS) $(TRACED): $(O)%.o: %.c | has_check checks_are_new
	$(COMPILE) $(TEST_CFLAGS) $(CHECK_CFLAGS) -Itests/harness
$(CHECK_EXERCISE): $(CHECK_OBJECTS) $(HARNESS) | $(TRACED) $(MISCHIEF).so
	$(LINK) $(CHECK_LIBS)

checks_are_new:
	@[ -e $(CHECK_EXERCISE) ] || echo "Building the checks: this once, it takes half a minute."

learn:
	$(EXERCISE) learn
ex-%: $(CHECK_EXERCISE)
	$(EXERCISE) ex $*
hint-% solution-% again-%:
	$(EXERCISE) $(subst -, ,$@)
# Without a number; and no rule of make's own may take ex- for a program.
UNNUMBERED = ex hint solution again
$(UNNUMBERED) $(UNNUMBERED:=-):
	$(EXERCISE) $(subst -,,$@)

# A starter must be red for the reason that is named, its solution green, each
# typical wrong answer red with its message.
NUMBERS = $(notdir $(patsubst %/about,%,$(wildcard tests/exercises/*/about)))
# Nearly all the time somebody waits for what will not come, so there are many at
# a time; those that take longest begin.
LONGEST = 6.1 2.6 4.4 3.3 6.2 2.5 1h.1 2.2
AT_ONCE = 12

test: exercises
exercises: $(CHECK_EXERCISE) $(COMMON) $(BY_STAGE)
	@$(MAKE) -k -s --no-print-directory -j$(AT_ONCE) $(patsubst %,prove-%,$(LONGEST) $(filter-out $(LONGEST),$(NUMBERS)) spoilt student); \
	    sh tests/exercises/prove.sh sum $(NUMBERS) spoilt student
# Is it noticed if one of them is changed, and does not fit any more? Are these
# commands true?
prove-spoilt prove-student: prove-%: $(CHECK_EXERCISE) $(COMMON)
	@$(BUILDING) CHECK=$(call path,$(CHECK_EXERCISE)) \
	    COMPILE_CHECK="$(CC) $(CFLAGS) $(TEST_CFLAGS) $(CHECK_CFLAGS) -Icommon -Itests/harness -Itests/exercises" \
	    LINK_CHECK="$(CC) $(CFLAGS) $(LDFLAGS)" CHECK_LIBS="$(CHECK_LIBS) $(LDLIBS)" \
	    OBJECTS="$(filter-out %/lesson0.o,$(CHECK_OBJECTS) $(HARNESS))" \
	    sh tests/exercises/$*.sh
prove-%: $(CHECK_EXERCISE) $(COMMON) $(BY_STAGE)
	@$(BUILDING) CHECK=$(call path,$(CHECK_EXERCISE)) SUITES="$(BY_STAGE)" sh tests/exercises/prove.sh $*

.PHONY: learn checks_are_new exercises $(UNNUMBERED) $(UNNUMBERED:=-)

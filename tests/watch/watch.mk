# watch.mk -- make watch-02: a program with its lid off.

WATCH = $(O)tests/watch/watch
WATCH_PARTS = $(addprefix $(O)tests/watch/,callers.o calls.o linux.o lsof.o \
    moment.o picture.o proc.o unwind.o)

# A program that belongs to no stage.
watch: $(if $(SERVER),watch-02)
	@$(if $(SERVER),:,echo "Which one? make watch SERVER=\"python3 mine.py\"; of ours: make watch-02"; exit 2)
watch-01: $(O)01_blocking/server
watch-02: $(O)02_select_loop/server
watch-03: $(O)03_selectors_callbacks/server
watch-upper: $(O)03_selectors_callbacks/upper
watch-01 watch-02 watch-03 watch-upper: | $(WATCH) $(GIVEN)
	@$(UNTIL_CTRL_C) O=$(O) $(call path,$(WATCH)) $(patsubst $(O)%,%,$<) $(or $(PORT),5000)
watch-04: watch-connect
watch-connect: $(O)04_nonblocking_connect/connect
watch-busy: $(O)04_nonblocking_connect/busy
watch-connect watch-busy: | $(WATCH) $(GIVEN)
	@$(UNTIL_CTRL_C) O=$(O) $(call path,$(WATCH)) $(patsubst $(O)%,%,$<) $(TARGETS)
$(WATCH): $(O)tests/watch/watch.o $(WATCH_PARTS) $(HARNESS)
	$(LINK)
$(addprefix $(O)tests/watch/,watch.o shown.o) $(WATCH_PARTS): $(O)%.o: %.c
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness

WATCH_SUITES = $(addprefix $(O)tests/watch/test_,parts watch missing)
SUITES += $(WATCH_SUITES)
$(O)tests/watch/test_watch $(O)tests/watch/test_missing: $(O)tests/watch/shown.o
$(WATCH_SUITES): $(O)%: $(O)%.o $(WATCH_PARTS) $(HARNESS) $(SUITES_HARNESS) | $(WATCH)
	$(LINK) $(CHECK_LIBS)
$(WATCH_SUITES:=.o): $(O)%.o: %.c | has_check
	$(COMPILE) $(TEST_CFLAGS) -Itests/harness $(CHECK_CFLAGS)
$(WATCH_SUITES:=.run): %.run: %
	@O=$(O) WRAPPER="$(RUN)" $(call path,$<)

.PHONY: watch watch-01 watch-02 watch-03 watch-04 watch-upper watch-connect watch-busy \
    $(WATCH_SUITES:=.run)

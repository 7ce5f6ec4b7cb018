# lessons.mk -- is what LESSONS.md says true?

lessons: $(PROGRAMS)
	@O=$(O) sh tests/lessons/lessons.sh

.PHONY: lessons

# lessons.mk -- is what LESSONS.md says true?

lessons: lessons-check $(PROGRAMS)
	@O=$(O) sh tests/lessons/lessons.sh
# What needs no program: the shape of the text, in a moment. Does it notice?
lessons-text:
	@sh tests/lessons/text.sh
lessons-check:
	@sh tests/lessons/check.sh

.PHONY: lessons lessons-text lessons-check

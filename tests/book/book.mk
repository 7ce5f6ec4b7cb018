# book.mk -- LESSONS.md as one file for a browser, a telephone or a printer.

BOOK = $(or $(O),build/)book.html

book: $(BOOK)
	@echo "The course is in $(BOOK): open it with a browser. Printed, it has the answers at its end."
$(BOOK): LESSONS.md $(wildcard tests/book/book.* tests/demo/*.svg tests/bench/*.svg)
	@sh tests/book/book.sh LESSONS.md $@
book-check: book
	@sh tests/book/check.sh $(BOOK)

.PHONY: book book-check

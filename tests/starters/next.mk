
# With flags of its own, because ours would get in the way there.
JUDGE := env -u MAKEFLAGS -u MAKELEVEL $(MAKE) -C $(REPOSITORY) SERVER='$(COMMAND)'@PUBLIC@

.PHONY: next watch test
next: $(.DEFAULT_GOAL)
	@$(JUDGE) next-level$(LEVEL)

watch:
	@$(JUDGE) next-level$(LEVEL) WATCH='$(CURDIR)'

test: $(.DEFAULT_GOAL)
	@$(JUDGE) test-level$(LEVEL)

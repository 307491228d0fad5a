
# With flags of its own, because ours would get in the way there. The paths go through the environment,
# where no quote in them matters.
JUDGE := env -u MAKEFLAGS -u MAKELEVEL $(MAKE) -C "$(REPOSITORY)"
export SERVER := $(COMMAND)
export PUBLIC := $(if $(wildcard public),$(CURDIR)/public)

.PHONY: next watch test
next: $(.DEFAULT_GOAL)
	@$(JUDGE) next-level$(LEVEL)

watch: export WATCH := $(CURDIR)
watch:
	@$(JUDGE) next-level$(LEVEL)

test: $(.DEFAULT_GOAL)
	@$(JUDGE) test-level$(LEVEL)

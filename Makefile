# `make` builds every level, and `make help` lists what else it can do. Everything that only the tests
# need, such as how they are compiled, is in tests/tests.mk.

MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL),0)  # all processors, unless -j says otherwise
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN)
endif
LEVELS := 1 2 3 4
DIFFS  := diff-1-2 diff-2-3 diff-3-4

# An exercise has its suite in a file such as tests/exercises/level2_1_idle_limit.cpp.
exercise_of = $(patsubst level%,%,$(word 1,$1))-$(word 2,$1)
EXERCISE_SUITES := $(sort $(basename $(wildcard tests/exercises/level*.cpp)))
ALL_EXERCISES   := $(foreach suite,$(EXERCISE_SUITES),exercise-$(call exercise_of,$(subst _, ,$(notdir $(suite)))))

# Goals named together are made one after the other, under -j as well: make -j4 deps test
ifneq ($(word 2,$(MAKECMDGOALS)),)
.PHONY: in-order $(MAKECMDGOALS)
$(sort $(MAKECMDGOALS)): in-order ; @:
in-order:
	@$(foreach goal,$(MAKECMDGOALS),$(MAKE) $(goal) &&) true
else

# For make levelN, make level5, make diff-2-4 and make exercise-9-9: say what there is.
KNOWN := $(foreach kind,level run-level test-level next-level,$(LEVELS:%=$(kind)%)) $(DIFFS) diff-mine $(ALL_EXERCISES)
$(foreach kind,level% run-level% test-level% next-level% diff-% exercise-%,\
    $(foreach goal,$(filter-out $(KNOWN),$(filter $(kind),$(MAKECMDGOALS))),\
        $(error There is no $(goal). Choose from $(filter $(kind),$(KNOWN)))))

## Build and run
##   make, make all     build every level
##   make levelN        build level N, one of 1 to 4: the program is levelN/server
##   make run-levelN    build it and start it
##     CXX=clang++        with another compiler
##     BUILD=dir          in another folder than build
##     NO_ZLIB=1          level 4 as it is where zlib is missing
##     V=1                show each command in full
##   make clean         remove what make, the tests and the benchmarks have left
##   make clean-data    remove the guestbook's data, level4/data
##   make help          show this list
##
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

BUILD    ?= build
CXXFLAGS ?= -O3 -g
is_clang := $(shell $(CXX) --version 2>/dev/null | grep -q clang && echo yes)
# Not of -Wrestrict, because g++ 12 sees overlaps in strings where there are none (GCC's bug 105651).
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(if $(is_clang),,-Wno-restrict)
# Files may be larger than 2 GiB, and the year later than 2038, on systems with 32 bits as well.
LARGE    := -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
COMPILE   = $(CXX) -std=c++20 -pthread -MMD -MP $(WARNINGS) $(LARGE) $(CXXFLAGS) $(EXTRA_FLAGS) \
    $(NO_ZLIB:%=-DNO_ZLIB) $(if $(findstring -fsanitize,$(CXXFLAGS) $(EXTRA_FLAGS)),-DSANITIZED)

# $(call say,CXX,file) shows a command as a short line, and hides the command itself unless V=1 is set.
say   = $(if $(V),,@echo '$1 $2';)
has   = $(shell $(CXX) -E -x c++ -include $1 /dev/null >/dev/null 2>&1 && echo yes)
LIBS4 = $(if $(NO_ZLIB),,$(if $(call has,zlib.h),-lz))

.PHONY: all help clean clean-data compiler $(KNOWN)
all: $(LEVELS:%=level%)
	@echo 'All levels are built. Start one, such as ./level3/server. make help lists what else there is.'

# A program is linked in $(BUILD), and then put into its level's own folder, beside its files.
$(LEVELS:%=level%): level%: $(BUILD)/level%/server
	@ln -f $< $@/server 2>/dev/null || { rm -f $@/server && cp $< $@/server; }

$(LEVELS:%=run-level%): run-level%: level%
	./level$*/server

objects = $(patsubst %.cpp,$(BUILD)/%.o,$(wildcard common/*.cpp level$1/*.cpp level$1/*/*.cpp))
$(BUILD)/level1/server: $(call objects,1)
$(BUILD)/level2/server: $(call objects,2)
$(BUILD)/level3/server: $(call objects,3)
$(BUILD)/level4/server: $(call objects,4)
$(BUILD)/level%/server:
	$(call say,LINK,level$*/server)$(COMPILE) $^ $(LIBS$*) $(LDFLAGS) -o $@

# The folder that -I names is the level's: in level 4, "body/form.hpp" is level4/body/form.hpp.
$(BUILD)/%.o: %.cpp | compiler
	@mkdir -p $(@D)
	$(call say,CXX ,$<)$(COMPILE) -I$(firstword $(subst /, ,$<)) -c $< -o $@

compiler:  # is it there, and new enough? Asked before anything is compiled.
	@$(if $(shell $(CXX) -std=c++20 -dM -E -x c++ -include version /dev/null 2>/dev/null | \
	    grep '__cplusplus 20[2-9]'),,$(error There is no $(CXX) here that knows C++20. \
	    Install g++ 12 or clang 14 (or newer), or name another compiler, as in make CXX=clang++))

clean:
	$(call say,RM  ,build level*/server)rm -rf build level?/server compile_commands.json \
	    tests/*/__pycache__ level?/public/files/blackbox-[0-9]*
	$(if $(filter-out build,$(BUILD)),@echo '$(BUILD) stays: it may hold more than make has put there.')

clean-data:
	$(call say,RM  ,level4/data)rm -rf level4/data

## Read
##   make diff-2-3      show what level 3 adds to level 2; also diff-1-2 and diff-3-4
##     WORDS=1            show what has changed within a line
##
$(DIFFS):
	@tests/support/show-diff.sh $(subst -, ,$(@:diff-%=%))

help:
	@sed -n 's/^## \{0,1\}//p' Makefile tests/tests.mk

include tests/tests.mk
-include $(wildcard $(addprefix $(BUILD)/,common/*.d level?/*.d level?/*/*.d))
endif  # (goals named together)

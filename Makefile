# The one build. `make` builds every level; `make help` lists what else there is.
#
#   BUILD=dir      where everything made goes (default build)
#   CXX=clang++    another compiler
#   SERVER='...'   a server of your own for `make test-levelN`; {port} in it becomes the port
#   PUBLIC=dir     the folder that it serves /static/ and /files/ from (tests put files there)

CXX      ?= g++
ifeq ($(origin CXX), default)
CXX      := g++
endif
CXXFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
STANDARD := -std=c++20 -pthread -MMD -MP
BUILD    ?= build
LEVELS   := 1 2 3 4

.DEFAULT_GOAL := default
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# Level 4 compresses replies where the machine has zlib; NO_ZLIB=1 builds it as if there were none.
ZLIB := $(if $(NO_ZLIB),,$(shell printf '\043include <zlib.h>\n' | $(CXX) -E -x c++ - >/dev/null 2>&1 && echo -lz))
LIBS4 := $(ZLIB)

COMPILE = $(CXX) $(STANDARD) $(WARNINGS) $(CXXFLAGS) $(EXTRA_FLAGS) $(if $(NO_ZLIB),-DNO_ZLIB)
# The tests are many, and it is their servers that have to be fast: not compiling them for speed halves
# the time that a first `make test` takes.
COMPILE_TEST = $(COMPILE) -O0
# Colours for the diffs, where a terminal is and unless NO_COLOR says otherwise.
COLOR := $(if $(NO_COLOR),never,auto)

# The servers -----------------------------------------------------------------------------------

.PHONY: default all help
default: help all

help:  ## list the targets
	@printf 'Targets:\n'
	@awk -F ':.*## ' '/^[a-zA-Z0-9%_-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
	@printf 'N is a level: $(LEVELS)\n'

all: $(LEVELS:%=level%)  ## build every level

$(BUILD)/common/%.o: common/%.cpp
	@mkdir -p $(@D)
	$(COMPILE) -c $< -o $@

# One level: its objects, its program in $(BUILD), and a link to it in the level's own folder, where
# its files are. (Objects are listed anew by each make: a new .cpp needs no change here.)
define LEVEL_RULES
LEVEL$(1)_SOURCES := $$(wildcard level$(1)/*.cpp level$(1)/*/*.cpp)
LEVEL$(1)_OBJECTS := $$(LEVEL$(1)_SOURCES:%.cpp=$(BUILD)/%.o) $$(patsubst %.cpp,$(BUILD)/%.o,$$(wildcard common/*.cpp))

$(BUILD)/level$(1)/%.o: level$(1)/%.cpp
	@mkdir -p $$(@D)
	$$(COMPILE) -Ilevel$(1) -c $$< -o $$@

$(BUILD)/level$(1)/server: $$(LEVEL$(1)_OBJECTS)
	$$(COMPILE) $$^ $$(LIBS$(1)) -o $$@

.PHONY: level$(1) run-level$(1) test-level$(1)
level$(1): $(BUILD)/level$(1)/server
	@ln -f $$< level$(1)/server

run-level$(1): level$(1)
	./level$(1)/server

# The unit tests of this level and of all before it, compiled against this level.
UNIT$(1)_SOURCES := $$(foreach n,$$(filter-out 1,$$(wordlist 1,$(1),1 2 3 4)),$$(wildcard tests/level$$(n)/unit_*.cpp))
UNIT$(1)_OBJECTS := $$(UNIT$(1)_SOURCES:%.cpp=$(BUILD)/unit$(1)/%.o) $(BUILD)/tests/support/unit_main.o \
    $$(filter-out $(BUILD)/level$(1)/main.o,$$(LEVEL$(1)_OBJECTS))

$(BUILD)/unit$(1)/%.o: %.cpp
	@mkdir -p $$(@D)
	$$(COMPILE_TEST) -Ilevel$(1) -Itests/support -DLEVEL=$(1) -c $$< -o $$@

$(BUILD)/tests/unit-level$(1): $$(UNIT$(1)_OBJECTS)
	@mkdir -p $$(@D)
	$$(COMPILE) $$^ $$(LIBS$(1)) -o $$@

-include $$(LEVEL$(1)_OBJECTS:.o=.d) $$(UNIT$(1)_OBJECTS:.o=.d)
endef
$(foreach n,$(LEVELS),$(eval $(call LEVEL_RULES,$(n))))

levelN:  ## build level N
run-levelN:  ## build and start level N

# The tests -------------------------------------------------------------------------------------

BLACKBOX_SOURCES := $(filter-out tests/support/unit_main.cpp,$(wildcard tests/support/*.cpp)) \
    $(wildcard tests/level*/blackbox*.cpp)
BLACKBOX_OBJECTS := $(BLACKBOX_SOURCES:%.cpp=$(BUILD)/%.o)

$(BUILD)/tests/%.o: tests/%.cpp
	@mkdir -p $(@D)
	$(COMPILE_TEST) -Itests/support -c $< -o $@

$(BUILD)/tests/blackbox: $(BLACKBOX_OBJECTS)
	$(COMPILE) $^ -o $@

-include $(BLACKBOX_OBJECTS:.o=.d)

.PHONY: deps test
deps:  ## install what the tests need (doctest), with the system's package manager
	@if printf '#include <doctest/doctest.h>\n' | $(CXX) -E -x c++ - >/dev/null 2>&1; then \
	    echo 'doctest is there.'; \
	elif command -v apt-get >/dev/null; then \
	    $$(test "$$(id -u)" = 0 || echo sudo) sh -c 'apt-get update -q && apt-get install -qy doctest-dev'; \
	elif command -v dnf >/dev/null; then sudo dnf install -y doctest-devel; \
	elif command -v pacman >/dev/null; then sudo pacman -S --needed doctest; \
	elif command -v brew >/dev/null; then brew install doctest; \
	else echo 'Install doctest 2.4 or newer (https://github.com/doctest/doctest), then try again.'; exit 1; fi

.PHONY: build-all
build-all: $(LEVELS:%=$(BUILD)/level%/server) $(patsubst %,$(BUILD)/tests/unit-level%,$(filter-out 1,$(LEVELS))) \
    $(BUILD)/tests/blackbox

test: $(LEVELS:%=test-level%)  ## run all tests of all levels

test-levelN:  ## run the tests of level N, and the earlier ones on it (SERVER='./mine {port}' for yours)

# Without SERVER it is our own server that is judged, with a copy of its files that the tests may add
# to, and its unit tests run first. Level 4 is judged twice, once with each of its engines. The suites
# of several levels run one after the other, also under make -j: they measure deadlines.
define TEST_RULE
test-level$(1): $(if $(SERVER),,$(BUILD)/level$(1)/server $(if $(filter 1,$(1)),,$(BUILD)/tests/unit-level$(1))) \
    $(BUILD)/tests/blackbox | $(filter-out test-level0,$(if $(filter test,$(MAKECMDGOALS)),test-level$(2)))
ifeq ($(SERVER),)
	$(if $(filter 1,$(1)),,./$(BUILD)/tests/unit-level$(1))
	@rm -rf $(BUILD)/level$(1)/public $(BUILD)/level$(1)/templates $(BUILD)/level$(1)/data
	@for folder in public templates; do \
	    if [ -d level$(1)/$$$$folder ]; then cp -R level$(1)/$$$$folder $(BUILD)/level$(1)/; fi; done
	$(foreach arguments,$(ARGUMENTS$(1)),./$(BUILD)/tests/blackbox --level=$(1) --program=$(BUILD)/level$(1)/server \
	    --server='$(BUILD)/level$(1)/server {port} $(subst =, ,$(arguments))' \
	    $(if $(wildcard level$(1)/public),--public=$(BUILD)/level$(1)/public) $(TEST_FLAGS)
	)
else
	./$(BUILD)/tests/blackbox --level=$(1) --server='$(SERVER)' $(if $(PUBLIC),--public='$(PUBLIC)') $(TEST_FLAGS)
endif
endef
# What our servers are started with; = stands for a space.
ARGUMENTS1 := =
ARGUMENTS2 := =
ARGUMENTS3 := =
ARGUMENTS4 := --engine=epoll --engine=threads
$(eval $(call TEST_RULE,1,0))
$(eval $(call TEST_RULE,2,1))
$(eval $(call TEST_RULE,3,2))
$(eval $(call TEST_RULE,4,3))

# Two windows of a real browser. The script copies the server and its files to a folder of its own.
ENGINE ?= epoll
.PHONY: test-browser deps-browser
test-browser: $(BUILD)/level3/server $(BUILD)/level4/server  ## look at level 4 with a real browser (ENGINE=threads for the other engine)
	@command -v chromedriver >/dev/null || \
	    { echo 'This needs Chromium and its chromedriver: run make deps-browser, then try again.'; exit 1; }
	@python3 tests/browser/browser.py --program=$(BUILD)/level4/server --engine=$(ENGINE) --pictures=$(BUILD)/browser

deps-browser:  ## install what make test-browser needs (chromium and its chromedriver, python3)
	@if command -v chromedriver >/dev/null && command -v python3 >/dev/null; then echo 'chromedriver and python3 are there.'; \
	elif command -v apt-get >/dev/null; then $$(test "$$(id -u)" = 0 || echo sudo) sh -c \
	    'apt-get update -q && apt-get install -qy chromium chromium-driver python3'; \
	elif command -v dnf >/dev/null; then sudo dnf install -y chromium chromedriver python3; \
	elif command -v pacman >/dev/null; then sudo pacman -S --needed chromium python; \
	else echo 'Install Chromium, chromedriver of the same version, and Python 3, then try again.'; exit 1; fi

.PHONY: asan tsan build-asan build-tsan
# Without optimization and with no more than line numbers, because that halves the time to build.
# Without the check of vptr, because it opens a pipe for its work, and takes it for an error if there
# is no descriptor left: one test sees to that.
ASAN := BUILD=$(BUILD)/asan CXXFLAGS='-O0 -g1' \
    EXTRA_FLAGS='-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all'
TSAN := BUILD=$(BUILD)/tsan CXXFLAGS='-O0 -g1' EXTRA_FLAGS='-fsanitize=thread'

asan: build-asan  ## run all tests under the address and undefined-behaviour sanitizers
	$(MAKE) $(ASAN) test

tsan: build-tsan  ## run all tests under the thread sanitizer
	$(MAKE) $(TSAN) test

build-asan:
	$(MAKE) $(ASAN) build-all

build-tsan:
	$(MAKE) $(TSAN) build-all

# Input that nobody has thought of: libFuzzer, which comes with clang, invents it. What it finds
# interesting stays in $(BUILD)/fuzz/corpus, so that the next run goes on from there.
FUZZ_SECONDS ?= 20
FUZZ := BUILD=$(BUILD)/fuzz CXX=clang++ CXXFLAGS='-O1 -g1' NO_ZLIB=1 \
    EXTRA_FLAGS='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
FUZZERS := $(patsubst tests/fuzz/%.cpp,%,$(wildcard tests/fuzz/fuzz_*.cpp))
.PHONY: fuzz build-fuzz
fuzz: build-fuzz  ## invent input for the parsers of level 4 (needs clang; FUZZ_SECONDS=20 for each)
	@for fuzzer in $(FUZZERS); do \
	    log=$(BUILD)/fuzz/$$fuzzer.log; corpus=$(BUILD)/fuzz/corpus/$$fuzzer; mkdir -p $$corpus; \
	    $(BUILD)/fuzz/$$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
	        -dict=tests/fuzz/$$fuzzer.dict -artifact_prefix=$(BUILD)/fuzz/ $$corpus >$$log 2>&1 || \
	        { grep -v '^#' $$log; exit 1; }; \
	    sed -n "s/.*number_of_executed_units: */$$fuzzer: nothing found, inputs tried: /p" $$log; done

build-fuzz:
	$(MAKE) $(FUZZ) $(FUZZERS:%=$(BUILD)/fuzz/%)

# (With the variables above; only the parsers are fuzzed: what is above them is left out.)
$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.cpp \
    $(filter-out $(BUILD)/level4/main.o $(BUILD)/level4/router.o $(BUILD)/level4/app/%.o $(BUILD)/level4/middleware/%.o,$(LEVEL4_OBJECTS))
	$(COMPILE) -Ilevel4 -fsanitize=fuzzer $(filter %.cpp %.o,$^) -o $@

-include $(FUZZERS:%=$(BUILD)/%.d)

# Do the tests notice mistakes? Each of some forty is made in a copy, and has to be found.
.PHONY: mutants
mutants:  ## break the servers on purpose, and see whether the tests notice (MUTANTS='--only chunk')
	@python3 tests/mutants/mutants.py --folder $(BUILD)/mutants $(MUTANTS)

# Measuring -------------------------------------------------------------------------------------

# Programs to compare with; cpp-httplib only where its header is.
HTTPLIB := $(shell printf '\043include <httplib.h>\n' | $(CXX) -E -x c++ - >/dev/null 2>&1 && echo peer_httplib)

$(BUILD)/bench/%: tests/bench/%.cpp
	@mkdir -p $(@D)
	$(COMPILE) $< $(if $(filter %httplib,$@),-lcpp-httplib) -o $@

.PHONY: bench
bench: $(LEVELS:%=$(BUILD)/level%/server) $(BUILD)/bench/peer_bare $(HTTPLIB:%=$(BUILD)/bench/%)  ## compare with other servers, by wrk (BENCH='--only hello')
	@python3 tests/bench/bench.py --build $(BUILD) $(BENCH)

# Reading ---------------------------------------------------------------------------------------

.PHONY: diff-1-2 diff-2-3 diff-3-4 check-diffs
diff-M-N:  ## show what level N adds to level M: diff-1-2, diff-2-3, diff-3-4

diff-1-2: OLD := level1
diff-1-2: NEW := level2
diff-2-3: OLD := level2
diff-2-3: NEW := level3
diff-3-4: OLD := level3
diff-3-4: NEW := level4
diff-1-2 diff-2-3 diff-3-4:
	@diff -ru --minimal --color=$(COLOR) -x server -x data -x README.md $(OLD) $(NEW) || true

check-diffs:  ## measure what each level keeps of the one before (at least 97 % of its lines, 0 moved)
	@tests/support/check-diffs.sh 2 3
	@tests/support/check-diffs.sh 3 4

.PHONY: format check-format clean
SOURCES = $(wildcard common/*.?pp level*/*.?pp level*/*/*.?pp tests/*/*.?pp)
format:  ## lay out all sources with clang-format
	@clang-format -i $(SOURCES)

check-format:  ## fail if `make format` would change something
	@clang-format --dry-run --Werror $(SOURCES)

compile_commands.json: Makefile $(SOURCES)  ## tell editors how each file is compiled
	@{ printf '['; separator=''; \
	for file in $(filter %.cpp,$(SOURCES)); do \
	    level=$$(printf '%s' "$$file" | sed -n 's,.*\(level[0-9]\)/.*,\1,p'); \
	    printf '%s\n{"directory": "%s", "file": "%s", "command": "%s"}' "$$separator" "$(CURDIR)" "$$file" \
	        "$(CXX) -std=c++20 $(WARNINGS) -I$${level:-common} -Itests/support -DLEVEL=$${level#level} -c $$file"; \
	    separator=','; \
	done; printf '\n]\n'; } > $@

clean:  ## remove everything that make has made
	rm -rf build compile_commands.json $(foreach n,$(LEVELS),level$(n)/server)

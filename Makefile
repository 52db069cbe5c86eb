# Every task of the project, each with its own set-up. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := lib
.DELETE_ON_ERROR:

# ---- Library ---------------------------------------------------------------------------------

header := include/martlet.h
version := $(shell awk '/define MARTLET_VERSION_/ { v = v dot $$3; dot = "." } END { print v }' \
                   $(header))
soname := libmartlet.so.$(firstword $(subst ., ,$(version)))
library := build/libmartlet.so.$(version)
unstripped := build/unstripped/libmartlet.so
engine_sources := Package.swift $(shell find -L Sources include)

need_swift := @command -v swift > /dev/null || { \
    echo 'Martlet is built with Swift 6.1 or later, but there is no `swift` on PATH:' \
         'see https://www.swift.org/install' >&2; exit 1; }

.PHONY: lib
lib: build/libmartlet.so ## Build build/libmartlet.so (the default)

$(unstripped): $(engine_sources)
	$(need_swift)
	@# SwiftPM does not notice that a header has changed.
	[ -z "$$(find include Sources/CIntrinsics -newer $@ 2> /dev/null)" ] || touch Sources/*/*.swift
	swift build -c release --product martlet
	install -D .build/release/libmartlet.so $@

$(library): $(unstripped)
	strip --strip-unneeded -o $@.new $<
	mv $@.new $@

build/libmartlet.so: $(library)
	ln -sf $(notdir $<) build/$(soname)
	ln -sfn $(soname) $@

# ---- Installation ----------------------------------------------------------------------------

PREFIX ?= /usr/local
target := $(DESTDIR)$(PREFIX)

.PHONY: install uninstall
install: lib ## Install library, header and pkg-config file (PREFIX=/usr/local DESTDIR=)
	install -d $(target)/include $(target)/lib/pkgconfig
	install -m 644 $(header) $(target)/include
	install $(library) $(target)/lib
	cp -P build/$(soname) build/libmartlet.so $(target)/lib
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(version)|' include/martlet.pc.in \
	    > $(target)/lib/pkgconfig/martlet.pc

uninstall: ## Remove what `make install` has put there
	rm -f $(target)/include/martlet.h $(target)/lib/pkgconfig/martlet.pc \
	    $(addprefix $(target)/lib/,$(notdir $(library)) $(soname) libmartlet.so)

# ---- C programs ------------------------------------------------------------------------------

c_tests := $(notdir $(basename $(wildcard Tests/MartletCTests/*_test.c)))
c_programs := $(foreach test,$(c_tests),build/c/$(test)-c99 build/c/$(test)-c++17)
c_warnings := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Werror
c_flags = -O2 $(c_warnings) -Iinclude $< -o $@ -Lbuild -lmartlet -lm -pthread \
          -Wl,-rpath,'$$ORIGIN/..'

build/c/%-c99: Tests/MartletCTests/%.c
	$(CC) -std=c99 $(c_flags)
build/c/%-c++17: Tests/MartletCTests/%.c
	$(CXX) -x c++ -std=c++17 $(c_flags)
$(c_programs): $(wildcard Tests/MartletCTests/*.h) $(header) | lib build/c

build/c build/logs build/fuzz build/asan:
	mkdir -p $@

# ---- Python environments ---------------------------------------------------------------------

venv := .venv/bin
debian_venv := .venv-debian/bin
debian_packages := python3-numpy libpython3-dev
tools := auditwheel==6.8.2 hatchling==1.33.0 mypy==2.4.1 ruff==0.17.6 virtualenv==21.15.8
package_sources := LICENSE python/README.md python/pyproject.toml python/hatch_build.py \
                   $(shell find python/src -name '*.py' -o -name 'py.typed')

.venv/ready:
	python3 -m venv .venv
	touch $@
.venv/tools: Makefile .venv/ready
	$(venv)/pip install --quiet $(tools)
	touch $@
.venv/bench .venv/filter: benchmarks/requirements-demo.txt
.venv/demo .venv/bench .venv/filter: .venv/%: benchmarks/requirements-%.txt .venv/ready
	$(venv)/pip install --quiet -r $<
	touch $@
.venv/package: $(library) $(package_sources) .venv/ready
	$(venv)/pip install --quiet './python[test,frames]'
	touch $@

# With Debian's own Python and its NumPy.
.venv-debian/ready: .venv/tools | debian-packages
	$(venv)/virtualenv --quiet --python /usr/bin/python3 --system-site-packages .venv-debian
	touch $@
.venv-debian/package: $(library) $(package_sources) .venv-debian/ready
	$(debian_venv)/pip install --quiet './python[test]'
	touch $@

.PHONY: debian-packages
debian-packages:
	@dpkg -s $(debian_packages) > /dev/null 2>&1 || { \
	    [ "$$(id -u)" = 0 ] || { echo 'An administrator must first run:' \
	        'apt-get install $(debian_packages)' >&2; exit 1; }; \
	    apt-get update -q && apt-get install -q -y --no-install-recommends $(debian_packages); }

# ---- Tests -----------------------------------------------------------------------------------

logged = 2>&1 | tee build/logs/$(subst test-,,$@).log

runners := swift c library instructions install examples python
.PHONY: test $(runners:%=test-%)
test: $(runners:%=test-%) ## Set up and run every test
	@echo; tail -qn 1 $(runners:%=build/logs/%.log)

test-swift: | build/logs
	$(need_swift)
	swift test -c release -Xswiftc -enable-testing --scratch-path .build-test $(logged)
test-c: lib $(c_programs) | build/logs
	Tests/MartletCTests/run.sh $(c_programs) $(logged)
test-library: lib | build/logs
	Tests/LibraryTests/check_library.sh $(header) $(library) $(unstripped) $(logged)
test-instructions: lib | build/logs
	Tests/LibraryTests/check_instruction_sets.sh $(unstripped) $(logged)
test-install: lib | build/logs
	Tests/LibraryTests/check_install.sh $(logged)
test-examples: .venv/package | build/logs
	Tests/LibraryTests/check_examples.sh $(venv)/python $(logged)
test-python: .venv/package | build/logs
	cd python && ../$(venv)/pytest -q $(subst build/,../build/,$(logged))

.PHONY: test-debian-python test-wheel test-all
test-debian-python: .venv-debian/package ## Run the Python tests on Debian's Python
	$(debian_venv)/python -c 'import numpy; print("NumPy", numpy.__version__, numpy.__file__); \
	    assert numpy.__version__.startswith("1.24.") and numpy.__file__.startswith("/usr/lib/")'
	cd python && ../$(debian_venv)/pytest -q

# A free-threaded Python, 3.13t or later, to be named if it is not on the path.
free_threaded := python3.13t
free_threaded_venv := .venv-free-threaded/bin
.venv-free-threaded/package: $(library) $(package_sources)
	$(free_threaded) -m venv .venv-free-threaded
	$(free_threaded_venv)/pip install --quiet --prefer-binary numpy==2.3.5 'hypothesis<6.140'
	$(free_threaded_venv)/pip install --quiet './python[test]'
	touch $@
.PHONY: test-free-threaded
test-free-threaded: .venv-free-threaded/package ## Run the Python tests without the global lock
	$(free_threaded_venv)/python -c 'import sys, martlet, numpy; assert not sys._is_gil_enabled()'
	cd python && ../$(free_threaded_venv)/pytest -q
	cd python && ../$(free_threaded_venv)/pytest -q -m long tests/test_stress.py

# Under an emulated processor without AVX, which takes some twenty times as long: the whole test suite,
# in about half an hour. Left out are what a bound to memory and a process's size would show, since the
# emulator has its own (EMULATOR in two C tests), and the frames' libraries, which want a later
# processor; NumPy wants one from after 2008. Processes that Python tests start are not emulated.
emulator := qemu-x86_64
swift_tests := .build-test/release/martletPackageTests.xctest --testing-library swift-testing
.PHONY: test-baseline test-baseline-swift test-baseline-c test-baseline-python
test-baseline: test-baseline-swift test-baseline-c test-baseline-python ## Run all tests on an old processor, emulated
test-baseline-swift: need-emulator | build/logs
	$(need_swift)
	swift build --build-tests -c release -Xswiftc -enable-testing --scratch-path .build-test
	$(emulator) -cpu qemu64 $(swift_tests) $(logged)
test-baseline-c: $(c_tests:%=build/c/%-c99) need-emulator | build/logs
	EMULATOR='$(emulator) -cpu qemu64' Tests/MartletCTests/run.sh $(c_tests:%=build/c/%-c99) $(logged)
test-baseline-python: .venv-debian/package need-emulator | build/logs
	cd python && $(emulator) -cpu Nehalem ../$(debian_venv)/python -c \
	    'import martlet; assert martlet.Index(1).stats()["kernels"] == "baseline"'
	cd python && $(emulator) -cpu Nehalem ../$(debian_venv)/python -m pytest -q \
	    $(subst build/,../build/,$(logged))

.PHONY: need-emulator
need-emulator:
	@command -v $(emulator) > /dev/null || { \
	    echo 'There is no $(emulator) on PATH: an administrator must first run:' \
	         'apt-get install qemu-user' >&2; exit 1; }

.PHONY: check-arm64
check-arm64: ## Compile the engine for arm64, and run its kernels on an emulated one
	Tests/Arm64/check.sh build/arm64

test-wheel: wheel ## Use the wheel where there is no Swift
	rm -rf build/wheel-venv
	python3 -m venv build/wheel-venv
	build/wheel-venv/bin/pip install --quiet --no-index dist/*.whl
	cd build && env -i wheel-venv/bin/python ../Tests/LibraryTests/use_wheel.py

test-all: test test-debian-python test-wheel ## Run all of these tests

# ---- Style -----------------------------------------------------------------------------------

swift_sources := Sources Tests Package.swift
python_sources := python benchmarks examples

.PHONY: lint lint-swift lint-c lint-python format
lint: lint-swift lint-c lint-python ## Check style, types, the header and the floors

lint-swift:
	$(need_swift)
	swift format lint --strict --recursive $(swift_sources)
	Tests/LibraryTests/check_floors.sh
lint-c:
	for compiler in 'gcc -x c -std=c99' 'clang -x c -std=c99' \
	                'g++ -x c++ -std=c++17' 'clang++ -x c++ -std=c++17'; do \
	    $$compiler -fsyntax-only $(c_warnings) $(header) || exit 1; \
	done
lint-python: .venv/tools .venv/package
	$(venv)/ruff check --quiet $(python_sources)
	$(venv)/ruff format --check --quiet $(python_sources)
	cd python && ../$(venv)/mypy --strict

format: .venv/tools ## Put all sources into their style
	$(need_swift)
	swift format --in-place --recursive $(swift_sources)
	$(venv)/ruff check --quiet --fix $(python_sources)
	$(venv)/ruff format --quiet $(python_sources)

# ---- Wheel, benchmarks -----------------------------------------------------------------------

.PHONY: wheel demo bench bench-calls bench-seed bench-recall bench-ids bench-filter bench-churn bench-threads bench-limits
wheel: lib .venv/tools ## Make dist/martlet-*.whl and check it
	rm -rf dist
	$(venv)/pip wheel --quiet --no-deps --wheel-dir dist ./python
	PATH=$(venv):$$PATH Tests/LibraryTests/check_wheel.sh dist/*.whl

demo: .venv/package .venv/demo ## Search 100,000 words by meaning: speed, recall, and what is found
	$(venv)/python benchmarks/demo.py
bench: .venv/package .venv/bench ## Compare with the rivals, build and search (BENCH_ARGS=...)
	$(venv)/python benchmarks/rivals.py $(BENCH_ARGS)
bench-calls: .venv/package .venv/demo build/libcalls.so ## Measure what a search from Python costs beside one from C
	$(venv)/python benchmarks/calls.py
build/libcalls.so: benchmarks/calls.c $(header)
	mkdir -p build
	$(CC) -O2 -shared -fPIC $(c_warnings) -Iinclude -o $@ $<
bench-seed: .venv/package .venv/demo ## Measure 2,000 vectors in one call, and where the time goes
	$(venv)/python benchmarks/seed.py
bench-ids: .venv/package .venv/demo ## Measure what a million string ids cost
	$(venv)/python benchmarks/ids.py
bench-filter: .venv/package .venv/filter ## Compare filtered search with the rivals'
	$(venv)/python benchmarks/filter.py --plot build/benchmarks/filter.png
bench-recall: .venv/package .venv/bench ## Compare recall with hnswlib's at equal parameters
	$(venv)/python benchmarks/recall_vs_hnswlib.py
bench-churn: .venv/package .venv/demo ## Compare an index that has changed a lot with a fresh one
	$(venv)/python benchmarks/churn.py
bench-threads: .venv/package .venv/demo ## Measure what searches feel of a writer
	$(venv)/python benchmarks/threads.py
bench-limits: build/limits ## Measure how fast this machine reads memory and compares codes at most
	build/limits
build/limits: benchmarks/limits.c
	mkdir -p build
	$(CC) -O2 -Wall -Wextra -Werror -o $@ $<

# ---- Sanitizers and fuzzing ------------------------------------------------------------------

.PHONY: tsan asan fuzz fuzz-load fuzz-open
tsan: ## Look for data races: the tests with many threads, under the thread sanitizer
	$(need_swift)
	swift test --sanitize=thread --scratch-path .build-tsan --filter 'ConcurrencyTests|StressTests'

# The clang is Swift's own, whose sanitizers fit.
swift_clang = "$$(dirname "$$(command -v swift)")/clang"
# The test of adds also runs where memory lacks, which the sanitizer does not survive itself; that of
# allocations stands in its place.
asan_tests := $(filter-out add_test allocations_test,$(c_tests))
asan: | build/asan ## Look for memory errors and leaks: the C tests under the address sanitizer
	$(need_swift)
	swift build -c release --product martlet --scratch-path .build-asan --sanitize address
	cp .build-asan/release/libmartlet.so build/asan/$(soname)
	for test in $(asan_tests); do \
	    $(swift_clang) -std=c99 -g -O1 -DSANITIZED -fsanitize=address -fuse-ld=lld -Iinclude \
	        Tests/MartletCTests/$$test.c -o build/asan/$$test build/asan/$(soname) -lm -pthread \
	        -Wl,-rpath,'$$ORIGIN'; \
	done
	ASAN_OPTIONS=detect_leaks=1 Tests/MartletCTests/run.sh $(asan_tests:%=build/asan/%)

# Engine and target are instrumented for coverage and memory errors.
SECONDS ?= 60
fuzzers := build/fuzz/fuzz_c_functions build/fuzz/fuzz_load build/fuzz/fuzz_open
run_fuzzer = cd build/fuzz && ASAN_OPTIONS=allocator_may_return_null=1 \
    ./$(strip $(1)) $(strip $(2)) -max_total_time=$(SECONDS) -len_control=0 -timeout=20 \
    -rss_limit_mb=4096 -malloc_limit_mb=1000000 -print_final_stats=1

fuzz: $(fuzzers) ## Drive the C functions with hostile arguments (SECONDS=60)
	mkdir -p build/fuzz/corpus
	$(call run_fuzzer, fuzz_c_functions, corpus -max_len=512)
fuzz-load: $(fuzzers) ## Load hostile files, and use what is loaded (SECONDS=60)
	mkdir -p build/fuzz/files
	$(call run_fuzzer, fuzz_load, files ../../Tests/fixtures/v1 ../../Tests/fixtures/v2 \
	    ../../Tests/fixtures/v3 -max_len=100000)
fuzz-open: $(fuzzers) ## Open folders with hostile logs, and use what is opened (SECONDS=60)
	mkdir -p build/fuzz/logs
	$(call run_fuzzer, fuzz_open, logs ../../Tests/fixtures/v1/store ../../Tests/fixtures/v2/store -max_len=20000)

build/fuzz/%: Tests/Fuzz/%.c $(wildcard Tests/Fuzz/*.h) build/fuzz/$(soname)
	$(swift_clang) -std=c11 -g -O1 -Wall -Wextra -Werror \
	    -fsanitize=fuzzer,address -fuse-ld=lld -Iinclude $< -o $@ build/fuzz/$(soname) -lm \
	    -Wl,-rpath,'$$ORIGIN'
build/fuzz/$(soname): $(engine_sources) | build/fuzz
	$(need_swift)
	swift build -c release --product martlet --scratch-path .build-fuzz --sanitize address \
	    -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table
	cp .build-fuzz/release/libmartlet.so $@

.PHONY: clean
clean: ## Remove everything that make has made
	rm -rf build dist .build .build-test .build-fuzz .build-tsan .build-asan .venv .venv-debian .venv-free-threaded

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+( [a-z]+)*:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' Makefile

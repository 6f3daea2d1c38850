# What a person types. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Three workers for two cores: a third of the time of these tests is waiting for processes.
PYTEST := $(BIN)/python -m pytest -q -n 3 --dist worksteal
SOURCES := $(shell find src native/*/src native/*/Cargo.toml native/Cargo.toml native/Cargo.lock ui packaging pyproject.toml README.md \
	\( -path '*/node_modules' -o -path '*/_ui' -o -path 'ui/dist' -o -path '*/__pycache__' -o -path '*/test-results' \) -prune \
	-o -type f ! -name '*.so' ! -name '*.pyc' -print 2>/dev/null)

.PHONY: help build run test test-core test-faces others check lint lint-python lint-rust format unit python rust ui sdk sdk-sanitize native fuzz bench bench-quick bench-ui bench-sdk screenshots e2e examples browser clean

help: ## List what can be made
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# --- build and run ---------------------------------------------------------------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "lymer needs Python 3.11 or later: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

dist/.built: .venv/bin/python $(SOURCES)
	@echo "building lymer (the first time takes some minutes: a Rust core and a web page)"
	rm -rf dist && $(BIN)/python -m pip wheel --verbose --no-deps --wheel-dir dist . 2>&1 | grep --line-buffered -vE '^ *(Using|Looking|Obtaining|Created|Running|Getting|Preparing|Removed|Successfully|Collecting|Downloading|Installing)'
	@touch $@

.venv/.built: dist/.built
	$(BIN)/python -m pip install --quiet --upgrade --force-reinstall --no-deps dist/lymer-*.whl
	$(BIN)/python -m pip install --quiet dist/lymer-*.whl
	@touch $@

# The tools, and what lymer itself needs: types are checked while the wheel is still being built.
.venv/.tools: .venv/bin/python pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > .venv/.needs
	$(BIN)/python -m pip install --quiet --requirement .venv/.needs --group test --group lint
	@touch $@

ui/node_modules/.package-lock.json: ui/package-lock.json
	cd ui && npm ci --ignore-scripts --no-audit --no-fund --silent

build: .venv/.built ## Build the wheel and install it into .venv; .venv/bin/lymer is the command

run: build ## Start the all-in-one with demo traffic; the first time builds it. ARGS="--port-offset 1000" for a second one
	$(BIN)/lymer --demo $(ARGS)

# --- test ------------------------------------------------------------------------------------------------------------

test: .venv/bin/python ui/node_modules/.package-lock.json ## Everything: Rust, Python, page, browser, other people's clients
	$(MAKE) --jobs=2 --output-sync=target --no-print-directory test-core test-faces
	$(MAKE) --no-print-directory python
	$(MAKE) --jobs=2 --output-sync=target --no-print-directory browser others

# Side by side: what waits for the Rust compiler, and what does not.
test-core:
	$(MAKE) dist/.built
	$(MAKE) rust
	$(MAKE) lint-rust

test-faces:
	$(MAKE) lint-python
	$(MAKE) ui
	$(MAKE) sdk

others:
	$(MAKE) e2e
	$(MAKE) examples

check: ## Format, lint, types, unit tests: two minutes at most
	$(MAKE) build lint unit

lint: lint-python lint-rust ## Format, lint, types, import stairs

lint-python: .venv/.tools
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports

lint-rust:
	cd native && cargo fmt --check && cargo clippy --release --all-targets --quiet -- -D warnings

format: .venv/.tools ## Put the source into the house's form
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	cd native && cargo fmt

unit: build .venv/.tools ## The quick Python tests
	$(PYTEST) tests -m 'not slow' --hypothesis-profile=quick

python: build .venv/.tools ## All Python tests
	$(PYTEST) tests

rust: ## The Rust tests
	cd native && cargo test --release --quiet

sdk: sdk/.venv/.tools ## The client library's types and tests, in an environment of its own: with the speed-ups in C, and without
	cd sdk && .venv/bin/pyright && .venv/bin/python -m pytest -q -n 2 tests
	cd sdk && LYMER_SDK_PURE=1 .venv/bin/python -m pytest -q -n 2 tests

sdk-sanitize: sdk/.venv/.tools ## The speed-ups under gcc's address and undefined-behaviour sanitizers
	cd sdk && bash speedups/sanitize.sh

sdk/.venv/.tools: sdk/pyproject.toml sdk/speedups/pyproject.toml sdk/speedups/setup.py $(wildcard sdk/speedups/c/*)
	$(PYTHON) -m venv sdk/.venv && sdk/.venv/bin/python -m pip install --quiet --upgrade pip
	cd sdk && .venv/bin/python -m pip install --quiet --editable '.[all]' --group test
	cd sdk && .venv/bin/python -m pip install --quiet --force-reinstall --no-deps ./speedups \
	    || { echo "the client's speed-ups need a C compiler and Python's headers: its tests run without them"; [ -z "$${CI:-}" ]; }
	@touch $@

bench-sdk: sdk/.venv/.tools ## The client beside opentelemetry-sdk in one run
	sdk/.venv/bin/python sdk/bench/table.py

ui: ui/node_modules/.package-lock.json ## The page's types, lint and unit tests
	cd ui && npm run --silent lint && npm run --silent test

browser: build .venv/.tools ui/node_modules/.package-lock.json ## The page in Chromium
	cd ui && npm run --silent e2e

screenshots: build ui/node_modules/.package-lock.json ## Pictures of the page for the README, into docs/images
	cd ui && node scripts/screenshots.mjs

e2e: build .venv/.tools sdk/.venv/.tools ## Other people's clients against a whole server
	bash e2e/setup.sh
	$(BIN)/python -m pytest -q e2e

examples: build .venv/.tools sdk/.venv/.tools ## The programs of examples/, each against a whole server, one against a real Kafka
	bash examples/setup.sh
	$(BIN)/python -m pytest -q -n 2 --dist loadfile examples

# --- measure ---------------------------------------------------------------------------------------------------------

bench: build .venv/.tools ## All benchmarks (long); docs/benchmarks.md has the last figures
	$(BIN)/python -m bench

bench-quick: build .venv/.tools ## The same with little data
	$(BIN)/python -m bench --quick

bench-ui: build ui/node_modules/.package-lock.json ## How fast the page is in Chromium, up to a million spans, with made answers and with a whole server's
	cd ui && npm run --silent build && npx playwright test -c bench/playwright.config.ts

# --- developers ------------------------------------------------------------------------------------------------------

native: ## Build the Rust core into the source tree
	cd native && cargo build --release
	cp native/target/release/lib_native.so src/lymer/_native.abi3.so.new && mv src/lymer/_native.abi3.so.new src/lymer/_native.abi3.so

FUZZ_SECONDS ?= 60
# 0 draws a seed; another number goes the same way again, on the same bytes, as far as the seconds reach.
FUZZ_SEED ?= 0
FUZZ_TARGETS := $(patsubst native/fuzz/fuzz_targets/%.rs,%,$(wildcard native/fuzz/fuzz_targets/*.rs))
FUZZ_HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
# What cargo-fuzz sets, but for the address sanitizer, which needs a nightly Rust: the decoders have no unsafe code.
FUZZ_FLAGS := --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
	$(addprefix -Cllvm-args=-sanitizer-coverage-,level=4 inline-8bit-counters pc-table trace-compares)

fuzz: ## Fuzz every decoder, FUZZ_SECONDS each (60), two at a time; needs Rust and a C++ compiler
	cd native/fuzz && RUSTFLAGS="$(FUZZ_FLAGS)" cargo build --locked --release --quiet --target $(FUZZ_HOST)
	@cd native/fuzz && printf '%s\n' $(FUZZ_TARGETS) | xargs -P 2 -I @ bash -c 'mkdir -p corpus/@ artifacts/@; \
	    target/$(FUZZ_HOST)/release/@ corpus/@ ../../corpus/fuzz/@ -seed=$(FUZZ_SEED) -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 -timeout=60 \
	        -artifact_prefix=artifacts/@/ > artifacts/@.log 2>&1 && echo "@: nothing found" || { tail -40 artifacts/@.log; exit 255; }'

clean: ## Remove what was built
	rm -rf dist build .venv src/lymer/_ui src/lymer/_native*.so ui/dist ui/node_modules native/target

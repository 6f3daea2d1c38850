# What a person types. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONWARNINGS ?= default

.PHONY: help develop native fmt
help: ## List what can be made
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

native: ## Build the Rust core into the tree (developers)
	cd native && cargo build --release
	cp native/target/release/lib_native.so src/lymer/_native.abi3.so.new && mv src/lymer/_native.abi3.so.new src/lymer/_native.abi3.so

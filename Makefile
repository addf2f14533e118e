# joblens: make demo, make test; the rest is in make help.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The first of these that is Python 3.11 to 3.13 makes the environment; name another with PYTHON=...
PYTHON ?= $(firstword $(foreach name,python3 python3.11 python3.12 python3.13 python,$(shell $(name) -c \
	'import sys; print("$(name)" if (3, 11) <= sys.version_info[:2] <= (3, 13) else "")' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed


help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do printf 'make %-8s %s\n' "$$name" "$$text"; done

setup: $(STAMP) ## make .venv and install the pinned dependencies; a second run does nothing

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "joblens needs Python 3.11, 3.12 or 3.13; name one with: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup ## index the fixtures into a fresh embedded store, then a gap analysis and an O*NET look-up
	@bash fixtures/demo.sh $(BIN)/python

test: check ## the set-up, lint, types, layers and tests: what CI runs
	$(BIN)/python -m pytest

check: setup ## lint, format, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: setup ## every benchmark; results go to benchmarks/results
	$(BIN)/python -m benchmarks all --save
	$(BIN)/python -m docs.generate

serve: setup ## the REST service on http://127.0.0.1:8000, over the data in JOBLENS_HOME
	$(BIN)/python -m joblens serve

clean: ## remove what the other targets made
	rm -rf $(VENV) .demo build .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help setup demo test check bench serve clean

# Tallystick's verbs. GNU make 3.81 and a POSIX shell suffice; no root, no compiler.
#
#   make demo [ARGS=...]   build .venv from requirements/run.lock and show the county
#   make test [ARGS=...]   build .venv from requirements/test.lock and run the tests but `long` and `slow`
#   make check             formatting, lint, types and every test
#   make setup fmt lint types bench lock

SHELL = /bin/sh
VENV = .venv
BIN = $(VENV)/bin
# A lock is the whole closure, so nothing else is resolved; wheels alone are taken: nothing is built
# from foreign source.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED = $(INSTALL) --require-hashes --no-deps --only-binary :all:
# The optional C loops are built with the package; without a compiler it works all the same.
NATIVE = setup.py $(wildcard src/tallystick/_native/*.[ch])
PACKAGE = $(INSTALL) --no-deps --no-build-isolation --no-index --editable .
# One process more than there are processors: tests of servers and browsers wait a third of their time.
PYTEST = $(BIN)/python -m pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --maxprocesses 8 --dist worksteal
COMPILE = pip compile pyproject.toml --group build --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --quiet \
	--custom-compile-command 'make lock'

.PHONY: demo test setup fmt lint types check bench lock

demo: $(VENV)/.run
	@$(BIN)/tally demo $(ARGS)

test: $(VENV)/.test
	@$(PYTEST) -m 'not long and not slow' $(ARGS)

setup: $(VENV)/.test

fmt: $(VENV)/.test
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

lint: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python tests/tidy.py

types: $(VENV)/.test
	@$(BIN)/mypy

check: lint types
	@$(PYTEST) $(ARGS)

bench: $(VENV)/.run
	@$(BIN)/tally bench $(ARGS)

# `make lock` keeps what is pinned; `make lock ARGS=--upgrade` takes what is newest.
lock:
	@uv=$$(command -v $(BIN)/uv || command -v uv) || { \
	  echo 'make lock needs uv: python3 -m pip install uv' >&2; exit 1; }; \
	$$uv $(COMPILE) $(ARGS) --output-file requirements/run.lock >/dev/null && \
	$$uv $(COMPILE) $(ARGS) --extra test --constraints requirements/run.lock \
	  --output-file requirements/test.lock >/dev/null

$(VENV)/.run: requirements/run.lock pyproject.toml $(NATIVE) | $(BIN)/python
	@echo 'installing requirements/run.lock into $(VENV)'
	@$(LOCKED) --requirement requirements/run.lock
	@$(PACKAGE)
	@touch $@

# The test lock holds every line of the run lock, so it serves `make demo` too.
$(VENV)/.test: requirements/test.lock requirements/run.lock pyproject.toml $(NATIVE) | $(BIN)/python
	@echo 'installing requirements/test.lock into $(VENV)'
	@$(LOCKED) --requirement requirements/test.lock
	@$(PACKAGE)
	@touch $(VENV)/.run $@

# `make PYTHON=/path/to/python3.12 ...` chooses the interpreter.
$(BIN)/python:
	@found=; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.14 python3.11; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found=$$python; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  echo "making $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv $(VENV) && exit 0; \
	  rm -rf $(VENV); exit 1; \
	done; \
	if [ -n "$$found" ]; then \
	  echo "$$found cannot make an environment. On Debian and Ubuntu: apt install python3-venv" >&2; \
	else \
	  echo 'Tallystick needs Python 3.11 or newer, and none of python3, python3.11 .. python3.14' \
	    'is that. Name one: make PYTHON=/path/to/python3.12' >&2; \
	fi; \
	exit 1

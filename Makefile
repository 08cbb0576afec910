# Every target sets up what it needs; `make` alone lists them.
# Works with GNU make and any Python from 3.11 on; PYTHON=… and VENV=… choose others.

SHELL := /bin/sh
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CODE := $(foreach room,adapters bench bot flows tests,$(if $(wildcard $(room)/*.py),$(room)))

# The environment of a virtual environment is its own.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test fast proofs emulate check format docs bench coverage lock clean

help:  ## this list
	@echo "Cuebook: make TARGET"
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)$$/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

setup: $(READY)  ## the virtual environment in .venv, as constraints.txt says; nothing to do if it is there

demo: $(READY)  ## serve the example project and print its address; PORT=… chooses the port
	@exec $(BIN)/cuebook demo

test: fast proofs  ## all tests: the fast suite, then the proofs

fast: $(READY)  ## the fast suite: no real processes, under a minute; T=path::name for some of it
	@$(BIN)/python -m pytest -n $(WORKERS) $(T)

proofs: $(READY)  ## tests with real processes, a browser, kills
	@$(BIN)/python -m pytest -m "proof or browser" --timeout 180 $(T)

# The version is the newest that runs on Node 20.
EMULATE := emulate@0.11.2
emulate: $(READY)  ## installation and calls against the Slack of the npm package emulate; skipped without Node
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
	    [ -e build/emulate/$(EMULATE) ] || { \
	        npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix build/emulate $(EMULATE) \
	        && touch build/emulate/$(EMULATE); }; \
	fi
	@$(BIN)/python -m pytest -n 0 -m emulate --timeout 120 tests/emulate

check: $(READY)  ## format, lint, types and import contracts; what CI asks before the tests
	@bad=; \
	say() { printf '%-14s' "$$1"; shift; out=$$("$$@" 2>&1) && echo ok || { bad=1; printf 'failed\n%s\n\n' "$$out"; }; }; \
	say "ruff format" $(BIN)/ruff format --check --output-format concise .; \
	say "ruff check" $(BIN)/ruff check --output-format concise .; \
	say "mypy" $(BIN)/mypy --no-error-summary $(CODE); \
	say "lint-imports" $(BIN)/lint-imports --no-logo; \
	[ -z "$$bad" ]

format: $(READY)  ## let ruff lay out the code and mend what it safely can
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

docs: $(READY)  ## write what is generated: docs/language.md and the README's table of settings
	@$(BIN)/python -m flows.reference > docs/language.md && $(BIN)/python -m bot.settings_table

bench: $(READY)  ## the measurements: turns, runs, messages, memory, start-up
	@$(BIN)/python -m bench

coverage: $(READY)  ## the fast suite once more, with the lines and branches it misses
	@$(BIN)/coverage run -m pytest -q && $(BIN)/coverage report

lock:  ## write constraints.txt anew from pyproject.toml; UPGRADE=1 takes the newest versions
	@$(find_python); "$$python" -m venv build/lock
	@build/lock/bin/pip install -qq uv
	@build/lock/bin/uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade) \
	    --output-file constraints.txt
	@echo "constraints.txt: $$(grep -c == constraints.txt) packages"

clean:  ## remove what was built or cached here; projects and their data stay
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up ------------------------------------------------------------------------------

# Sets $python to the first that is new enough, or says what to install.
define find_python
for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
    python=; \
done; \
[ -n "$$python" ] || { echo "Cuebook needs Python 3.11 or newer: apt-get install python3 python3-venv" >&2; exit 1; }; \
"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
    echo "$$python has no venv module: apt-get install python3-venv" >&2; exit 1; }
endef

# Hashes are checked for every package; the code itself is installed in place.
$(READY): pyproject.toml constraints.txt
	@$(find_python); \
	echo "setting up $(VENV) with $$("$$python" --version), a minute or so the first time"; \
	[ -x $(BIN)/python ] && $(BIN)/python -c '' 2>/dev/null || "$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes --no-deps -r constraints.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip check --quiet >&2
	@touch $@

# Countinghouse. `make help` lists the targets; nothing but Python 3.11 and make is needed.

# The Python to build .venv with: PYTHON=... or the first one that is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
RUN := .venv/bin/python
CHECK ?=
# Processes that share the tests; 0: one, which shows what it prints.
WORKERS ?= auto
ARGS ?=
# Processes that `make reliability` kills.
KILLS ?= 200

.DEFAULT_GOAL := help
.PHONY: help demo up test test-all reliability lint format bench lock clean
.DELETE_ON_ERROR:

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/run.stamp ## Run it all with sample shops and orders (CHECK=1: try it once and stop)
	$(RUN) manage.py demo $(if $(CHECK),--check) $(ARGS)

up: .venv/run.stamp ## Run an empty site
	$(RUN) manage.py up $(ARGS)

test: .venv/dev.stamp ## Run the tests (ARGS="-k words tests/orders" for some of them)
	@echo "Tests marked crash or long are left out; make test-all runs them too."
	$(RUN) -m pytest -n $(WORKERS) --dist worksteal -m "not crash and not long" $(ARGS)

test-all: .venv/dev.stamp ## Run the tests with the long ones, as CI does
	$(RUN) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

reliability: .venv/dev.stamp ## Kill a whole site's processes while it works, and compare with the shops (KILLS=200)
	$(RUN) -m tests.reliability --kills $(KILLS) $(ARGS)

lint: .venv/dev.stamp ## Check style, types, migrations and the description of the API
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -W 'ignore:Got an error checking a consistent:RuntimeWarning' manage.py makemigrations --check --dry-run
	$(RUN) manage.py spectacular --validate --fail-on-warn --file /dev/null

format: .venv/dev.stamp ## Put style right as far as ruff can
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

bench: .venv/dev.stamp ## Measure how many orders a second can be taken in
	$(RUN) -m tests.benchmarks.intake $(ARGS)

# --universal: one lock for all systems and Pythons from 3.11. What is locked already stays unless ARGS=--upgrade.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(ARGS)

lock: ## Write the lock files from pyproject.toml; needs uv (ARGS=--upgrade: with the newest versions)
	@command -v uv >/dev/null 2>&1 || \
		{ echo "make lock needs uv, and there is none on this machine's PATH: python3 -m pip install uv" >&2; exit 1; }
	$(COMPILE) --extra embedded --extra demo -o requirements.lock pyproject.toml
	$(COMPILE) --extra embedded --extra demo --group dev -o requirements-dev.lock pyproject.toml

clean: ## Remove the environment and the caches; data are kept
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

# What dev installs holds all that run installs, so run has nothing to do after dev.
.venv/run.stamp: requirements.lock
	@if [ -f .venv/dev.stamp ] && [ .venv/dev.stamp -nt requirements.lock ]; then touch $@; \
	else $(call install,requirements.lock); fi

.venv/dev.stamp: requirements-dev.lock requirements.lock
	@$(call install,requirements-dev.lock)

# $(call install,LOCK): make .venv when there is none, put into it exactly what the lock file names, and stamp it.
define install
set -eu; \
if [ -z "$(PYTHON)" ]; then \
	echo "Countinghouse needs Python 3.11 or newer, and there is none on this machine's PATH." >&2; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; fi; \
if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	echo "Countinghouse needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; exit 1; fi; \
if [ -e .venv ] && ! $(RUN) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo "The environment .venv is broken or of an old Python; making it anew."; rm -rf .venv; fi; \
if command -v uv >/dev/null 2>&1; then \
	[ -e .venv ] || uv venv --quiet --python "$(PYTHON)" .venv; \
	echo "Installing $(1) with uv"; \
	uv pip install --quiet --python $(RUN) --require-hashes -r $(1); \
else \
	if ! [ -e .venv ] && ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "$(PYTHON) cannot make an environment: its venv module is missing." >&2; \
		echo "On Debian or Ubuntu: apt install python3-venv. Or install uv, which needs none." >&2; exit 1; fi; \
	[ -e .venv ] || $(PYTHON) -m venv .venv; \
	$(RUN) -m pip --version >/dev/null 2>&1 || $(RUN) -m ensurepip --upgrade >/dev/null; \
	echo "Installing $(1) with pip"; \
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r $(1); \
fi; \
touch $@
endef

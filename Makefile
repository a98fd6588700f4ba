# Everything a newcomer needs: `make demo` and `make test` do their own set-up.
VENV := .venv
PYTHON ?= python3
# Most tests wait for processes: more workers than cores are faster.
WORKERS ?= 4
BIN := $(VENV)/bin
AUDIT := build/audit
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help init demo servers test whole switches chaos year fuzz mutants check audit fix bench schema deb \
  clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

# A minimal Debian has no ensurepip, so the environment is filled by the pip outside it.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev,fuzz]'
	@touch $@

init: $(READY) ## make the virtual environment

demo: $(READY) ## the main job on a simulated array, in under a minute
	@$(BIN)/python -m tests.demo.demo

servers: ## install the servers that the tests start (root on Debian; others are told)
	@tests/setup/servers.sh

test: $(READY) servers ## all tests, of the longest tables a sample
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report= tests/unit/core tests/unit/model
	$(BIN)/python -m coverage report --include='flashd/core/*' --fail-under=95 --skip-covered
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=15 \
	  --ignore tests/unit/core --ignore tests/unit/model

whole: $(READY) servers ## all tests with every case, an hour or more
	FLASHD_TEST_ALL=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=15 tests

switches: $(READY) ## flashd under each position of each switch of the simulated array, in all scenarios
	FLASHD_TEST_ALL=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=15 \
	  tests/switches

mutants: $(READY) ## the tests against every mutant of the last gates and of what they are told; MODULES="firewall outlet"
	$(BIN)/python -u -m tests.mutants $(MODULES)

chaos: $(READY) ## flashd killed, frozen or stopped at every instant, under every fault of the array
	@$(BIN)/python -m tests.chaos --workers $(WORKERS) $(CHAOS)

year: $(READY) ## simulated years of 200 services on 4 arrays, with an oracle; ARGS="--seed 1 --years 2"
	@$(BIN)/python -m tests.simulation.year.main $(ARGS)

# Seconds a target; TARGETS="yaml frame" for some of them, SEED= to draw the same again.
SECONDS ?= 60
fuzz: $(READY) ## everything that reads foreign text, under a coverage-guided fuzzer, minutes
	nice -n 10 $(BIN)/python -m tests.fuzz.run --seconds $(SECONDS) --seed $(or $(SEED),0) \
	  --corpus build/fuzz/corpus $(TARGETS)

check: $(READY) ## style, types, layers, known weaknesses
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/bandit --configfile pyproject.toml --recursive --quiet flashd 2>$(VENV)/bandit.log \
	  || { cat $(VENV)/bandit.log; false; }

audit: $(READY) ## known weaknesses of the packages that are pinned (asks the package index)
	@test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv --without-pip $(AUDIT) && $(PYTHON) -m pip \
	  --python $(AUDIT)/bin/python install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	$(AUDIT)/bin/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

fix: $(READY) ## mend what a tool can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## each figure with its target and the ratio, from one run; ARGS="--only batch --markdown"
	@$(BIN)/python -m tests.bench.bench $(ARGS)

schema: $(READY) ## write the JSON Schema of the service files anew
	$(BIN)/python -m flashd.config.schema --write

deb: ## the Debian package, in dist/
	packaging/deb.sh dist

clean: ## remove what the set-up made
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

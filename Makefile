# Everything a newcomer needs: `make demo` and `make test` do their own set-up.
VENV := .venv
PYTHON ?= python3
# Most tests wait for processes: more workers than cores are faster.
WORKERS ?= 4
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help init demo servers test switches year check fix bench schema deb clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

# A minimal Debian has no ensurepip, so the environment is filled by the pip outside it.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev]'
	@touch $@

init: $(READY) ## make the virtual environment

demo: $(READY) ## the main job on a simulated array, in under a minute
	@$(BIN)/python -m tests.demo.demo

servers: ## install the servers that the tests start (root on Debian; others are told)
	@tests/setup/servers.sh

test: $(READY) servers ## all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report= tests/unit tests/transcripts
	$(BIN)/python -m coverage report --include='flashd/core/*' --fail-under=95 --skip-covered
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=15 \
	  --ignore tests/unit --ignore tests/transcripts

switches: $(READY) ## flashd under each position of each switch of the simulated array, in all scenarios
	FLASHD_TEST_ALL=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=15 \
	  tests/switches

year: $(READY) ## simulated years of 200 services on 4 arrays, with an oracle; ARGS="--seed 1 --years 2"
	@$(BIN)/python -m tests.simulation.year.main $(ARGS)

check: $(READY) ## style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY) ## mend what a tool can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## figures as ratios from one run
	@$(BIN)/python -m tests.bench.bench

schema: $(READY) ## write the JSON Schema of the service files anew
	$(BIN)/python -m flashd.config.schema --write

deb: ## the Debian package, in dist/
	packaging/deb.sh dist

clean: ## remove what the set-up made
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

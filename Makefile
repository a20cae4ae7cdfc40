# What a developer and the CI run. `make` alone lists the targets.
PYTHON ?= python3
SERVE ?= 1
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
BENCHMARKS := $(sort $(wildcard benchmarks/bench_*.py))
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --group build pyproject.toml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-long lint bench bench-large lock clean

help:
	@echo "make demo       train on the bundled CDNOW log, then run the service and the dashboard"
	@echo "                (SERVE=0: stop after printing the ten customers with most value at risk)"
	@echo "make test       run the tests (ARGS='-k name' for some of them; WORKERS=1: one at a time)"
	@echo "make test-long  run the long tests; PERENNIAL_DATA names the folder of the larger logs"
	@echo "make lint       check format, lint and types"
	@echo "make bench      run the benchmarks"
	@echo "make bench-large  the features' benchmark on 100 million lines too; 10 GB of disk"
	@echo "make lock       compile requirements.lock and requirements-dev.lock from pyproject.toml"
	@echo "make clean      remove caches and build files; keeps .venv and var"

# The marks below say what is installed, so that nothing is done twice.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
		"perennial needs Python 3.11 or later, but $(PYTHON) is `$(PYTHON) -V 2>&1`;" \
		"name another: make PYTHON=python3.11"; exit 2; }
	@echo "making the environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock pyproject.toml $(VENV)/.made
	@echo "installing what perennial runs on (about 1 GB; one to three minutes the first time)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "installing what the tests and checks need (about 1 GB, of which Spark is half)"
	@# Spark comes as source: it is packed with the setuptools that the runtime lock pins, and not
	@# compressed, for its half gigabyte of archives is so already.
	@$(PIP) install --require-hashes --no-build-isolation \
		--config-settings=--build-option=--compression=stored -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.runtime
	@$(BIN)/perennial demo $(if $(filter 0,$(SERVE)),--no-serve)

# Who has done their half takes from the other's, so that both end together. What the libraries
# share out over all cores by themselves would only be in the other's way.
test: ALONE = $(filter 0 1,$(WORKERS))
test: $(VENV)/.dev
	$(if $(ALONE),,OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1) $(BIN)/python -m pytest \
		$(if $(ALONE),,-n $(WORKERS) --dist worksteal) $(ARGS)

test-long: $(VENV)/.dev
	$(BIN)/python -m pytest -m long $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .

bench: $(VENV)/.dev
	@test -n "$(BENCHMARKS)" || echo "benchmarks/ holds no bench_*.py yet"
	@set -e; for program in $(BENCHMARKS); do echo "$$program"; $(BIN)/python $$program; done

bench-large: $(VENV)/.dev
	$(BIN)/python benchmarks/bench_features.py --large

lock: $(VENV)/.dev
	$(COMPILE) -o requirements.lock
	$(COMPILE) --extra bench --extra browser --extra postgres --extra spark --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -path ./var -prune -o -name __pycache__ -type d \
		-exec rm -rf {} +

# make demo and make test are the two to know. Everything happens in .venv; nothing outside this folder changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
BENCH_VENV := .venv-bench
TORCH_VENV := .venv-torch

.PHONY: help setup demo check test test-golden test-torch lab bench lint browser packages lock clean
help:
	@echo "make demo    both tracks on the sample data: convert, evaluate, profile, score (a minute or two)"
	@echo "make check   lint, types, and the tests that need neither TensorFlow nor a browser (a minute and a half)"
	@echo "make test    lint, types, and the tests of the package and the notebooks (14 to 18 minutes)"
	@echo "make test-golden  the slow network on all of the challenge's photos (2 minutes), which make test leaves out"
	@echo "make test-torch   the tests of PyTorch networks, with torch in .venv-torch (2 minutes), which make test leaves out"
	@echo "make lab     JupyterLab on copies of the notebooks in my_notebooks/"
	@echo "make bench   ours and other people's tools side by side, in .venv-bench; leave the machine alone meanwhile"
	@echo "make setup   only install; the others do it when it is missing or stale"
	@echo "make browser install chromium from Debian's packages, for the tests that look at pages (as root)"
	@echo "make packages the same, and PostgreSQL and mblaze, for the tests of the ledger and of e-mails"
	@echo "make lint    ruff, mypy, import-linter;  make lock: write the pins anew;  make clean: remove .venv, .venv-bench, .venv-torch and runs/"

setup: $(INSTALLED)

$(INSTALLED): requirements.lock constraints.txt bootstrap.lock pyproject.toml environment.yml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "expected Python 3.11, 3.12 or 3.13, found %d.%d: call make PYTHON=python3.11 (or another of these)" % v)'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@sed -n '/- pip:/,$$s/^ *- \(--.*\)/\1/p' environment.yml > .environment-pip.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r .environment-pip.txt
	@rm .environment-pip.txt
	@touch $@

demo: setup
	@$(BIN)/aic run --track super_resolution --model fast_sr
	@echo
	@$(BIN)/aic run --track enhancement --model fast_enhancement

PYTEST := $(BIN)/python -m pytest
ON_ALL_CORES := --numprocesses logical --maxprocesses 4 --dist worksteal

check: setup lint
	PYTHONPATH=$(CURDIR)/tests/fixtures/without_tensorflow $(PYTEST) $(ON_ALL_CORES) -m "not tensorflow and not browser and not torch"

# The notebooks run beside the package's tests: both wait more than they work. What the notebooks say comes last.
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=300 -o filterwarnings=default

test: setup lint
	@log=$$(mktemp); $(PYTEST) $(NBVAL) notebooks > $$log 2>&1 & notebooks=$$!; \
	  trap "kill $$notebooks 2> /dev/null" INT TERM; \
	  $(PYTEST) $(ON_ALL_CORES) -m "not golden and not torch"; package=$$?; wait $$notebooks; beside=$$?; cat $$log; rm $$log; \
	  test $$package = 0 && test $$beside = 0

test-golden: setup
	$(PYTEST) -m golden

test-torch: setup $(TORCH_VENV)/.installed
	AIC_TEST_TORCH_PYTHON=$(CURDIR)/$(TORCH_VENV)/bin/python $(PYTEST) $(ON_ALL_CORES) -m torch tests/pytorch --durations=6

# Torch and nothing else, which is all that people need to have; by pip, as for .venv-bench.
$(TORCH_VENV)/.installed: tests/pytorch/requirements.txt
	$(PYTHON) -m venv --clear $(TORCH_VENV)
	$(TORCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/pytorch/requirements.txt
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(BENCH_VENV)/.installed
	$(BENCH_VENV)/bin/python benchmarks/suite.py

# By pip, which looks where PIP_FIND_LINKS says: on a machine without a GPU a wheel of torch for the processor alone.
$(BENCH_VENV)/.installed: benchmarks/requirements.txt constraints.txt pyproject.toml
	$(PYTHON) -m venv --clear $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt -r benchmarks/requirements.txt --editable .
	@touch $@

browser:
	command -v chromium > /dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; }

packages: browser
	command -v mshow > /dev/null && ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mblaze postgresql; }

lab: setup
	$(BIN)/aic lab

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --extra dev --generate-hashes -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --extra dev -c requirements.lock -o constraints.txt pyproject.toml
	echo uv | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes -o bootstrap.lock -

clean:
	rm -rf $(VENV) $(BENCH_VENV) $(TORCH_VENV) runs

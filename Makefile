# Two commands do everything on a bare machine: `make repro` and `make test`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && break; done)

# Another Python gets another folder: make test VENV=.venv/newest PYTHON=python3.14
# A variable VENV of the environment is ignored: it may name a folder of the user.
VENV := .venv

export PATH := $(abspath $(VENV))/bin:$(PATH)
.PHONY: repro test check lock format clean

repro: $(VENV)/run.txt      ## set up, then run what has changed
	@$(VENV)/bin/python scripts/recover.py
	@$(VENV)/bin/python -m scripts.repro

test: $(VENV)/dev.txt       ## set up, then the test suite
	OPENBLAS_NUM_THREADS=1 $(VENV)/bin/pytest -n 2 --dist loadfile  # one thread for each of the two workers

check: $(VENV)/dev.txt      ## format, lint, types, and the locks in step
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python scripts/lock_requirements.py --check
	$(VENV)/bin/python -m pipeline verify --lock

format: $(VENV)/dev.txt
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

lock: $(VENV)/dev.txt         ## requirements/*.txt anew from pyproject.toml; UPGRADE=--upgrade for newer versions
	$(VENV)/bin/python scripts/lock_requirements.py $(UPGRADE)

clean:
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache dvc_plots

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.14 on the PATH; install one or name it: make PYTHON=/path/to/python3.11" >&2; exit 3; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 3; }

$(VENV)/run.txt: requirements/run.txt | $(VENV)/bin/python
	@echo "installing $< into $(VENV); this takes a minute or two"
	$(VENV)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	cp $< $@

$(VENV)/dev.txt: requirements/dev.txt | $(VENV)/bin/python
	@echo "installing $< into $(VENV); this takes a minute or two"
	$(VENV)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	cp $< $@
	cp requirements/run.txt $(VENV)/run.txt

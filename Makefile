# Two commands do everything on a bare machine: `make repro` and `make test`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && break; done)

export PATH := $(CURDIR)/.venv/bin:$(PATH)
.PHONY: repro test check lock format clean

repro: .venv/run.txt        ## set up, then run what has changed
	@.venv/bin/python scripts/recover.py
	@.venv/bin/python -m scripts.repro

test: .venv/dev.txt         ## set up, then the test suite
	.venv/bin/pytest -n 2 --dist loadfile

check: .venv/dev.txt        ## format, lint, types, and the locks in step
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/python scripts/lock_requirements.py --check
	.venv/bin/python -m pipeline verify --lock

format: .venv/dev.txt
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock: .venv/dev.txt         ## requirements/*.txt anew from pyproject.toml; UPGRADE=--upgrade for newer versions
	.venv/bin/python scripts/lock_requirements.py $(UPGRADE)

clean:
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache dvc_plots

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.14 on the PATH; install one or name it: make PYTHON=/path/to/python3.11" >&2; exit 3; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 3; }

.venv/run.txt: requirements/run.txt | .venv/bin/python
	@echo "installing $< into .venv; this takes a minute or two"
	.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	cp $< $@

.venv/dev.txt: requirements/dev.txt | .venv/bin/python
	@echo "installing $< into .venv; this takes a minute or two"
	.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	cp $< $@
	cp requirements/run.txt .venv/run.txt

# make        a virtual environment, and the default model trained in it
# make test   every test, and the linter
# make bench  the benchmarks: minutes each, on a machine that does nothing else
PYTHON ?= python3
BIN := .venv/bin

train: .venv/installed
	$(BIN)/python train.py

.venv/installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -r requirements.txt
	touch $@

.venv/tested: .venv/installed tests/requirements.txt
	$(BIN)/python -m pip install -r tests/requirements.txt
	touch $@

test: .venv/tested
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pytest

bench: .venv/tested
	for bench in tests/bench/*.py; do echo "$$bench"; $(BIN)/python $$bench || exit 1; done

.PHONY: train test bench

# make        a virtual environment, and the default model trained in it
# make test   every test, and the linter
# make bench  the benchmarks: minutes each, on a machine that does nothing else
# make bench-browser  our engine against others, writing and learning in Chromium (wants npm)
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
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m pytest

bench: .venv/tested
	for bench in $(filter-out %/browser.py %/training.py %/onnx_graph.py,$(wildcard tests/bench/*.py)); do echo "$$bench"; $(BIN)/python $$bench || exit 1; done

bench-browser: .venv/tested
	$(BIN)/python -m pip install onnx==1.23.2
	npm install --no-package-lock --prefix tests/bench
	$(BIN)/python tests/bench/browser.py
	$(BIN)/python tests/bench/training.py

.PHONY: train test bench bench-browser

# make run   installs into .venv, adds the sample papers, serves chat and API on http://127.0.0.1:8000
# make test  installs what the tests need, a browser included, and runs them
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-gguf lint papers clean

run: $(VENV)/installed
	$(BIN)/ragqa ingest data/sample
	$(BIN)/ragqa serve

test: $(VENV)/installed-test
	sh tests/install_browser.sh $(BIN)/python
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

# The llama.cpp part: an extra without a wheel, which builds for about nine minutes on two cores.
test-gguf: $(VENV)/installed-test
	PYTHONWARNINGS=ignore $(BIN)/pip install -q -e ".[gguf]"
	$(BIN)/pytest -m gguf

lint: $(VENV)/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy

# Typeset the sample papers again from their source.
papers: $(VENV)/installed-test
	$(BIN)/python data/sample/build.py

$(VENV)/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ragqa needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade "pip>=25.1"
	touch $@

$(VENV)/installed: $(VENV)/pip pyproject.toml
	@echo "Installing ragqa and what it needs (about 1 GB, once) ..."
	PYTHONWARNINGS=ignore $(BIN)/pip install -q -e .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/pip install -q --group dev
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

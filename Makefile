PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help run test lint types floors unit bench format clean system-run system-test

help:
	@echo "make run    install what is missing and open the window, or clean the microphone where there is no screen"
	@echo "make test   lint, types, floors and all tests   (one by one: lint types floors unit)"
	@echo "make bench  run the benchmarks                  make format  reformat the sources"
	@echo "make clean  remove .venv, caches and builds"

run: system-run .venv/.run
	$(BIN)/unfold

test: lint types floors unit

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.test
	$(BIN)/mypy realtime gui

floors: .venv/.test
	$(BIN)/lint-imports

unit: system-test .venv/.test
	$(BIN)/pytest -q

bench: system-test .venv/.test
	$(BIN)/python -m benchmarks

format: .venv/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make a second call quick: pip runs again only when a lock or pyproject.toml has changed.
.venv/.created:
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.run .venv/.test: .venv/.%: requirements/%.txt pyproject.toml | .venv/.created
	@echo "Installing the Python packages of $< into .venv ..."
	$(PIP) -r $< -e . --no-deps
	@touch $@

system-run system-test: system-%:
	@tools/system-packages.sh $*

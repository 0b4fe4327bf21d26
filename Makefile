# The commands of the README. Everything lives in .venv; the locks in locks/ carry hashes.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
RUN_STAMP := .venv/.run-$(shell cat locks/run.txt pyproject.toml | cksum | cut -d' ' -f1)
TEST_STAMP := .venv/.test-$(shell cat locks/test.txt locks/spec.txt pyproject.toml | cksum | cut -d' ' -f1)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

.PHONY: demo test bench drills lint lock clean

demo: $(RUN_STAMP)
	@$(BIN)/shop demo $(ARGS)

test: $(TEST_STAMP)
	@$(BIN)/python -m tests $(ARGS)

bench: $(TEST_STAMP)
	@$(BIN)/python -m tests.bench $(ARGS)

drills: $(TEST_STAMP)
	@$(BIN)/python -m tests.drills $(ARGS)

lint: $(TEST_STAMP)
	$(BIN)/ruff check shop tests wsgi.py
	$(BIN)/ruff format --check shop tests wsgi.py
	$(BIN)/mypy shop

$(RUN_STAMP): locks/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian install python3-venv." >&2; exit 1; }
	@echo "Installing the locked packages into .venv …" >&2
	@$(PIP) -r locks/run.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@rm -f .venv/.run-*; touch $@

$(TEST_STAMP): $(RUN_STAMP) locks/test.txt locks/spec.txt
	@echo "Installing the locked test packages into .venv …" >&2
	@$(PIP) -r locks/test.txt
	@$(PIP) --no-deps -r locks/spec.txt
	@rm -f .venv/.test-*; touch $@

# Needs uv. The lock names no index, so it serves wherever the packages are.
lock:
	uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra checkout pyproject.toml -o locks/run.txt
	uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra checkout --extra test pyproject.toml -o locks/test.txt

clean:
	rm -rf .venv instance build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

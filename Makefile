# What one types in a checkout. `make help` lists it.
#
# PYTHON   the interpreter that makes .venv (3.11 or later): make setup PYTHON=python3.13
# ARGS     further arguments: make demo ARGS="--port 8090 --play 20", make test ARGS="-k board"

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# Touched when the installation is complete; redone only when what it was made from changes.
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: setup demo test test-pygame coverage check proof-kills proof-power chaos bench pictures texts lock clean help

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(INSTALLED) ## make .venv and install Loket with all it needs, each file checked against its hash

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: $(PYTHON) is older than 3.11; name another: make setup PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
	  || { echo "make: $(PYTHON) has no venv; on Debian: sudo apt-get install python3-venv" >&2; exit 1; }
	@# One that is there keeps its Python: another would mix two. "make clean" takes it away.
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## the whole hall on this machine, as real processes; prints one address, Ctrl-C stops it
	@exec $(BIN)/loket demo $(ARGS)

test: setup ## all tests; what needs a missing part of the system is skipped and says so
ifeq ($(strip $(ARGS)),)
	$(BIN)/pytest -n auto --ignore=tests/real
	@# Real halls by themselves: beside tests that keep a core busy they do not meet their limits.
	$(BIN)/pytest -n auto tests/real
else
	$(BIN)/pytest -n auto $(ARGS)
endif

test-pygame: setup ## the displays' tests on plain pygame instead of pygame-ce, in a venv beside the other
	test -x .venv-pygame/bin/python || $(BIN)/python -m venv .venv-pygame
	.venv-pygame/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	.venv-pygame/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@# Both give the package pygame: the second must not find the first.
	.venv-pygame/bin/pip uninstall --quiet --yes pygame pygame-ce
	.venv-pygame/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/displays/pygame.txt
	.venv-pygame/bin/pytest -q -n auto tests/displays $(ARGS)

coverage: setup ## fails when a branch of the hall's rules or of the wire is in no table of tests
	$(BIN)/pytest -q -n auto --cov=broker/hall --cov=broker/wire --cov-branch --cov-fail-under=100 \
	  --cov-report=term-missing:skip-covered -k "not random_commands" \
	  tests/broker/hall tests/broker/wire $(ARGS)

check: setup ## format, lint, types, arrows and limits
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_arrows.py tests/test_limits.py

readme: setup ## write again what README has from the code: diagrams, reference of the wire
	$(BIN)/python -m tests.readme

texts: setup ## after a text was changed: bring its other languages up to date, say what is missing
	$(BIN)/python -m tests.texts $(ARGS)

proof-kills: setup ## kill -9 50 times a broker, seeded; writes tests/real/kills.json (10 minutes)
	$(BIN)/python -m tests.real.kills --kills 50 --out tests/real/kills.json $(ARGS)

chaos: setup ## 1,000 kills and 100,000 presses, seeded; writes tests/real/RESULTS.md (40 minutes, quiet machine)
	$(BIN)/python -m tests.real.chaos $(ARGS)

proof-power: setup ## a ticket's life with a fault at each write and sync; writes tests/real/power.json (20 minutes)
	$(BIN)/python -m tests.real.life --out tests/real/power.json $(ARGS)

bench: setup ## measure; writes tests/bench/figures.json (6 minutes, on a quiet machine)
	$(BIN)/loket bench --out tests/bench/figures.json $(ARGS)

pictures: setup ## paint the board's accepted pictures again: look at them before you commit them
	$(BIN)/python -m tests.displays.test_golden

lock: ## choose the newest versions again and write requirements.txt (needs uv)
	uv pip compile --generate-hashes --universal --no-emit-index-url --no-emit-find-links --no-annotate \
	  --all-extras --group dev pyproject.toml -o requirements.txt -p 3.11 --upgrade

clean: ## remove what was made here: .venv, the demo's data, caches
	rm -rf .venv .venv-pygame .demo build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

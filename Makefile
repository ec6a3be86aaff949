# SPDX-License-Identifier: Apache-2.0
# Every target sets up what it needs. `make` alone explains itself.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint fix web bench stories slow requirements chromium clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= demo
JOBS ?= 2
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-strip-extras --no-header --no-annotate
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: $(VENV)/.site ## play the story on this machine, then serve it at http://127.0.0.1:8000
	$(BIN)/fronde demo --data $(DATA)

test: $(VENV)/.dev node chromium ## every test, browser included
	cd web && npm run --silent check && npm test --silent
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report=

lint: $(VENV)/.dev node ## what a machine can see: style, types, walls, locked files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	cd web && npm run --silent build -- --check

fix: $(VENV)/.dev ## mend style where a machine can
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

web: node ## build the browser's scripts into src/fronde/site/static
	cd web && npm run --silent build

stories: $(VENV)/.dev node chromium ## only the stories in a real browser
	$(BIN)/python -m pytest tests/stories

slow: $(VENV)/.dev node chromium ## the long forms: kills, mutants
	$(BIN)/python -m pytest -m slow

bench: $(VENV)/.dev node chromium ## the figures of bench/README.md, measured here
	$(BIN)/python -m bench

requirements: ## compile requirements/*.txt anew (needs uv)
	$(COMPILE) pyproject.toml -o requirements/verify.txt
	$(COMPILE) pyproject.toml --extra site -o requirements/site.txt
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) requirements/dev.in requirements/site.txt -o requirements/dev.txt

clean: ## remove what was set up here
	rm -rf $(VENV) web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

# -- setting up ---------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Fronde needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.site: requirements/site.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) --require-hashes -r requirements/site.txt -r requirements/build.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.site

.PHONY: node
node: web/node_modules/.package-lock.json
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

chromium:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	  else echo "The stories need Chromium. Install it: apt-get install chromium"; exit 1; fi; }

# registrar: `make run` starts it, `make test` tests it. Everything else is listed by `make help`.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: help run cluster engines test check bench docs screenshots lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/run.stamp ## Start registrar on 127.0.0.1:8000 with a real course run loaded (Ctrl-C stops it)
	@exec $(BIN)/registrar serve --example $(ARGS)

cluster: $(VENV)/cluster.stamp ## Start every process and engine of the cluster mode on this machine
	@exec $(BIN)/registrar up --cluster $(ARGS)

engines: $(VENV)/run.stamp ## Get Kafka, Elasticsearch, Redis and PostgreSQL 15 (as root: Debian packages too)
	@$(BIN)/python -m infra.engines.provision --packages

test: check ## Check, then run every test that this machine allows
	@$(BIN)/python -m infra.engines.provision || echo "The tests go on without what is missing."
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

check: $(VENV)/test.stamp ## Format, lint, types, layers, documents, advisories
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }
	@$(BIN)/python -m docs.generate --check
	@$(BIN)/python -m docs.compatibility
	@$(BIN)/python -m docs.stored_facts --check
	@$(BIN)/python -m docs.audit
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir $(VENV)/site

bench: $(VENV)/test.stamp ## Run a benchmark: make bench NAME=append
	@$(BIN)/python -m bench $(NAME) $(ARGS)

docs: $(VENV)/test.stamp ## Generate the reference from the code
	@$(BIN)/python -m docs.generate

lock: $(VENV)/run.stamp ## Resolve the locked dependencies anew, one set of versions for all
	@$(BIN)/python -m pip install -q uv
	@lock() { $(BIN)/uv pip compile -q --upgrade pyproject.toml requirements/build.in --universal \
	  --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" "$$@"; }; \
	lock --extra cluster -o requirements/cluster.lock && \
	lock -c requirements/cluster.lock -o requirements/run.lock && \
	lock -c requirements/cluster.lock --extra cluster --extra test -o requirements/test.lock

clean: ## Remove what was built here (not your data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "registrar needs Python 3.11 or later: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)"; rm -rf $(VENV); exit 1; }

$(VENV)/%.stamp: requirements/%.lock pyproject.toml $(VENV)/bin/python
	@echo "Setting up the locked $* dependencies in $(VENV) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

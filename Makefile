.DEFAULT_GOAL := help
.PHONY: help setup demo test lint down logs token status bench pins contracts
SHELL := /bin/sh
export PATH := $(CURDIR)/.venv/bin:$(PATH)
SOURCES := $(wildcard conftest.py libs services clients deploy/local examples benchmarks tests)

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## / — /'

setup: ## the virtual environment from the pinned requirements (quick when it is up to date)
	@deploy/local/setup.sh

demo: setup ## start everything, load the example organisation, show its dashboard, leave it running
	@local-stack demo

# Tests wait for servers more than they compute: three processes for two cores.
test: setup lint ## lint, then every test
	@pytest -n 3 --dist loadgroup --no-loadscope-reorder $(PYTEST_ARGS)

lint: setup ## ruff, mypy --strict, import-linter
	@ruff check -q $(SOURCES)
	@ruff format -q --check $(SOURCES)
	@mypy $(SOURCES)
	@lint-imports

down: ## stop the stack; its data stays in .local/
	@if [ -x .venv/bin/local-stack ]; then local-stack down; else echo "Nothing is running: this checkout has not been set up."; fi

logs: setup ## follow the logs of every process
	@local-stack logs --follow

token: setup ## a token for the local stack
	@local-stack token $(TOKEN_ARGS)

status: setup ## what runs, where
	@local-stack status

bench: setup ## benchmarks, as a table beside their targets
	@python -m benchmarks

contracts: setup ## publish the event schemas (incompatible changes are refused), write out the OpenAPI documents
	@python -m tests.contract.publish

pins: setup ## pin every requirement anew
	@python -m local_stack.pins

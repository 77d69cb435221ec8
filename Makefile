PYTHON ?= python3
BIN := .venv/bin
ROOT_OPTION := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: lab test lint notebooks bench clean system

lab: .venv/lab.stamp  ## Open the first tutorial in JupyterLab
	$(BIN)/jupyter lab $(ROOT_OPTION) notebooks/01_messages.ipynb

test: lint system tests/node_modules/npm.stamp  ## Run every check there is
	$(BIN)/pytest -m "not browser"
	node --test tests/js/*.mjs
	$(BIN)/pytest -m browser
	@echo "make test: lint, types, tests and browser tests passed"

lint: .venv/test.stamp  ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

notebooks: .venv/test.stamp  ## Execute the tutorials and keep what they show
	$(BIN)/python tests/support/notebooks.py

bench: .venv/bench.stamp  ## Measure speed against the bare limit and other libraries, in ratios
	$(BIN)/python tests/benchmarks/bench.py

clean:  ## Remove everything that the other commands made
	rm -rf .venv build dist tests/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "repid_nb needs Python 3.11 or newer, and $(PYTHON) is not. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "$(PYTHON) has no venv. Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

.venv/%.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[$*]"
	touch $@

tests/node_modules/npm.stamp: tests/package.json | system
	npm install --prefix tests --no-package-lock --no-audit --no-fund
	touch $@

# $(call install,COMMANDS,PACKAGES): where none of the commands exists, root installs the packages.
install = for name in $(1); do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(2); \
	else echo "$(firstword $(1)) is missing. Debian and Ubuntu: apt-get install $(2)"; fi

system:
	@$(call install,chromium chromium-browser google-chrome,chromium fonts-noto-color-emoji)
	@$(call install,npm,nodejs npm)

PYTHON ?= python3
BIN := .venv/bin
NPM_BIN := tests/node_modules/.bin
ROOT_OPTION := $(if $(filter 0,$(shell id -u)),--allow-root)

NOTEBOOKS := $(wildcard notebooks/*.ipynb notebooks/exercises/*.ipynb notebooks/nbgrader/source/*/*.ipynb)
# Outputs teach and cell ids are given by hand, so both stay; what a run leaves behind goes.
LEFT_BEHIND := $(addprefix metadata.language_info.,version codemirror_mode file_extension mimetype nbconvert_exporter pygments_lexer)
STRIP := $(BIN)/nbstripout --keep-output --keep-id --extra-keys "$(LEFT_BEHIND)"

# The style of the AsyncAPI page is not among it: it stands byte for byte in what a committed notebook shows.
JAVASCRIPT := $(wildcard repid_nb/widgets/static/*.mjs repid_nb/widgets/static/*.css tests/js/*.mjs)

# What starts kernels takes as long as all other tests together, the one that makes an environment for nbgrader among them.
NOTEBOOK_TESTS := tests/notebook $(filter-out tests/test_nbgrader.py,$(wildcard tests/test_*.py))

# Where this is set, each of the many kernels and processes of the tests compiles the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: lab test lint notebooks exercises git-filter bench soak clean system

lab: .venv/lab.stamp  ## Open the course's start page in JupyterLab
	$(BIN)/jupyter lab $(ROOT_OPTION) --LabApp.default_url=/lab/tree/notebooks/00_start.ipynb

test: lint system tests/node_modules/npm.stamp  ## Run every check there is
	@$(BIN)/python tests/support/side_by_side.py \
		'$(BIN)/pytest $(NOTEBOOK_TESTS)' \
		'$(BIN)/pytest $(addprefix --ignore=,$(NOTEBOOK_TESTS) tests/browser)' \
		'$(BIN)/pytest tests/browser' \
		'node --test --test-reporter=spec $(wildcard tests/js/*.mjs)'
	@echo "make test: lint, types, tests and browser tests passed"

lint: .venv/test.stamp tests/node_modules/npm.stamp  ## Check style, types and what the notebooks carry
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(NPM_BIN)/tsc --project repid_nb/widgets/static/jsconfig.json
	$(NPM_BIN)/prettier --check --log-level warn $(JAVASCRIPT)
	@$(STRIP) --verify $(NOTEBOOKS) || { echo 'Notebooks carry what a run left behind. Mend: make notebooks exercises'; exit 1; }

notebooks: .venv/test.stamp  ## Execute the tutorials and keep what they show
	PYTHONPATH=tests $(BIN)/python -m support.notebooks

exercises: .venv/test.stamp  ## Make the learners' copies of the exercises from their sources
	PYTHONPATH=tests $(BIN)/python -m support.exercises

git-filter: .venv/test.stamp  ## Let git leave out of commits what a run leaves behind in a notebook
	git config filter.notebooks.clean '$(STRIP)'
	git config filter.notebooks.smudge cat

bench: .venv/bench.stamp  ## Measure speed against the bare limit and other libraries, in ratios
	$(BIN)/python tests/benchmarks/bench.py

# Another Python than the tests' own, such as python3.13: from 3.12 on some histories have eager tasks.
PYTHON_SOAK ?=
SOAK := $(if $(PYTHON_SOAK),build/soak/$(notdir $(PYTHON_SOAK))/bin,$(BIN))

soak: .venv/test.stamp build/soak/lowest/soak.stamp $(if $(PYTHON_SOAK),build/soak/$(notdir $(PYTHON_SOAK))/soak.stamp)  ## Look for faults: 10,000 histories, each cut, each interrupt, each planted fault
	PYTHONPATH=.:tests $(SOAK)/python -m soak
	PYTHONPATH=.:tests build/soak/lowest/bin/python -m soak histories --histories 1000

# Environments with what histories need and no more; `lowest` has the lowest versions that pyproject.toml declares.
build/soak/%/soak.stamp: pyproject.toml | .venv/test.stamp
	$(BIN)/uv venv --quiet --clear --no-python-downloads --python "$(if $(filter lowest,$*),$(BIN)/python,$$(command -v $(PYTHON_SOAK)))" build/soak/$*
	$(BIN)/uv pip install --quiet --python build/soak/$*/bin/python $(if $(filter lowest,$*),--resolution lowest-direct) \
		--editable . repid==2.1.4 'typing-extensions>=4.12'
	touch $@

clean:  ## Remove everything that the other commands made
	rm -rf .venv .venv-nbgrader build dist tests/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache

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

PYTHON ?= python3
BIN := .venv/bin
NPM_BIN := tests/node_modules/.bin
ROOT_OPTION := $(if $(filter 0,$(shell id -u)),--allow-root)

NOTEBOOKS := $(wildcard notebooks/*.ipynb notebooks/exercises/*.ipynb notebooks/nbgrader/source/*/*.ipynb)
# Outputs teach and cell ids are given by hand, so both stay; what a run leaves behind goes.
LEFT_BEHIND := $(addprefix metadata.language_info.,version codemirror_mode file_extension mimetype nbconvert_exporter pygments_lexer)
STRIP := $(BIN)/nbstripout --keep-output --keep-id --extra-keys "$(LEFT_BEHIND)"

# The style of the AsyncAPI page is not among it: it stands byte for byte in what a committed notebook shows.
JAVASCRIPT := $(wildcard repid_nb/widgets/static/*.mjs repid_nb/widgets/static/*.css tests/js/*.mjs site/*.mjs site/live/*.mjs site/pages/*.mjs site/pages/*.js site/pages/*.css site/pages/*.html site/book/*.js site/book/static/*.css)

# Kernels, servers and browsers mostly wait for one another. So these parts run side by side with the tests that only
# compute; the longest begin.
# More at once than this, and a browser waits so long for its turn that what it tests is the machine.
AT_ONCE ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 2))')
ENVIRONMENT_TESTS := tests/test_binder.py tests/test_nbgrader.py
NOTEBOOK_TESTS := tests/notebook $(filter-out $(ENVIRONMENT_TESTS),$(wildcard tests/test_*.py))
LAB_TESTS := tests/browser/test_notebooks.py
PAGE_TESTS := $(addprefix tests/browser/,test_workbench_module.py test_lesson.py test_workbench_marimo.py)
CORE_TESTS := tests/core tests/limits tests/soak
BROKER_TESTS := tests/brokers
SITE_TESTS := tests/site

# Where this is set, each of the many kernels and processes of the tests compiles the package anew.
unexport PYTHONDONTWRITEBYTECODE

# The learner's copies of the notebooks; git leaves them alone.
COURSE := my_course
LAB_SETTINGS := .venv/share/jupyter/lab/settings/overrides.json

.PHONY: lab start-over test test-site site site-serve versions lint notebooks exercises git-filter bench soak clean system firefox

lab: .venv/lab.stamp $(LAB_SETTINGS)  ## Open the course in JupyterLab, in working copies of its notebooks
	@$(BIN)/python -m repid_nb.classroom notebooks $(COURSE)
	@$(BIN)/jupyter lab $(ROOT_OPTION) --config=binder/lab.py --LabApp.default_url=/lab/tree/$(COURSE)/00_start.ipynb

start-over: .venv/lab.stamp  ## Begin a chapter anew and keep the old copy beside it: make start-over CHAPTER=routing
	@$(BIN)/python -m repid_nb.classroom notebooks $(COURSE) --start-over "$(CHAPTER)"

test: .venv/test.stamp .rabbitmq/stamp system tests/node_modules/npm.stamp  ## Run every check there is
	@$(BIN)/python tests/support/side_by_side.py --at-once $(AT_ONCE) \
		'$(BIN)/pytest --durations=20 $(addprefix --ignore=,$(NOTEBOOK_TESTS) $(ENVIRONMENT_TESTS) $(CORE_TESTS) $(BROKER_TESTS) $(SITE_TESTS) tests/browser)' \
		'$(BIN)/pytest --durations=20 tests/browser $(addprefix --ignore=,$(LAB_TESTS) $(PAGE_TESTS))' \
		'$(BIN)/pytest --durations=20 -k "not exercises" $(LAB_TESTS)' \
		'$(BIN)/pytest --durations=20 $(NOTEBOOK_TESTS)' \
		'$(BIN)/pytest --durations=20 $(PAGE_TESTS)' \
		'$(BIN)/pytest --durations=20 $(BROKER_TESTS)' \
		'$(BIN)/pytest --durations=20 -k exercises $(LAB_TESTS)' \
		'$(BIN)/pytest --durations=20 $(ENVIRONMENT_TESTS)' \
		'$(BIN)/pytest --durations=20 $(CORE_TESTS)' \
		'make --no-print-directory lint' \
		'node --test --test-reporter=spec $(wildcard tests/js/*.mjs)'
	@echo "make test: lint, types, tests and browser tests passed"

test-site: site .venv/test.stamp system firefox tests/node_modules/npm.stamp  ## Build the web site, and walk it in Chromium and Firefox
	@$(BIN)/python tests/support/side_by_side.py --at-once $(AT_ONCE) \
		'$(BIN)/pytest --durations=10 tests/site/test_laboratory.py' \
		'$(BIN)/pytest --durations=10 -k exercises tests/site/test_book.py' \
		'$(BIN)/pytest --durations=10 -k "not exercises" tests/site/test_book.py' \
		'$(BIN)/pytest --durations=10 $(SITE_TESTS) --ignore=tests/site/test_laboratory.py --ignore=tests/site/test_book.py'
	@$(BIN)/python tests/benchmarks/site.py

site: .venv-site/stamp site/node_modules/npm.stamp  ## Build the web site into build/site: the whole course, without a server
	PYTHONPATH=. .venv-site/bin/python site/build.py build/site

site-serve: site  ## Build the web site and serve it on this computer
	$(BIN)/python build/site/serve.py

versions: .venv/test.stamp  ## Run the package's own tests on the lowest versions that it declares, and on a newer Python
	@$(BIN)/python tests/support/side_by_side.py \
		'$(BIN)/python tests/support/versions.py lowest' \
		'$(BIN)/python tests/support/versions.py newest'

lint: .venv/test.stamp tests/node_modules/npm.stamp  ## Check style, types and what the notebooks carry
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(NPM_BIN)/tsc --project repid_nb/widgets/static/jsconfig.json
	$(NPM_BIN)/tsc --project site/jsconfig.json
	$(NPM_BIN)/prettier --check --log-level warn $(JAVASCRIPT)
	@$(STRIP) --verify $(NOTEBOOKS) || { echo 'Notebooks carry what a run left behind. Mend: make notebooks exercises'; exit 1; }

notebooks: .venv/test.stamp  ## Execute the tutorials and keep what they show
	PYTHONPATH=tests $(BIN)/python -m support.notebooks

exercises: .venv/test.stamp  ## Make the learners' copies of the exercises from their sources
	PYTHONPATH=tests $(BIN)/python -m support.exercises

git-filter: .venv/test.stamp  ## Let git leave out of commits what a run leaves behind in a notebook
	git config filter.notebooks.clean '$(STRIP)'
	git config filter.notebooks.smudge cat

bench: .venv/bench.stamp .rabbitmq/stamp  ## Measure speed against the bare limit and other libraries, in ratios
	$(BIN)/python tests/benchmarks/bench.py

# Another Python than the tests' own: make soak PYTHON_SOAK=python3.13. From 3.12 on some histories have eager tasks.
soak: .venv/test.stamp  ## Look for faults: 10,000 histories, each cut, each interrupt, each planted fault
	PYTHONPATH=.:tests $(BIN)/python -m soak $(addprefix --python ,$(PYTHON_SOAK))
	PYTHONPATH=.:tests $(BIN)/python -m soak --python lowest --histories 1000 histories

clean:  ## Remove everything that the other commands made, but for what a learner wrote in my_course
	rm -rf .venv .venv-* .rabbitmq build dist tests/node_modules site/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "repid_nb needs Python 3.11 or newer, and $(PYTHON) is not. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "$(PYTHON) has no venv. Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

.venv/%.stamp: pyproject.toml | .venv/bin/python
	@echo "Setting up .venv for '$*', about a minute ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

# The tests have uv anyway, and it installs so much in half the time.
.venv/test.stamp: pyproject.toml | .venv/bin/python
	@echo "Setting up .venv for 'test', half a minute ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --editable ".[test]"
	@touch $@

$(LAB_SETTINGS): binder/overrides.json | .venv/bin/python
	@mkdir -p $(@D)
	@cp $< $@

# Where it cannot be fetched the tests that want it are skipped, and say why; with CI=true they fail.
.rabbitmq/stamp: tests/support/get_rabbitmq.sh
	tests/support/get_rabbitmq.sh .rabbitmq
	touch $@

.venv-site/stamp: pyproject.toml .venv/bin/python
	$(BIN)/python -m venv --clear .venv-site
	.venv-site/bin/pip install --quiet --disable-pip-version-check --editable ".[site]"
	touch $@

site/node_modules/npm.stamp: site/package.json | system
	npm install --prefix site --no-package-lock --no-audit --no-fund
	touch $@

tests/node_modules/npm.stamp: tests/package.json | system
	npm install --prefix tests --no-package-lock --no-audit --no-fund
	touch $@

# The shell without windows starts faster; not each system has it, or has its lists of packages yet.
CHROMIUM = $(shell apt-cache show chromium-headless-shell >/dev/null 2>&1 && echo chromium-headless-shell || echo chromium)

# $(call install,COMMANDS,PACKAGES): where none of the commands exists, root installs the packages.
install = for name in $(1); do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(2); \
	else echo "$(firstword $(1)) is missing. Debian and Ubuntu: apt-get install $(2)"; fi

firefox:
	@$(call install,firefox-esr firefox,firefox-esr)

system:
	@$(call install,chromium-headless-shell chromium chromium-browser google-chrome,$(CHROMIUM) fonts-liberation fonts-noto-color-emoji)
	@$(call install,npm,nodejs npm)

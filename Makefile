# Each target only calls what the README's plain lines call.
#   make lab            makes .venv if it must, fills my/, opens JupyterLab
#   make test           proves that everything works
# For another Python: make lab PYTHON=python3.13
# For JupyterLab:     make lab ARGS="--no-browser --port=8899"

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
FILES ?=

# An environment that exists keeps its Python, unless PYTHON names another.
ifeq ($(origin PYTHON) $(wildcard $(BIN)/python),file $(BIN)/python)
BASE := $(BIN)/python
else
BASE := $(PYTHON)
endif
TELL := import sys; print("%d.%d" % sys.version_info[:2])
VERSION := $(shell $(BASE) -c '$(TELL)' 2>/dev/null)
LAB := $(VENV)/.lab-$(VERSION)
DEV := $(VENV)/.dev-$(VERSION)
REVEAL := $(VENV)/share/slides

.PHONY: lab test test-browser test-lowest test-newest test-hub pack bench pins exercises save slides check-python

lab: $(LAB)
	@$(BIN)/python -m bughunt lab $(ARGS)

test: $(DEV)
	$(BIN)/python -m pytest tests $(ARGS)

test-browser: $(DEV) $(REVEAL)
	$(BIN)/python -m pytest tests/browser -n 0 $(ARGS)

# The whole once more, with the oldest and the newest versions that pyproject.toml's ranges allow.
test-lowest: VERSIONS := --resolution lowest-direct
test-newest: VERSIONS := --upgrade
test-lowest test-newest: $(DEV)
	$(BIN)/python -m uv venv --quiet --clear --seed --python $(BIN)/python .venv-$(@:test-%=%)
	$(BIN)/python -m uv pip install --quiet --python .venv-$(@:test-%=%) $(VERSIONS) -e '.[dev]'
	.venv-$(@:test-%=%)/bin/python -m pytest tests $(ARGS)

# nbgrader, and a JupyterHub with several learners: pip's newest, and the hub's proxy from npm.
test-hub: $(DEV)
	$(BIN)/python -m uv venv --quiet --clear --python $(BIN)/python .venv-hub
	$(BIN)/python -m uv pip install --quiet --python .venv-hub \
		-r requirements.txt -r tests/hub/requirements.txt
	npm install --silent --no-save --no-audit --no-fund --prefix .venv-hub configurable-http-proxy
	.venv-hub/bin/python -m pytest tests/hub -n 0 $(ARGS)

# What laptops without a network need, for a stick: make pack ARGS="--systems windows --pythons 3.13"
pack: $(LAB)
	$(BIN)/python tools/pack.py $(ARGS)

bench: $(DEV)
	$(BIN)/python tools/bench.py $(ARGS)

# Runs the notebooks and saves those that changed: make save FILES=notebooks/02-the-first-test.ipynb
save: $(DEV)
	$(BIN)/python tools/notebooks.py save $(FILES)

exercises: $(DEV)
	$(BIN)/python tools/notebooks.py exercises

# Slides of all lessons, or of FILES, each a file that needs no network.
slides: $(LAB) $(REVEAL)
	$(BIN)/python tools/slides.py $(FILES)

# reveal.js, without what the package that brings it along would need to run itself.
$(REVEAL): | $(LAB)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--target $@ sphinx-revealjs==3.2.1

# Newest versions within pyproject's ranges, for every system and Python.
COMPILE := -m uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header \
	--no-emit-index-url --no-emit-find-links
pins: $(DEV)
	echo '-e .' | $(BIN)/python $(COMPILE) - --output-file requirements.txt
	grep -v '^-e' requirements.txt > $(VENV)/constraints.txt
	echo '-e .[dev]' | $(BIN)/python $(COMPILE) - --constraints $(VENV)/constraints.txt \
		--no-annotate --output-file requirements-dev.txt

$(LAB): requirements.txt pyproject.toml | check-python
	@echo "Making the environment in $(VENV): half a minute, the first time."
	@test "$$($(BIN)/python -c '$(TELL)' 2>/dev/null)" = "$(VERSION)" || \
		$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@rm -f $(VENV)/.lab-* $(VENV)/.dev-* && touch $@

$(DEV): requirements-dev.txt $(LAB)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

check-python:
	@$(BASE) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "The course needs Python 3.11 or later, and $(BASE) is" \
			"$(if $(VERSION),Python $(VERSION),not one that runs);" \
			"name another, as in: make lab PYTHON=python3.13" >&2; exit 1; }

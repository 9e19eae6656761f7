# `make demo`, `make examples`, `make test`, `make check` (the lit tests in one process, in seconds), `make docs`
# (tables, pictures, shown outputs, the site), `make bench` (docs/performance.md): each sets up .venv first, once.
PYTHON ?= python3
BIN := .venv/bin
TOOLS := g++ cmake pkg-config

# GGML is built from source. No BLAS backend: generated programs call CBLAS themselves.
export CMAKE_ARGS := -DGGML_BLAS=OFF -DGGML_LLAMAFILE=ON
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc 2>/dev/null || echo 2)
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --no-binary ggml-python

.PHONY: demo examples test check docs fuzz bench
.DELETE_ON_ERROR:

demo: .venv/installed-ggml
	$(BIN)/python examples/demo.py

# Every file that defines `parts`, at full size; TARGET=numpy for the other target.
TARGET ?= ggml
examples: .venv/installed-ggml
	@for file in $$(grep -l '^parts = ' examples/*.py); do \
	  $(BIN)/python $$file --target $(TARGET) || exit 1; done

test: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder
	$(BIN)/lit tests/lit -v

check: .venv/installed-dev
	$(BIN)/python -m tests.check

# Random programs and mutants until time is up; failures lie in build/fuzz.
SECONDS ?= 300
SEED ?= 0
fuzz: .venv/installed-dev
	$(BIN)/python -m tests.fuzz programs --seed $(SEED) --seconds $(SECONDS)
	$(BIN)/python -m tests.fuzz mutants --seed $(SEED) --seconds $(SECONDS)

# Tables and outputs are written again; the site lies in build/site.
docs: .venv/installed-dev
	$(BIN)/python -m tests.coverage_table
	$(BIN)/catgrad draw examples/lenet.py -o docs/pictures/lenet.svg
	$(BIN)/catgrad draw examples/lenet.py --level placed --target ggml -o docs/pictures/lenet_memory.svg
	$(BIN)/catgrad draw examples/chargpt.py --arrow block --stage differentiated -o docs/pictures/block.svg
	$(BIN)/python -m tests.write_outputs
	$(BIN)/mkdocs build --strict

# QUICK=1 takes about two minutes; PEERS=jax narrows, PEERS=none leaves all others out. PASSIVE=1 is for a
# machine that others use as well: threads that wait sleep instead of spinning.
bench: .venv/installed-ggml $(if $(filter none,$(PEERS)),,.venv-bench/installed)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(PEERS),--peers $(PEERS)) \
	  $(if $(WORKLOADS),--workloads $(WORKLOADS)) $(if $(CORES),--cores $(CORES)) \
	  $(if $(PASSIVE),--passive)

# What catgrad is compared with, away from its own environment. The registry's catgrad is the earlier one.
.venv-bench/installed: Makefile
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --disable-pip-version-check torch==2.13.0 jax autograd
	$(PYTHON) -m venv .venv-bench/earlier
	.venv-bench/earlier/bin/python -m pip install --disable-pip-version-check catgrad==0.2.2 'numpy<2'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'error: catgrad needs Python 3.11 or newer; say which with PYTHON=...' >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed-ggml: pyproject.toml | $(BIN)/python
	@for tool in $(TOOLS); do command -v $$tool >/dev/null \
	  || { echo "error: '$$tool' is missing; on Debian: apt-get install $(TOOLS)" >&2; exit 1; }; done
	$(INSTALL) -e '.[ggml]'
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/installed-ggml
	$(INSTALL) -e '.[ggml,dev]'
	@touch $@

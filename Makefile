# Two commands from a fresh checkout: `make run` and `make test`. `make help` names the rest.
# The set-up costs nothing when all is there, so every command asks for it.

PYTHON_OF_VENV := .venv/bin/python
# What `make run` takes: your own picture, sound or cuff instead of the simulated ones.
DEMO_OPTIONS = $(if $(VIDEO),--video "$(VIDEO)") $(if $(SOUND),--sound "$(SOUND)") $(if $(CUFF),--cuff "$(CUFF)")

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test test-long check format simulate-sync bench bench-visit bench-call bench-devices bench-store bench-files bench-sync clean

help:
	@echo 'make run          shows one whole visit: server, cart and workstation, simulated devices'
	@echo '                  VIDEO=... SOUND=... CUFF=... take your own picture, sound or cuff'
	@echo 'make test         all checks and tests'
	@echo 'make test-long    the longer loops and simulations'
	@echo 'make simulate-sync  desks and server under a line that fails (SEEDS=1-200, STEPS=60, TRACE=1)'
	@echo 'make check        format, lint, types, import laws'
	@echo 'make format       puts the code in form'
	@echo 'make bench        the benchmarks; make bench-visit: one whole visit, measured'
	@echo 'make bench-call   calls over a bad line, ours and Chromium'"'"'s (as root; QUICK=1, CELLS="join-10 rate-300k")'
	@echo 'make bench-devices  decoders, false readings and all else of the exam devices (QUICK=1, PARTS="decoders")'
	@echo 'make bench-store  the encrypted store against plain SQLite, opened, loaded and grown (QUICK=1)'
	@echo 'make bench-files  a recording kept encrypted and opened again, against a database row and a plain file'
	@echo 'make bench-sync   first load, push, nothing to do, a thin line, store and files; beside PouchDB and plain SQLite (QUICK=1)'
	@echo 'make setup        only makes the checkout ready'
	@echo 'make clean        removes caches and build results'

setup:
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

run: setup
	@$(PYTHON_OF_VENV) -m demo $(DEMO_OPTIONS)

test: setup-test
	@$(PYTHON_OF_VENV) -m tools.run_tests

test-long: setup-test
	@$(PYTHON_OF_VENV) -m tools.run_tests --long

simulate-sync: setup-test
	@$(PYTHON_OF_VENV) -m tests.simulation "$(or $(SEEDS),1-200)" --steps "$(or $(STEPS),60)" $(if $(TRACE),--trace)

check: setup-test
	@tools/check.sh

format: setup-test
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format .

bench: setup-test
	@$(PYTHON_OF_VENV) -m bench

bench-visit: setup-test
	@$(PYTHON_OF_VENV) -m bench.visit

# Hours; QUICK=1 takes one seed of every cell, CELLS="loss=7 rtt=180 rate=400k" one by hand.
bench-call:
	@tools/setup.sh bench
	@tools/setup-bench.sh
	@PYTHONPATH=.venv/bench-packages QUICK="$(QUICK)" CELLS="$(CELLS)" $(PYTHON_OF_VENV) -m bench.call

# More than an hour; QUICK=1 takes minutes and says so in each row.
bench-devices: setup-test
	@QUICK="$(QUICK)" PARTS="$(PARTS)" $(PYTHON_OF_VENV) -m bench.devices

# Hours for all of it; QUICK=1 takes minutes and says so in each row. BENCH_FOLDER names a folder on
# the disk that is to be measured, with 3 GB free.
bench-sync: setup-test
	@tools/setup-bench-sync.sh
	@QUICK="$(QUICK)" PARTS="$(PARTS)" BENCH_FOLDER="$(or $(BENCH_FOLDER),.)" $(PYTHON_OF_VENV) -m bench.sync

# A quarter of an hour; a minute. No part of a server is in them.
bench-store: PARTS = store opening loading growth
bench-files: PARTS = files
bench-store bench-files: setup-test
	@QUICK="$(QUICK)" PARTS="$(PARTS)" BENCH_FOLDER="$(or $(BENCH_FOLDER),.)" $(PYTHON_OF_VENV) -m bench.sync

clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

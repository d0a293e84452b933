# Every line also works typed by hand; the README shows them. PYTHON names the interpreter that makes .venv.
PYTHON ?= $(shell command -v python3 || command -v python3.12 || command -v python3.11)
BIN := .venv/bin

.PHONY: run test coverage check wheel bench bench-core bench-page pictures endure crowd company train

run: .venv/installed
	$(BIN)/python app.py

test: .venv/installed-dev
	bash .ci/chromium
	$(BIN)/python -m pytest -n auto

# The same tests, counting the lines of core and editor that they run; fails below the floor in pyproject.toml. On Python
# 3.11 that takes a fifth more processor time, so it is not the default; from 3.12 on counting is nearly free.
coverage: .venv/installed-dev
	bash .ci/chromium
	COVERAGE_CORE=$(shell $(BIN)/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")') \
		$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered

check: .venv/installed-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	bash .ci/scripts

# What an earlier wheel was built of would be built in, too: it goes first.
wheel: .venv/installed
	rm -rf build
	$(BIN)/python -m pip wheel --disable-pip-version-check --no-deps --wheel-dir dist .

bench: bench-core bench-page

bench-core: .venv/installed
	$(BIN)/python -m core.lab bench

bench-page: .venv/installed-dev
	bash .ci/chromium
	$(BIN)/python -m tests.browser.bench

# The pictures of the README; look at them before they are committed.
pictures: .venv/installed-dev
	bash .ci/chromium
	$(BIN)/python -m tests.browser.pictures

# Visitors who use the real app.py in every way, and 300 clients at once: what it costs, and whether each answer is right.
endure: MINUTES = 40
endure: .venv/installed-dev
	$(BIN)/python -m tests.server.endurance --minutes $(MINUTES)

crowd: .venv/installed-dev
	$(BIN)/python -m tests.server.endurance --crowd 300

# Sixteen visitors of a server whose nets take 50 ms, a sweep's neighbours, and 300 programs at once: seconds of each.
company: .venv/installed-dev
	$(BIN)/python -m tests.server.company

# make train DATA="photos.zip more.zip" [MINUTES=60]
MINUTES ?= 60
train: .venv/installed
	$(BIN)/python -m core.lab train-tokenizer --data $(DATA) --minutes $(MINUTES) --out runs/tokenizer
	$(BIN)/python -m core.lab train-mvtm --data $(DATA) --tokenizer runs/tokenizer --minutes $(MINUTES) --out runs/mvtm

# A venv without pip (Debian without python3-venv) is taken away again, so that the next try starts clean.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: say make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

# The stamps are younger than the lists they were installed from: nothing is installed twice.
.venv/installed: requirements.txt constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt -c constraints.txt
	touch $@

.venv/installed-dev: $(wildcard requirements*.txt) constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	touch $@

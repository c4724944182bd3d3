# The verbs of ReturnsOps. A bare machine needs Python 3.11 or newer (with venv), git and make.

PORT ?= 8000
RETURNS ?= 200
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
BIN := .venv/bin
# Dozens of processes begin in a demo or a test: without stored bytecode each compiles all of ReturnsOps anew.
unexport PYTHONDONTWRITEBYTECODE
# Settings as production has them, with secrets made up on the spot.
DEPLOYED = RETURNSOPS_PRODUCTION=yes SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_hex(32))')" \
	CREDENTIAL_KEY="$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
	ALLOWED_HOSTS=returnsops.example.com CSRF_TRUSTED_ORIGINS=https://returnsops.example.com



.PHONY: help install install-dev demo smoke bench hammer chaos test check clean

help:
	@echo "make demo   [PORT=8000]  everything on this machine, against the sandbox; Ctrl-C stops it"
	@echo "make smoke               the whole journey without a browser; last line JSON"
	@echo "make bench  [ARGS=...]   our speed beside the simple alternative, or one part of it; last line JSON"
	@echo "make hammer [ARGS=...]   20,000 webhooks while web processes die and the database restarts; last line JSON"
	@echo "make chaos  [RETURNS=200] [SEED=...] [CLASS=...]  returns under every kind of failure; last line JSON"
	@echo "make test   [ARGS=...]   all tests, or those that pytest finds by ARGS"
	@echo "make check               format, lint, types, migrations, deployment settings, imports, dependencies"
	@echo "make clean               stop the databases; remove data and caches (not .venv)"

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. Install it, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# The stamps say what is installed: nothing is done while the requirements stay the same. To test needs all that to run
# does, so it is installed in one go.
.venv/.installed: requirements.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt requirements.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch .venv/.installed $@

install: .venv/.installed

install-dev: .venv/.installed-dev

demo: install
	@exec $(BIN)/python manage.py demo --port $(PORT)

smoke: install
	@exec $(BIN)/python manage.py smoke

bench: install
	@exec $(BIN)/python manage.py bench $(ARGS)

hammer: install
	@exec $(BIN)/python manage.py hammer $(ARGS)

chaos: install
	@exec $(BIN)/python manage.py chaos --returns $(RETURNS) $(if $(SEED),--seed $(SEED)) $(if $(CLASS),--class $(CLASS)) $(ARGS)

test: install-dev
	$(BIN)/python -m tests.browser_setup
	@# One process more than two cores have: about a third of the time tests wait for other programs.
	$(BIN)/python -m pytest --numprocesses 3 $(ARGS)

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	@# Needs no database; says so in a warning that would look like a fault.
	$(BIN)/python -W "ignore:Got an error checking a consistent migration history:RuntimeWarning" \
		manage.py makemigrations --check --dry-run
	$(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python -m pytest tests/test_architecture.py
	$(BIN)/python -m tests.dependency_audit

clean:
	@if test -x $(BIN)/python; then for folder in .data .data/tests .data/smoke .data/bench .data/hammer .data/chaos; do \
		if test -d "$$folder/postgres"; then RETURNSOPS_DATA_DIR="$$folder" DATABASE_URL= $(BIN)/python manage.py postgres erase; fi; done; fi
	rm -rf .data .mypy_cache .ruff_cache .pytest_cache .hypothesis staticfiles test-results
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

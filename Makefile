# `make help` lists the targets. They need Python 3.11 or later; the rest is installed into .venv.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
BENCH := benchmarks/.venv
LOCK = $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --quiet \
	--custom-compile-command "make lock"

# Node.js is one of the packages of requirements-dev.txt.
NPM = PATH="$(abspath $(BIN)):$$PATH" npm --prefix frontend
NODE_MODULES = frontend/node_modules/.package-lock.json

# The settings of a developer's machine, unless the environment says otherwise.
export DEBUG ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo admin test test-all test-slow forget-coverage rehearse rehearse-failover rehearse-broken bench bench-esp bench-pages lighthouse lint audit format \
	package dist backup restore lock messages keep-modules

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

# Ctrl-C ends these without an error of make: the trap keeps the shell alive, which sees the exit code 130.
DEVELOP = @trap : INT; PORT=$(PORT) $(BIN)/python -m testing.develop
run: $(VENV)/.installed  ## start the site on http://127.0.0.1:8000/ (PORT= changes it)
	$(DEVELOP) run || [ $$? = 130 ]

demo: $(VENV)/.installed  ## the same with a made-up campaign and an account for the console
	$(DEVELOP) demo || [ $$? = 130 ]

admin: $(VENV)/.installed  ## create the account "admin", or give it a new password, and print it
	$(DEVELOP) admin || [ $$? = 130 ]

# Let Python keep what it compiles: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE
# A worker gets whole files, in the order that conftest.py sets.
PYTEST = -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(ARGS)
RUN = python
FAST = -m "not (process or browser or rehearsal or fuzz)"
SLOW = -m "process or browser or rehearsal or fuzz"
SQLITE = DATABASE_URL=sqlite:///db.sqlite3
test: $(VENV)/.installed-dev  ## run the fast tests on PostgreSQL, and those with a database on SQLite (ARGS=)
	$(BIN)/$(RUN) $(PYTEST) $(FAST)
	$(SQLITE) $(BIN)/python $(PYTEST) $(FAST) --database-only
	@printf '\nThe fast tests pass on PostgreSQL and on SQLite. Next: make test-all or make run\n'

# Coverage is measured in the fast tests on PostgreSQL only, since measuring doubles a test's time.
test-all: export HYPOTHESIS_PROFILE = ci
test-all: RUN = coverage run
test-all: forget-coverage test $(NODE_MODULES)  ## run all tests, also with processes, a browser and faults; coverage must be 100 %
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(MAKE) --no-print-directory test-slow
	@printf '\nAll tests pass, and all code is covered.\n'

forget-coverage:
	@rm -f .coverage*

test-slow: $(VENV)/.installed-dev $(NODE_MODULES)  # what `make test` leaves out
	$(BIN)/python $(PYTEST) $(SLOW)
	$(SQLITE) $(BIN)/python $(PYTEST) -m process --database-only games serving

MINUTES ?= 5
REHEARSE = $(BIN)/python -m rehearsal $(if $(SEED),--seed $(SEED))
rehearse: $(VENV)/.installed-dev  ## break each part under load; no play may be lost (SEED=, MINUTES=, APPEND=)
	$(REHEARSE) --minutes $(MINUTES) $(if $(APPEND),--append $(APPEND))

rehearse-failover: $(VENV)/.installed-dev  ## let a synchronous standby take over under load (SEED=)
	$(REHEARSE) --failover

rehearse-broken: $(VENV)/.installed-dev  # builds that lose plays: the rehearsal must notice each
	@for build in late keyless debtless; do $(REHEARSE) --broken $$build; [ $$? = 3 ] || exit 1; done; \
		printf '\nThe rehearsal noticed each broken build.\n'

DEPLOYED = DEBUG=0 HTTPS=1 SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	ALLOWED_HOSTS=play.example.com DATABASE_URL=sqlite:///unused PRIVACY_KEY=for-lint-only \
	ESP_BACKEND=esp.backends.brevo.BrevoBackend ESP_OPTIONS='{"api_key": "key", "list_id": 1}' \
	$(BIN)/python manage.py
lint: $(VENV)/.installed-dev $(NODE_MODULES)  ## check style, types (Python, TypeScript), migrations, settings, Dockerfiles, manifests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check
	$(BIN)/python -m rehearsal.lint_migrations
	$(BIN)/python manage.py spectacular --fail-on-warn --validate --file /dev/null
	$(DEPLOYED) collectstatic --noinput --verbosity 0
	$(DEPLOYED) check --deploy --fail-level WARNING
	$(BIN)/hadolint Dockerfile pgbouncer/Dockerfile
	$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes/[!k]*.yaml
	$(NPM) run --silent check

package: $(NODE_MODULES)  ## make the npm package of the modules, and renew their types
	$(NPM) run --workspace verification-mail build -- --write
	$(NPM) pack --workspace verification-mail

dist: $(VENV)/.installed-dev  ## make the wheel, and the list of what it needs (an SBOM, CycloneDX), in dist/
	$(BIN)/uv build --wheel --no-build-isolation --quiet --out-dir dist
	cp requirements.txt .env.example dist/
	PYTHONWARNINGS=ignore $(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.txt \
		--pyproject pyproject.toml --short-PURLs --output-reproducible --output-file dist/esp_mail-sbom.json

audit: $(VENV)/.installed-dev  ## ask whether a dependency has a known hole (needs pypi.org)
	$(BIN)/uv tool run pip-audit==2.10.1 --strict --disable-pip --require-hashes \
		--progress-spinner off --requirement requirements-ses.txt

bench: $(BENCH)/.installed $(VENV)/.installed-dev  ## compare with two FastAPI peers, 15 minutes (QUICK=1: 2 minutes)
	$(BENCH)/bin/python -m benchmarks $(if $(QUICK),--quick --name quick) $(ARGS)

bench-esp: $(BENCH)/.installed $(VENV)/.installed-dev  ## measure what a slow, dead or limited ESP costs
	$(BENCH)/bin/python -m benchmarks.esp
	$(BIN)/python -m benchmarks.delivery

bench-pages: $(VENV)/.installed-dev  ## time the console with a million players (ARGS="--players N --plays N", the first time)
	$(BIN)/python -m benchmarks.pages $(ARGS)

lighthouse: $(VENV)/.installed-dev  ## judge the page by Lighthouse, and play over slow 3G (needs nginx and Chromium)
	$(NPM)/lighthouse ci
	$(BIN)/python -m benchmarks.first_load

format: $(VENV)/.installed-dev  ## put the code into its form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

backup:  ## write the database of docker compose into backups/
	@deploy/backup.sh backup

restore:  ## replace the database by BACKUP=backups/….dump, and repeat the erasures made since
	@deploy/backup.sh restore "$(BACKUP)"

lock: $(VENV)/.installed-dev  ## write requirements*.txt from pyproject.toml (UPGRADE=1: newer versions)
	$(LOCK) $(if $(UPGRADE),--upgrade) --output-file requirements.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra ses --constraint requirements.txt --output-file requirements-ses.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --group dev --constraint requirements-ses.txt --output-file requirements-dev.txt
	$(subst pyproject.toml,benchmarks/requirements.in,$(LOCK)) --python-version 3.11 $(if $(UPGRADE),--upgrade) \
		--output-file benchmarks/requirements.txt

keep-modules: $(VENV)/.installed-dev  ## keep the modules' addresses of this release (before it is tagged)
	$(BIN)/python -m testing.keep_modules

messages: $(VENV)/.installed-dev  ## collect what is to be translated, compile what is (needs gettext)
	$(BIN)/python manage.py makemessages --locale ru --no-location --no-wrap --ignore .venv --ignore frontend
	$(BIN)/python manage.py compilemessages --locale ru --ignore .venv --ignore frontend

$(VENV)/bin/python:
	@$(if $(shell $(PYTHON) -c 'import sys; sys.version_info >= (3, 11) and print("yes")' 2>/dev/null),,\
		$(error ESP mail needs Python 3.11 or later, which $(PYTHON) is not. Name one: make PYTHON=python3.13))
	$(PYTHON) -m venv $(VENV) || (rm -rf $(VENV); exit 1)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --requirement requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --requirement requirements-dev.txt
	@touch $@

$(BENCH)/.installed: benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --requirement benchmarks/requirements.txt
	@touch $@

$(NODE_MODULES): frontend/package-lock.json | $(VENV)/.installed-dev
	$(NPM) ci
	@touch $@

# make help lists the targets. Needs Python 3.11 or later and pip; all else is installed into .venv.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
BENCH := benchmarks/.venv
LOCK = $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --quiet \
	--custom-compile-command "make lock"

# What the targets run is a developer's machine, unless said otherwise.
export DEBUG ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test rehearse rehearse-broken bench bench-esp bench-pages lint audit format backup restore \
	lock messages

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

run: $(VENV)/.installed  ## start the site on http://127.0.0.1:8000/ (PORT= changes it)
	@$(BIN)/python manage.py migrate_locked --verbosity 0
	@printf '%s\n' \
		'' \
		'The game:      http://127.0.0.1:$(PORT)/' \
		'A play:        curl -H "Content-Type: application/json" -d '"'"'{"email": "cem@test.ru"}'"'"' http://127.0.0.1:$(PORT)/api/verification_mail/' \
		'The API:       http://127.0.0.1:$(PORT)/api/docs/' \
		'The admin:     http://127.0.0.1:$(PORT)/admin/  (make an account first: DEBUG=1 $(BIN)/python manage.py createsuperuser)' \
		'The tests:     make test' \
		''
	@PORT=$(PORT) $(BIN)/python supervise.py runserver delivery

test: $(VENV)/.installed-dev  ## run all tests, on PostgreSQL and on SQLite
	@rm -f .coverage*
	$(BIN)/coverage run -m pytest $(ARGS)
	DATABASE_URL=sqlite:///db.sqlite3 $(BIN)/coverage run -m pytest --ignore games/tests/browser $(ARGS)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	@printf '\nAll tests pass on PostgreSQL and on SQLite. Next: make run\n'

MINUTES ?= 5
REHEARSE = $(BIN)/python -m rehearsal $(if $(SEED),--seed $(SEED))
rehearse: $(VENV)/.installed-dev  ## have all parts fail under load; is nothing lost? (SEED=, MINUTES=, APPEND=)
	$(REHEARSE) --minutes $(MINUTES) $(if $(APPEND),--append $(APPEND))

rehearse-broken: $(VENV)/.installed-dev  # builds that lose plays: each must be found out
	@for build in late keyless debtless; do $(REHEARSE) --broken $$build; [ $$? = 3 ] || exit 1; done; \
		printf '\nEach broken build was found out.\n'

lint: $(VENV)/.installed-dev  ## check style, types, migrations, settings, Dockerfiles and manifests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check
	$(BIN)/python -m rehearsal.lint_migrations
	$(BIN)/python manage.py spectacular --fail-on-warn --validate --file /dev/null
	DEBUG=0 HTTPS=1 SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
		ALLOWED_HOSTS=play.example.com DATABASE_URL=sqlite:///unused PRIVACY_KEY=for-lint-only \
		ESP_BACKEND=esp.backends.brevo.BrevoBackend ESP_OPTIONS='{"api_key": "key", "list_id": 1}' \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/hadolint Dockerfile pgbouncer/Dockerfile
	$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes/[!k]*.yaml

audit: $(VENV)/.installed-dev  ## ask whether a dependency has a known hole (needs pypi.org)
	$(BIN)/uv tool run pip-audit==2.10.1 --strict --disable-pip --require-hashes \
		--progress-spinner off --requirement requirements-ses.txt

bench: $(BENCH)/.installed $(VENV)/.installed  ## compare with two FastAPI peers, 15 minutes (QUICK=1: 1 minute)
	$(BENCH)/bin/python -m benchmarks $(if $(QUICK),--quick --name quick) $(ARGS)

bench-esp: $(BENCH)/.installed $(VENV)/.installed  ## what a slow or dead ESP costs
	$(BENCH)/bin/python -m benchmarks.esp

bench-pages: $(VENV)/.installed-dev  ## the staff's pages with a million players (first 20 minutes of seeding)
	$(BIN)/python -m benchmarks.pages

format: $(VENV)/.installed-dev  ## put the code into its form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

backup:  ## write the database of docker compose into backups/
	@deploy/backup.sh backup

restore:  ## put BACKUP=backups/….dump in the database's place; erasures are applied again
	@deploy/backup.sh restore "$(BACKUP)"

lock: $(VENV)/.installed-dev  ## renew requirements*.txt from pyproject.toml
	$(LOCK) --upgrade --output-file requirements.txt
	$(LOCK) --extra ses --constraint requirements.txt --output-file requirements-ses.txt
	$(LOCK) --group dev --constraint requirements-ses.txt --output-file requirements-dev.txt
	$(subst pyproject.toml,benchmarks/requirements.in,$(LOCK)) --python-version 3.11 --upgrade \
		--output-file benchmarks/requirements.txt

messages: $(VENV)/.installed-dev  ## collect what is to be translated, compile what is (needs gettext)
	$(BIN)/python manage.py makemessages --locale ru --no-location --no-wrap --ignore .venv
	$(BIN)/python manage.py compilemessages --locale ru --ignore .venv

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("ESP mail needs Python 3.11 or later." if sys.version_info < (3, 11) else 0)'
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

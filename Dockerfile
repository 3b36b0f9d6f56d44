# The three images of docker-compose.yaml: `db` is PostgreSQL, `web` runs the program, `nginx` is the
# proxy in front. The stage `build` prepares what web and nginx contain.
FROM python:3.13.16-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# requirements-ses.txt adds what Amazon SES needs.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-ses.txt /
RUN python -m venv /venv && /venv/bin/pip install --quiet --requirement "/$REQUIREMENTS"
WORKDIR /app
COPY . .
# Settings without DEBUG, so that static files get the hashed names that a deployment links to.
RUN SECRET_KEY=build PRIVACY_KEY=build ALLOWED_HOSTS=build DATABASE_URL=sqlite:///build ESP_BACKEND=build \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q /app

FROM postgres:17.11 AS db
# Only a trial without .env writes into /trial; see deploy/trial.
RUN install --directory --owner postgres --group postgres /trial
COPY --chmod=755 deploy/trial/make-secrets /usr/local/bin/
# hadolint ignore=DL3066
USER postgres
ENTRYPOINT ["make-secrets"]
CMD ["postgres"]

FROM nginx:1.30.4 AS nginx
# Only variables of these names are replaced in the template.
ENV NGINX_ENVSUBST_OUTPUT_DIR=/tmp \
    NGINX_ENVSUBST_FILTER=^(RESOLVER|WEB_|PLAY_|REQUEST_SIZE|IMPORT_SIZE|CLIENT_TIMEOUT|LOG_CLIENTS|REAL_IP_HEADER|SET_REAL_IP_FROM|TRUSTED_PEERS|ADMIN_|MONITORING_ACCESS|ENTRANCE) \
    NGINX_ENTRYPOINT_QUIET_LOGS=1
COPY nginx/19-variables.envsh /docker-entrypoint.d/
COPY nginx/default.conf.template /etc/nginx/templates/
COPY nginx/nginx.conf /etc/nginx/
COPY nginx/headers.conf nginx/own.conf nginx/refusal.conf nginx/https.conf /etc/nginx/esp_mail/
COPY --from=build /app/staticfiles /srv/static
USER 101
EXPOSE 8080 8443

FROM python:3.13.16-slim AS web
RUN useradd --uid 10001 --no-create-home esp_mail
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DEBUG=0 BIND=0.0.0.0:8000
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001
EXPOSE 8000
CMD ["./start"]

# Three images of one file: `build` gathers, `web` runs the program, `nginx` stands in front of it.
FROM python:3.13.16-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# requirements-ses.txt has what Amazon SES needs besides.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-ses.txt /
RUN python -m venv /venv && /venv/bin/pip install --quiet --requirement "/$REQUIREMENTS"
WORKDIR /app
COPY . .
# The settings of any deployment, so that the files get the names that a deployment asks for.
RUN SECRET_KEY=build PRIVACY_KEY=build ALLOWED_HOSTS=build DATABASE_URL=sqlite:///build ESP_BACKEND=build \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q /app

FROM nginx:1.30.4 AS nginx
# The names that the template has, so that no other variable of the environment gets into it.
ENV NGINX_ENVSUBST_OUTPUT_DIR=/tmp \
    NGINX_ENVSUBST_FILTER=^(RESOLVER|WEB$|PLAY_|REQUEST_SIZE|IMPORT_SIZE|CLIENT_TIMEOUT|LOG_CLIENTS|REAL_IP_HEADER|SET_REAL_IP_FROM|TRUSTED_PEERS|ADMIN_|MONITORING_ACCESS|ENTRANCE) \
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

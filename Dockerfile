# Three images of one file: `build` gathers, `web` runs the program, `nginx` stands in front of it.
FROM python:3.13-slim AS build
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

FROM nginx:1.27 AS nginx
COPY nginx/default.conf.template /etc/nginx/templates/
COPY --from=build /app/staticfiles /srv/static

FROM python:3.13-slim AS web
RUN useradd --uid 10001 --no-create-home esp_mail
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DEBUG=0 BIND=0.0.0.0:8000
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001
EXPOSE 8000
CMD ["./start"]

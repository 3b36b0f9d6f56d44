"""The program, with a database connection that was opened before the server forks."""

from django.db import connection

from esp_mail.wsgi import application

__all__ = ["application"]
connection.ensure_connection()

"""Settings of Django REST framework and of the OpenAPI description."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",  # the first one sets WWW-Authenticate
        "accounts.authentication.AppSessionAuthentication",
        "accounts.authentication.BrowserAuthentication",
    ],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min"},
    # A view without permissions of its own is for staff only.
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "EXCEPTION_HANDLER": "serving.exceptions.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "api.schema.Schema",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "ESP mail",
    "DESCRIPTION": "Counts the plays of a promo game by email address. "
    "Whoever has signed in sees here what else they may use.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "DEFAULT_GENERATOR_CLASS": "api.schema.SchemaForReader",
    "SERVE_PUBLIC": False,
    "SORT_OPERATIONS": False,  # the order of the addresses: plays come first
    "TAGS": [
        {"name": "plays", "description": "Count plays. Open to everybody, without credentials."},
        {"name": "me", "description": "A player's own data, for an account with an address."},
        {"name": "games", "description": "Players and their plays, for staff and their tokens."},
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

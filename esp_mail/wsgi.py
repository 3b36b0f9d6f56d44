"""What gunicorn serves."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esp_mail.settings")


class Request(WSGIRequest):
    """A request whose broken Content-Type is a wrong one (415), where Django's would be a 500."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # missing in the stubs
        except (ValueError, LookupError):
            self.content_type = meta["CONTENT_TYPE"] = ""
            self.content_params = {}


class Handler(WSGIHandler):
    request_class = Request


# As django.core.wsgi.get_wsgi_application() does.
django.setup(set_prefix=False)
application = Handler()

"""What those get who guess at passwords."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Login = Callable[..., HttpResponse]


def lockable(login: Login) -> Login:
    """Return the view of the login with a page for the locked out.

    As the middleware of django-axes would, which looks at every play as well.
    """

    @wraps(login)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = login(request, *args, **kwargs)
        if not getattr(request, "axes_locked_out", False):
            return response
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
        page = render(request, "429.html", {"minutes": minutes}, status=429)
        page.headers["Retry-After"] = str(minutes * 60)
        return page

    return guarded

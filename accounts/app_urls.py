"""Signing in for apps: django-allauth's addresses, without those of what this site has not."""

from typing import NoReturn

from django.http import Http404, HttpRequest
from django.urls import include, path, re_path


def not_here(_request: HttpRequest) -> NoReturn:
    raise Http404


urlpatterns = [
    re_path("^.*/phone", not_here),  # accounts have no telephones, which these views do not expect
    path("", include("allauth.headless.urls")),
]

"""The URLs at which apps sign in: django-allauth's, without those for phone numbers."""

from typing import NoReturn

from django.http import Http404, HttpRequest
from django.urls import include, path, re_path


def not_here(_request: HttpRequest) -> NoReturn:
    raise Http404


urlpatterns = [
    re_path("^.*/phone", not_here),  # these views fail: accounts here have no phone number
    path("", include("allauth.headless.urls")),
]

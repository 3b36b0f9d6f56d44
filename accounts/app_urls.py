"""The URLs at which apps sign in: django-allauth's, without those for phone numbers."""

from collections.abc import Callable
from typing import NoReturn

from allauth.headless.spec.views import OpenAPIJSONView, OpenAPIYAMLView
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.utils.translation import get_language
from django.views.decorators.http import require_safe


def not_here(_request: HttpRequest) -> NoReturn:
    raise Http404


def made_once(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Make the answer once a language: it takes a second of CPU, and anybody may ask for it."""
    made: dict[str | None, HttpResponse] = {}

    @require_safe
    def answer(request: HttpRequest) -> HttpResponse:
        language = get_language()
        if language not in made:
            made[language] = view(request)
        return HttpResponse(made[language].content, headers=dict(made[language].items()))

    return answer


urlpatterns = [
    re_path("^.*/phone", not_here),  # these views fail: accounts here have no phone number
    path("openapi.yaml", made_once(OpenAPIYAMLView.as_view())),
    path("openapi.json", made_once(OpenAPIJSONView.as_view())),
    path("", include("allauth.headless.urls")),
]

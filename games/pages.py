"""What a browser loads: the page with the game, and the modules that other sites use too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from django.views.static import serve

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

STATIC = Path(__file__).parent / "static" / "games"


class Stamp(NamedTuple):
    """A picture of the game: a symbol in stamps.svg, and its name for those who only hear it."""

    symbol: str
    name: StrPromise


STAMPS = (
    Stamp("boat", _("boat")),
    Stamp("lighthouse", _("lighthouse")),
    Stamp("mountain", _("mountain")),
    Stamp("fish", _("fish")),
    Stamp("balloon", _("balloon")),
    Stamp("flower", _("flower")),
)


class PlayPage(TemplateView):
    """The game, and the form that sends its play."""

    template_name = "games/play.html"
    extra_context = {"cards": STAMPS * 2}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(consent_url=settings.CONSENT_URL, **kwargs)


@require_safe
def client_module(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a module at an address that never changes, to pages of any origin.

    It is public code: who may call the API with it is decided there.
    """
    response = serve(request, name, document_root=str(STATIC))
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response

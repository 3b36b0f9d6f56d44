"""The page with the game, the same for frames of other sites, and the brand's style sheet."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from games.consent import mailing_text
from games.limits.checks import not_running
from games.play_keys.keys import shield_is_on
from serving.csp import HEADER

MOVING = "public, max-age=300"
IMMUTABLE = "public, max-age=31536000, immutable"
STAMPS = [  # id of the picture in stamps.svg, and its name for screen readers
    ("boat", _("boat")),
    ("lighthouse", _("lighthouse")),
    ("mountain", _("mountain")),
    ("fish", _("fish")),
    ("balloon", _("balloon")),
    ("flower", _("flower")),
]


class PlayPage(TemplateView):
    """The game, and the form that sends the play."""

    template_name = "promo/play.html"
    extra_context = {"cards": STAMPS * 2}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = self.request.build_absolute_uri
        logo = settings.BRAND.logo_url
        return super().get_context_data(
            consent_url=settings.CONSENT_URL,
            page_url=address("/"),
            image_url=address(logo) if logo else "",
            play_keys=shield_is_on(),
            mailing_text=mailing_text(translation.get_language()),
            mailing_required=settings.MAILING_CONSENT == "required",
            not_running=not_running(),
            field_names=" ".join(settings.PLAY_FIELDS),
            **kwargs,
        )


@method_decorator(xframe_options_exempt, name="dispatch")
class EmbedPage(PlayPage):
    """The game without the site around it, in frames of the sites that may count plays."""

    template_name = "promo/embed.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.CORS_ALLOWED_ORIGINS:
            raise Http404
        # From the address, since browsers keep cookies from frames of other sites.
        if (language := request.GET.get("lang")) in dict(settings.LANGUAGES):
            translation.activate(language)
        origins = " ".join(settings.CORS_ALLOWED_ORIGINS)
        policy = settings.CONTENT_SECURITY_POLICIES[""].replace(
            "frame-ancestors 'none'", f"frame-ancestors {origins}"
        )
        context = self.get_context_data(origins=origins, **kwargs)
        return self.render_to_response(context, headers={HEADER: policy})


@require_safe
def brand_css(_request: HttpRequest, version: str) -> HttpResponse:
    """Answer with the accent colour; an old version's address gets today's, for a short time."""
    response = HttpResponse(settings.BRAND.css, content_type="text/css; charset=utf-8")
    is_current = version == settings.BRAND.css_version
    response.headers["Cache-Control"] = IMMUTABLE if is_current else MOVING
    return response

"""The addresses of the site; those of the probes are in esp_mail.probes."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from django.views.i18n import set_language

from promo.account import ConsentPage
from promo.modules import client_module, module_list
from promo.pages import EmbedPage, PlayPage, brand_css

handler400 = "esp_mail.errors.bad_request"
handler403 = "esp_mail.errors.permission_denied"
handler404 = "esp_mail.errors.not_found"
handler500 = "esp_mail.errors.server_error"

ICON = f"{settings.STATIC_URL}games/icon.svg"
admin.site.site_header = admin.site.site_title = "ESP mail"
admin.site.index_title = _("The campaign at a glance")


@csrf_exempt
@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """Keep robots off the API. Staff pages have a header for it."""
    return HttpResponse("User-agent: *\nDisallow: /api/\n", content_type="text/plain")


urlpatterns = [
    # First, since a play is matched against each path before it.
    path("api/", include("games.urls")),
    path("", PlayPage.as_view(), name="play"),
    path("embed/", EmbedPage.as_view(), name="embed"),
    path("brand-<slug:version>.css", csrf_exempt(brand_css), name="brand-css"),
    # Without CSRF check, so that visitors need no cookie: setting a language harms nobody.
    path("language/", csrf_exempt(set_language), name="set_language"),
    re_path(
        r"^(?P<name>verification-mail[a-z-]*\.(js|d\.ts))$",
        csrf_exempt(client_module),
        name="client-module",
    ),
    re_path(
        r"^verification-mail/(?P<version>[0-9a-f]{12})/(?P<name>verification-mail[a-z-]*\.js)$",
        csrf_exempt(client_module),
        name="versioned-module",
    ),
    path("verification-mail.json", csrf_exempt(module_list), name="module-list"),
    path("consent/<str:key>/", ConsentPage.as_view(), name="consent"),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("accounts/", include("promo.account_urls")),
    path("api/", include("api.urls")),
    path("api/auth/", include("accounts.app_urls")),
    re_path(r"^docs/?$", RedirectView.as_view(pattern_name="docs:docs")),
    path("robots.txt", robots),
    # Browsers ask for it on pages that name no icon, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=settings.BRAND.icon_url or ICON)),
]

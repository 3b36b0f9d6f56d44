"""The site's addresses, but for those of esp_mail.probes."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from django.views.i18n import set_language

from games.pages import PlayPage, client_module

handler400 = "esp_mail.errors.bad_request"
handler403 = "esp_mail.errors.permission_denied"
handler404 = "esp_mail.errors.not_found"
handler500 = "esp_mail.errors.server_error"

admin.site.site_header = admin.site.site_title = "ESP mail"
admin.site.index_title = _("The campaign at a glance")


@csrf_exempt
@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """Keep robots off the API. Of the staff's pages it says nothing: they say it themselves."""
    return HttpResponse("User-agent: *\nDisallow: /api/\n", content_type="text/plain")


urlpatterns = [
    path("api/", include("games.urls")),  # first, since what stands before it costs each play
    path("api/", include("games.docs_urls")),
    path("", PlayPage.as_view(), name="play"),
    # Exempt: a token would cost every visitor a cookie, and nobody gains by setting a language.
    path("language/", csrf_exempt(set_language), name="set_language"),
    re_path(
        r"^(?P<name>verification-mail[a-z-]*\.js)$",
        csrf_exempt(client_module),
        name="client-module",
    ),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("api/", include("games.api.urls")),
    path("api/me/", include("accounts.me.urls")),
    path("api/auth/", include("accounts.app_urls")),
    path("robots.txt", robots),
    # Browsers ask for it beside pages that name no icon, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}games/icon.svg")),
]

"""The API's addresses."""

from django.urls import re_path

from games.play_keys.views import PlayKeysView
from games.views import VerificationMailView

urlpatterns = [
    # With or without the slash: a redirect would lose the body of a POST.
    re_path(r"^verification_mail/?$", VerificationMailView.as_view(), name="verification-mail"),
    re_path(r"^play_keys/?$", PlayKeysView.as_view(), name="play-keys"),
]

"""The pages of accounts; django-allauth's, and our own two."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.pages import AccountPage, ErasurePage

urlpatterns = [
    path("", AccountPage.as_view(), name="account"),
    path("erasure/<str:key>/", ErasurePage.as_view(), name="erasure"),
    # In place of theirs, which manages several: an account has the one address.
    path("email/", login_required(RedirectView.as_view(pattern_name="account"))),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
]

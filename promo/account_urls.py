"""The URLs of the account pages: two of this project, the others of django-allauth."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import RedirectView

from promo.account import AccountPage, ErasurePage

urlpatterns = [
    path("", AccountPage.as_view(), name="account"),
    path("erasure/<str:key>/", ErasurePage.as_view(), name="erasure"),
    # Replaces django-allauth's page for several addresses: an account has one address.
    path("email/", login_required(RedirectView.as_view(pattern_name="account"))),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
]

"""The pages of accounts; django-allauth's, and our own two."""

from django.urls import include, path

from accounts.pages import AccountPage, ErasurePage

urlpatterns = [
    path("", AccountPage.as_view(), name="account"),
    path("erasure/<str:key>/", ErasurePage.as_view(), name="erasure"),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
]

"""The URLs of the API, but for plays and for signing in."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from api.me import ErasureView, ExportView, MeView, MyPlaysView
from api.views import GameViewSet

docs = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="docs:schema"), name="docs"),
]
me = [
    path("", MeView.as_view(), name="me"),
    path("plays/", MyPlaysView.as_view(), name="plays"),
    path("export/", ExportView.as_view(), name="export"),
    path("erasure/", ErasureView.as_view(), name="erasure"),
]
staff = SimpleRouter()
staff.register("games", GameViewSet)
urlpatterns = [
    path("", include((docs, "docs"))),
    path("", include((staff.urls, "games"))),
    path("me/", include((me, "me"))),
]

from django.urls import path

from accounts.me.views import ErasureView, ExportView, MeView, MyPlaysView

app_name = "me"
urlpatterns = [
    path("", MeView.as_view(), name="me"),
    path("plays/", MyPlaysView.as_view(), name="plays"),
    path("export/", ExportView.as_view(), name="export"),
    path("erasure/", ErasureView.as_view(), name="erasure"),
]

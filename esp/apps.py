from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EspConfig(AppConfig):
    name = "esp"
    verbose_name = _("ESP")

    def ready(self) -> None:
        from esp import checks  # noqa: F401, PLC0415 - registers them, once models are loaded

from django.apps import AppConfig


class ESPMailConfig(AppConfig):
    name = "esp_mail"

    def ready(self) -> None:
        from esp_mail import checks  # noqa: F401, PLC0415 - registers them, once models are loaded

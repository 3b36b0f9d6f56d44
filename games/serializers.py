"""The body of a play and of its answer."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from games.rules.withholding import is_disposable
from serving.addresses import MAX_LENGTH, normalise_address

UNTOLD = "Null only where the site tells nothing without a play key."


@extend_schema_field({"type": "string", "format": "email", "maxLength": MAX_LENGTH})
class AddressField(serializers.CharField):
    """An email address; validation returns it normalised."""

    default_error_messages = {"invalid": _("The address must be a string.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)  # normalising trims
        self.validators = []  # DRF's look for characters that no normalised address has

    def to_internal_value(self, data: Any) -> str:
        try:
            address = normalise_address(super().to_internal_value(data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages, code="invalid") from error
        if settings.DISPOSABLE_ADDRESSES == "refuse" and is_disposable(address):
            raise serializers.ValidationError(
                _("This is a throw-away address. Use the one where you read your mail."),
                code="disposable",
            )
        return address


class PlaySerializer(serializers.Serializer):
    """A play, as the frontend sends it."""

    email = AddressField()


class PlayResultSerializer(serializers.Serializer):
    """The answer to a play."""

    esp_status = serializers.BooleanField(
        allow_null=True,
        help_text="Was the address in the ESP before this play; null where the ESP did not say.",
    )
    games_status = serializers.BooleanField(
        allow_null=True, help_text=f"Had the address played before. {UNTOLD}"
    )
    games_count = serializers.IntegerField(
        allow_null=True,
        min_value=1,
        help_text=f"How many plays the address has with this one. {UNTOLD}",
    )

"""What the frontend sends and is answered."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from esp.addresses import MAX_LENGTH, normalise_address


@extend_schema_field({"type": "string", "format": "email", "maxLength": MAX_LENGTH})
class AddressField(serializers.CharField):
    """An email address, normalised."""

    default_error_messages = {"invalid": _("The address must be a string.")}

    def to_internal_value(self, data: Any) -> str:
        try:
            return normalise_address(super().to_internal_value(data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages, code="invalid") from error

    def run_validators(self, value: Any) -> None:
        """Run none: DRF's look at each character for what no normalised address has."""


class PlaySerializer(serializers.Serializer):
    """A play, as the frontend reports it."""

    email = AddressField(trim_whitespace=False)  # normalising trims


class PlayResultSerializer(serializers.Serializer):
    """The answer to a play."""

    esp_status = serializers.BooleanField(
        allow_null=True,
        help_text="Was the address in the ESP before this play; null where the ESP did not say.",
    )
    games_status = serializers.BooleanField(help_text="Had the address played before.")
    games_count = serializers.IntegerField(
        min_value=1, help_text="How many plays the address has with this one."
    )

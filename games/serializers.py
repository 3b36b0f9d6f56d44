"""What the frontend sends and is answered."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from esp.addresses import normalise_address


class AddressField(serializers.CharField):
    """An email address, normalised."""

    default_error_messages = {"invalid": _("The address must be a string.")}

    def to_internal_value(self, data: Any) -> str:
        try:
            return normalise_address(super().to_internal_value(data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages, code="invalid") from error


class PlaySerializer(serializers.Serializer):
    """A play, as the frontend reports it."""

    email = AddressField(trim_whitespace=False)  # normalising trims


class PlayResultSerializer(serializers.Serializer):
    """The answer to a play."""

    esp_status = serializers.BooleanField(allow_null=True)
    games_status = serializers.BooleanField()
    games_count = serializers.IntegerField()

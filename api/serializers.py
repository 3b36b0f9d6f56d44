"""Requests and answers of the staff API and of /api/me/."""

from typing import Any

from rest_framework import serializers

from games.consent import Consent
from games.models import MAX_PLAYS, Game, Play
from games.serializers import AddressField
from privacy.masking import mask_address, may_see_addresses
from stats.backlog import Backlog


class GameSerializer(serializers.ModelSerializer):
    """A player; the address is masked for staff who may not see it."""

    email = serializers.SerializerMethodField()

    class Meta:
        model = Game
        fields = ["id", "email", "play_count", "first_played_at", "last_played_at", "contact_state"]

    def get_email(self, game: Game) -> str:
        seen = may_see_addresses(self.context["request"].user)
        return game.email if seen else mask_address(game.email)


class NewGameSerializer(serializers.Serializer):
    email = AddressField()


class GameChangeSerializer(serializers.Serializer):
    """Fields that are missing stay unchanged."""

    email = AddressField(required=False)
    play_count = serializers.IntegerField(min_value=0, max_value=MAX_PLAYS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            missing = [self.error_messages["required"]]
            raise serializers.ValidationError(dict.fromkeys(map(str, self.fields), missing))
        return attrs


class SinglePlaySerializer(serializers.ModelSerializer):
    class Meta:
        model = Play
        fields = ["number", "played_at", "esp_status", "fields"]
        extra_kwargs = {"fields": {"help_text": "Those of PLAY_FIELDS that came with the play."}}


class StaffPlaySerializer(SinglePlaySerializer):
    """A play; its fields may name the person, so they need the right to see addresses."""

    def to_representation(self, instance: Play) -> Any:
        seen = may_see_addresses(self.context["request"].user)
        return super().to_representation(instance) | ({} if seen else {"fields": None})


class PeriodSerializer(serializers.Serializer):
    plays = serializers.IntegerField()
    players = serializers.IntegerField(help_text="Addresses that played in the period.")
    new = serializers.IntegerField(help_text="Players whose first play was in the period.")
    known = serializers.FloatField(
        allow_null=True, help_text="Percent of the settled new players that the ESP had before."
    )
    pending = serializers.IntegerField(help_text="New players whose contact is pending.")
    rejected = serializers.IntegerField(help_text="New players whose contact is rejected.")


# A docstring would become part of the OpenAPI description.
class SequenceSerializer(serializers.Serializer):
    # The items of the list or tuple are in the order of the fields.
    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(dict(zip(self.fields, instance, strict=True)))


class PeriodsSerializer(SequenceSerializer):
    today = PeriodSerializer()
    yesterday = PeriodSerializer()
    week = PeriodSerializer(help_text="The last 7 days, today included.")
    month = PeriodSerializer(help_text="The last 30 days, today included.")
    ever = PeriodSerializer()


class DaySerializer(serializers.Serializer):
    day = serializers.DateField()
    new = serializers.IntegerField(source="figures.new", help_text="First plays of an address.")
    returning = serializers.IntegerField(source="figures.returning")


class DomainSerializer(SequenceSerializer):
    domain = serializers.CharField()
    players = serializers.IntegerField()


class StandingSerializer(serializers.Serializer):
    paused = serializers.SerializerMethodField(
        help_text="Delivery is paused until an operator acts."
    )
    pending = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True)
    late = serializers.BooleanField()

    def get_paused(self, backlog: Backlog) -> bool:
        return backlog.pause is not None


class StatsSerializer(serializers.Serializer):
    """The numbers of the admin's overview, at most a minute old."""

    at = serializers.DateTimeField()
    periods = PeriodsSerializer()
    days = DaySerializer(source="last_days", many=True, help_text="The last 90 days.")
    domains = DomainSerializer(many=True, help_text="The domains with the most players.")
    standing = StandingSerializer(source="backlog", help_text="The state of delivery to the ESP.")


class OwnGameSerializer(serializers.ModelSerializer):
    class Meta:
        model = Game
        fields = ["play_count", "first_played_at", "last_played_at", "contact_state"]


class ConsentSerializer(serializers.ModelSerializer):
    purpose = serializers.CharField(source="text.purpose")
    version = serializers.CharField(source="text.version")
    language = serializers.CharField(source="text.language")
    digest = serializers.CharField(source="text.digest", help_text="SHA-256 of the text.")

    class Meta:
        model = Consent
        fields = ["purpose", "version", "language", "digest", "act", "at", "source", "page"]


class OwnConsentSerializer(ConsentSerializer):
    text = serializers.CharField(source="text.text")

    class Meta(ConsentSerializer.Meta):
        fields = ["purpose", "version", "language", "text", "at"]


class MeSerializer(serializers.Serializer):
    email = serializers.CharField()
    game = OwnGameSerializer(allow_null=True)
    consents = OwnConsentSerializer(many=True, help_text="Those that are in force.")


class EverythingSerializer(serializers.Serializer):
    """All data about a person, as privacy.own_data.own_data() returns it."""

    exported_at = serializers.DateTimeField()
    address = serializers.CharField()
    game = serializers.JSONField()
    plays = serializers.JSONField()
    consents = serializers.JSONField()
    contact = serializers.JSONField()
    mock_contact = serializers.JSONField()
    accounts = serializers.JSONField()
    erasures = serializers.JSONField()
    log = serializers.JSONField()


class SentSerializer(serializers.Serializer):
    detail = serializers.CharField()

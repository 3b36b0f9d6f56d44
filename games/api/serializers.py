"""What the staff API takes and gives."""

from typing import Any

from rest_framework import serializers

from games.importing import MOST_PLAYS
from games.masking import mask_address, may_see_addresses
from games.models import Game, Play
from games.serializers import AddressField


class GameSerializer(serializers.ModelSerializer):
    """A game; its address masked for those who may not see it."""

    email = serializers.SerializerMethodField()

    class Meta:
        model = Game
        fields = ["id", "email", "play_count", "first_played_at", "last_played_at", "contact_state"]

    def get_email(self, game: Game) -> str:
        seen = may_see_addresses(self.context["request"].user)
        return game.email if seen else mask_address(game.email)


class NewGameSerializer(serializers.Serializer):
    email = AddressField(trim_whitespace=False)  # normalising trims


class GameChangeSerializer(serializers.Serializer):
    """What is left out stays as it is."""

    email = AddressField(trim_whitespace=False, required=False)
    play_count = serializers.IntegerField(min_value=0, max_value=MOST_PLAYS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            missing = [self.error_messages["required"]]
            raise serializers.ValidationError(dict.fromkeys(map(str, self.fields), missing))
        return attrs


class SinglePlaySerializer(serializers.ModelSerializer):
    class Meta:
        model = Play
        fields = ["number", "played_at", "esp_status"]


class PeriodSerializer(serializers.Serializer):
    plays = serializers.IntegerField()
    players = serializers.IntegerField(help_text="Addresses that played in the period.")
    new = serializers.IntegerField(help_text="Of them, those that played for the first time.")
    known = serializers.FloatField(
        allow_null=True, help_text="Percent of the new, of those settled, that the ESP had before."
    )
    pending = serializers.IntegerField(help_text="Of the new.")
    rejected = serializers.IntegerField(help_text="Of the new.")


class PeriodsSerializer(serializers.Serializer):
    today = PeriodSerializer()
    yesterday = PeriodSerializer()
    week = PeriodSerializer(help_text="The last 7 days, today included.")
    month = PeriodSerializer(help_text="The last 30 days, today included.")
    ever = PeriodSerializer()


class DaySerializer(serializers.Serializer):
    day = serializers.DateField()
    new = serializers.IntegerField(help_text="First plays of an address.")
    returning = serializers.IntegerField()


class DomainSerializer(serializers.Serializer):
    domain = serializers.CharField()
    players = serializers.IntegerField()


class StandingSerializer(serializers.Serializer):
    paused = serializers.BooleanField(help_text="Delivery stands still: an operator must act.")
    pending = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True)
    late = serializers.BooleanField()


class StatsSerializer(serializers.Serializer):
    """The numbers of the admin's first page, at most a minute old."""

    at = serializers.DateTimeField()
    periods = PeriodsSerializer()
    days = DaySerializer(many=True, help_text="The last 90 days.")
    domains = DomainSerializer(many=True, help_text="Those that most players have.")
    standing = StandingSerializer(help_text="How it stands with the ESP.")

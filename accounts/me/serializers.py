"""What a person is told of itself."""

from rest_framework import serializers

from games.models import Game


class OwnGameSerializer(serializers.ModelSerializer):
    class Meta:
        model = Game
        fields = ["play_count", "first_played_at", "last_played_at", "contact_state"]


class MeSerializer(serializers.Serializer):
    email = serializers.CharField()
    game = OwnGameSerializer(allow_null=True)


class EverythingSerializer(serializers.Serializer):
    """The parts are as games.person tells them."""

    exported_at = serializers.DateTimeField()
    address = serializers.CharField()
    game = serializers.JSONField()
    plays = serializers.JSONField()
    contact = serializers.JSONField()
    mock_contact = serializers.JSONField()
    accounts = serializers.JSONField()
    erasures = serializers.JSONField()
    log = serializers.JSONField()

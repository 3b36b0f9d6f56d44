"""What a person is told of itself."""

from rest_framework import serializers

from games.api.serializers import SinglePlaySerializer
from games.models import Game


class OwnGameSerializer(serializers.ModelSerializer):
    class Meta:
        model = Game
        fields = ["play_count", "first_played_at", "last_played_at", "contact_state"]


class MeSerializer(serializers.Serializer):
    email = serializers.CharField()
    game = OwnGameSerializer(allow_null=True)


class AccountSerializer(serializers.Serializer):
    email = serializers.CharField()
    date_joined = serializers.DateTimeField()
    last_login = serializers.DateTimeField()
    second_factor = serializers.BooleanField()


class EverythingSerializer(serializers.Serializer):
    exported_at = serializers.DateTimeField()
    account = AccountSerializer()
    game = OwnGameSerializer(allow_null=True)
    plays = SinglePlaySerializer(many=True)

"""The consents of a player in the staff API."""

import pytest

from testing.consents import agree, make_text
from testing.factories import PLAYED_AT, GameFactory
from testing.people import body, make_staff, role, signed_in


@pytest.mark.django_db
def test_consents_come_newest_first_and_without_the_address() -> None:
    player, text = GameFactory(email="cem.canary@test.ru"), make_text()
    agree(player, text, at=PLAYED_AT, page="https://a.example", client="192.0.2.1")
    agree(player, text, "withdrawn", at=PLAYED_AT)
    agree(GameFactory(), text)
    address = f"/api/games/{player.pk}/consents/"
    given = {
        "purpose": "mailing",
        "version": "1",
        "language": "en",
        "digest": text.digest,
        "act": "given",
        "at": "2026-05-01T12:00:00Z",
        "source": "play",
        "page": "https://a.example",
    }
    results = [given | {"act": "withdrawn", "page": ""}, given]
    whole = {"next": None, "previous": None, "results": results}
    assert body(role("manager").get(address)) == whole
    masked = signed_in(make_staff("masked", "viewers", "view_consent"))
    assert body(masked.get(address)) == whole

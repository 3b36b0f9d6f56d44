"""Forgetting a person: here, at the ESP, and for good."""

import io
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from esp.client import get_client
from esp.errors import ContactRejected, ESPMisconfigured
from esp.models import MockContact
from games import contacts, services
from games.contact_queue import claim_due, release, store
from games.contact_state import ContactState, Outcome
from games.counting import NewPlay, count_play
from games.delivery import ContactsJob, Delivery
from games.delivery_pause import DeliveryPause
from games.erased_keys import KEY_LIFETIME, ErasedKey
from games.exceptions import KeyReused
from games.models import LEASE, Game, Play
from games.services import record_play
from importing.known_addresses import import_known_addresses
from privacy.erasing import anonymise, erase_person
from privacy.esp_removals import RemovalsJob
from privacy.models import Erasure, RemovalState
from privacy.tests.conftest import CANARY, NOON
from serving.keyed_hash import keyed_hash
from stats.numbers import Numbers
from stats.totals import close_days, lock_watermark
from testing.campaign import make_game
from testing.esp.brevo import FakeBrevo

SignIn = Callable[[str], Client]
ERASE = "/admin/games/game/person/erase/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def brevo(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBrevo]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    esp = FakeBrevo()
    with esp.running():
        settings.ESP_BACKEND = "esp.backends.brevo.BrevoBackend"
        settings.ESP_OPTIONS = esp.options()
        yield esp


class Forgetful:
    """Forgets, or fails as the test wants."""

    error: Exception | None = None

    def has_contact(self, email: str) -> bool:
        return False

    def add_contact(self, email: str) -> None: ...

    def remove_contact(self, email: str) -> None:
        if self.error:
            raise self.error


class Unforgetting:
    def has_contact(self, email: str) -> bool:
        return True

    def add_contact(self, email: str) -> None: ...


@pytest.fixture
def forgetful(settings: Settings) -> type[Forgetful]:
    Forgetful.error = None
    settings.ESP_BACKEND = f"{__name__}.Forgetful"
    return Forgetful


def new_delivery(batch: int = 20) -> Delivery:
    return Delivery([RemovalsJob(batch=batch), ContactsJob(batch=batch)])


def make_due() -> None:
    """Let the time of two leases pass."""
    Erasure.objects.filter(esp_state="pending").update(due_at=timezone.now())
    get_client.cache_clear()


def everything() -> str:
    """Return every value of every table, but for the sessions of the tests."""
    values = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table != "django_session":
                cursor.execute(f'SELECT * FROM "{table}"')
                values += [str(row) for row in cursor.fetchall()]
    return "\n".join(values)


def test_erased_by_an_officer_with_the_esp_down_at_first(
    sign_in: SignIn, brevo: FakeBrevo, caplog: pytest.LogCaptureFixture
) -> None:
    brevo.hold("else@test.ru")
    record_play(NewPlay(CANARY, "key-1"))
    assert brevo.state(CANARY) == "subscribed"
    officer = sign_in("data protection")

    found = officer.post("/admin/games/game/person/", {"address": f" {CANARY.upper()} "})
    game = Game.objects.get()
    assert found["Location"] == f"/admin/games/game/person/{game.pk}/"
    assert CANARY in officer.get(found["Location"]).content.decode()
    preview = officer.post(ERASE, {"address": CANARY})
    assert preview.context["preview"] == (1, 1, 0, 0, 0, True)
    assert Game.objects.exists()
    refused = officer.post(ERASE, {"address": CANARY, "reason": f"from {CANARY}"})
    assert "must not contain an address" in refused.content.decode()
    assert Game.objects.exists()
    brevo.mode = "down"
    officer.post(ERASE, {"address": CANARY, "reason": "request 17"})

    erasure = Erasure.objects.get()
    assert (str(erasure.by), erasure.reason) == ("data-protection", "request 17")
    assert (erasure.esp_state, erasure.email) == ("pending", CANARY)
    assert not Game.objects.exists()
    assert CANARY not in officer.get("/admin/games/erasure/").content.decode()
    # Nothing is due within a lease's time.
    assert new_delivery().run_once() == {}
    make_due()
    assert new_delivery().run_once() == {"pending": 1}
    erasure.refresh_from_db()
    assert (erasure.esp_state, erasure.attempts) == ("pending", 1)
    assert erasure.due_at > timezone.now()
    assert "Brevo answered 503" in erasure.error
    brevo.mode = "ok"
    make_due()
    assert new_delivery().run_once() == {"removed": 1}

    erasure.refresh_from_db()
    assert (erasure.esp_state, erasure.email, erasure.error) == ("done", None, "")
    assert (brevo.state(CANARY), brevo.state("else@test.ru")) == ("absent", "subscribed")
    assert "canary" not in everything()
    assert "canary" not in caplog.text
    messages = "\n".join(entry.get_change_message() for entry in LogEntry.objects.all())
    for act in ("Opened everything about this person.", "Erased a person."):
        assert act in messages


def test_erased_on_the_command_line_with_the_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    record_play(NewPlay(CANARY))
    out = io.StringIO()
    call_command("forget_address", CANARY, stdout=out)
    assert "Players: 1, plays: 1, pending contacts: 0, accounts: 0," in out.getvalue()
    assert "The ESP will be asked" in out.getvalue()
    assert "Nothing was done" in out.getvalue()
    assert Game.objects.exists()
    with pytest.raises(CommandError, match="State the reason"):
        call_command("forget_address", CANARY, yes=True, stdout=out)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CANARY}\n"))
    call_command("forget_address", "-", yes=True, reason="request 17", stdout=out)
    assert not Game.objects.exists()
    make_due()
    call_command("deliver_contacts", once=True, stdout=out)
    assert not MockContact.objects.exists()
    assert "canary" not in everything() + out.getvalue()


@pytest.mark.parametrize("address", ["", "cem"])
@pytest.mark.parametrize("command", ["forget_address", "export_address"])
def test_command_line_refuses_what_is_no_address(command: str, address: str) -> None:
    with pytest.raises(CommandError, match="@"):
        call_command(command, address)


def test_totals_and_counts_stay_right() -> None:
    now = timezone.now()
    make_game("ann@test.ru", now - timedelta(days=40), now - timedelta(days=1), state="found")
    make_game("cem@test.ru", now - timedelta(days=1), now - timedelta(days=1), now)
    make_game("bob@test.ru", now, state="rejected")
    make_game("eve@test.ru")
    before = Numbers.read()
    for email in ("ann@test.ru", "cem@test.ru", "bob@test.ru", "eve@test.ru", "nobody@test.ru"):
        erase_person(email, reason="asked")
    after = Numbers.read()
    assert (after.periods, after.days, after.week) == (before.periods, before.days, before.week)
    assert after.domains == []
    assert not Game.objects.exists()
    call_command("check_counts")


def test_play_under_way_when_its_address_is_erased(caplog: pytest.LogCaptureFixture) -> None:
    """The play is committed; while it asks the ESP, the address goes."""
    plain = contacts.settle

    def settle(email: str, *, seconds: float, **_options: Any) -> Outcome:
        erase_person(email, reason="asked")
        assert Erasure.objects.get().due_at > timezone.now() + LEASE - timedelta(seconds=5)
        return plain(email, seconds=seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "settle", settle)
        assert record_play(NewPlay(CANARY)) == (False, False, 1)
    assert not Game.objects.exists()
    assert not Play.objects.exists()
    assert MockContact.objects.get().email == CANARY
    make_due()
    new_delivery().run_once()
    assert not MockContact.objects.exists()
    assert "not stored" not in caplog.text
    assert "canary" not in everything()


def test_delivery_under_way_when_its_address_is_erased() -> None:
    make_game(CANARY, NOON, state="pending")
    [game] = claim_due(1)
    erase_person(CANARY, reason="asked")
    store(game, Outcome(ContactState.ADDED, esp_status=False))
    release([game])
    assert not Game.objects.exists()
    assert new_delivery().run_once() == {}
    assert not MockContact.objects.exists()


def test_new_play_makes_a_new_row_and_is_settled_after_the_removal() -> None:
    record_play(NewPlay(CANARY))
    erase_person(CANARY, reason="asked")
    # The ESP has the old contact still: what it answers is true, and ends with the removal.
    assert record_play(NewPlay(CANARY)) == (True, False, 1)
    make_due()
    assert new_delivery().run_once() == {"removed": 1, "added": 1}
    assert Game.objects.get().contact_state == "added"
    assert MockContact.objects.get().email == CANARY
    assert Numbers.read().periods[0].plays == 2


def test_repeated_request_of_an_erased_play_makes_no_row() -> None:
    record_play(NewPlay(CANARY))
    first = record_play(NewPlay(CANARY, "key-1"))
    erase_person(CANARY, reason="asked")
    assert record_play(NewPlay(CANARY, "key-1")) == first
    assert not Game.objects.exists()
    with pytest.raises(KeyReused):
        record_play(NewPlay("cem@test.ru", "key-1"))
    assert record_play(NewPlay("cem@test.ru", "key-2")).games_count == 1
    assert "key-1" not in everything()
    # Nor a play of the row that a new play made.
    assert record_play(NewPlay(CANARY)).games_count == 1
    assert record_play(NewPlay(CANARY, "key-1")) == first
    assert Game.objects.get(email=CANARY).play_count == 1


def test_keys_are_forgotten_when_nobody_repeats_them_any_more() -> None:
    record_play(NewPlay(CANARY, "key-1"))
    erase_person(CANARY, reason="asked")
    new_delivery().run_once()
    assert ErasedKey.objects.exists()
    ErasedKey.objects.update(erased_at=timezone.now() - KEY_LIFETIME)
    new_delivery().run_once()
    assert not ErasedKey.objects.exists()
    assert Erasure.objects.exists()


def test_old_keys_are_looked_for_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    job, clock = RemovalsJob(), iter([1.0, 1.0, 3600.0, 3602.0, 3602.0])
    monkeypatch.setattr("privacy.esp_removals.time.monotonic", lambda: next(clock))
    monkeypatch.setattr("privacy.esp_removals.Erasure.objects.claim_due", lambda: None)
    deleted: list[int] = []
    monkeypatch.setattr(
        "privacy.esp_removals.ErasedKey.objects.delete_old", lambda: deleted.append(1)
    )
    for _ in range(3):
        job.run_batch(threading.Event())
    assert len(deleted) == 2


def test_repeated_request_while_a_new_play_is_not_settled(settings: Settings) -> None:
    first = record_play(NewPlay(CANARY, "key-1"))
    erase_person(CANARY, reason="asked")
    settings.ESP_OPTIONS = {"failing": True}
    assert record_play(NewPlay(CANARY)) == (None, False, 1)
    assert record_play(NewPlay(CANARY, "key-1")) == first
    assert Game.objects.get().play_count == 1


def test_removal_waits_for_a_play_that_asks_the_esp_just_now() -> None:
    """That play may have heard of the contact that is removed: it would never be added."""
    record_play(NewPlay(CANARY))
    erase_person(CANARY, reason="asked")
    make_due()
    play = count_play(NewPlay(CANARY)).to_settle
    assert play
    assert new_delivery().run_once() == {"pending": 1}
    store(play.game, Outcome(ContactState.FOUND, esp_status=True))
    make_due()
    assert new_delivery().run_once() == {"removed": 1, "added": 1}
    assert MockContact.objects.get().email == CANARY


def test_erased_key_of_the_previous_release_is_not_another_address() -> None:
    """That release stores no hash of the address with the key."""
    first = record_play(NewPlay(CANARY, "key-1"))
    erase_person(CANARY, reason="asked")
    ErasedKey.objects.update(address_digest="")
    assert record_play(NewPlay(CANARY, "key-1")) == first


def test_erased_address_is_not_added_by_hand(sign_in: SignIn) -> None:
    erase_person(CANARY, reason="asked")
    root = sign_in("superuser")
    page = root.post("/admin/games/game/add/", {"email": CANARY.upper()}).content.decode()
    assert "This person was erased. Only they can come back." in page
    assert not Game.objects.exists()
    assert record_play(NewPlay(CANARY)).games_count == 1


def test_erased_address_is_not_added_by_the_staff_api(sign_in: SignIn) -> None:
    erase_person(CANARY, reason="asked")
    game = make_game("cem@test.ru", NOON)
    root = sign_in("superuser")
    answer = root.post("/api/games/", {"email": CANARY}, "application/json")
    assert (answer.status_code, answer.json()) == (
        409,
        {"detail": "This person was erased. Only they can come back."},
    )
    url = f"/api/games/{game.pk}/"
    version = {"If-Match": root.get(url)["ETag"]}
    answer = root.patch(url, {"email": CANARY}, "application/json", headers=version)
    assert answer.status_code == 409
    assert Game.objects.get().email == "cem@test.ru"


def test_key_of_long_ago_is_not_kept() -> None:
    game = make_game(CANARY, NOON)
    game.plays.update(idempotency_key="key-1")
    erase_person(CANARY, reason="asked")
    assert not ErasedKey.objects.exists()


@pytest.mark.parametrize("played_again", [False, True])
def test_import_brings_nobody_back(played_again: bool) -> None:
    erase_person(CANARY, reason="asked")
    if played_again:
        record_play(NewPlay(CANARY))
    rows: list[dict[str, Any]] = [{"email": "cem@test.ru"}, {"email": CANARY.upper(), "plays": 9}]
    report = import_known_addresses(rows, dry_run=False)
    assert report.errors == [(3, "This person was erased. Delete the row from your file.")]
    assert report.new == 1
    counts = dict(Game.objects.values_list("email", "play_count"))
    assert counts == {"cem@test.ru": 1} | ({CANARY: 1} if played_again else {})


def test_erased_while_a_file_is_read() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"email": CANARY}
        erase_person(CANARY, reason="asked")

    import_known_addresses(rows(), dry_run=False)
    assert not Game.objects.exists()


def test_restored_backup_is_erased_again(tmp_path: Any) -> None:
    """The backup is from before: neither it nor this database know of the erasure."""
    make_game(CANARY, NOON, NOON)
    erase_person(CANARY, reason="asked")
    kept = tmp_path / "tombstones"
    with kept.open("w") as file:
        call_command("forget_address", tombstones=True, stdout=file)
    assert "canary" not in kept.read_text()
    Erasure.objects.all().delete()
    make_game(CANARY, NOON, NOON)
    make_game("cem@test.ru", NOON)
    out = io.StringIO()
    call_command("forget_address", reapply=str(kept), stdout=out)
    assert out.getvalue() == "Erased again: 1.\n"
    assert Game.objects.get().email == "cem@test.ru"
    assert import_known_addresses([{"email": CANARY}], dry_run=True).new == 0
    # Who plays again stays, however often it is done.
    record_play(NewPlay(CANARY))
    call_command("forget_address", reapply=str(kept), stdout=out)
    call_command("forget_address", reapply="", stdout=out)
    assert Game.objects.filter(email=CANARY).exists()


def test_reapply_says_what_is_to_be_done_by_hand(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ESP_BACKEND = f"{__name__}.Unforgetting"
    make_game(CANARY)
    monkeypatch.setattr(
        "sys.stdin", io.StringIO(f"{keyed_hash(CANARY)} 2026-05-01T12:00:00+00:00\n")
    )
    out = io.StringIO()
    call_command("forget_address", reapply="-", stdout=out)
    assert "by hand" in out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "cem@test.ru 2026-05-01",
        f"{'0' * 32} yesterday",
        f"{'0' * 32} 2026-05-01",
        f"{'0' * 32} 2026-05-01T12:00:00+00:00 mailing",
    ],
)
def test_reapply_refuses_another_file(tmp_path: Any, text: str | None) -> None:
    file = tmp_path / "tombstones"
    if text:
        file.write_text(text)
    with pytest.raises(CommandError, match="--reapply"):
        call_command("forget_address", reapply=str(file))


def test_esp_without_a_call_for_it(settings: Settings, sign_in: SignIn) -> None:
    settings.ESP_BACKEND = f"{__name__}.Unforgetting"
    out = io.StringIO()
    call_command("forget_address", CANARY, stdout=out)
    assert "delete the contact there by hand" in out.getvalue()
    officer = sign_in("data protection")
    preview = officer.post(ERASE, {"address": CANARY}).content.decode()
    assert "delete the contact on the ESP" in preview
    officer.post(ERASE, {"address": CANARY, "reason": "asked"})
    erasure = Erasure.objects.get()
    assert (erasure.esp_state, erasure.email) == (RemovalState.BY_HAND, None)
    assert "to be done by hand" in officer.get("/admin/games/erasure/").content.decode()
    assert new_delivery().run_once() == {}


def test_esp_that_was_changed_for_one_without_a_call(settings: Settings) -> None:
    erase_person(CANARY, reason="asked")
    settings.ESP_BACKEND = f"{__name__}.Unforgetting"
    make_due()
    new_delivery().run_once()
    erasure = Erasure.objects.get()
    assert (erasure.esp_state, erasure.email) == (RemovalState.BY_HAND, None)


def test_esp_that_was_changed_for_another(settings: Settings, brevo: FakeBrevo) -> None:
    """That one knows nothing of the contact: its answer would look as if all were done."""
    settings.ESP_BACKEND, options = "esp.backends.mock.MockBackend", settings.ESP_OPTIONS
    settings.ESP_OPTIONS = {}
    erase_person(CANARY, reason="asked")
    settings.ESP_BACKEND, settings.ESP_OPTIONS = "esp.backends.brevo.BrevoBackend", options
    make_due()
    new_delivery().run_once()
    assert Erasure.objects.get().esp_state == RemovalState.BY_HAND


def test_refused_key_pauses_the_removal_only(
    forgetful: type[Forgetful], caplog: pytest.LogCaptureFixture
) -> None:
    forgetful.error = ESPMisconfigured("the key may not delete")
    erase_person(CANARY, reason="asked")
    make_game("cem@test.ru", NOON, state="pending")
    make_due()
    assert new_delivery().run_once() == {"pending": 1, "added": 1}
    assert "removal waits for an operator: the key may not delete" in caplog.text
    assert not DeliveryPause.objects.exists()


def test_address_that_the_esp_refuses_is_not_there(forgetful: type[Forgetful]) -> None:
    forgetful.error = ContactRejected("no")
    erase_person(CANARY, reason="asked")
    make_due()
    assert new_delivery().run_once() == {"removed": 1}


def test_bug_of_a_backend_is_tried_again(
    forgetful: type[Forgetful], caplog: pytest.LogCaptureFixture
) -> None:
    forgetful.error = ValueError(CANARY)
    erase_person(CANARY, reason="asked")
    make_due()
    assert new_delivery().run_once() == {"pending": 1}
    assert Erasure.objects.get().error == "ValueError"
    assert "canary" not in caplog.text


def test_removal_that_was_not_asked_for_is_given_back(settings: Settings) -> None:
    erase_person(CANARY, reason="asked")
    make_due()
    settings.ESP_CONCURRENCY = 0
    new_delivery(batch=1).deliver_batch()
    erasure = Erasure.objects.get()
    assert (erasure.attempts, erasure.esp_state) == (0, "pending")
    assert erasure.due_at <= timezone.now()


def test_stopped_delivery_removes_nothing() -> None:
    erase_person(CANARY, reason="asked")
    make_due()
    delivery = new_delivery()
    delivery.stopping.set()
    assert delivery.deliver_batch() == {}
    assert Erasure.objects.get().attempts == 0


def test_a_batch_of_removals_at_a_time() -> None:
    for number in range(3):
        erase_person(f"player{number}@test.ru", reason="asked")
    make_due()
    assert new_delivery(batch=2).deliver_batch() == {"removed": 2}


def test_anonymise() -> None:
    now = timezone.now()
    make_game("old@test.ru", now - timedelta(days=100), now - timedelta(days=31))
    make_game("owed@test.ru", now - timedelta(days=50), state="pending")
    make_game("fresh@test.ru", now - timedelta(days=50), now - timedelta(days=29))
    before, out = Numbers.read(), io.StringIO()
    call_command("anonymise", older_than=30, stdout=out)
    assert out.getvalue() == (
        "Would erase: 1. Nothing was done; --yes does it.\n"
        "Kept, since their contact is still owed to the ESP: 1.\n"
    )
    assert Game.objects.count() == 3
    call_command("anonymise", older_than=30, yes=True, stdout=out)
    assert "Erased: 1." in out.getvalue()
    assert set(Game.objects.values_list("email", flat=True)) == {"owed@test.ru", "fresh@test.ru"}
    after = Numbers.read()
    assert (after.periods, after.days, after.week) == (before.periods, before.days, before.week)
    assert not Erasure.objects.exists()
    call_command("check_counts")
    call_command("anonymise", older_than=40, stdout=out)
    with pytest.raises(CommandError):
        call_command("anonymise", older_than=0)


def test_anonymise_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.erasing.BATCH", 2)
    monkeypatch.setattr("privacy.erasing.FOUND_AT_ONCE", 3)
    states = ("found", "added", "rejected")
    for number in range(7):
        days = [NOON + timedelta(days=n % 3, hours=n) for n in range(number + 1)]
        make_game(f"player{number}@test{number % 2}.ru", *days, state=states[number % 3])
    make_game("fresh@test.ru", NOON, timezone.now())
    close_days()
    before = Numbers.read()
    assert list(anonymise(1)) == [2, 1, 2, 1, 1]
    assert Game.objects.get().email == "fresh@test.ru"
    assert Play.objects.count() == 2
    after = Numbers.read()
    assert (after.periods, after.days, after.week) == (before.periods, before.days, before.week)
    assert after.domains == [("test.ru", 1)]


def test_who_plays_while_others_are_anonymised_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gone", "back"):
        make_game(f"{name}@test.ru", NOON)
    plain = lock_watermark

    def play_before_lock() -> Any:
        record_play(NewPlay("back@test.ru"))
        return plain()

    monkeypatch.setattr("privacy.erasing.lock_watermark", play_before_lock)
    assert list(anonymise(1)) == [1]
    player = Game.objects.get()
    assert (player.email, player.play_count) == ("back@test.ru", 2)
    call_command("check_counts")


def test_rows_say_what_they_are() -> None:
    erasure = erase_person(CANARY, reason="asked")
    assert str(ErasedKey(digest="abc")) == "abc"
    assert str(erasure) == f"Erasure {erasure.pk}"


def test_anonymise_where_nothing_is_owed() -> None:
    out = io.StringIO()
    call_command("anonymise", older_than=30, stdout=out)
    assert out.getvalue() == "Would erase: 0. Nothing was done; --yes does it.\n"

"""The Russian catalogue: complete, and its compiled form the one that Django reads."""

import polib
from django.conf import settings

FOLDER = settings.BASE_DIR / "locale" / "ru" / "LC_MESSAGES"


def test_everything_is_translated() -> None:
    catalogue = polib.pofile(str(FOLDER / "django.po"))
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []


def test_compiled_catalogue_is_in_step() -> None:
    source = polib.pofile(str(FOLDER / "django.po"))
    compiled = polib.mofile(str(FOLDER / "django.mo"))

    def meanings(catalogue: polib.POFile | polib.MOFile) -> set[tuple[str, str, str]]:
        return {(e.msgid, e.msgstr, str(e.msgstr_plural)) for e in catalogue}

    assert meanings(source) == meanings(compiled)

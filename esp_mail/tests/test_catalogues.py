"""The Russian catalogues: complete, and their compiled form the one that Django reads."""

from pathlib import Path

import polib
import pytest
from django.conf import settings

pytestmark = pytest.mark.parametrize(
    "folder", [path / "ru" / "LC_MESSAGES" for path in settings.LOCALE_PATHS]
)


def test_everything_is_translated(folder: Path) -> None:
    catalogue = polib.pofile(str(folder / "django.po"))
    assert len(catalogue) > 0
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []


def test_compiled_catalogue_is_in_step(folder: Path) -> None:
    source = polib.pofile(str(folder / "django.po"))
    compiled = polib.mofile(str(folder / "django.mo"))

    def meanings(catalogue: polib.POFile | polib.MOFile) -> set[tuple[str, str, str]]:
        return {(e.msgid, e.msgstr, str(e.msgstr_plural)) for e in catalogue}

    assert meanings(source) == meanings(compiled)

"""The tests that the papers for data protection name exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("paper", ["privacy.md", "privacy.ru.md"])
def test_each_test_that_a_paper_names_exists(paper: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / paper).read_text()))
    sources = "".join(path.read_text() for path in ROOT.glob("*/tests/**/test_*.py"))
    assert named
    assert named <= set(re.findall(r"def (test_\w+)", sources))

"""The version of the program, from pyproject.toml; without it, from the installed wheel."""

import tomllib
from importlib import metadata
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
VERSION: str = (
    tomllib.loads(PYPROJECT.read_text())["project"]["version"]
    if PYPROJECT.is_file()
    else metadata.version("esp-mail")
)

"""Keeps the modules of a release, so that later ones go on answering at its versioned address."""

from pathlib import Path

from promo import modules


def keep() -> Path:
    folder = modules.RELEASED / modules.current_version()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in modules.modules().items():
        (folder / name).write_bytes(content)
    return folder


if __name__ == "__main__":
    print(f"Kept {keep()}; commit it with the release.")

"""The configuration that ships with hubsync."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def starter() -> dict[str, str]:
    """The text of every shipped file by its path in the configuration folder."""
    try:
        folder: Traversable = files("hubsync.starter")
    except (ModuleNotFoundError, NotADirectoryError):
        # In a checkout, also an editable install of one, nothing was copied: the folder stands beside the package.
        folder = Path(str(files("hubsync"))).parent / "config"
    return dict(sorted(_texts(folder, "")))


def _texts(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _texts(item, f"{path}{item.name}/")
        elif item.name.endswith(".yaml"):
            yield f"{path}{item.name}", item.read_text(encoding="utf-8")

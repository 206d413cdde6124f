"""The package carries what it needs when it is installed."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_listed() -> None:
    """pyproject.toml lists each folder of code, and the starter configuration, which is the folder config/."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {str(path.parent.relative_to(ROOT)).replace("/", ".") for path in (ROOT / "hubsync").rglob("*.py")}

    assert set(settings["packages"]) == folders | {"hubsync.starter"}
    assert settings["package-dir"] == {"hubsync.starter": "config"}

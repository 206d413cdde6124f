from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hubsync.store import Store

PORTAL = "7"


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database; to be copied, since making one takes ten times as long."""
    data = tmp_path_factory.mktemp("empty")
    Store.open(data, PORTAL)
    return data


@pytest.fixture
def store(tmp_path: Path, empty: Path) -> Store:
    shutil.copytree(empty / PORTAL, tmp_path / "data" / PORTAL)
    opened = Store.open(tmp_path / "data", PORTAL)
    # A handful of records: a second thread of the engine would only wait, which costs as much as working.
    opened.database = replace(opened.database, threads=1)
    return opened

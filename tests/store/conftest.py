from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hubsync.store import Store

PORTAL = "4711"


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database; to be copied, since making one takes ten times as long."""
    data = tmp_path_factory.mktemp("empty")
    Store.open(data, PORTAL)
    return data


@pytest.fixture
def store(tmp_path: Path, empty: Path) -> Store:
    shutil.copytree(empty / PORTAL, tmp_path / PORTAL)
    return Store.open(tmp_path, PORTAL, sleep=lambda _: None, random=lambda: 1.0)

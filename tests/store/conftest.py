from __future__ import annotations

from pathlib import Path

import pytest
from stores_given import empty_database

from hubsync.store import Store

PORTAL = "4711"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    empty_database(tmp_path, PORTAL)
    return Store.open(tmp_path, PORTAL, sleep=lambda _: None, random=lambda: 1.0)

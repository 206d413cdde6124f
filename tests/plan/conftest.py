from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from stores_given import empty_database

from hubsync.store import Store

PORTAL = "7"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    empty_database(tmp_path / "data", PORTAL)
    opened = Store.open(tmp_path / "data", PORTAL)
    # A handful of records: a second thread of the engine would only wait, which costs as much as working.
    opened.database = replace(opened.database, threads=1)
    return opened

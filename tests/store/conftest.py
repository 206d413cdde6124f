from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, "4711", sleep=lambda _: None, random=lambda: 1.0)

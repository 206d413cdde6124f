"""The shipped configuration, a small one, and portals to pull from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pull_bench import SMALL, Bench, bench

from hubsync.catalog import Catalog, load

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def shipped() -> Catalog:
    return load(SHIPPED)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load(SMALL)


@pytest.fixture(scope="package")
def pulled(shipped: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A living portal of 110 contacts, pulled once for the shipped models; its tests only read it or pull again."""
    with bench(tmp_path_factory.mktemp("data"), shipped, contacts=110) as made:
        made.first = made.pull()
        yield made


@pytest.fixture
def living(catalog: Catalog, tmp_path: Path) -> Iterator[Bench]:
    """A living portal of 60 contacts, pulled for two small models."""
    with bench(tmp_path / "data", catalog, contacts=60) as made:
        yield made


@pytest.fixture
def bare(catalog: Catalog, tmp_path: Path) -> Iterator[Bench]:
    """A portal without a record, pulled for two small models."""
    with bench(tmp_path / "data", catalog, empty=True) as made:
        yield made

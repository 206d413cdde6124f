"""`hubsync check` says which engine makes the signals, and what it lacks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli_given import Desk


def test_check_names_the_engine(desk: Desk) -> None:
    """The engine is DuckDB unless the configuration says Spark."""
    assert "Signals are made by DuckDB." in desk("check", "--offline").out
    assert desk("check", "--offline", "--json").json["engine"] == "duckdb"


def test_check_tells_what_spark_lacks(portal: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without Java or the package nothing would work, and check says what to install."""
    with (portal.config / "hubsync.yaml").open("a", encoding="utf-8") as main:
        main.write("\nengine: spark\nspark: {master: 'local[2]'}\n")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pyspark", None)
    offline, said = portal("check", "--offline"), portal("check")

    assert offline.code == 0
    assert "Signals are made by Spark (master: local[2])." in offline.out
    assert "install it by `pip install 'hubsync[spark]'`" in offline.text
    assert said.code == 2
    assert "install it by `pip install 'hubsync[spark]'`" in said.text
    assert "Neither a plan nor a sync would work." in said.text

"""Whole runs with `engine: spark`: the same scores as DuckDB's, and one sentence where Spark can't start."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from thread_given import Thread

from hubsync.cli.demo_models import switch_on
from hubsync.errors import InputError
from hubsync.scoring.facts import ORDER
from hubsync.spark import unable


def engine(thread: Thread, name: str) -> None:
    """Say which engine makes the signals; Spark on this machine alone."""
    main = thread.config / "hubsync.yaml"
    text = re.sub(r"(?m)^(engine|spark): .*\n", "", main.read_text())
    main.write_text(f"{text}\nengine: {name}\nspark: {{master: 'local[1]'}}\n")


def everything(thread: Thread) -> dict[str, Any]:
    """The facts of every object and the scores of every model, row by row, as of the last run."""
    with thread.scored() as (scratch, scores):
        tables = [*(f"facts_{object_}" for object_ in ORDER), *(model.relation for model in scores.models)]
        return {name: scratch.execute(f'SELECT * FROM "{name}" ORDER BY record_id') for name in tables}


def test_a_portal_on_spark(thread_of: Callable[..., Thread], monkeypatch: pytest.MonkeyPatch) -> None:
    """A living portal has the same signals and scores of all models on both engines, and nothing stays of Spark."""
    if missing := unable():
        pytest.skip(missing)
    # What runs once is not worth the second compiler.
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    thread = thread_of(contacts=60)
    switch_on(thread.config, "all")
    engine(thread, "duckdb")
    assert thread.run("plan").status == "ok"
    mine = everything(thread)
    engine(thread, "spark")
    before = signal.getsignal(signal.SIGINT)
    found = everything(thread)

    assert set(found) == set(mine)
    for table, rows in mine.items():
        assert found[table] == rows, table
    assert sum(len(rows) for rows in mine.values()) > 400
    assert signal.getsignal(signal.SIGINT) is before
    assert not list(thread.store.file.parent.glob("exchange-*"))


def test_without_spark_a_run_ends_with_a_sentence(
    thread_of: Callable[..., Thread], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`engine: spark` without the package, or without Java, ends the run; the sentence says what to install."""
    thread = thread_of(contacts=10)
    engine(thread, "spark")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    said = [_ends(thread, pull=True)]
    monkeypatch.setitem(sys.modules, "pyspark", None)
    said.append(_ends(thread, pull=False))

    assert "pip install 'hubsync[spark]'" in said[1]
    assert said[1] == said[0] or "needs Java 17 or newer, and none was found: install it" in said[0]
    assert all("or set engine: duckdb in hubsync.yaml" in each for each in said)


def _ends(thread: Thread, *, pull: bool) -> str:
    """What a plan ends with."""
    with pytest.raises(InputError) as caught:
        thread.run("plan", pull=pull)
    return str(caught.value)

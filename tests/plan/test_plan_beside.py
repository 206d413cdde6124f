"""The history of what some kinds write beside the score: codes, probabilities, values that are expected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from segments_desk import SegmentsDesk
from test_plan_extras import LIKELY, WORTH, edited
from typer.testing import CliRunner

from hubsync.cli import app
from hubsync.store import Store


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Desk:
    models = {"likely": LIKELY, "worth": WORTH}
    return Desk(tmp_path, store, models=models, on=("likely", "worth"))


def beside(desk: Desk, model: str) -> list[dict[str, Any]]:
    """What was published beside the scores of record 1, oldest first."""
    with desk.store.read() as reader:
        return [dict(each.extras) for each in reader.life("companies", "1").publications if each.model == model]


def test_a_number_that_is_not_written_is_not_published(desk: Desk) -> None:
    """A new version that moves the probability and not the score enters the history with what HubSpot has."""
    desk.put({"1": 0})
    desk.sync()
    desk.later(hours=1)
    edited(desk, bit1="false", likely_score="50", likely_why="x", likely_probability="0.5",
           worth_segment="best", worth_code="511")  # fmt: skip
    desk.models["likely"] = LIKELY.replace("intercept: 0", "intercept: 0.01")
    desk.sync()

    assert desk.values("likely_probability") == {}
    assert beside(desk, "likely") == [{"probability": "0.5000"}, {"probability": "0.5"}]


def test_a_record_that_leaves_has_nothing_beside_its_score(desk: Desk) -> None:
    """What was cleared is published as cleared."""
    desk.put({"1": 0})
    desk.sync()
    desk.later(hours=1)
    edited(desk, lifecyclestage="lead", likely_score="50", likely_probability="0.5", worth_code="511")
    desk.sync()

    assert beside(desk, "likely") == [{"probability": "0.5000"}, {}]


def test_history_shows_what_is_beside_the_score(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each publication has what was written, also where a code alone has changed; numbers are numbers in JSON."""
    desk.put({"1": 0})
    desk.sync()
    desk.later(hours=1)
    edited(desk, bit1="false", bit4="true", likely_score="50", likely_why="x", likely_probability="0.5",
           worth_segment="best", worth_code="511")  # fmt: skip
    desk.sync()
    monkeypatch.chdir(desk.folder)
    env = {"HUBSYNC_CONFIG": str(desk.folder / "config"), "HUBSYNC_DATA": str(desk.folder / "data"), "COLUMNS": "200"}
    asked = ["history", "companies", "1", "--moves", "0"]

    shown, told = (CliRunner().invoke(app, [*asked, *more], env=env) for more in ([], ["--json"]))

    assert (shown.exit_code, told.exit_code) == (0, 0), shown.output
    models = {each["model"]: each["published"] for each in json.loads(told.stdout)["models"]}
    assert [each["extras"] for each in models["worth"]] == [{"code": "511"}, {"code": "512"}]
    assert [each["extras"] for each in models["likely"]] == [{"probability": 0.5}]
    assert "first score; code 511" in shown.stdout
    assert "code 511 to 512" in shown.stdout
    assert "probability 0.5;" in shown.stdout


def test_an_edited_code_comes_back_as_it_was_published(tmp_path: Path, store: Store) -> None:
    """Between the refreshes of a monthly model a code that somebody changed is the published one again."""
    worth = {"worth": f"{WORTH}refresh: monthly\n"}
    desk = SegmentsDesk(tmp_path, store, models=worth, on=("worth",))
    desk.put({"1": 0})
    desk.sync()
    desk.later(days=1)
    edited(desk, bit1="false", bit4="true", worth_segment="best", worth_code="111")
    desk.plan()

    assert desk.values("worth_code") == {"1": "511"}


def test_a_code_waits_with_its_score(tmp_path: Path, store: Store) -> None:
    """A record that was published without a score gets no code before its model is due."""
    worth = {"worth": f"{WORTH}refresh: monthly\n"}
    desk = SegmentsDesk(tmp_path, store, models=worth, on=("worth",))
    edited(desk, bit1="", bit2="", bit4="")
    desk.sync()
    desk.later(days=1)
    edited(desk, worth_segment="unscored")
    desk.plan()

    assert beside(desk, "worth") == [{"code": None}]
    assert desk.values("worth_code") == {}

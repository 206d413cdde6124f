"""docs/scoring.md says what the kinds do, and its examples are sound; test_weighted.py computes its figures."""

from __future__ import annotations

from pathlib import Path

from docs_given import ROOT, blocks, headings, row
from ruamel.yaml import YAML

from hubsync.catalog import load
from hubsync.catalog.starter import starter
from hubsync.scoring.declarations import EXTRAS
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.kinds.account import AccountModel
from hubsync.scoring.kinds.clv import ClvModel
from hubsync.scoring.kinds.rfm import RfmModel
from hubsync.scoring.kinds.trained import TrainedModel
from hubsync.scoring.kinds.weighted import WeightedModel

SCORING = (ROOT / "docs" / "scoring.md").read_text(encoding="utf-8")


def test_every_kind_has_a_row_with_what_it_writes() -> None:
    """The table names each kind and the values that it makes beside the score."""
    for name, kind in KINDS.items():
        assert {key for key in EXTRAS if f"`{key}`" in row(SCORING, f"`{name}`")} == kind.makes, name
    assert {"weighted", "rfm-and-rfe", "fits", "versions"} <= headings(ROOT / "docs" / "scoring.md")


def test_the_examples_have_no_mistakes(tmp_path: Path) -> None:
    """The models of the page, put into the starter configuration with the signals they read, are accepted."""
    signals = {
        name: {"object": "companies", "label": name, "value": "1 + 1"}
        for name in (
            "renewals",
            "active_users",
            "orders",
            "days_since_order",
            "money_spent",
            "champions",
            "engaged_people",
            "known_people",
            "silent_people",
            "champions_gone",
            "plan_usage",
        )
    }
    for name, text in starter().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    yaml = YAML(typ="safe")
    known = yaml.load(tmp_path / "signals.yaml")
    yaml.dump({**signals, **known}, tmp_path / "signals.yaml")
    for number, text in enumerate(blocks("yaml", SCORING)):
        mine = text.replace("model: ", "model: documented_", 1)
        (tmp_path / "models" / f"documented{number}.yaml").write_text(mine, encoding="utf-8")

    found = load(tmp_path)

    kinds = {name: model for name, model in found.models.items() if name.startswith("documented_")}
    assert {type(model) for model in kinds.values()} == {WeightedModel, RfmModel, AccountModel, TrainedModel, ClvModel}

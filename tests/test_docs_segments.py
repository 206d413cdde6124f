"""docs/segments.md names every key of a segment, and its examples are accepted beside the starter configuration."""

from __future__ import annotations

from pathlib import Path

from docs_given import ROOT, blocks, quoted

from hubsync.catalog import load
from hubsync.catalog.starter import starter
from hubsync.scoring.segments import Segment

PAGE = (ROOT / "docs" / "segments.md").read_text(encoding="utf-8")


def test_every_key_of_a_segment_is_named() -> None:
    """The page has all keys of a segment, as they are written in YAML."""
    keys = {field.alias or name for name, field in Segment.model_fields.items()}

    assert keys - quoted(PAGE) == set()


def test_the_examples_of_the_page_have_no_mistakes(tmp_path: Path) -> None:
    """The segments and the refresh of the page are accepted in the configuration that ships."""
    segments, refresh = blocks("yaml", PAGE)
    for name, text in starter().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "segments.yaml").write_text(segments, encoding="utf-8")
    customer = starter()["models/customer.yaml"]
    (tmp_path / "models" / "customer.yaml").write_text(refresh + customer, encoding="utf-8")

    found = load(tmp_path)

    assert found.models["customer"].refresh == "monthly"
    assert set(found.segments) >= {"hot_lead", "loyal", "risk_call"}


def test_the_segments_that_ship_cover_their_items() -> None:
    """What the checklist asks for as segments and triggers is there: items 22 to 29 and 46 to 47."""
    catalog = load(ROOT / "config")
    times = {name: each.for_ or each.stays for name, each in catalog.segments.items() if each.for_ or each.stays}
    covered = {item for segment in catalog.segments.values() for item in segment.covers}

    assert covered >= {22, 23, 24, 25, 26, 27, 28, 29, 46, 47}
    assert times == {"loyal": 180, "risk_call": 14}

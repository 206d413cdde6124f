"""docs/sources.md names every source of events with each of its keys, and its examples are valid."""

from __future__ import annotations

from typing import get_args

import pytest
from docs_given import ROOT, blocks, quoted, row, section
from ruamel.yaml import YAML

from hubsync.scoring.event_source import EventSource
from hubsync.scoring.marketing_sources import Bots
from hubsync.scoring.origins import AnySource, EventKind
from hubsync.scoring.units import Pulled

PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
SOURCES: dict[str, type[EventSource]] = {
    get_args(source.model_fields["from_"].annotation)[0]: source for source in get_args(AnySource)
}
COMMON = {"from", "expected_every", "covers"}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_has_its_section_with_its_keys(name: str) -> None:
    """Each `from:` has a row with scope, plan and cost, and a section that names every key of it."""
    told = section(f"## {name}", PAGE)
    keys = {field.alias or key for key, field in SOURCES[name].model_fields.items()} - COMMON

    assert len([cell for cell in row(PAGE, f"`{name}`").split("|") if cell.strip()]) >= 5
    assert [key for key in sorted(keys) if f"{key}:" not in told and key not in quoted(told)] == []


def test_what_all_sources_have_in_common_is_told() -> None:
    """The keys of every source, those of bots and the objects that can be events are named."""
    assert {"expected_every: 2 days", "covers", *Bots.model_fields} <= quoted(PAGE)
    assert set(get_args(Pulled)) <= quoted(PAGE)
    assert set(SOURCES) == {line[3:] for line in PAGE.splitlines() if line.startswith("## ")} - {"What holds for all"}


def test_the_examples_are_valid() -> None:
    """Every example is what events.yaml may say."""
    examples = blocks("yaml", PAGE)
    assert len(examples) >= len(SOURCES)
    for text in examples:
        whole = text if not text.startswith(" ") else f"kind:\n  label: x\n  sources:\n{text}"
        for kind in YAML(typ="safe").load(whole).values():
            EventKind.model_validate(kind)

"""The SQL scores every record as the reference scorer does, line by line."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from generated_models import NOWS, configs, event, portal, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Reference
from reference_facts import ROOT, Config, Event, Portal, Record, Sources, read_config
from reference_language import Now
from scratch_portal import TRIED, Scored, score

SEEDS = st.integers(0, 2**32)


def assert_same(config: Config, portal: Portal, now: Now, feeds: Sources | None = None) -> dict[str, dict[str, Scored]]:
    """Every model, record, line, total, score, band and share of known data is the same; the lines add up."""
    found = score(config, portal, now, feeds)
    reference = Reference(config, portal, now, feeds)
    for model in config.models:
        expected = reference.score(model)
        assert set(found[model]) == set(expected), model
        for record_id, scored in found[model].items():
            want = expected[record_id]
            assert scored.lines == [(line.rule, line.points, line.known) for line in want.lines], (model, record_id)
            row = scored.row
            assert (row["score"], row["band"], row["known_data"]) == (want.score, want.band, want.known_data), (model, record_id)
            assert scored.explanation.total == want.total == sum(points for _, points, _ in scored.lines)
            assert row["score"] in (None, want.total)
            assert len(row["why"]) <= 250
    return found


@settings(TRIED, max_examples=12)
@given(configs(), SEEDS, st.sampled_from(NOWS), st.booleans())
def test_generated(config: Config, seed: int, now: Now, all_sources: bool) -> None:
    """Generated models on generated portals are scored as in plain Python, whatever feeds the portal."""
    assert_same(config, portal(seed, now), now, None if all_sources else sources(seed, now))

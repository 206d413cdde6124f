"""The SQL scores every record as the reference scorer does, line by line."""

from __future__ import annotations

from generated_models import NOWS, configs, portal, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Reference
from reference_facts import Config, Portal
from reference_language import Now
from scratch_portal import TRIED, Scored, Scorer

SEEDS = st.integers(0, 2**32)


def assert_same(scorer: Scorer, portal: Portal) -> dict[str, dict[str, Scored]]:
    """Every model, record, line, total, score, band and share of known data is the same; the lines add up."""
    found = scorer.score(portal)
    reference = Reference(scorer.config, portal, scorer.now, scorer.sources)
    for model in scorer.config.models:
        expected = reference.score(model)
        assert set(found[model]) == set(expected), model
        for record_id, scored in found[model].items():
            want = expected[record_id]
            assert scored.lines == [(line.rule, line.points, line.known) for line in want.lines], (model, record_id)
            row = scored.row
            assert (row["score"], row["band"], row["known_data"]) == (want.score, want.band, want.known_data), (
                model,
                record_id,
            )
            assert scored.explanation.total == want.total == sum(points for _, points, _ in scored.lines)
            assert row["score"] in (None, want.total)
            assert len(row["why"]) <= 250
    return found


@settings(TRIED, max_examples=6)
@given(configs(), SEEDS, st.sampled_from(NOWS), st.booleans())
def test_generated(config: Config, seed: int, now: Now, all_sources: bool) -> None:
    """Generated models on generated portals are scored as in plain Python, whatever feeds the portal."""
    scorer = Scorer(config, now, None if all_sources else sources(seed, now))
    for number in range(3):
        assert_same(scorer, portal(seed + number, now))

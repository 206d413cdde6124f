"""What is not there any more and the models held by it, for `check` and `status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hubsync.pull import SCHEMA, Lost, remembered
from hubsync.store import Reader


def held_sentences(lost: tuple[Lost, ...], changed: Mapping[str, str]) -> Iterator[str]:
    """Each thing that is lost, or that others changed, with the models whose old values stay because of it."""
    for each in lost:
        yield f"Held, the old values stay: {', '.join(each.models)}. {each.reason[:1].upper()}{each.reason[1:]}."
    for model, sentence in changed.items():
        yield f"Held, the old values stay: {model}. {sentence}"


def known_schema(reader: Reader) -> dict[str, Mapping[str, object]]:
    """What pulls have remembered of the portal, as the survey takes it."""
    found = reader.cursor(SCHEMA)
    return {} if found is None else {SCHEMA: found}


def held_now(reader: Reader) -> tuple[Mapping[str, str], list[Lost]]:
    """The models that the last plan left out, with the reason, and what the last pull missed."""
    last = reader.last_planned_run()
    plan = reader.plan(last.run_id) if last is not None else None
    return (plan.held_models if plan is not None else {}), remembered(known_schema(reader))

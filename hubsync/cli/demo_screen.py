"""What the demo shows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Console

from hubsync.cli import render
from hubsync.cli.explain import show
from hubsync.cli.output import clean

if TYPE_CHECKING:
    from hubsync.cli.demo import Demo

_BINS = 10

_NEXT = """\
Next, your own portal:
  hubsync init              writes the configuration that the demo used to ./config
  HUBSPOT_ACCESS_TOKEN=...  a service key, or the token of a private app (in HubSpot: Settings, Integrations)
  hubsync check             says what is missing
  hubsync plan              shows what would be written, and writes nothing
  hubsync sync              writes it; the first time it asks
"""


def show_demo(console: Console, found: Demo) -> None:
    """Counts, distributions, three records explained, the API's use, and the verdict."""
    result, data = found.result, found.data
    records = ", ".join(f"{count:,} {name}" for name, count in sorted(found.pulled.items()))
    console.print()
    console.print(f"Pulled {records}.", soft_wrap=True)
    console.print(
        f"Scored {data['records_scored']:,} records with {len(result.scores)} models, wrote {result.written:,} records,"
        f" {result.rejected:,} refused by HubSpot; {found.properties} properties made.",
        soft_wrap=True,
    )
    console.print()
    for model, scores in found.scores.items():
        if scores:
            console.print(render.histogram(model, bins(scores, *found.ranges[model])))
    for title, record, explained in found.examples:
        console.print(f"{title}: {record.object} {record.record_id} {clean(_name(record.properties))}", style="bold")
        show(console, explained)
    _show_api(console, found)
    _show_verdict(console, found)


def bins(scores: Sequence[Decimal], least: Decimal, most: Decimal) -> list[tuple[str, int]]:
    """The scores in ten ranges of the same width, the last one with its upper end."""
    width = (most - least) / _BINS
    counts = [0] * _BINS
    for score in scores:
        counts[min(int((score - least) / width), _BINS - 1)] += 1
    edges = [least + width * number for number in range(_BINS + 1)]
    return [(f"{edges[n].normalize():f}-{edges[n + 1].normalize():f}", count) for n, count in enumerate(counts)]


def _name(properties: object) -> str:
    get = getattr(properties, "get", lambda _key: None)
    return get("email") or get("name") or get("domain") or ""


def _show_api(console: Console, found: Demo) -> None:
    statistics, budget = found.statistics, found.budget
    limited = statistics.get("by_status", {}).get("429", 0)
    console.print(
        f"API calls: {found.result.calls:,} for the first run, {found.second.calls:,} for the second; hubsync may make"
        f" {budget.own_limit or 0:,} of {budget.limit or 0:,} a day.",
        soft_wrap=True,
    )
    console.print(
        f"Peak: {statistics.get('peak_10s')} calls in 10 seconds (allowed are {found.burst}),"
        f" {statistics.get('peak_search_1s')} searches in one second (5); {limited} calls came too fast.",
        soft_wrap=True,
    )


def _show_verdict(console: Console, found: Demo) -> None:
    if not found.failures:
        console.print(f"All {found.explained:,} explanations add up exactly to their scores.")
        console.print("The second plan is empty: nothing would be written twice.", style="green")
        console.print(f"All of it held, in {found.seconds:.0f} seconds.\n", style="bold green")
        console.print(_NEXT)
        return
    for failure in found.failures[:20]:
        console.print(failure, style="bold red", soft_wrap=True)

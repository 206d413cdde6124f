"""What the demo shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from hubsync.cli import render
from hubsync.cli.demo_models import Figures
from hubsync.cli.explain import show, title

if TYPE_CHECKING:
    from hubsync.cli.demo import Demo

_FEW = 6
"""So many models are shown each with its distribution in full; of more, each has a line, and the usual ones both."""

_HEIGHTS = " ▁▂▃▄▅▆▇█"

_NEXT = """\
Next, your own portal:
  hubsync init              writes the configuration that the demo used to ./config
  HUBSPOT_ACCESS_TOKEN=...  a service key, or the token of a private app (in HubSpot: Settings, Integrations)
  hubsync check             says what is missing
  hubsync plan              shows what would be written, and writes nothing
  hubsync sync              writes it; the first time it asks
"""


def show_demo(console: Console, found: Demo) -> None:
    """Counts, distributions, some records explained, the API's use, and the verdict."""
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
    many = len(found.figures) > _FEW
    if many:
        console.print(_lines(found.figures))
    for each in found.figures:
        if each.scored and (each.usual or not many):
            console.print(render.histogram(each.model, each.bins))
    for sentence in found.chosen.left_out:
        console.print(sentence, style="yellow", soft_wrap=True)
    for example in found.examples:
        console.print(f"{example.title}: {title(example.record)}", style="bold")
        show(console, example.explained)
    _show_api(console, found)
    _show_verdict(console, found)


def _lines(figures: list[Figures]) -> Table:
    """A line for each model: how many records it scored, how the scores lie from its least to its most, its tiers."""
    made = render.table("model", "object", "#scored", "#unscored", "distribution", "tiers")
    for each in figures:
        most = max((count for _, count in each.bins), default=0) or 1
        # What is there is seen, however little it is.
        skyline = "".join(_HEIGHTS[-(-count * (len(_HEIGHTS) - 1) // most)] for _, count in each.bins)
        told = ", ".join(f"{tier} {count:,}" for tier, count in each.tiers.items())
        made.add_row(each.model, each.object, f"{each.scored:,}", f"{each.records - each.scored:,}", skyline, told)
    return made


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

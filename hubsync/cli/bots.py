"""What programs did in people's place, and no score counts."""

from __future__ import annotations

from collections.abc import Mapping

from hubsync.store import Stock


def bot_sentence(stock: Mapping[str, Stock]) -> str:
    """How many events of each source are the doing of programs; empty where none is.

    Only sources that tell programs from people are named; the first part of a source's id is its kind of event.
    """
    told = [
        f"{of.bots:,} of {of.events:,} {source.partition('/')[0]}" for source, of in sorted(stock.items()) if of.bots
    ]
    return f"Left out as the doing of programs (bots): {', '.join(told)}." if told else ""

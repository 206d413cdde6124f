"""`python -m hubsync.emulator`: serves the emulator alone."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from hubsync.emulator import EmulatorError, Options, serve
from hubsync.emulator.plans import PLANS


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments and serve until told to end; 2 if it cannot start."""
    try:
        serve(_options(arguments))
    except EmulatorError as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    return 0


def _options(arguments: list[str] | None) -> Options:
    defaults = Options()
    parser = argparse.ArgumentParser(prog="python -m hubsync.emulator", description="A small honest HubSpot.")
    parser.add_argument("--port", type=int, default=defaults.port, help="0 picks a free one")
    parser.add_argument("--contacts", type=int, default=defaults.contacts)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--plan", choices=PLANS, default=defaults.plan)
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--search-lag-ms", type=int, default=0)
    parser.add_argument("--empty", action="store_true", help="a portal without records")
    parser.add_argument("--load", type=Path, metavar="DIR", help="a portal from CSV files")
    parser.add_argument("--now", type=_moment, default=defaults.now, metavar="ISO", help="the portal's clock at start")
    parser.add_argument("--portal-id", type=_portal_id, default=defaults.portal_id)
    return Options(**vars(parser.parse_args(arguments)))


def _portal_id(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no id of a portal; write a whole number above 0")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as mistake:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it like 2026-09-21T14:00:00Z") from mistake
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())

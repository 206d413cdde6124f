"""The commands of `hubsync`, in the order in which they are needed."""

from __future__ import annotations

import logging

import typer

from hubsync.cli.advise import advise
from hubsync.cli.backup import backup
from hubsync.cli.check import check
from hubsync.cli.demo import demo
from hubsync.cli.emulate import emulate
from hubsync.cli.explain import explain
from hubsync.cli.export import export
from hubsync.cli.failing import EXIT_CODES, Commands
from hubsync.cli.fit import fit
from hubsync.cli.forget import forget
from hubsync.cli.history import history
from hubsync.cli.init import init
from hubsync.cli.interrupts import heed
from hubsync.cli.options import choose
from hubsync.cli.output import Beside
from hubsync.cli.plan import plan
from hubsync.cli.provision import provision
from hubsync.cli.restore import restore
from hubsync.cli.runs import runs
from hubsync.cli.serve import serve
from hubsync.cli.statements import sql
from hubsync.cli.status import status
from hubsync.cli.sync import sync

_EPILOG = "Exit codes: " + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + "."

app = typer.Typer(
    name="hubsync",
    cls=Commands,
    help="Scores HubSpot contacts, companies and deals, says why, and writes the scores back.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.callback()(choose)
_COMMANDS = (
    demo, init, check, advise, provision, plan, sync, explain, history, fit, status, runs, sql, serve, backup, restore,
    export, forget, emulate,
)  # fmt: skip

for _command in _COMMANDS:
    app.command()(_command)


def main() -> None:
    """Run the command line."""
    log = logging.getLogger("hubsync")
    log.addHandler(Beside(logging.INFO))
    log.setLevel(logging.INFO)
    heed()
    app()

"""How commands fail: one sentence on stderr, or one JSON object on stdout, and the exit code of the error's class."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from hubsync.cli.output import beside, emit
from hubsync.errors import ConfigError, HubsyncError, InputError

EXIT_CODES = {
    0: "done",
    1: "something unexpected, or something that needs attention",
    2: "the configuration, an argument or a file needs mending",
    3: "held: nothing was written, a decision is needed",
    4: "no access: token, scope or portal",
    5: "HubSpot did not do it; run again later",
    6: "the database can't be used now",
}

_JSON = "hubsync.json"
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


class Commands(TyperGroup):
    """The commands, with every error turned into a sentence and an exit code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, and remember for errors, also about these arguments, whether to answer in JSON."""
        ctx.meta[_JSON] = "--json" in args
        return super().parse_args(ctx, _portal_first(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raises typer.Exit with the code of what went wrong."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            code = _interrupted(as_json=ctx.meta[_JSON])
        except Exception as error:  # noqa: BLE001 (the last line of defence: a sentence instead of a traceback)
            code = _failed(error, as_json=ctx.meta[_JSON])
        raise typer.Exit(code)


def _interrupted(*, as_json: bool) -> int:
    sentence = "Interrupted; what was done is kept, and the next run goes on from there."
    if as_json:
        emit({"error": sentence, "kind": "Interrupted", "mistakes": []})
    else:
        beside().print(sentence)
    return INTERRUPTED


def _portal_first(args: list[str]) -> list[str]:
    """The arguments with --portal before the command, wherever it was typed."""
    for place, word in enumerate(args):
        if word == "--":
            break
        if word == "--portal" or word.startswith("--portal="):
            end = place + 1 + (word == "--portal")
            return args[place:end] + args[:place] + args[end:]
    return args


def _failed(error: Exception, *, as_json: bool) -> int:
    if isinstance(error, HubsyncError):
        _debug(error)
        _report(error, as_json=as_json)
        return error.exit_code
    # Typer's own errors about arguments; it shows them well to people.
    if hasattr(error, "format_message"):
        if not as_json:
            raise error
        emit({"error": error.format_message(), "kind": "UsageError", "mistakes": []})
        return 2
    _debug(error)
    _unexpected(error, as_json=as_json)
    return 1


def _report(error: HubsyncError, *, as_json: bool) -> None:
    mistakes = error.mistakes if isinstance(error, ConfigError) else ()
    # An InputError often begins with a name the user gave, which stays as it is.
    sentence = _sentence(str(error), capital=not isinstance(error, InputError))
    if as_json:
        emit({"error": sentence, "kind": type(error).__name__, "mistakes": mistakes})
        return
    console = beside()
    for mistake in mistakes:
        console.print(str(mistake), soft_wrap=True)
    console.print(sentence, style="bold red", soft_wrap=True)


def _sentence(text: str, *, capital: bool) -> str:
    first = text[:1].upper() + text[1:] if capital else text
    return first if first.endswith((".", "!", "?")) else f"{first}."


def _unexpected(error: Exception, *, as_json: bool) -> None:
    # The error's own text may quote a record's values; its kind and place do not.
    last = traceback.extract_tb(error.__traceback__)[-1]
    sentence = (
        f"Something happened that hubsync did not expect ({type(error).__name__} at {Path(last.filename).name}:"
        f"{last.lineno}); please report it with the output of the same command under HUBSYNC_DEBUG=1."
    )
    if as_json:
        emit({"error": sentence, "kind": type(error).__name__, "mistakes": []})
    else:
        beside().print(sentence, style="bold red", soft_wrap=True)


def _debug(error: BaseException) -> None:
    if os.environ.get("HUBSYNC_DEBUG") == "1":
        sys.stderr.write("".join(traceback.format_exception(error)))

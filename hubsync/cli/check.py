"""`hubsync check`: what is wrong or missing, before anything is pulled or written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hubsync.catalog import Catalog, UnmappedWord, load, unmapped_words, warnings
from hubsync.cli.check_screen import show_config, show_portal, show_problems, show_warnings
from hubsync.cli.check_tables import table_mistakes
from hubsync.cli.drift import held_sentences
from hubsync.cli.inspection import Inspection, inspect
from hubsync.cli.never import never_gave
from hubsync.cli.options import Json, settings
from hubsync.cli.output import emit, screen
from hubsync.cli.versions_ending import WARN_BEFORE_END, ending_sentences
from hubsync.errors import ConfigError
from hubsync.scoring.feeds import Feeds
from hubsync.spark import unable
from hubsync.workspace import Workspace, knows_zone, moment


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a sync from working, and the exit code that says whose remedy it needs."""

    message: str
    exit_code: int
    reads: bool = False
    models: tuple[str, ...] = ()

    def stops(self, without: Collection[str]) -> bool:
        """Whether no sync works with it; one goes on `without` models that can't be read, and with less data."""
        return not self.reads and not (self.models and set(self.models) <= set(without))


def check(
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Check the configuration alone; call nothing.")] = False,
    json: Json = False,
) -> None:
    """List every mistake of the configuration, then what the portal, token and plan allow."""
    given = settings()
    catalog = load(given.config)
    missing_files = _tables(catalog)
    if offline:
        now = moment(datetime.now(UTC).replace(tzinfo=None), "UTC")
        words = unmapped_words(catalog, now, Feeds())
        told = [*missing_files, *_engine_troubles(catalog), *warnings(catalog, catalog.vocabulary(now))]
        if json:
            emit({"ok": True, **_config_data(catalog, words), "warnings": told, "problems": []})
        else:
            show_config(screen(), catalog, words)
            show_warnings(screen(), told)
        return
    with Workspace.open(given, catalog=catalog) as workspace:
        found = inspect(workspace)
        words = unmapped_words(catalog, workspace.as_of, found.feeds)
        told = [*missing_files, *_warnings(workspace, found.feeds)]
        problems = [*(Problem(each, 2) for each in _engine_troubles(catalog)), *_problems(found)]
        if json:
            emit(_config_data(catalog, words) | _portal_data(workspace, found, problems, told))
        else:
            console = screen()
            show_config(console, catalog, words)
            show_portal(console, workspace, found)
            messages = [problem.message for problem in problems]
            show_problems(console, messages, told, found.scopes, _verdict(catalog, found, problems))
    raise typer.Exit(max((problem.exit_code for problem in problems), default=0))


def _tables(catalog: Catalog) -> list[str]:
    """Sentences about files that are not there; raises ConfigError for those that can't be read."""
    mistakes, missing = table_mistakes(catalog)
    if mistakes:
        raise ConfigError(mistakes)
    return missing


def _not_scored(catalog: Catalog, found: Inspection) -> list[str]:
    """The models that are on and whose records can't be read."""
    return [model.model for model in catalog.on if str(model.object) in found.unreadable]


def _plan_works(catalog: Catalog, found: Inspection) -> bool:
    """Whether anything could be scored; a plan goes on without the rest."""
    some = not catalog.on or len(_not_scored(catalog, found)) < len(catalog.on)
    return some and not _engine_troubles(catalog)


def _engine_troubles(catalog: Catalog) -> list[str]:
    """What keeps the engine of the configuration from working on this machine."""
    missing = unable() if catalog.main.on_spark else None
    return [missing] if missing else []


def _verdict(catalog: Catalog, found: Inspection, problems: list[Problem]) -> str:
    """What would work now."""
    if not _plan_works(catalog, found):
        return "Neither a plan nor a sync would work."
    if not problems:
        return "A sync would work."
    without = _not_scored(catalog, found)
    but = f" without {', '.join(without)}, which can't be scored" if without else ""
    if any(problem.stops(without) for problem in problems):
        return f"A plan would work{but}, a sync would not."
    return f"A plan and a sync would work{but}."


def _config_data(catalog: Catalog, words: list[UnmappedWord]) -> dict[str, Any]:
    return {
        "config": str(catalog.folder),
        "models_on": [model.model for model in catalog.on],
        "models_off": [name for name in catalog.models if name not in catalog.main.models],
        "segments": [name for name in catalog.segments if name not in catalog.segments_off],
        "segments_off": catalog.segments_off,
        "engine": catalog.main.engine,
        "unmapped_words": words,
    }


def _portal_data(workspace: Workspace, found: Inspection, problems: list[Problem], told: list[str]) -> dict[str, Any]:
    account = workspace.account
    return {
        "ok": not problems,
        "plan_works": _plan_works(workspace.catalog, found),
        "models_not_scored": _not_scored(workspace.catalog, found),
        "portal": {
            "portal_id": account.portal_id,
            "account_type": account.account_type,
            "time_zone": account.time_zone,
            "currency": account.currency,
            "ui_domain": account.ui_domain,
        },
        "scopes": found.scopes,
        "sources": found.sources,
        "unreadable": found.unreadable,
        "missing_properties": found.missing,
        "lost": found.lost,
        "own_properties": {
            "existing": found.own.existing, "missing": found.own.created, "options_missing": found.own.extended,
            "conflicts": found.own.conflicts, "changed": found.own.changed,
        },
        "property_limits": found.property_limits,
        "api": {
            "usage": found.usage,
            "hubsync_left_today": workspace.client.transport.throttle.daily.state().left,
            "calls_in_10_seconds": workspace.client.transport.rate.maximum,
        },
        "first_pull": found.estimate,
        "warnings": told,
        "problems": [problem.message for problem in problems],
    }  # fmt: skip


def _problems(found: Inspection) -> Iterator[Problem]:
    missing_own = bool(found.own.created or found.own.extended)
    for scope in found.scopes:
        needed_now = scope.blocks or (missing_own and scope.what.startswith("make "))
        if scope.granted is False and needed_now:
            needs = "needs" if len(scope.models) == 1 else "need"
            yield Problem(
                f"The token may not {scope.what}, which {', '.join(scope.models)} {needs}: add the scope"
                f" {' or '.join(scope.any_of)}.", 4, scope.what.startswith("read "), scope.models,
            )  # fmt: skip
    for sentence in held_sentences(found.lost, found.own.changed):
        yield Problem(sentence, 1)
    for conflict in found.own.conflicts:
        yield Problem(conflict, 1)
    for sentence in found.too_many:
        yield Problem(sentence, 1)


def _warnings(workspace: Workspace, feeds: Feeds) -> Iterator[str]:
    yield from warnings(workspace.catalog, workspace.catalog.vocabulary(workspace.as_of, feeds))
    yield from never_gave(workspace.catalog, workspace.store, workspace.as_of)
    yield from ending_sentences(workspace.client.versions.ending(workspace.present.day + WARN_BEFORE_END))
    zone = workspace.account.time_zone
    if not knows_zone(zone):
        yield (
            f"The portal's time zone {zone[:60]!r} is not known here, so days begin at midnight UTC: install a newer"
            " tzdata."
        )
    state = workspace.client.transport.throttle.daily.state()
    if state.left == 0:
        yield "No API calls are left for hubsync today; the next run goes on when the day's limit resets."

"""`hubsync fit`: measure anew what a model scores by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer

from hubsync.catalog import Catalog
from hubsync.cli import render
from hubsync.cli.explaining import scored
from hubsync.cli.options import Json, refuse_unknown_model, settings
from hubsync.cli.output import emit, moment, screen
from hubsync.errors import InputError
from hubsync.score import remember
from hubsync.scoring.scores import Scores
from hubsync.types import Fit
from hubsync.workspace import Local

_SHOWN = 5
"""Places of a long list that are shown, evenly spread from the first to the last."""


def fit(model: Annotated[str, typer.Argument(metavar="MODEL")], *, json: Json = False) -> None:
    """Fit a model to the records as last pulled, and show what changes; the next plan scores by it."""
    local = Local.open(settings())
    _refuse_unread(local.catalog, model)
    with local.store.run_lock():
        with local.store.read() as reader:
            old = reader.fits(local.catalog.versions, local.as_of.now).get(model)
        with scored(
            local.catalog, local.store, local.as_of, [str(local.catalog.models[model].object)], anew=model
        ) as s:
            mine = local.catalog.with_ingredients([model])
            # The others are fitted by the next run, which knows whether what was pulled for them can be trusted.
            scores = replace(
                s.scores, models=tuple(each for each in s.scores.models if each.name in mine),
                notes={name: note for name, note in s.scores.notes.items() if name in mine},
            )  # fmt: skip
            if model not in scores.notes:
                raise InputError(f"The model '{model}' measures nothing: its scores need no fit.")
            with s.scratch.writing() as writer:
                remember(writer, local.catalog, scores, local.as_of.now)
    _tell(local, model, old, scores, json=json)


def _refuse_unread(catalog: Catalog, model: str) -> None:
    refuse_unknown_model(model, catalog.models)
    if model not in {each.model for each in catalog.needed}:
        raise InputError(
            f"The model '{model}' is off, and nothing is pulled for it; add it to 'models' in hubsync.yaml."
        )


def _tell(local: Local, model: str, old: Fit | None, scores: Scores, *, json: bool) -> None:
    new = scores.fits.get(model)
    before = local.catalog.version(model, {**scores.fits, model: old}) if old is not None else None
    after = local.catalog.version(model, scores.fits) if new is not None else None
    if json:
        emit({"model": model, "notes": list(scores.notes.values()), "old": old, "new": new,
              "old_version": before, "new_version": after})  # fmt: skip
        return
    console = screen()
    for note in scores.notes.values():
        console.print(note, soft_wrap=True)
    if new is None:
        if old is not None:
            console.print(f"The fit of {moment(old.as_of)} stays in use.")
        return
    table = render.table("parameter", f"old, {_when(old)}", f"new, {_when(new)}", title=f"Fit of {model}")
    told = [dict(_lines(each.parameters)) if each is not None else {} for each in (old, new)]
    for key in dict.fromkeys([*told[0], *told[1]]):
        table.add_row(key, told[0].get(key, ""), told[1].get(key, ""))
    console.print(table)
    if old is not None and before != after:
        console.print(
            f"Version {before} becomes {after}: `hubsync plan` shows what moves, and no play fires for it.",
            soft_wrap=True,
        )
    elif old is not None:
        console.print("Nothing has changed.")


def _when(fit: Fit | None) -> str:
    return f"{moment(fit.as_of)}, {fit.records:,} records" if fit is not None else "none"


def _lines(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each parameter with its path; of a long list some, of pairs the value that comes first."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _lines(each, f"{path} {key}".strip())
        return
    if not isinstance(value, list):
        yield path, _number(value)
        return
    count = len(value)
    places = range(count) if count <= _SHOWN else [place * (count - 1) // (_SHOWN - 1) for place in range(_SHOWN)]
    shown = ", ".join(_number(value[place][0] if isinstance(value[place], list) else value[place]) for place in places)
    yield path, shown if count <= _SHOWN else f"{shown} ({_SHOWN} of {count})"


def _number(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, float | int) else "none" if value is None else str(value)

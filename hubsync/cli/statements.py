"""`hubsync sql`: the SQL of a model, as it runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import sqlglot
import typer

from hubsync.catalog import Catalog, load
from hubsync.cli.options import Json, refuse_unknown_model, settings
from hubsync.cli.output import emit
from hubsync.pull import feeds_of
from hubsync.scoring.facts import ORDER, closure, facts_sql
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.model import compile_model, model_sql
from hubsync.settings import Settings
from hubsync.store import Store
from hubsync.types import AsOf, Fit
from hubsync.workspace import Local, moment


def sql(model: Annotated[str, typer.Argument(metavar="MODEL")], *, json: Json = False) -> None:
    """Print the SQL that scores a model: the facts it reads, then the score with every line of its explanation."""
    given = settings()
    catalog, as_of, feeds, fits = _known(given)
    refuse_unknown_model(model, catalog.models)
    vocabulary = catalog.vocabulary(as_of, feeds, fits)
    compiled = compile_model(catalog.models[model], vocabulary)
    needs = closure(compiled.needs, vocabulary)
    objects = [name for name in ORDER if name in {need.object for need in needs} | {compiled.object}]
    statements = [(f"facts_{name}", facts_sql(name, needs, vocabulary)) for name in objects]
    statements.append((compiled.relation, model_sql(compiled, vocabulary)))
    pretty = [(makes, _pretty(text)) for makes, text in statements]
    first = sorted(catalog.ingredients.get(model, ()))
    if json:
        emit({
            "model": model, "object": compiled.object, "version": catalog.version(model, fits),
            "ingredients": first,
            "statements": [{"makes": makes, "sql": text} for makes, text in pretty],
        })  # fmt: skip
        return
    if first:
        sys.stdout.write(f"-- reads the scores of {', '.join(first)}, which run before\n\n")
    sys.stdout.write("\n".join(f"{text};\n" for _, text in pretty))


def _known(given: Settings) -> tuple[Catalog, AsOf, Feeds, Mapping[str, Fit]]:
    """The last run's moment, sources and fits; before the first run, now and the first source of each kind."""
    if not Store.portals(given.data):
        return load(given.config), moment(datetime.now(UTC).replace(tzinfo=None), "UTC"), Feeds(), {}
    local = Local.open(given)
    with local.store.read() as reader:
        fits = reader.fits(local.catalog.versions, local.as_of.now)
        return local.catalog, local.as_of, feeds_of(local.catalog, reader.sources()), fits


def _pretty(text: str) -> str:
    return sqlglot.transpile(text, read="duckdb", write="duckdb", pretty=True)[0]

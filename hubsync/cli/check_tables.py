"""The files outside HubSpot that events come from: whether they are there, and have the columns they should."""

from __future__ import annotations

from hubsync.catalog import Catalog
from hubsync.catalog.reading import read
from hubsync.errors import ConfigMistake, InputError
from hubsync.pull.sources import tables
from hubsync.scoring.origins import TableSource

_FILE = "events.yaml"


def table_mistakes(catalog: Catalog) -> tuple[list[ConfigMistake], list[str]]:
    """What no run can read, by file and line, and sentences about files that may still come."""
    document = read(catalog.folder, _FILE)
    missing = []
    for kind, declaration in catalog.events.items():
        for place, source in enumerate(declaration.sources):
            if not isinstance(source, TableSource):
                continue
            at = (kind, "sources", place, "file")
            try:
                reason = tables.why_not(source, catalog.folder)
            except InputError as error:
                document.report(at, str(error))
            else:
                if reason:
                    missing.append(f"{_FILE}:{document.line(at)}: {reason}; the next source is used.")
    return document.mistakes, missing

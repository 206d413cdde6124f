"""The files of the configuration as declarations, each checked for itself, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from hubsync.catalog.mending import mended
from hubsync.catalog.properties import standard_properties
from hubsync.catalog.reading import Document, Loc, read
from hubsync.catalog.tracing import ANY, Named
from hubsync.catalog.wording import report
from hubsync.errors import ConfigMistake
from hubsync.scoring.configuration import Main, PortalMap
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.meaning import nearest
from hubsync.scoring.origins import EventKind
from hubsync.scoring.segments import Segment
from hubsync.scoring.signals import Signal
from hubsync.scoring.units import Pulled
from hubsync.types import PropertyType

_Declaration = TypeVar("_Declaration", bound=BaseModel)

# A file that is not there or does not fit is reported; these let the other files be checked all the same.
_NO_MAIN = Main(models=())
_NO_PORTAL = PortalMap()
# What can't be resolved when a file can't be read.
_HOLDS = {"portal.yaml": ("property",), "events.yaml": ("event",), "signals.yaml": ("signal",)}


@dataclass
class Declared:
    """What the files say.

    `broken` holds (sort, name) of what can't be resolved because of a mistake of its own, `mended` of entries that
    are here to be checked further and become broken then. `reads` says what the sources of a kind of event read,
    `reads_of_models` what a model reads.
    """

    folder: Path
    main: Main = _NO_MAIN
    portal: PortalMap = _NO_PORTAL
    events: dict[str, EventKind] = field(default_factory=dict)
    signals: dict[str, Signal] = field(default_factory=dict)
    models: dict[str, ModelDeclaration] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    properties: dict[str, dict[str, PropertyType]] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    model_files: dict[str, Document] = field(default_factory=dict)
    broken: set[Named] = field(default_factory=set)
    mended: set[Named] = field(default_factory=set)
    reads: dict[str, frozenset[Named]] = field(default_factory=dict)
    reads_of_models: dict[str, frozenset[Named]] = field(default_factory=dict)
    reads_of_segments: dict[str, frozenset[Named]] = field(default_factory=dict)

    @property
    def mistakes(self) -> list[ConfigMistake]:
        """Every mistake found, each once, by file and line."""
        return sorted({mistake for document in self.documents.values() for mistake in document.mistakes})


def declared(folder: Path) -> Declared:
    """Read every file of the folder."""
    found = Declared(folder)
    if not folder.is_dir():
        document = found.documents["."] = Document(str(folder))
        document.report_line(0, "the folder of the configuration is missing", "`hubsync init` writes a complete set.")
        return found
    found.main = _whole(_open(found, "hubsync.yaml", empty=False), Main) or _NO_MAIN
    found.portal = _whole(_open(found, "portal.yaml"), PortalMap) or _NO_PORTAL
    for name, event in _entries(found, "event", _open(found, "events.yaml"), EventKind):
        found.events[name] = event
    for name, signal in _entries(found, "signal", _open(found, "signals.yaml"), Signal):
        found.signals[name] = signal
    _models(found)
    _segments(found)
    for object_, properties in standard_properties().items():
        found.properties[object_] = {**properties, **found.portal.properties.get(object_, {})}  # type: ignore[call-overload]
    found.broken |= set(_untyped(found.documents["portal.yaml"].data))
    return found


def _open(found: Declared, file: str, *, empty: bool = True) -> Document:
    document = found.documents[file] = read(found.folder, file)
    if document.mistakes:
        if not isinstance(document.data, dict):
            document.data = None
    elif document.data is None:
        document.data = {}
        if not empty:
            document.data = None
            document.report((), "the file is empty", "`hubsync init` writes a complete set.")
    elif not isinstance(document.data, dict):
        document.data = None
        document.report((), "the file is no mapping", "It begins with a key, such as 'models: [customer]'.")
    if document.data is None:
        found.broken |= {(sort, ANY) for sort in _HOLDS.get(file, ())}
    return document


def _whole(document: Document, declaration: type[_Declaration]) -> _Declaration | None:
    return None if document.data is None else _fitted(document, (), document.data, declaration)


def _fitted(
    document: Document, at: Loc, data: Any, declaration: type[_Declaration], *, ignored: str = ""
) -> _Declaration | None:
    """The declaration; where it has mistakes they are noted, and what can be mended of it is given."""
    try:
        return declaration.model_validate(data)
    except ValidationError as error:
        report(document, at, error, declaration, ignored=ignored)
        return mended(data, declaration)


def _entries(
    found: Declared, sort: str, document: Document, declaration: type[_Declaration]
) -> Iterator[tuple[str, _Declaration]]:
    """The entries of a file that maps names to declarations, mended where they have a mistake."""
    for name, data in (document.data or {}).items():
        before, entry = len(document.mistakes), None
        if not _is_name(name):
            document.report((name,), f"'{name}' is no name", "Use lower-case letters, digits and underscores.")
        if not isinstance(data, Mapping):
            document.report((name,), f"'{name}' has keys of its own, such as 'label'")
        else:
            entry = _fitted(document, (name,), data, declaration)
        if len(document.mistakes) > before:
            (found.broken if entry is None else found.mended).add((sort, name))
        if entry is not None:
            yield name, entry


def _segments(found: Declared) -> None:
    """The segments; a folder without segments.yaml has none."""
    if not (found.folder / "segments.yaml").exists():
        return
    for name, segment in _entries(found, "segment", _open(found, "segments.yaml"), Segment):
        customers = {"object": found.portal.customers_are} if segment.object == "customers" else {}
        found.segments[name] = segment.model_copy(update=customers)


def _untyped(portal: Any) -> Iterator[Named]:
    """The properties that portal.yaml means to declare, with a type or an object that there is not."""
    declared_ = portal.get("properties") if isinstance(portal, Mapping) else None
    for object_, properties in declared_.items() if isinstance(declared_, Mapping) else ():
        if object_ not in get_args(Pulled) or not isinstance(properties, Mapping):
            yield "property", ANY
            continue
        for name, type_ in properties.items():
            if type_ not in get_args(PropertyType):
                yield "property", f"{object_}.{name}"


def _is_name(name: str) -> bool:
    return name.isascii() and name.replace("_", "a").isalnum() and name[:1].isalpha() and name == name.lower()


def _models(found: Declared) -> None:
    names = sorted(path.name for path in (found.folder / "models").glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
    if not names:
        document = found.documents["models"] = Document("models")
        document.report((), "the folder 'models' has no model", "`hubsync init` writes a complete set.")
        found.broken.add(("model", ANY))
    for name in names:
        document = _open(found, f"models/{name}", empty=False)
        if document.data is None:
            found.broken.add(("model", ANY))
            continue
        _model(found, document, document.data)


def _model(found: Declared, document: Document, data: Mapping[str, Any]) -> None:
    name, kind = data.get("model"), data.get("kind")
    if isinstance(name, str) and name in found.model_files:
        first = found.model_files[name]
        document.report(("model",), f"the model '{name}' is declared twice, first in {first.file}", "Rename one.")
        return
    declaration: type[ModelDeclaration] = ModelDeclaration
    if isinstance(kind, str) and kind in KINDS:
        declaration = KINDS[kind].declaration
    elif kind is not None:
        hint = nearest(str(kind), KINDS) or f"There are {', '.join(sorted(KINDS))}."
        document.report(("kind",), f"unknown kind of model '{kind}'", hint)
    # The keys of an unknown kind can't be judged.
    unjudged = "extra_forbidden" if declaration is ModelDeclaration else ""
    model = _fitted(document, (), data, declaration, ignored=unjudged)
    if isinstance(name, str):
        found.model_files[name] = document
        if document.mistakes:
            found.broken.add(("model", name))
    if model is None or declaration is ModelDeclaration:
        return
    if model.object == "customers":
        model = model.model_copy(update={"object": found.portal.customers_are})
    found.models[model.model] = model

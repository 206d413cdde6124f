"""JSON Schemas of the configuration files, for editors."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from hubsync.scoring.configuration import Main, PortalMap
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.origins import EventKind
from hubsync.scoring.segments import Segment
from hubsync.scoring.signals import Signal
from hubsync.scoring.words import WORDS


def schema() -> dict[str, dict[str, Any]]:
    """A JSON Schema per file of the configuration; `models/*.yaml` stands for every model."""
    found = {
        "hubsync.yaml": Main.model_json_schema(by_alias=True),
        "portal.yaml": PortalMap.model_json_schema(by_alias=True),
    }
    found["portal.yaml"]["properties"]["words"] = _words()
    found["events.yaml"] = TypeAdapter(dict[str, EventKind]).json_schema(by_alias=True)
    found["signals.yaml"] = TypeAdapter(dict[str, Signal]).json_schema(by_alias=True)
    found["segments.yaml"] = TypeAdapter(dict[str, Segment]).json_schema(by_alias=True)
    kinds = tuple(KINDS[name].declaration for name in sorted(KINDS))
    union = [TypeAdapter(kind).json_schema(by_alias=True, ref_template="#/$defs/{model}") for kind in kinds]
    definitions = {name: each for one in union for name, each in one.pop("$defs", {}).items()}
    found["models/*.yaml"] = {"oneOf": union, "$defs": definitions}
    for file, one in found.items():
        one |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": file}
    return found


def _words() -> dict[str, Any]:
    """The words that portal.yaml may map, each with what it means."""
    mapped = {"type": ["object", "null"], "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
    words = {name: mapped | {"description": f"{word.meaning} ({word.type})"} for name, word in WORDS.items()}
    return {"type": "object", "properties": words, "additionalProperties": False}

"""Says in a plain sentence, with file and line, what pydantic found wrong with a declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hubsync.catalog.reading import Document, Loc
from hubsync.scoring.meaning import nearest

Schema = Mapping[str, Any]


def report(
    document: Document, at: Loc, error: ValidationError, declaration: type[BaseModel], *, ignored: str = ""
) -> None:
    """Note every error of a declaration that stands at a path of the document, but those of the ignored type."""
    for details in error.errors(include_url=False):
        # Entries with a mistake of their own are not counted by pydantic; a list of them is not short.
        if details["type"] == ignored or (details["type"] == "too_short" and details["input"]):
            continue
        loc = (*at, *(part for part in details["loc"] if part != "[key]"))
        message, hint = _sentence(details, declaration)
        if details["type"] == "value_error":
            loc = (*loc, *spoken_of(details["input"], message))
        document.report(loc, message, hint)


def spoken_of(given: object, message: str) -> Loc:
    """The key of a mapping that a sentence about the whole mapping speaks of first."""
    keys = given if isinstance(given, Mapping) else {}
    spoken = (word for word in re.findall(r"[a-z_]+", message) if word in keys and word not in ("model", "kind"))
    return tuple(spoken)[:1]


def _sentence(details: ErrorDetails, declaration: type[BaseModel]) -> tuple[str, str]:
    kind, loc, context = details["type"], details["loc"], details.get("ctx", {})
    key = next((str(part) for part in reversed(loc) if isinstance(part, str) and part != "[key]"), "")
    if kind == "extra_forbidden":
        known = _known_keys(declaration, loc[:-1])
        return f"unknown key '{key}'", nearest(key, known) or _listing("Known here", known)
    if kind == "missing":
        return f"'{key}' is missing", ""
    if kind == "value_error":
        return str(context["error"]), ""
    if kind == "literal_error" and loc[-1] == "[key]":
        known = _quoted(str(context["expected"]))
        return f"unknown key '{key}'", nearest(key, known) or _listing("Known here", known)
    if kind == "literal_error":
        return _choice(details["input"], _quoted(str(context["expected"])), key)
    if kind == "union_tag_invalid":
        return _choice(context["tag"], _quoted(str(context["expected_tags"])), "from")
    if kind == "union_tag_not_found":
        return "'from' is missing", "Write for example 'from: counters'."
    return _plain(kind, key, details["input"], context), ""


def _plain(kind: str, key: str, given: object, context: Mapping[str, Any]) -> str:
    sentences = {
        "string_type": f"'{key}' is a text, not {_shown(given)}",
        "string_too_short": f"'{key}' is empty",
        "string_too_long": f"'{key}' is longer than {context.get('max_length')} characters",
        "dict_type": f"'{key}' has keys of its own, not just {_shown(given)}",
        "model_type": f"'{key}' has keys of its own, not just {_shown(given)}",
        "tuple_type": f"'{key}' is a list, such as [a, b], not {_shown(given)}",
        "too_short": f"'{key}' has too few entries",
        "too_long": f"'{key}' has too many entries",
        "bool_parsing": f"'{key}' is true or false, not {_shown(given)}",
        "bool_type": f"'{key}' is true or false, not {_shown(given)}",
        "greater_than": f"'{key}' must be more than {context.get('gt')}",
        "greater_than_equal": f"'{key}' must be at least {context.get('ge')}",
        "less_than": f"'{key}' must be less than {context.get('lt')}",
        "less_than_equal": f"'{key}' must be at most {context.get('le')}",
    }
    if kind.startswith(("int_", "float_", "decimal_")):
        return f"'{key}' is a number, not {_shown(given)}"
    return sentences.get(kind, f"'{key}' can't be {_shown(given)}")


def _choice(given: object, allowed: Sequence[str], key: str) -> tuple[str, str]:
    word = given if isinstance(given, str) else ""
    near = [name for name in allowed if name.startswith(word[:3])] if len(word) > 2 else []
    hint = nearest(word, allowed) or (f"Did you mean '{near[0]}'?" if len(near) == 1 else "")
    return f"'{key}' can't be {_shown(given)}; it is {_either(allowed)}", hint


def _quoted(expected: str) -> list[str]:
    """The words between quotes of pydantic's `'day', 'week' or 'month'`."""
    return expected.split("'")[1::2]


def _either(words: Sequence[str]) -> str:
    return " or ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _listing(begin: str, words: Sequence[str]) -> str:
    return f"{begin}: {', '.join(sorted(words))}." if words else ""


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping of keys"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text[:60]}'"


@cache
def _schema(declaration: type[BaseModel]) -> Schema:
    return declaration.model_json_schema(by_alias=True)


def _known_keys(declaration: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that a declaration allows at a path of pydantic's."""
    root = _schema(declaration)
    here: Schema = root
    for part in loc:
        here = _step(_resolved(root, here), part)
    return list(_resolved(root, here).get("properties", {}))


def _resolved(root: Schema, schema: Schema) -> Schema:
    """Follow references, and the one branch of `x | None` that says something."""
    while True:
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        elif branches := [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]:
            schema = branches[0]
        else:
            return schema


def _step(schema: Schema, part: str | int) -> Schema:
    if "discriminator" in schema and isinstance(part, str):
        reference = schema["discriminator"]["mapping"].get(part)
        return {"$ref": reference} if reference else {}
    if isinstance(part, int):
        return dict(schema.get("items", {}))
    found = schema.get("properties", {}).get(part) or schema.get("additionalProperties", {})
    return found if isinstance(found, Mapping) else {}

"""Mends a declaration that has mistakes just enough that the rest of it can be checked too."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hubsync.catalog.reading import Loc
from hubsync.catalog.wording import spoken_of

_Declaration = TypeVar("_Declaration", bound=BaseModel)
_ROUNDS = 8


def mended(data: Any, declaration: type[_Declaration]) -> _Declaration | None:
    """The declaration without what is wrong in it, or None when too little is left.

    Nothing is scored by it: it only lets everything else be checked, so that all mistakes are told at once.
    """
    data = copy.deepcopy(data)
    for number in range(_ROUNDS):
        try:
            return declaration.model_validate(data)
        except ValidationError as error:
            if not all(_mend(data, details, number) for details in error.errors()):
                return None
    return None


def _mend(data: Any, details: ErrorDetails, number: int) -> bool:
    steps: list[tuple[Any, Any]] = []
    here: Any = data
    for part in details["loc"]:
        held = here if isinstance(here, dict) else dict(enumerate(here)) if isinstance(here, list) else {}
        if part in held:
            steps.append((here, part))
            here = held[part]
    if details["type"] == "value_error" and isinstance(here, dict):
        sentence = str(details["ctx"]["error"])
        if told := spoken_of(here, sentence):
            del here[told[0]]
            return True
        if "'points'" in sentence:
            here["points"] = _filler(("points", number))
            return True
    if not details["loc"]:
        return False
    key = details["loc"][-1]
    filler = _filler((*details["loc"], number))
    # A key named like its kind of source leads astray: what pydantic names there is the kind.
    if details["type"] == "missing" and filler is not None and isinstance(here, dict):
        here[key] = filler
        return True
    # An entry of a list can't go: those behind it would be told with the wrong line.
    if not steps or not isinstance(steps[-1][0], dict):
        return False
    holder, key = steps[-1]
    if filler is not None and details["type"] != "missing":
        holder[key] = filler
    else:
        del holder[key]
    return True


def _filler(loc: Loc) -> Any:
    """Something that fits where a value of this key is missing or wrong; texts differ, as names are made of them."""
    key = loc[-2]
    if key in ("outcome", "owner", "reason", "label", "event_type", "file"):
        return f"mended {' '.join(str(part) for part in loc)}"
    match loc:
        case ("properties", _, name, _) if name != "[key]":
            return "text"
    return 1 if key == "points" else None

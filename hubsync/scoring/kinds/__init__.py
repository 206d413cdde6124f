"""The kinds of models: each file of this folder registers exactly one."""

from __future__ import annotations

import importlib
import pkgutil

from hubsync.scoring.kinds.base import Kind


def _found() -> dict[str, Kind]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base")
    kinds = [importlib.import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in kinds}


KINDS: dict[str, Kind] = _found()
"""Every kind by its name."""

__all__ = ["KINDS", "Kind"]

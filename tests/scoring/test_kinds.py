"""A kind of model is a file in a folder: it is found without being named anywhere."""

from __future__ import annotations

import importlib
from pathlib import Path

import hubsync.scoring.kinds
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.kinds import KINDS, Kind

FOLDER = Path(hubsync.scoring.kinds.__file__).parent
FILES = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in ("__init__", "base"))


def test_each_file_registers_one_kind() -> None:
    """Every file registers exactly one kind, and every kind has its own name."""
    kinds = [importlib.import_module(f"hubsync.scoring.kinds.{file}").KIND for file in FILES]
    assert all(isinstance(kind, Kind) for kind in kinds)
    assert sorted(kind.name for kind in kinds) == sorted(KINDS)
    assert len({kind.name for kind in kinds}) == len(FILES)
    for file in FILES:
        module = importlib.import_module(f"hubsync.scoring.kinds.{file}")
        own = [value for value in vars(module).values() if isinstance(value, Kind)]
        assert own == [module.KIND]


def test_kinds_declare_themselves() -> None:
    """A kind's declaration accepts its own name only."""
    for name, kind in KINDS.items():
        assert issubclass(kind.declaration, ModelDeclaration)
        assert kind.declaration.model_fields["kind"].annotation.__args__ == (name,)  # type: ignore[union-attr]


def test_shipped_kinds() -> None:
    """Points and combined are there."""
    assert {"points", "combined"} <= set(KINDS)

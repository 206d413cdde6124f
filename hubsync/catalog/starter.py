"""The configuration that ships with hubsync."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hubsync.catalog.schema import schema

SCHEMAS = ".schema"
"""The folder of the JSON Schemas, beside the files that they describe."""


def starter() -> dict[str, str]:
    """The text of every shipped file by its path in the configuration folder, and the schemas for editors.

    Each YAML file begins with a line that tells an editor with a YAML language server where its schema is.
    """
    texts = shipped()
    schemas = schema()
    for path, text in texts.items():
        described = "models/*.yaml" if path.startswith("models/") else path
        up = "../" if path.startswith("models/") else ""
        texts[path] = f"# yaml-language-server: $schema={up}{_schema_file(described)}\n{text}"
    return texts | {_schema_file(name): f"{json.dumps(one, indent=1)}\n" for name, one in schemas.items()}


def _schema_file(described: str) -> str:
    return f"{SCHEMAS}/{described.removesuffix('.yaml').replace('models/*', 'model')}.json"


def shipped() -> dict[str, str]:
    """The text of every shipped file as it stands in the project."""
    try:
        folder: Traversable = files("hubsync.starter")
    except (ModuleNotFoundError, NotADirectoryError):
        # In a checkout, also an editable install of one, nothing was copied: the folder stands beside the package.
        folder = Path(str(files("hubsync"))).parent / "config"
    return dict(sorted(_texts(folder, "")))


def _texts(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _texts(item, f"{path}{item.name}/")
        elif item.name.endswith(".yaml"):
            yield f"{path}{item.name}", item.read_text(encoding="utf-8")

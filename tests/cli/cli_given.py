"""The command line as a person meets it: a folder, an environment, and commands that are typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from hubsync.cli import app
from hubsync.emulator import EmulatorServer

ROOT = str(Path(__file__).parents[2])
ENTRY = (sys.executable, "-c", "from hubsync.cli import main; main()")


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def text(self) -> str:
        """Both streams, with lines joined: a sentence may be broken anywhere."""
        return " ".join((self.out + " " + self.err).split())


@dataclass
class Desk:
    """A folder with a configuration and data, and an environment for the commands; `first` is its first sync."""

    folder: Path
    server: EmulatorServer | None = None
    env: dict[str, str] = field(default_factory=dict)
    first: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def environment(self) -> dict[str, str]:
        found = {"HUBSYNC_CONFIG": str(self.config), "HUBSYNC_DATA": str(self.folder / "data"), "COLUMNS": "200"}
        if self.server is not None:
            found |= {"HUBSPOT_BASE_URL": self.server.url, "HUBSPOT_ACCESS_TOKEN": self.server.token}
        return found | self.env

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None) -> Said:
        """Run a command in this process; no token may ever appear in what it says."""
        environment = {**self.environment, **(env or {})}
        result = CliRunner().invoke(app, list(arguments), env=environment)
        said = Said(result.exit_code, result.stdout, result.stderr)
        for name in ("HUBSPOT_ACCESS_TOKEN", "HUBSPOT_WRITE_TOKEN"):
            token = environment.get(name)
            assert not token or token not in said.out + said.err
        return said

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        environment = {**os.environ, **self.environment, "PYTHONPATH": ROOT}
        return subprocess.Popen(
            [*ENTRY, *arguments],
            env=environment,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def only(self, *models: str) -> None:
        """Switch on these models instead of all that the starter has on."""
        self.rewrite("hubsync.yaml", "models: [engagement, fit, combined, customer]", f"models: [{', '.join(models)}]")

    def rewrite(self, file: str, old: str, new: str) -> None:
        """Change one place of the configuration."""
        path = self.config / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

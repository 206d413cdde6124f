"""What the worker remembers of a portal across restarts: a small file in the portal's data folder."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hubsync.errors import StoreError
from hubsync.scoring.unattended import Cause
from hubsync.worker.alerts import Notice

FILE = "worker.json"


class Memory(BaseModel):
    """The last good run by this machine's clock, the causes that were told, and what is still to be told."""

    model_config = ConfigDict(frozen=True)

    good_run: str = ""
    good_at: datetime | None = None
    busy: bool = False
    alerts: dict[Cause, str] = Field(default_factory=dict)
    owed: tuple[Notice, ...] = ()

    @classmethod
    def load(cls, data: Path) -> Memory:
        """What was remembered; nothing when the file is missing or broken."""
        try:
            return cls.model_validate_json((data / FILE).read_bytes())
        except (OSError, ValidationError):
            return cls()

    def save(self, data: Path) -> None:
        """Put it in the place of what was remembered before; raises StoreError."""
        draft = data / f"{FILE}.new"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(self.model_dump_json(indent=2))
            draft.replace(data / FILE)
        except OSError as error:
            raise StoreError(f"The worker can't write {data / FILE}: {error.strerror}.") from error

"""What can go wrong, named by what the caller does next.

HubsyncError                      one sentence for a person; exit_code for the shell
├── ConfigError              2    mend the configuration; carries every mistake found
├── HeldError                3    nothing was written; look at the plan, then accept, approve or say yes
├── AccessError              4    give another token, scope or portal
│   ├── TokenError                no token, or HubSpot refuses it
│   ├── ScopeError                the token may not do this one thing; a stream is skipped, the run goes on
│   └── PortalError               the token belongs to another portal than the data
├── RemoteError              5    HubSpot did not do it; run again later
│   ├── DailyLimitError           the day's calls are used up; the next run goes on
│   ├── UnsureError               it may have been done, and doing it again is not safe: look first
│   └── RefusedError              HubSpot refused this request (400, 404, 409); the same request will be refused again
├── UnreachableError         5    a database outside HubSpot does not answer now; its source is skipped, the run goes on
├── StoreError               6    the database can't be used now
│   ├── BusyError                 another process holds it; its PID is named
│   │   └── RunningError          a run, or other work that needs the database for itself, goes on
│   ├── DamagedError              damaged, cut off or no database; bring a backup back
│   └── NewerDatabaseError        written by a newer hubsync
└── InputError               2    an argument, file or record named by the user does not fit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class ConfigMistake:
    """One mistake in the configuration: where it stands (a folder has no line: 0), what is wrong, what to do."""

    file: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f" {self.hint}" if self.hint else ""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}{tail}"


class HubsyncError(Exception):
    """Base of all errors meant for a person; the message is one sentence with the remedy."""

    exit_code: ClassVar[int] = 1


class ConfigError(HubsyncError):
    """The configuration has mistakes; all of them are in `mistakes`."""

    exit_code = 2

    def __init__(self, mistakes: Sequence[ConfigMistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        super().__init__(f"{count} mistake{'s' if count != 1 else ''} in the configuration")


class InputError(HubsyncError):
    """An argument, a file or a record that the user named does not fit."""

    exit_code = 2


class HeldError(HubsyncError):
    """A guard, a missing yes or a plan that no longer fits stopped the run before its first write."""

    exit_code = 3


class AccessError(HubsyncError):
    """HubSpot does not let this token do it."""

    exit_code = 4


class TokenError(AccessError):
    """There is no token, or HubSpot refuses it (401)."""


class ScopeError(AccessError):
    """The token lacks a scope, or the portal's plan lacks the feature (403)."""

    def __init__(self, message: str, scopes: Sequence[str] = (), about: str = "") -> None:
        self.scopes = tuple(scopes)
        self.about = about
        super().__init__(message)


class PortalError(AccessError):
    """The token belongs to another portal than the database."""


class RemoteError(HubsyncError):
    """HubSpot failed or could not be reached, also after retries."""

    exit_code = 5


class DailyLimitError(RemoteError):
    """The account's calls of the day are used up."""


class UnsureError(RemoteError):
    """The answer was lost: HubSpot may have done it, and must not be asked again before somebody has looked."""


class RefusedError(RemoteError):
    """HubSpot refused the request and would refuse it again (400, 404, 409, 414)."""

    def __init__(self, message: str, *, status: int, category: str = "", body: object = None) -> None:
        self.status = status
        self.category = category
        self.body = body
        super().__init__(message)


class UnreachableError(HubsyncError):
    """A database outside HubSpot does not answer, is locked, or refuses the login."""

    exit_code = 5


class StoreError(HubsyncError):
    """The database can't be used."""

    exit_code = 6


class BusyError(StoreError):
    """Another process holds the database or runs; its PID is in the message."""


class RunningError(BusyError):
    """Another run goes on, or other work that needs the database for itself."""


class DamagedError(StoreError):
    """The database is damaged, cut off, or none at all."""


class NewerDatabaseError(StoreError):
    """The database was written by a newer hubsync."""

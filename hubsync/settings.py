"""What the environment says: addresses, folders and secrets, and nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from hubsync.errors import InputError, TokenError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LONGEST_NAME = 100
_ADVISED = re.compile(r"`hubsync (?!--portal)")
_PLAN_FILE = "plan.csv"


class Settings(BaseSettings):
    """The environment variables of hubsync; `.env` in the current folder is read too.

    Several portals: `Settings.of(NAME)` has its variables from `portals/NAME/.env` and from variables that begin
    with the name. Secrets print as stars and leave this object only through its properties.
    """

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    access_token: Annotated[SecretStr | None, Field(alias="HUBSPOT_ACCESS_TOKEN")] = None
    access_token_file: Annotated[Path | None, Field(alias="HUBSPOT_ACCESS_TOKEN_FILE")] = None
    separate_write_token: Annotated[SecretStr | None, Field(alias="HUBSPOT_WRITE_TOKEN")] = None
    client_id: Annotated[str, Field(alias="HUBSPOT_CLIENT_ID")] = ""
    client_secret: Annotated[SecretStr | None, Field(alias="HUBSPOT_CLIENT_SECRET")] = None
    client_secret_file: Annotated[Path | None, Field(alias="HUBSPOT_CLIENT_SECRET_FILE")] = None
    refresh_token: Annotated[SecretStr | None, Field(alias="HUBSPOT_REFRESH_TOKEN")] = None
    refresh_token_file: Annotated[Path | None, Field(alias="HUBSPOT_REFRESH_TOKEN_FILE")] = None
    base_url: Annotated[str, Field(alias="HUBSPOT_BASE_URL")] = "https://api.hubapi.com"
    config: Annotated[Path, Field(alias="HUBSYNC_CONFIG")] = Path("config")
    data: Annotated[Path, Field(alias="HUBSYNC_DATA")] = Path("data")
    portals: Annotated[Path, Field(alias="HUBSYNC_PORTALS")] = Path("portals")
    slack_url: Annotated[SecretStr | None, Field(alias="HUBSYNC_SLACK_URL")] = None
    webhook_url: Annotated[SecretStr | None, Field(alias="HUBSYNC_WEBHOOK_URL")] = None
    heartbeat_url: Annotated[SecretStr | None, Field(alias="HUBSYNC_HEARTBEAT_URL")] = None

    _portal: str | None = PrivateAttr(None)
    _given: Mapping[str, str] | None = PrivateAttr(None)

    @classmethod
    def of(cls, name: str | None, *, new: bool = False) -> Settings:
        """The settings of a named portal, or of the only one.

        A named portal never takes a token or folder from a variable without its name: it would be another portal's.
        Raises InputError for a name without a folder, unless `new`, and for an .env that can't be read.
        """
        with _told_of(Path(".env")):
            root = cls()
        if name is None:
            return root
        folder = _folder(root.portals, name, new=new)
        with _told_of(folder / ".env"):
            given = {key: value for key, value in dotenv_values(folder / ".env").items() if value is not None}
        begins = _prefix(name)
        given |= {key.removeprefix(begins): value for key, value in os.environ.items() if key.startswith(begins)}
        made = cls.only({"HUBSPOT_BASE_URL": root.base_url, **given, "HUBSYNC_PORTALS": root.portals})
        paths = {
            field: folder / path for field in cls.model_fields if field != "portals"
            and isinstance(path := getattr(made, field), Path)
        }  # fmt: skip
        placed = made.model_copy(update=paths)
        placed._portal = name  # noqa: SLF001 (its own class)
        return placed

    @classmethod
    def only(cls, given: Mapping[str, Any]) -> Settings:
        """Settings made of these variables alone, which the environment and .env can't change."""
        made = _Alone.model_validate(given)
        made._given = {key: str(value) for key, value in given.items()}  # noqa: SLF001 (its own class)
        return made

    def refuse_no_choice(self) -> None:
        """Raise InputError where only named portals have a configuration and none of them is chosen."""
        names = [] if self._portal or self.config.is_dir() else _names(self.portals)
        if names:
            raise InputError(
                f"Which portal? There is no configuration in {self.config}, and {self.portals} has {', '.join(names)}:"
                f" choose one with --portal, as in `hubsync --portal {names[0]} status`."
            )

    @property
    def portal(self) -> str | None:
        """The portal's name among several; None where there is only one."""
        return self._portal

    @property
    def token(self) -> str:
        """The token that reads; raises TokenError when there is none."""
        found = self.secret("access_token")
        if not found:
            raise TokenError(self._no_token())
        return found

    @property
    def write_token(self) -> str:
        """The token that writes: HUBSPOT_WRITE_TOKEN where set, else the one that reads."""
        return self.secret("separate_write_token") or self.token

    @property
    def has_oauth(self) -> bool:
        """Whether any of OAuth's variables is set."""
        return bool(self.client_id or any(map(self._is_set, ("client_secret", "refresh_token"))))

    @property
    def oauth(self) -> tuple[str, str, str]:
        """Client id, client secret and refresh token of an app; TokenError unless these three are set, and no token."""
        if self._is_set("access_token") or self._is_set("separate_write_token"):
            raise TokenError(
                "Both a token (HUBSPOT_ACCESS_TOKEN or HUBSPOT_WRITE_TOKEN) and OAuth (HUBSPOT_REFRESH_TOKEN) are set:"
                f" keep one of them in {self.place}."
            )
        found = self.client_id.strip(), self.secret("client_secret"), self.secret("refresh_token")
        names = ("HUBSPOT_CLIENT_ID", "HUBSPOT_CLIENT_SECRET", "HUBSPOT_REFRESH_TOKEN")
        missing = [name for name, text in zip(names, found, strict=True) if not text]
        if missing:
            raise TokenError(f"For OAuth {' and '.join(missing)} is missing: put it into {self.place}.")
        return found

    def _is_set(self, field: str) -> bool:
        given: SecretStr | None = getattr(self, field)
        return bool((given and given.get_secret_value().strip()) or getattr(self, f"{field}_file", None))

    @property
    def address(self) -> str:
        """Where HubSpot is; raises InputError for what is no http address."""
        try:
            parts = urlsplit(self.base_url)
            _ = parts.port
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise InputError(
                f"HUBSPOT_BASE_URL is '{self.base_url}', which is no address; it must be like https://api.hubapi.com."
            )
        return self.base_url.rstrip("/")

    def secret(self, field: str) -> str:
        """A secret from its variable or its file, empty when neither is set; raises TokenError for a broken one."""
        variable = self.variable(field)
        given: SecretStr | None = getattr(self, field)
        text = given.get_secret_value().strip() if given else ""
        if text:
            return _sendable(text, variable)
        file: Path | None = getattr(self, f"{field}_file", None)
        if file is None:
            return ""
        try:
            return _sendable(file.read_text(encoding="utf-8").strip(), f"{variable}_FILE")
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(f"The file {file} ({variable}_FILE) can't be read; check the path.") from error

    def named(self, variable: str) -> str:
        """What a variable that the configuration names holds, such as a database's address; empty when it is not set.

        It is found where all others are: for a named portal in its folder, or in the environment under its name.
        """
        given = self._given
        if given is None:
            given = {**{key: value or "" for key, value in dotenv_values(self.env_file).items()}, **os.environ}
        return given.get(variable, "").strip()

    def variable(self, field: str) -> str:
        """The name of a field's variable, as messages call it."""
        return str(type(self).model_fields[field].alias)

    @property
    def env_file(self) -> Path:
        """The file with the portal's variables."""
        return self.portals / self._portal / ".env" if self._portal else Path(".env")

    @property
    def place(self) -> str:
        """Where a person puts variables of this portal."""
        if self._portal is None:
            return "the environment or .env"
        return f"{self.env_file} (or the environment, where each name begins with {_prefix(self._portal)})"

    def _no_token(self) -> str:
        variable = self.variable("access_token")
        if self._portal is None and (names := portal_names()):
            return f"There is no token in {self.place}: say which portal with --portal ({', '.join(names)})."
        return (
            f"There is no token: put {variable}, or {variable}_FILE with the path of a file that holds it, into"
            f" {self.place}."
        )


class _Alone(Settings):
    """Settings from nothing but what they are made of."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (the names are those of pydantic-settings)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The process's variables and .env stay out."""
        return (init_settings,)


def advised(text: str, portal: str | None) -> str:
    """A text with the commands that it advises as they have to be typed here and now.

    They name the portal where one of several is chosen, and for a plan a file that is not there yet.
    """
    if f"--out {_PLAN_FILE}" in text:
        text = text.replace(_PLAN_FILE, _free(_PLAN_FILE))
    return _ADVISED.sub(f"`hubsync --portal {portal} ", text) if portal else text


def _free(name: str) -> str:
    stem, dot, end = name.partition(".")
    names = chain([name], (f"{stem}-{number}{dot}{end}" for number in count(2)))
    return next(each for each in names if not Path(each).exists())


@contextmanager
def _told_of(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The file {file} can't be read; it must be plain text in UTF-8.") from error


def portal_names() -> list[str]:
    """The names of the portals that have a folder of their own, in order."""
    return _names(Settings().portals)


def _names(portals: Path) -> list[str]:
    try:
        return sorted(each.name for each in portals.iterdir() if each.is_dir() and _NAME.fullmatch(each.name))
    except OSError:
        return []


def _folder(portals: Path, name: str, *, new: bool) -> Path:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise InputError(
            f"'{_short(name)}' is no name of a portal: use small letters, digits, - and _, a letter or digit first,"
            f" at most {_LONGEST_NAME} in all."
        )
    names = _names(portals)
    alike = [each for each in names if each != name and _prefix(each) == _prefix(name)]
    if alike:
        raise InputError(
            f"The portals {name} and {alike[0]} would share the variables {_prefix(name)}...; rename a folder."
        )
    if name not in names and not new:
        known = f"{portals} has {', '.join(names)}" if names else f"{portals} has none"
        raise InputError(f"There is no portal '{name}': {known}. Make it with `hubsync --portal {name} init`.")
    return portals / name


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."


def _prefix(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper()) + "_"


def _sendable(token: str, variable: str) -> str:
    """A token as it can stand in a header; raises TokenError for an empty or broken one, without showing it."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenError(f"{variable} holds no token: it must be one word of plain characters, like pat-na1-...")
    return token

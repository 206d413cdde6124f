"""What the environment says: addresses, folders and secrets, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from hubsync.errors import InputError, TokenError


class Settings(BaseSettings):
    """The environment variables of hubsync; `.env` in the current folder is read too.

    Secrets print as stars and leave this object only through `token` and `write_token`.
    """

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    access_token: Annotated[SecretStr | None, Field(alias="HUBSPOT_ACCESS_TOKEN")] = None
    access_token_file: Annotated[Path | None, Field(alias="HUBSPOT_ACCESS_TOKEN_FILE")] = None
    separate_write_token: Annotated[SecretStr | None, Field(alias="HUBSPOT_WRITE_TOKEN")] = None
    base_url: Annotated[str, Field(alias="HUBSPOT_BASE_URL")] = "https://api.hubapi.com"
    config: Annotated[Path, Field(alias="HUBSYNC_CONFIG")] = Path("config")
    data: Annotated[Path, Field(alias="HUBSYNC_DATA")] = Path("data")

    @property
    def token(self) -> str:
        """The token that reads; raises TokenError when there is none."""
        token = self.access_token.get_secret_value().strip() if self.access_token else ""
        if token:
            return _sendable(token, "HUBSPOT_ACCESS_TOKEN")
        if self.access_token_file is None:
            raise TokenError(
                "There is no token: set HUBSPOT_ACCESS_TOKEN, or HUBSPOT_ACCESS_TOKEN_FILE to a file that holds it."
            )
        try:
            return _sendable(self.access_token_file.read_text(encoding="utf-8").strip(), "HUBSPOT_ACCESS_TOKEN_FILE")
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(
                f"The token file {self.access_token_file} (HUBSPOT_ACCESS_TOKEN_FILE) can't be read; check the path."
            ) from error

    @property
    def write_token(self) -> str:
        """The token that writes: HUBSPOT_WRITE_TOKEN where set, else the one that reads."""
        token = self.separate_write_token.get_secret_value().strip() if self.separate_write_token else ""
        return _sendable(token, "HUBSPOT_WRITE_TOKEN") if token else self.token

    @property
    def address(self) -> str:
        """Where HubSpot is; raises InputError for what is no http address."""
        if not self.base_url.startswith(("http://", "https://")):
            raise InputError(f"HUBSPOT_BASE_URL is '{self.base_url}'; it must begin with https:// (or http://).")
        return self.base_url.rstrip("/")


def _sendable(token: str, variable: str) -> str:
    """A token as it can stand in a header; raises TokenError for an empty or broken one, without showing it."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenError(f"{variable} holds no token: it must be one word of plain characters, like pat-na1-...")
    return token

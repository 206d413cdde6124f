"""OAuth: access tokens that are renewed in time, and a refresh token that is never lost."""

from __future__ import annotations

import logging
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from crm_wire import FakeTime

from hubsync.crm import Client, Transport, Versions
from hubsync.crm.credentials import OAuth, RefreshToken, credentials_of
from hubsync.emulator import EmulatorServer, Options
from hubsync.errors import RemoteError, TokenError
from hubsync.settings import Settings


@dataclass
class Installed:
    """An app that is installed in an empty portal, and a folder for data."""

    server: EmulatorServer
    folder: Path
    time: FakeTime

    def steer(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.server.url}/_emulator/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    @property
    def renewals(self) -> int:
        stats = requests.get(f"{self.server.url}/_emulator/stats", timeout=10).json()
        return sum(count for call, count in stats["by_call"].items() if call.endswith("/token"))

    def settings(self, **more: Any) -> Settings:
        oauth = self.server.portal.oauth
        given = {
            "HUBSPOT_CLIENT_ID": oauth.client_id,
            "HUBSPOT_CLIENT_SECRET": oauth.client_secret,
            "HUBSPOT_REFRESH_TOKEN": oauth.first,
            "HUBSPOT_BASE_URL": self.server.url,
            "HUBSYNC_DATA": self.folder / "data",
        }
        return Settings.only({**given, **more})

    def client(self, version: str = "2026-09", **more: Any) -> Client:
        settings = self.settings(**more)
        credentials, _ = credentials_of(settings, Versions(version))
        assert isinstance(credentials, OAuth)
        credentials._clock = self.time.clock
        return Client(Transport(credentials, base_url=settings.address, sleep=self.time.sleep), Versions(version))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Installed]:
    """The app, whose portal never changes its refresh token unless a test says so."""
    with EmulatorServer(Options(port=0, empty=True)) as server:
        yield Installed(server, tmp_path, FakeTime())


@pytest.mark.parametrize("version", ["2026-09", "v3"])
def test_a_token_is_got_once_and_says_what_it_may(app: Installed, version: str) -> None:
    """One renewal serves many calls; portal and scopes come with it, and no daily usage is asked for."""
    client = app.client(version)

    account = client.account()
    info = client.token_info()
    client.list_page("contacts", ["email"])

    assert info is not None
    assert info[0] == account.portal_id == "4242424"
    assert "crm.objects.contacts.read" in info[1]
    assert client.usage() is None
    assert client.transport.throttle.daily.state().left is None
    assert client.transport.rate.maximum == 110
    assert app.renewals == 1


def test_a_token_is_renewed_before_it_ends(app: Installed) -> None:
    """Two minutes before its end a token is used no more, so that no call meets a 401."""
    client = app.client()
    client.account()
    app.time.now += 1800 - 121
    client.account()
    before = app.renewals
    app.time.now += 2
    app.steer("clock", {"minutes": 31})
    client.account()

    assert (before, app.renewals) == (1, 2)
    assert client.transport.calls.by_operation["account.details"] == 3


def test_a_token_that_ends_early_is_renewed_once_for_all_threads(app: Installed) -> None:
    """When HubSpot refuses the token in mid-run, one thread gets a new one and all go on with it."""
    client = app.client()
    client.account()
    app.steer("clock", {"minutes": 31})
    together = threading.Barrier(6)

    def call(_: int) -> int:
        together.wait()
        return len(client.list_page("contacts", ["email"]).rows)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(call, range(6))) == [0] * 6
    assert app.renewals == 2


def test_a_token_that_stays_refused_ends_the_run(app: Installed) -> None:
    """A 401 for the new token as well is an error that says what to do, after one renewal and no more."""
    client = app.client()
    client.account()
    app.steer("faults", {"faults": [{"path": "/crm/objects", "status": 401, "times": None}]})

    with pytest.raises(TokenError, match=r"the access token that it gave to the app \(401\).*HUBSPOT_REFRESH_TOKEN"):
        client.list_page("contacts", ["email"])

    assert app.renewals == 2


def test_an_app_that_was_removed_is_told(app: Installed) -> None:
    """A refresh token that HubSpot refuses is told with HubSpot's code and the remedy, and without the token."""
    token = app.server.portal.oauth.first
    app.steer("revoke", {"token": token})

    with pytest.raises(TokenError, match=r"\(BAD_REFRESH_TOKEN\); install the app in the portal again") as caught:
        app.client().account()
    with pytest.raises(TokenError, match="check HUBSPOT_CLIENT_ID and _SECRET"):
        app.client(HUBSPOT_CLIENT_SECRET="wrong").account()

    assert token not in str(caught.value)


def test_a_failing_token_address_is_tried_again(app: Installed) -> None:
    """HubSpot being away for a moment while a token is renewed is waited for; an odd answer is told."""
    path = "/oauth/2026-03/token"
    html = {"path": path, "status": 502, "body": "<html>Bad Gateway</html>"}
    app.steer("faults", {"faults": [html, {"path": path, "drop": "before"}]})
    app.client().account()
    app.steer("faults", {"faults": [{"path": path, "status": 200, "body": {"access_token": 5}}]})

    with pytest.raises(RemoteError, match=r"oauth\.token has another shape"):
        app.client().account()

    assert app.time.slept == [pytest.approx(1.0, rel=0.3), pytest.approx(2.0, rel=0.3)]


def test_a_new_refresh_token_goes_into_the_file_it_came_from(app: Installed) -> None:
    """The file is replaced whole and for its owner alone, and the next run begins with what it holds."""
    app.steer("settings", {"rotate_refresh_tokens": True})
    file = app.folder / "refresh"
    file.write_text(app.server.portal.oauth.first + "\n", encoding="utf-8")
    for _ in range(3):
        app.client(HUBSPOT_REFRESH_TOKEN=None, HUBSPOT_REFRESH_TOKEN_FILE=file).account()

    assert file.read_text(encoding="utf-8") != app.server.portal.oauth.first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in app.folder.iterdir()] == ["refresh"]


def test_a_new_refresh_token_of_the_environment_is_kept_in_the_data_folder(app: Installed) -> None:
    """It wins while the environment still has the one that it replaced; another one in the environment is heard."""
    app.steer("settings", {"rotate_refresh_tokens": True})
    for _ in range(3):
        app.client().account()
    kept = app.folder / "data" / "oauth.json"
    another = app.steer("oauth", {})["refresh_token"]
    app.client(HUBSPOT_REFRESH_TOKEN=another).account()

    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert app.server.portal.oauth.first.encode() not in kept.read_bytes()
    assert another.encode() not in kept.read_bytes()
    with pytest.raises(TokenError, match="BAD_REFRESH_TOKEN"):
        app.client().account()


def test_a_refresh_token_that_another_process_used_is_read_again(app: Installed) -> None:
    """Two processes with one refresh token that changes: the second takes over what the first one kept."""
    app.steer("settings", {"rotate_refresh_tokens": True})
    refresh = _Overtaken(app)
    client = app.client()
    credentials = client.transport.credentials
    assert isinstance(credentials, OAuth)
    credentials._refresh = refresh

    assert client.account().portal_id == "4242424"
    assert app.renewals == 3


class _Overtaken(RefreshToken):
    """Another process renews just after this one has read its token."""

    def __init__(self, app: Installed) -> None:
        settings = app.settings()
        super().__init__(lambda: settings.oauth[2], None, settings.data)
        self.app = app
        self.reads = 0

    def read(self) -> str:
        token = super().read()
        self.reads += 1
        if self.reads == 1:
            self.app.client().account()
        return token


def test_a_refresh_token_that_can_not_be_kept_or_read_is_told(app: Installed) -> None:
    """Where the data folder is a file, or what was kept is damaged, one sentence says so before more is lost."""
    app.steer("settings", {"rotate_refresh_tokens": True})
    (app.folder / "data").write_text("", encoding="utf-8")
    with pytest.raises(TokenError, match="can't be"):
        app.client().account()
    (app.folder / "data").unlink()
    (app.folder / "data").mkdir()
    (app.folder / "data" / "oauth.json").write_bytes(orjson.dumps([]))
    with pytest.raises(TokenError, match="which holds the refresh token that HubSpot gave last, can't be read"):
        app.client().account()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"HUBSPOT_ACCESS_TOKEN": "pat"}, "Both a token .* and OAuth .* are set: keep one of them"),
        ({"HUBSPOT_WRITE_TOKEN": "pat"}, "Both a token .* and OAuth"),
        ({"HUBSPOT_CLIENT_ID": "", "HUBSPOT_CLIENT_SECRET": ""}, "CLIENT_ID and HUBSPOT_CLIENT_SECRET is missing"),
        ({"HUBSPOT_REFRESH_TOKEN": None}, "HUBSPOT_REFRESH_TOKEN is missing"),
    ],
)
def test_too_much_or_too_little_is_one_sentence(app: Installed, given: dict[str, Any], words: str) -> None:
    """A token and OAuth together, or a part of OAuth, is told before anything is called."""
    with pytest.raises(TokenError, match=words):
        app.client(**given)


def test_secrets_are_in_no_text(app: Installed, caplog: pytest.LogCaptureFixture) -> None:
    """No repr, log line or setting shows a token or the app's secret."""
    caplog.set_level(logging.DEBUG)
    client = app.client()
    client.account()
    oauth = app.server.portal.oauth
    access = client.transport.credentials.token(lambda _route, _form: None)

    shown = f"{caplog.text} {client.transport.__dict__!r} {app.settings()!r}"

    assert [secret for secret in (access, oauth.first, oauth.client_secret) if secret in shown] == []

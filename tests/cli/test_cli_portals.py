"""Several portals side by side, each with a folder, a token and data of its own."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_given import Desk

from hubsync.emulator import EmulatorServer, Options
from hubsync.errors import InputError, TokenError
from hubsync.settings import Settings, portal_names


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[EmulatorServer, EmulatorServer]]:
    """Two portals of some contacts each."""
    with (
        EmulatorServer(Options(port=0, contacts=20, portal_id=11)) as one,
        EmulatorServer(Options(port=0, contacts=20, portal_id=22, seed=2)) as two,
    ):
        yield one, two


@pytest.fixture
def office(tmp_path: Path) -> Desk:
    """A folder with nothing in it, from which commands are typed."""
    return _Office(tmp_path)


class _Office(Desk):
    """A desk whose environment names no folder and no token."""

    @property
    def environment(self) -> dict[str, str]:
        return {"COLUMNS": "200", **self.env}


def _own(name: str, **variables: str) -> None:
    """Write the variables of a portal."""
    text = "".join(f"{key}={value}\n" for key, value in variables.items())
    (Path("portals") / name / ".env").write_text(text, encoding="utf-8")


def test_two_portals_have_nothing_in_common(office: Desk, servers: tuple[EmulatorServer, EmulatorServer]) -> None:
    """Each portal is written with its own token from its own folder, and its data stay there."""
    one, two = servers
    for name, server in (("acme", one), ("beta-eu", two)):
        assert office("--portal", name, "init").code == 0
        _own(name, HUBSPOT_ACCESS_TOKEN=server.token, HUBSPOT_BASE_URL=server.url)
        Desk(Path("portals") / name).only("engagement")

    written = {
        name: office("--portal", name, "sync", "--yes", "--json").json["written"] for name in ("acme", "beta-eu")
    }
    statuses = [office("status", "--portal", name, "--json").json for name in ("acme", "beta-eu")]
    by_variable = office("runs", "--json", env={"HUBSYNC_PORTAL": "beta-eu"}).json

    assert all(written.values())
    assert [each["portal_id"] for each in statuses] == ["11", "22"]
    assert [each["live"] for each in statuses] == ["HubSpot was asked"] * 2
    assert by_variable["portal_id"] == "22"
    assert Path("portals/acme/data/11/hubsync.duckdb").exists()
    assert not Path("data").exists()


def test_a_named_portal_never_uses_the_token_without_its_name(
    office: Desk, servers: tuple[EmulatorServer, EmulatorServer]
) -> None:
    """A token that is meant for all would be another portal's; only the address without a name counts."""
    one, two = servers
    office("init", "--portal", "acme-eu")
    office.env |= {"HUBSPOT_ACCESS_TOKEN": one.token, "HUBSPOT_REFRESH_TOKEN": "r", "HUBSPOT_BASE_URL": two.url}
    Path(".env").write_text(f"HUBSPOT_ACCESS_TOKEN={one.token}\nHUBSYNC_DATA=elsewhere\n", encoding="utf-8")

    without = office("--portal=acme-eu", "check")
    named = office("--portal", "acme-eu", "check", "--json", env={"ACME_EU_HUBSPOT_ACCESS_TOKEN": two.token})

    assert without.code == 4
    assert "put HUBSPOT_ACCESS_TOKEN" in without.err
    assert "portals/acme-eu/.env (or the environment, where each name begins with ACME_EU_)" in without.err
    assert named.code == 0, named.text
    assert named.json["portal"]["portal_id"] == "22"


def test_the_secrets_of_a_new_portal_are_its_owners_alone(office: Desk) -> None:
    """`init` makes a file for the token that nobody else can read, and leaves one that is there as it is."""
    office("--portal", "acme", "init")
    file = Path("portals/acme/.env")
    mode = stat.S_IMODE(file.stat().st_mode)
    _own("acme", HUBSPOT_ACCESS_TOKEN="mine")
    again = office("--portal", "acme", "init", "--force")

    assert mode == 0o600
    assert again.code == 0
    assert Settings.of("acme").token == "mine"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acne", "There is no portal 'acne': portals has acme, beta. Make it with `hubsync --portal acne init`."),
        ("../x", "'../x' is no name of a portal"),
        ("Acme", "'Acme' is no name of a portal"),
        ("x" * 300, f"'{'x' * 100}...' is no name of a portal"),
    ],
)
def test_an_unknown_name_is_told_with_the_known_ones(office: Desk, name: str, words: str) -> None:
    """A name without a folder is exit code 2 and one sentence; nothing is made."""
    for known in ("acme", "beta"):
        (office.folder / "portals" / known).mkdir(parents=True)
    said = office("--portal", name, "status")

    assert said.code == 2
    assert words in said.text
    assert portal_names() == ["acme", "beta"]


def test_without_a_name_the_portals_are_named(office: Desk) -> None:
    """Who has several portals and no token beside them is told to say which."""
    office("--portal", "acme", "init")
    office("init")
    said = office("plan")

    assert said.code == 4
    assert "say which portal with --portal (acme)" in said.err


def test_names_that_would_share_variables_are_refused(tmp_path: Path) -> None:
    """acme-eu and acme_eu would both read ACME_EU_...: neither is used."""
    for name in ("acme-eu", "acme_eu"):
        (tmp_path / "portals" / name).mkdir(parents=True)

    with pytest.raises(InputError, match="would share the variables ACME_EU_"):
        Settings.of("acme-eu")


def test_paths_of_a_portal_begin_at_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Relative paths in a portal's variables are relative to its folder, wherever the portals are."""
    folder = tmp_path / "all" / "acme"
    folder.mkdir(parents=True)
    (folder / ".env").write_text("HUBSPOT_ACCESS_TOKEN_FILE=token\nHUBSYNC_CONFIG=../shared\n", encoding="utf-8")
    monkeypatch.setenv("HUBSYNC_PORTALS", "all")
    monkeypatch.setenv("ACME_HUBSYNC_DATA", str(tmp_path / "elsewhere"))
    (folder / "token").write_text("verysecret\n", encoding="utf-8")

    found = Settings.of("acme")

    assert (found.portal, found.token) == ("acme", "verysecret")
    assert found.config.resolve() == tmp_path / "all" / "shared"
    assert found.data == tmp_path / "elsewhere"
    assert "verysecret" not in repr(found)


def test_a_folder_with_two_databases_is_not_guessed(portal: Desk) -> None:
    """One data folder is one portal: what two portals left in one is not touched until a person sorts it."""
    for id_ in ("11", "22"):
        file = portal.folder / "data" / id_ / "hubsync.duckdb"
        file.parent.mkdir(parents=True)
        file.touch()

    looked, ran = portal("status"), portal("plan")

    assert looked.code == 6
    assert "may hold only one" in looked.text
    assert ran.code == 4


def test_a_portals_dot_env_that_is_no_text_is_told(office: Desk) -> None:
    """The sentence names the file of that portal, also where the worker reads those of all portals."""
    (office.folder / "portals" / "acme").mkdir(parents=True, exist_ok=True)
    (office.folder / "portals" / "acme" / ".env").write_bytes(b"\xff\xfe\x00")
    for command in (["--portal", "acme", "check"], ["serve", "--once"]):
        said = office(*command)
        assert (said.code, "portals/acme/.env can't be read" in said.text) == (2, True), said.text


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """A token file that can't be read is one sentence that names the variable and no content."""
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    settings = Settings.only({"HUBSPOT_ACCESS_TOKEN_FILE": tmp_path / "token"})

    with pytest.raises(TokenError, match="HUBSPOT_ACCESS_TOKEN_FILE\\) can't be read"):
        _ = settings.token

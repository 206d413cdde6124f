"""Records and associations: what is in the portal is in the store, with few calls."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from pull_bench import OBJECTS, Bench, bench, client_for

from hubsync.catalog import Catalog
from hubsync.errors import RemoteError
from hubsync.pull.sources.records import Asked, RecordStream


def stored(portal: Bench, object_name: str) -> dict[str, dict[str, str | None]]:
    rows = portal.sql("SELECT record_id, properties FROM portal.record WHERE object = ?", object_name)
    return {record_id: orjson.loads(properties) for record_id, properties in rows}


def test_first_pull_is_the_portal(pulled: Bench) -> None:
    """After the first pull each needed object has the portal's records, properties and associations, row by row."""
    result = pulled.first
    for object_name, links in {"contacts": "companies", "deals": "companies,contacts", "tickets": "contacts"}.items():
        found = stored(pulled, object_name)
        asked = ",".join(next(iter(found.values())))
        expected = {each["id"]: each for each in pulled.listed(object_name, asked, links)}
        assert found.keys() == expected.keys()
        assert result.rows[object_name] == len(expected)
        for record_id, properties in found.items():
            shown = expected[record_id]["properties"]
            assert properties == {name: shown[name] for name in properties}
        for to in links.split(","):
            rows = pulled.sql(
                "SELECT from_id, to_id FROM portal.association"
                " WHERE from_object = ? AND to_object = ? AND since IS NULL",
                object_name,
                to,
            )
            pairs = {
                (each["id"], other["id"])
                for each in expected.values()
                for other in each.get("associations", {}).get(to, {}).get("results", ())
            }
            assert pairs, (object_name, to)
            assert set(rows) == pairs
    assert result.shrunk == ()
    assert result.held == {}


def test_only_what_models_need_is_asked_for(pulled: Bench) -> None:
    """Objects that no model reads are not asked for, and a full pull costs little more than its pages."""
    assert pulled.calls_to("/notes") == pulled.calls_to("/subscriptions") == 0
    result = pulled.first
    pages = sum(-(-count // 100) for count in result.rows.values())
    event_pages = sum(each.source.endswith("/occurrences") for each in result.sources)
    # A form is a stream of its own: its submissions can't be asked for together with another one's.
    forms = len(pulled.server.portal.tools.forms.defined)
    assert result.calls <= 1.02 * (pages + event_pages + 1 + forms) + 20


def test_second_pull_is_cheap_and_adds_nothing(pulled: Bench) -> None:
    """Pulled again at once, nothing is added, and each stream takes at most three calls."""
    first = pulled.first
    tables = "SELECT 'e', count(*) FROM portal.event UNION ALL SELECT 'v', count(*) FROM portal.version"
    tables += " UNION ALL SELECT 'a', count(*) FROM portal.association ORDER BY 1"
    before = pulled.sql(tables)
    second = pulled.pull()
    assert pulled.sql(tables) == before
    assert set(second.events.values()) == {0}
    streams = len(second.rows) + sum(each.source.endswith("/occurrences") for each in second.sources)
    assert second.calls <= 3 * streams
    assert second.feeds == first.feeds


def test_changes_arrive(bare: Bench) -> None:
    """A changed, a new and a newly associated record are there after the next pull, with their history."""
    company = bare.create("companies", {"name": "Acme", "domain": "acme.example"})
    ada = bare.create("contacts", {"email": "ada@acme.example", "jobtitle": "clerk"})
    bare.pull()
    bare.change("contacts", ada, jobtitle="head of sales")
    bob = bare.create("contacts", {"email": "bob@acme.example"}, (company, 279))
    bare.pull()
    assert stored(bare, "contacts")[ada]["jobtitle"] == "head of sales"
    assert bare.sql("SELECT from_id, to_id FROM portal.association") == [(bob, company)]
    assert bare.sql(
        "SELECT value FROM portal.version WHERE record_id = ? AND property = 'jobtitle' ORDER BY known_at, rowid", ada
    ) == [("clerk",), ("head of sales",)]


def test_association_alone_needs_a_full_pull(bare: Bench) -> None:
    """A new association moves no modified date: a full pull finds it, and finds that it ended."""
    company = bare.create("companies", {"name": "Acme"})
    ada = bare.create("contacts", {"email": "ada@acme.example"})
    bare.pull()
    path = f"{OBJECTS}/contacts/{ada}/associations"
    bare.call("PUT", f"{path}/default/companies/{company}")
    bare.pull(full=True)
    alive = "SELECT to_id FROM portal.association WHERE until IS NULL"
    assert {row[0] for row in bare.sql(alive)} == {company}
    bare.call("DELETE", f"{path}/companies/{company}")
    bare.pull(full=True)
    assert bare.sql(alive) == []


def test_reconciles_by_itself(bare: Bench) -> None:
    """A day after the last full listing, a pull lists everything again without being told to."""
    ada = bare.create("contacts", {"email": "ada@acme.example"})
    assert bare.pull().records["contacts"] == (1, 0)
    assert bare.pull().records == {}
    bare.call("DELETE", f"{OBJECTS}/contacts/{ada}")
    bare.steer("clock", days=1)
    assert bare.pull().records["contacts"] == (0, 1)
    assert bare.alive("contacts") == set()


def test_archived_and_erased(bare: Bench) -> None:
    """Records in the recycle bin and records gone for good are archived by a full pull."""
    one, two, *_ = bare.create_contacts(4)
    bare.pull()
    bare.call("DELETE", f"{OBJECTS}/contacts/{one}")
    bare.call("POST", f"{OBJECTS}/contacts/gdpr-delete", {"objectId": two})
    before = bare.alive("contacts")
    result = bare.pull(full=True)
    assert before - bare.alive("contacts") == {one, two}
    assert result.records["contacts"] == (len(before) - 2, len(before))


def test_half_the_portal_gone_is_not_believed(bare: Bench) -> None:
    """A listing below the guard archives nothing and says so, each time."""
    all_of_them = bare.create_contacts(30)
    bare.pull()
    half = all_of_them[::2]
    for record_id in half:
        bare.call("DELETE", f"{OBJECTS}/contacts/{record_id}")
    result = bare.pull(full=True)
    assert result.shrunk == ("contacts",)
    assert result.records["contacts"] == (len(all_of_them) - len(half), len(all_of_them))
    assert bare.alive("contacts") == set(all_of_them)
    # The next pull looks again without being told to.
    assert bare.pull().shrunk == ("contacts",)
    assert bare.alive("contacts") == set(all_of_them)


def test_merges_outlive_a_pull_that_broke_off(bare: Bench) -> None:
    """What a list has told of merges is kept when the pull ends before its end, and nothing asks for it again."""
    one, two = (bare.create("contacts", {"email": f"{name}@acme.example"}) for name in ("ada", "ada.l"))
    merged = bare.call("POST", f"{OBJECTS}/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": two})["id"]
    bare.fault("/crm/objects/2026-09/companies$", method="GET", status=500, times=60)
    with pytest.raises(RemoteError):
        bare.pull()
    bare.steer("reset")
    bare.later(hours=1)
    bare.pull()
    assert set(bare.sql("SELECT old_id, record_id FROM portal.identity")) == {(one, merged), (two, merged)}


def test_merges(bare: Bench) -> None:
    """Ids that were merged away lead to the record that lives on."""
    one, two = (bare.create("contacts", {"email": f"{name}@acme.example"}) for name in ("ada", "ada.l"))
    bare.pull()
    merged = bare.call("POST", f"{OBJECTS}/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": two})["id"]
    bare.pull()
    assert set(bare.sql("SELECT old_id, record_id FROM portal.identity")) == {(one, merged), (two, merged)}


def test_search_has_no_wall(bare: Bench) -> None:
    """Any number of records with any modified time arrive, each once: every page starts beyond the last id."""
    bare.create_contacts(60)
    bare.pull()
    cursor = {"properties": ["email"], "links": [], "watermark": "2000-01-01T00:00:00",
              "full_at": bare.last.now.isoformat()}  # fmt: skip
    stream = RecordStream(
        "contacts", Asked(frozenset({"email"}), frozenset()), bare.client, bare.catalog.main, bare.last,
        lambda _object, _ids: {}, before=1_000_000, position=cursor, page=7,
    )  # fmt: skip
    found = [row.record_id for batch in stream.batches() for row in batch.records]
    assert not stream.listed
    assert len(found) == len(set(found))
    assert set(found) == bare.alive("contacts")


def test_listing_when_search_is_slower(bare: Bench) -> None:
    """When almost everything changed, all is listed instead of searched."""
    for number in range(3):
        bare.create("contacts", {"email": f"{number}@acme.example"})
    bare.pull()
    stream = RecordStream(
        "contacts", Asked(frozenset(), frozenset()), bare.client, bare.catalog.main, bare.last,
        lambda _object, _ids: {}, before=3, page=1,
        position={"watermark": "2000-01-01T00:00:00", "full_at": bare.last.now.isoformat()},
    )  # fmt: skip
    assert list(stream.batches())
    assert stream.listed


def test_a_broken_stream_keeps_what_was_committed(bare: Bench) -> None:
    """When HubSpot fails in the middle, committed rows stay, and the next pull goes on where this one stopped."""
    everybody = set(bare.create_contacts(120))
    # The first page passes; after it HubSpot fails until the retries are used up.
    bare.fault(f"{OBJECTS}/contacts$", method="GET", status=500, after=1, times=7)
    with pytest.raises(RemoteError, match=r"objects\.list"):
        bare.pull()
    assert len(bare.alive("contacts")) == 100
    result = bare.pull()
    assert result.rows["contacts"] == 20
    assert bare.alive("contacts") == everybody


def test_many_associations_of_one_record(catalog: Catalog, tmp_path: Path) -> None:
    """More associations than HubSpot shows beside a record are completed."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "contacts.csv").write_text("id,email\n1,ada@acme.example\n")
    (files / "companies.csv").write_text("id,name\n" + "".join(f"{n},C{n}\n" for n in range(1_001, 1_151)))
    links = "".join(f"contacts,1,companies,{n},279\n" for n in range(1_001, 1_151))
    (files / "associations.csv").write_text("from_object,from_id,to_object,to_id,type\n" + links)
    with bench(tmp_path / "data", catalog, load=files) as portal:
        portal.pull()
        assert portal.sql("SELECT count(DISTINCT to_id) FROM portal.association") == [(150,)]


def test_missing_properties_are_named(bare: Bench) -> None:
    """Properties that models name and the portal does not have are reported with the models, and not asked for."""
    result = bare.pull()
    assert result.missing == {"contacts.decision_role": ("engagement",)}
    assert "decision_role" not in str(bare.sql("SELECT position FROM portal.cursor WHERE stream = 'contacts'"))


def test_a_stream_that_gets_forbidden(bare: Bench) -> None:
    """A scope taken away holds the models that need it; everything else is pulled."""
    ticket = {"subject": "help", "hs_pipeline": "0", "hs_pipeline_stage": "4", "closed_date": "2026-09-01T10:00:00Z"}
    bare.create("tickets", ticket)
    bare.pull()
    granted = bare.client.token_info()
    assert granted is not None
    scopes = sorted(scope for scope in granted[1] if "tickets" not in scope)
    bare.client = client_for(bare.server, bare.steer("tokens", scopes=scopes)["token"])
    ada = bare.create("contacts", {"email": "ada@acme.example"})
    result = bare.pull()
    status = {each.source: each.status for each in result.sources}
    assert status["ticket_closed/objects"] == "failed"
    assert result.held.keys() == {"engagement"}
    assert "tickets" in result.held["engagement"]
    assert ada in bare.alive("contacts")
    assert bare.sql("SELECT count(*) > 0 FROM portal.event WHERE kind = 'ticket_closed'") == [(True,)]

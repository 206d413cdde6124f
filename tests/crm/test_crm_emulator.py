"""The client against the emulator, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from crm_wire import FakeTime

from hubsync.crm import ENGAGEMENTS, OBJECT_TYPES, Client, Filter, Throttle, Transport, Versions, follow
from hubsync.crm.writes import GONE
from hubsync.emulator import EmulatorServer, Options
from hubsync.emulator.faults import Fault
from hubsync.errors import RemoteError, ScopeError, TokenError
from hubsync.types import PropertyDefinition, Update

PEOPLE = 250
WORKERS = 120


@pytest.fixture(scope="module")
def server() -> Iterator[EmulatorServer]:
    """A small portal: one company with many people, events, owners and pipelines."""
    with EmulatorServer(Options(port=0, empty=True, plan="off")) as running:
        fill(running)
        yield running


def fill(server: EmulatorServer) -> None:
    portal = server.portal
    at = portal.now - timedelta(days=1)
    with portal.lock:
        company = portal.put("companies", {"name": "Acme"}, at=at)
        for number in range(PEOPLE):
            person = portal.put("contacts", {"email": f"p{number}@x.example", "jobtitle": "N/A"}, at=at)
            if number < WORKERS:
                portal.associate("contacts", person, "companies", company, at=at)
            portal.occur("e_visited_page", "contacts", person, at, {"hs_url": f"https://x/{number}"})


def client_of(server: EmulatorServer, version: str = "2026-09", token: str | None = None) -> Client:
    time = FakeTime()
    throttle = Throttle(start_limit=100_000, search_per_second=1000, clock=time.clock, sleep=time.sleep)
    transport = Transport(
        token or server.token,
        base_url=server.url,
        throttle=throttle,
        sleep=time.sleep,
        clock=time.clock,
        uniform=lambda: 0.0,
    )
    return Client(transport, Versions(version))


@pytest.fixture(params=["2026-09", "v3"])
def client(request, server: EmulatorServer) -> Iterator[Client]:
    made = client_of(server, request.param)
    yield made
    made.transport.close()
    server.hub.faults.clear()


def contact_ids(client: Client) -> list[str]:
    pages = follow(lambda after: client.list_page("contacts", [], after=after))
    return [row.record_id for page in pages for row in page.rows]


def test_the_portal_is_known(client: Client, server: EmulatorServer) -> None:
    """Account, token, usage, limits, owners, pipelines and event types are read in both versions."""
    account = client.account()
    info = client.token_info()
    usage = client.usage()

    assert account.portal_id == str(server.options.portal_id)
    assert abs(account.server_time - datetime.now(UTC).replace(tzinfo=None)) > timedelta(days=1)
    assert info is not None
    assert info[0] == account.portal_id
    assert "crm.objects.contacts.read" in info[1]
    assert usage is not None
    assert usage.resets_at is not None
    assert client.transport.throttle.daily.state().limit == usage.limit
    assert client.custom_property_limits() is not None
    assert isinstance(client.owners(), list)
    assert client.pipelines("deals")
    assert "e_visited_page" in client.event_types()


@pytest.mark.parametrize("object_type", OBJECT_TYPES)
def test_every_object_is_read(client: Client, object_type: str) -> None:
    """Definitions, pages and search of every object are understood."""
    definitions = client.property_definitions(object_type)
    names = [each.name for each in definitions]

    page = client.list_page(object_type, names[:20])
    found = client.search_page(object_type, names[:20], sorts=["hs_object_id"])

    assert {"hs_object_id"} <= set(names)
    assert {each.object for each in definitions} == {object_type}
    assert [row.record_id for row in page.rows[:50]] == [row.record_id for row in found.rows[:50]]


def test_all_pages_are_read_once(client: Client) -> None:
    """Pages lead from one to the next and hold each record once; values stay raw text."""
    pages = list(follow(lambda after: client.list_page("contacts", ["email", "jobtitle"], after=after)))
    rows = [row for page in pages for row in page.rows]

    assert [len(page.rows) for page in pages] == [100, 100, 50]
    assert {row.properties["email"] for row in rows} == {f"p{number}@x.example" for number in range(PEOPLE)}
    assert rows[0].properties["jobtitle"] == "N/A"


def test_a_long_property_list_gives_the_same_rows(client: Client) -> None:
    """Whether properties travel in the address or in a batch, the rows are the same."""
    names = [each.name for each in client.property_definitions("contacts")]
    short = client.list_page("contacts", names[:50])
    longer = client.list_page("contacts", [*names[:50], *(f"not_a_property_{number}" for number in range(400))])

    assert longer.rows == short.rows
    assert longer.next_after == short.next_after


def test_search_finds_what_changed(client: Client) -> None:
    """A search by modified date pages through all that fit and knows how many there are."""
    since = Filter("lastmodifieddate", "GTE", "1500000000000")
    pages = list(follow(lambda after: client.search_page("contacts", ["email"], [since], ["hs_object_id"], after)))

    assert [page.total for page in pages] == [PEOPLE, PEOPLE]
    assert [row.record_id for page in pages for row in page.rows] == contact_ids(client)


def test_cut_off_inline_associations_are_completed(client: Client) -> None:
    """A list tells which record has more associations than fit; the batch read has them all."""
    page = client.list_page("companies", ["name"], associations=["contacts"])
    ((_, company, _),) = page.truncated

    complete = client.associations("companies", "contacts", [company])

    assert len({row.to_id for row in page.associations}) == 100
    assert len({row.to_id for row in complete}) == WORKERS
    assert {(row.to_id, row.type_id) for row in page.associations} < {(row.to_id, row.type_id) for row in complete}


def test_records_without_associations_are_fine(client: Client) -> None:
    """Asking for the companies of all people gives those of the people who have one."""
    rows = client.associations("contacts", "companies", contact_ids(client))

    assert len({row.from_id for row in rows}) == WORKERS


def test_events_are_read_by_window(client: Client, server: EmulatorServer) -> None:
    """Events of a window are read page by page, each once."""
    until = server.portal.now.replace(tzinfo=None)
    pages = follow(lambda after: client.event_page("e_visited_page", until - timedelta(days=3), until, after, 100))
    rows = [row for page in pages for row in page.rows]

    assert len({row.id for row in rows}) == PEOPLE
    assert {row.object for row in rows} == {"contacts"}
    assert client.event_page("e_visited_page", until, until + timedelta(days=1)).rows == []


def provision(client: Client) -> None:
    client.sdk.ensure_group("contacts", "hubsync", "hubsync")
    client.sdk.create_properties(
        "contacts",
        [
            PropertyDefinition("contacts", "hubsync_score", "Score", "number", "number", "hubsync"),
            PropertyDefinition("contacts", "hubsync_tier", "Tier", "enumeration", "select", "hubsync",
                               options=(("risk", "Risk"), ("steady", "Steady"))),
        ],
    )  # fmt: skip


def test_provisioning_twice_changes_nothing(client: Client) -> None:
    """Groups and properties that exist are left alone."""
    provision(client)
    calls = client.transport.calls.by_operation

    provision(client)

    assert client.transport.calls.by_operation.get("groups.create") == calls.get("groups.create")
    assert client.transport.calls.by_operation.get("properties.batch_create") == calls.get("properties.batch_create")


@pytest.fixture
def own_server() -> Iterator[EmulatorServer]:
    """A portal that a test may change at will."""
    with EmulatorServer(Options(port=0, empty=True, plan="off")) as running:
        fill(running)
        yield running


@pytest.mark.parametrize("version", ["2026-09", "v3"])
def test_bad_records_do_not_keep_the_others_from_being_written(own_server: EmulatorServer, version: str) -> None:
    """Of a batch with a bad option, a bad number, a missing and a merged record all others are written."""
    client = client_of(own_server, version)
    provision(client)
    *good, option, number, old, other = contact_ids(client)[:100]
    with own_server.portal.lock:
        own_server.portal.merge("contacts", old, other, own_server.portal.now)
    updates = [
        *(Update(each, {"hubsync_score": "81"}) for each in good),
        Update("110000000000000", {"hubsync_score": "1"}),
        Update(old, {"hubsync_score": "1"}),
        Update(option, {"hubsync_score": "1", "hubsync_tier": "nowhere"}),
        Update(number, {"hubsync_score": "many"}),
    ]

    outcomes = {each.record_id: each for each in client.batch_update("contacts", updates, "run1")}

    assert [each for each in good if not outcomes[each].written] == []
    assert outcomes[good[0]].updated_at is not None
    assert "nowhere was not one of the allowed options" in outcomes[option].message
    assert "not a valid number" in outcomes[number].message
    assert outcomes["110000000000000"].category == "OBJECT_NOT_FOUND"
    assert outcomes[old].category == GONE
    read = client.batch_read("contacts", good, ["hubsync_score"])
    assert {row.properties["hubsync_score"] for row in read} == {"81"}


@pytest.mark.parametrize("fault", [{"drop": "before"}, {"drop": "after"}, {"truncate": True}, {"status": 502}])
def test_faults_on_reads_and_updates_are_survived(client: Client, server: EmulatorServer, fault: dict) -> None:
    """Dropped connections, cut answers and gateway errors are tried again where that is safe."""
    provision(client)
    ids = contact_ids(client)[:2]
    server.hub.faults.arm([Fault(path=".*/contacts.*", times=2, **fault)])
    assert len(client.list_page("contacts", ["email"]).rows) == 100

    server.hub.faults.arm([Fault(path=".*/batch/update", times=2, **fault)])
    outcomes = client.batch_update("contacts", [Update(each, {"hubsync_score": "7"}) for each in ids], "t")

    assert [each.written for each in outcomes] == [True, True]


def test_a_task_whose_answer_was_lost_exists_once(client: Client, server: EmulatorServer) -> None:
    """The connection breaks after HubSpot made the task: no second one is made, and the doubt is told."""
    before = client.search_page("tasks", []).total
    server.hub.faults.arm([Fault(path=".*/tasks", method="POST", drop="after")])

    with pytest.raises(RemoteError, match="not known whether"):
        client.sdk.create_task({"hs_task_subject": "Call", "hs_timestamp": "2026-11-24T09:00:00Z"}, [])

    assert client.search_page("tasks", []).total == before + 1


def test_a_token_without_scopes_is_told_which(client: Client, server: EmulatorServer) -> None:
    """A stream that the token may not read names the scopes; what it may read goes on."""
    server.portal.tokens["pat-emu-few"] = frozenset({"crm.objects.contacts.read"})
    few = client_of(server, token="pat-emu-few")

    assert few.list_page("contacts", ["email"]).rows
    with pytest.raises(ScopeError) as caught:
        few.list_page("companies", ["name"])
    assert "crm.objects.companies.read" in caught.value.scopes
    with pytest.raises(ScopeError, match=r"owners\.read"):
        few.owners()
    with pytest.raises(TokenError):
        client_of(server, token="pat-emu-wrong").account()
    assert client_of(server, token="pat-emu-wrong").token_info() is None


def test_events_that_the_plan_lacks_are_a_scope_error() -> None:
    """On a plan without event occurrences the stream is unavailable, the rest is not."""
    with EmulatorServer(Options(port=0, empty=True, plan="free")) as free:
        client = client_of(free)
        with pytest.raises(ScopeError):
            client.event_page("e_visited_page")
        assert client.list_page("contacts", ["email"]).rows == []


def test_threads_share_one_client(server: EmulatorServer) -> None:
    """Eight threads on one client read the same portal without mixing their answers."""
    client = client_of(server)
    objects = ["contacts", "companies", *ENGAGEMENTS] * 3

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda each: client.list_page(each, ["hs_object_id"]), objects))

    for name, page in zip(objects, pages, strict=True):
        assert {row.object for row in page.rows} <= {name}
    assert client.transport.calls.total == len(objects)

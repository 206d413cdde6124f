"""What must not be done twice: when the answer is lost, hubsync looks before it asks again, or says that it can't."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crm_wire import FakeTime

from hubsync.crm import Client, Transport
from hubsync.emulator import EmulatorServer, Options
from hubsync.emulator.faults import Fault
from hubsync.errors import RemoteError, UnsureError
from hubsync.types import PropertyDefinition

SCORES = [PropertyDefinition("contacts", f"hubsync_{n}", f"{n}", "number", "number", "hubsync") for n in ("a", "b")]
LOST = [{"drop": "before"}, {"drop": "after"}, {"truncate": True}, {"status": 500}]


@pytest.fixture
def server() -> Iterator[EmulatorServer]:
    """An empty portal."""
    with EmulatorServer(Options(port=0, empty=True)) as running:
        yield running


@pytest.fixture
def client(server: EmulatorServer, fake_time: FakeTime) -> Iterator[Client]:
    made = Client(Transport(server.token, base_url=server.url, sleep=fake_time.sleep, clock=fake_time.clock))
    yield made
    made.transport.close()


@pytest.mark.parametrize("fault", LOST)
def test_groups_and_properties_are_looked_for_before_they_are_made_again(
    client: Client, server: EmulatorServer, fault: dict
) -> None:
    """Whether HubSpot made them or not when its answer was lost, in the end each is there once."""
    server.hub.faults.arm([Fault(path=".*/(groups|batch/create)$", method="POST", times=1, **fault)])
    client.sdk.ensure_group("contacts", "hubsync", "hubsync scores")
    server.hub.faults.arm([Fault(path=".*/(groups|batch/create)$", method="POST", times=1, **fault)])

    assert client.sdk.create_properties("contacts", SCORES) == ["hubsync_a", "hubsync_b"]

    done = ("drop" in fault and fault["drop"] == "after") or "truncate" in fault
    made = client.transport.calls.by_operation
    assert (made["groups.create"], made["properties.batch_create"]) == ((1, 1) if done else (2, 2))
    names = [each.name for each in client.property_definitions("contacts") if each.group == "hubsync"]
    assert sorted(names) == ["hubsync_a", "hubsync_b"]


def test_what_fails_again_is_told(client: Client, server: EmulatorServer) -> None:
    """Two lost answers for the same properties end it with a sentence; it is asked for twice and no more."""
    client.sdk.ensure_group("contacts", "hubsync", "hubsync scores")
    server.hub.faults.arm([Fault(path=".*/batch/create$", drop="before", times=9)])

    with pytest.raises(UnsureError, match="look in HubSpot before it is done again"):
        client.sdk.create_properties("contacts", SCORES)

    assert client.transport.calls.by_operation["properties.batch_create"] == 2


@pytest.mark.parametrize("fault", LOST)
def test_a_task_is_never_sent_twice(client: Client, server: EmulatorServer, fault: dict) -> None:
    """A task whose answer was lost may be there: it is sent once, and the error says that it is not known."""
    client.account()
    server.hub.faults.arm([Fault(path=".*/tasks$", method="POST", **fault)])

    with pytest.raises(UnsureError, match=r"not known whether HubSpot did objects\.create") as caught:
        client.sdk.create_task({"hs_task_subject": "Call", "hs_timestamp": "1790000000000"}, [])

    assert isinstance(caught.value, RemoteError)
    assert client.transport.calls.by_operation["objects.create"] == 1

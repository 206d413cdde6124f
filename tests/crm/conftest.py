"""A client whose time is a number, and HubSpot's answers made by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses
from crm_wire import TOKEN, FakeTime

from hubsync.crm import Client, Throttle, Transport, Versions


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def transport(fake_time: FakeTime) -> Iterator[Transport]:
    """A transport without jitter whose sleeps take no time."""
    made = Transport(
        TOKEN,
        throttle=Throttle(clock=fake_time.clock, sleep=fake_time.sleep),
        sleep=fake_time.sleep,
        clock=fake_time.clock,
        uniform=lambda: 0.0,
    )
    yield made
    made.close()


@pytest.fixture
def client(transport: Transport) -> Client:
    return Client(transport)


@pytest.fixture
def legacy(transport: Transport) -> Client:
    return Client(transport, Versions("v3"))


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """Answers registered here are given in order; a call without an answer fails."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock

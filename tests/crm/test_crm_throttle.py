"""The limits: ten seconds, search, the day."""

from __future__ import annotations

import heapq
import random
import threading
from collections import deque

import pytest
from crm_wire import FakeTime, utc

from hubsync.crm import DailyBudget, Throttle, Versions
from hubsync.crm.throttle import START_LIMIT, Slot
from hubsync.errors import DailyLimitError
from hubsync.types import Usage

VERSIONS = Versions()
LIST = VERSIONS.route("objects.list", object="contacts")
SEARCH = VERSIONS.route("objects.search", object="contacts")
ASSOCIATIONS = VERSIONS.route("associations.batch_read", from_object="contacts", to_object="companies")


class Server:
    """HubSpot's side of the ten-secondly limit: a rolling window of arrivals."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.window: deque[float] = deque()
        self.served = self.refused = 0

    def arrive(self, now: float) -> dict[str, str]:
        while self.window and self.window[0] <= now - 10:
            self.window.popleft()
        if len(self.window) >= self.limit:
            self.refused += 1
        else:
            self.window.append(now)
            self.served += 1
        return {
            "X-HubSpot-RateLimit-Max": str(self.limit),
            "X-HubSpot-RateLimit-Remaining": str(self.limit - len(self.window)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }


def simulate(server: Server, *, streams: int, latency: tuple[float, float], seconds: float) -> None:
    """Streams that call as fast as they may, with latencies drawn at random, in simulated time."""
    draw = random.Random(streams)
    time = FakeTime(now=0.0)
    throttle = Throttle(clock=time.clock, sleep=time.sleep)
    agenda: list[tuple[float, int, str, object]] = [(0.0, stream, "ask", None) for stream in range(streams)]
    order = streams
    while agenda and agenda[0][0] < seconds:
        time.now, _, act, what = heapq.heappop(agenda)
        order += 1
        if act == "ask":
            slot = throttle.burst.try_enter(time.now)
            if not isinstance(slot, Slot):
                heapq.heappush(agenda, (slot, order, "ask", None))
                continue
            flight = draw.uniform(*latency)
            heapq.heappush(agenda, (time.now + flight * draw.random(), order, "arrive", (slot, time.now + flight)))
        elif act == "arrive":
            slot, answered = what
            heapq.heappush(agenda, (answered, order, "answer", (slot, server.arrive(time.now))))
        else:
            throttle.leave(*what)
            heapq.heappush(agenda, (time.now, order, "ask", None))


@pytest.mark.parametrize("limit", [100, 190])
@pytest.mark.parametrize(("streams", "latency"), [(1, (0.02, 0.05)), (8, (0.05, 0.4)), (16, (0.1, 2.0))])
def test_the_limit_is_used_and_not_passed(limit: int, streams: int, latency: tuple[float, float]) -> None:
    """Streams side by side come near HubSpot's limit, and under 0.5 % of their calls are turned away."""
    server = Server(limit)
    simulate(server, streams=streams, latency=latency, seconds=100)

    possible = min(limit * 10, streams * 100 / (sum(latency) / 2))
    assert server.refused <= 0.005 * server.served
    assert server.served >= 0.87 * possible


def test_calls_of_another_program_keep_their_places() -> None:
    """A window that another program has filled is seen in the first answers: few of the calls under way are refused."""
    server = Server(100)
    for _ in range(95):
        server.arrive(0.0)
    simulate(server, streams=8, latency=(0.05, 0.2), seconds=9)

    assert server.refused < 8


def test_the_limit_is_learnt(fake_time: FakeTime) -> None:
    """Until the first answer 90 calls go in ten seconds; then one less than the limit that HubSpot named."""
    throttle = Throttle(clock=fake_time.clock, sleep=fake_time.sleep)
    slots = [throttle.enter(LIST) for _ in range(START_LIMIT)]
    assert fake_time.slept == []

    throttle.leave(slots[0], {"X-HubSpot-RateLimit-Max": "190", "X-HubSpot-RateLimit-Remaining": "189"})
    for _ in range(189 - START_LIMIT):
        throttle.enter(LIST)
    assert fake_time.slept == []

    throttle.enter(LIST)
    assert sum(fake_time.slept) == pytest.approx(10)


def test_search_has_its_own_pace(fake_time: FakeTime) -> None:
    """Two searches a second, whatever else goes on; searches take no place of other calls."""
    throttle = Throttle(clock=fake_time.clock, sleep=fake_time.sleep)
    for _ in range(10):
        throttle.leave(throttle.enter(SEARCH), {})

    assert fake_time.now - 1000 == pytest.approx(4.0, abs=0.5)
    assert isinstance(throttle.burst.try_enter(fake_time.now), Slot)


def test_associations_do_not_wait_for_the_ten_seconds(fake_time: FakeTime) -> None:
    """HubSpot exempts association reads on dated paths; on legacy paths they count like others."""
    throttle = Throttle(clock=fake_time.clock, sleep=fake_time.sleep)
    for _ in range(START_LIMIT):
        throttle.enter(LIST)
    throttle.enter(ASSOCIATIONS)
    assert fake_time.slept == []

    throttle.enter(Versions("v3").route("associations.batch_read", from_object="deals", to_object="contacts"))
    assert sum(fake_time.slept) > 9


def test_threads_share_one_limit() -> None:
    """Eight threads together get no more places than one."""
    throttle = Throttle(start_limit=20, sleep=lambda _: stop())
    entered: list[Slot] = []

    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    def work() -> None:
        try:
            while True:
                entered.append(throttle.enter(LIST))
        except StopError:
            return

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(entered) == 20


def daily(limit: int, remaining: int) -> dict[str, str]:
    return {"X-HubSpot-RateLimit-Daily": str(limit), "X-HubSpot-RateLimit-Daily-Remaining": str(remaining)}


def test_the_own_share_of_the_day_ends_the_run(fake_time: FakeTime) -> None:
    """With a fifth of the day's calls used by hubsync, the next one is refused in a sentence."""
    throttle = Throttle(daily=DailyBudget(used_today=198), clock=fake_time.clock, sleep=fake_time.sleep)
    throttle.leave(throttle.enter(LIST), daily(1000, 900))
    throttle.enter(LIST)

    with pytest.raises(DailyLimitError, match=r"its share of the day's API calls \(200 of 1,000\); .* midnight"):
        throttle.enter(LIST)


def test_the_reserve_of_others_ends_the_run(fake_time: FakeTime) -> None:
    """With less than 30 % of the account's calls left, hubsync stops for the sake of others."""
    throttle = Throttle(clock=fake_time.clock, sleep=fake_time.sleep)
    throttle.daily.learn_usage(Usage(1000, 650, utc(2026, 11, 22, 5)))
    throttle.leave(throttle.enter(LIST), daily(1000, 301))
    throttle.leave(throttle.enter(LIST), daily(1000, 300))

    with pytest.raises(DailyLimitError, match=r"only 300 of the account's 1,000 .* 30% .* 2026-11-22 05:00 UTC"):
        throttle.enter(LIST)


def test_nothing_is_enforced_before_the_limit_is_known(fake_time: FakeTime) -> None:
    """Tokens whose answers name no daily limit are not held to one."""
    throttle = Throttle(daily=DailyBudget(used_today=10**9), clock=fake_time.clock, sleep=fake_time.sleep)

    half = {"X-HubSpot-RateLimit-Max": "110", "X-HubSpot-RateLimit-Daily": "1000"}
    throttle.leave(throttle.enter(LIST), half)
    throttle.enter(LIST)

    assert throttle.daily.state().left is None


def test_a_new_day_begins_a_new_share() -> None:
    """When the account's remainder jumps up, HubSpot's day has turned and our count begins again."""
    budget = DailyBudget(used_today=150)
    budget.learn(1000, 400)
    assert budget.state().left == 50
    budget.learn(1000, 405)
    assert budget.state().own_used == 150

    budget.learn(1000, 999)

    assert (budget.state().own_used, budget.state().own_limit, budget.state().left) == (0, 200, 200)

"""Simulated portals of 1,500 contacts, lived once for all tests that read them, and what they show at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from math import isnan

from hubsync.emulator.clock import read_moment
from hubsync.emulator.records import Rec, Revision
from hubsync.emulator.state import Portal
from hubsync.emulator.world import World

DAY = 86_400_000
AHEAD = 60 * DAY
"""How long before a renewal date a prediction is made."""

Worlds = Sequence[tuple[Portal, World]]


@cache
def three_worlds() -> Worlds:
    """Three worlds of 1,500 contacts; for reading only."""
    made = []
    for seed in (1, 2, 3):
        portal = Portal(portal_id=7, now=datetime(2026, 9, 21, 14, tzinfo=UTC), token="t", monotonic=lambda: 0.0)
        made.append((portal, World(portal, seed=seed, contacts=1500)))
        made[-1][1].populate()
    return made


def auc(rows: Iterable[tuple[float | None, bool]]) -> float:
    """The chance that one who churned has the higher value than one who did not; unknown values are left out."""
    known = [(value, churned) for value, churned in rows if value is not None]
    stayed = sorted(value for value, churned in known if not churned)
    gone = [value for value, churned in known if churned]
    wins = sum(bisect_left(stayed, value) + bisect_left(stayed, value + 1e-9) for value in gone)
    return wins / (2 * len(gone) * len(stayed))


class Seen:
    """What a portal shows of its companies at a time, in columns."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.times: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.ratings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._read_events()
        self._read_records("ticket", "tickets", {})
        self._read_records("failed", "commerce_payments", {"hs_latest_status": "failed"})
        self._read_records("meeting", "meetings", {})
        self._read_records("review", "meetings", {"hs_activity_type": "QBR", "hs_meeting_outcome": "COMPLETED"})
        self._read_skipped()
        for record_id, rec in portal.objects["feedback_submissions"].items():
            if rec.properties["hs_survey_type"] != "NPS":
                continue
            for contact in portal.associations.of("feedback_submissions", record_id, "contacts"):
                for company in self.companies("contacts", contact):
                    self.ratings[company].append((ms(rec.created_at), int(rec.properties["hs_value"])))

    def _read_events(self) -> None:
        for one in self.portal.occurrences:
            for company in self.companies("contacts", self.portal.resolve("contacts", one.object_id)):
                self.times[company, one.event_type.removeprefix("pe7_")].append(one.at_ms)
                url = one.properties.get("hs_url", "")
                if "cancel" in url:
                    self.times[company, "cancel" if url.endswith("/cancel") else "cancel help"].append(one.at_ms)

    def _read_records(self, name: str, kind: str, wanted: dict[str, str]) -> None:
        for record_id, rec in self.portal.objects[kind].items():
            if wanted.items() <= rec.properties.items():
                for company in self.portal.associations.of(kind, record_id, "companies"):
                    self.times[company, name].append(ms(rec.created_at))

    def _read_skipped(self) -> None:
        for record_id, rec in self.portal.objects["companies"].items():
            times = (ms(one.value) for one in rec.history.get("last_skipped_delivery_at", ()))
            self.times[record_id, "skipped"].extend(times)

    def companies(self, kind: str, record_id: str) -> list[str]:
        links = self.portal.associations.of(kind, record_id, "companies")
        return [company for company, types in links.items() if 1 in types]

    def columns(self, company: str, at: int) -> dict[str, float | None]:
        rec = self.portal.objects["companies"][company]
        logins = [t for t in self.times[company, "login"] if t < at]
        ratings = [rating for t, rating in sorted(self.ratings[company]) if at - 180 * DAY <= t < at]
        used, bought = self.as_of(rec.history, "seats_used", at), self.as_of(rec.history, "seats_total", at)
        found: dict[str, float | None] = {
            "days since login": (at - max(logins)) / DAY if logins else None,
            "last rating": ratings[-1] if ratings else None,
            "share of seats": used / bought if used and bought else None,
            "logins ever": self.as_of(rec.history, "product_logins", at),
            "page views ever": self.as_of(rec.history, "hs_analytics_num_page_views", at),
            "revenue": self.as_of(rec.history, "arr", at),
            "days to pay": self.as_of(rec.history, "average_days_to_pay", at),
            "outcomes": self.as_of(rec.history, "outcomes_achieved", at),
            "milestones": self.as_of(rec.history, "milestones_reached", at),
            "logins against before": trend(logins, at),
        }
        for name, days in (
            ("login", 30),
            ("login", 90),
            ("feature_used", 90),
            ("user_invited", 180),
            ("ticket", 90),
            ("failed", 180),
            ("meeting", 90),
            ("e_visited_page", 90),
            ("cancel", 180),
            ("cancel help", 180),
            ("review", 180),
            ("intent", 180),
            ("skipped", 90),
        ):
            found[f"{name} in {days} days"] = sum(at - days * DAY <= t < at for t in self.times[company, name])
        return found

    @staticmethod
    def as_of(history: dict[str, list[Revision]], name: str, at: int) -> float | None:
        values = [one.value for one in history.get(name, ()) if one.at_ms <= at]
        try:
            value = float(values[-1])
        except (IndexError, ValueError):
            return None
        return None if isnan(value) else value


def trend(times: list[int], at: int) -> float | None:
    """The pace of the last 60 days against the one of the half year before."""
    before = sum(at - 240 * DAY <= t < at - AHEAD for t in times) / 3
    return sum(t >= at - AHEAD for t in times) / before if before >= 1 else None


def ms(text: str) -> int:
    moment = read_moment(text)
    assert moment is not None
    return moment


def companies_of(portal: Portal, kind: str, record_id: str) -> list[str]:
    return list(portal.associations.of(kind, record_id, "companies"))


def customers(portal: Portal) -> list[Rec]:
    return [rec for rec in portal.objects["companies"].values() if rec.properties["lifecyclestage"] == "customer"]


def of_type(portal: Portal, event: str) -> Iterable[tuple[str, dict[str, str], int]]:
    """Contact, attributes and time of each custom event of this name."""
    for one in portal.occurrences.by_type[f"pe7_{event}"]:
        yield portal.resolve("contacts", one.object_id), one.properties, one.at_ms

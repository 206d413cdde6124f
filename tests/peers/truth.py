"""What the emulator holds, asked through the API as it is documented, for the comparison with a peer's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import requests

Rows = dict[str, dict[str, Any]]

ENGAGEMENTS = ("calls", "emails", "meetings", "notes", "tasks")
WRITTEN: Rows = {"write": {"firstname": "Changed", "status": "COMPLETE", "lastname": "Batch"}}
CHANGED: Rows = {"changed": {"found": True, "few": True}}
SINCE = "2026-01-01"
DAY_MS = 86_400_000
CHANGED_AMID = ("lastmodifieddate", "hs_lastmodifieddate", "jobtitle", "description")
"""What a driver changes between a peer's two runs."""


class Truth:
    """One portal, seen by its own API."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._named: dict[str, Callable[[], Rows]] = {
            "lists": lambda: {one["listId"]: {} for one in self.lists()},
            "memberships": self._memberships,
            "forms": lambda: {one["id"]: {} for one in self.pages("/marketing/v3/forms")},
            "submissions": self._submissions,
            "workflows": lambda: {one["id"]: {} for one in self._contact_flows()},
            "page_views": lambda: {one["id"]: {} for one in self._views()},
            "email_events": lambda: {one["id"]: {} for one in self.offsets("/email/public/v1/events", "events")},
            "campaigns": lambda: {
                str(one["id"]): {} for one in self.offsets("/email/public/v1/campaigns", "campaigns")
            },
            "subscription_changes": self._subscriptions,
            "email_subscriptions": lambda: {
                str(one["id"]): {} for one in self.get("/email/public/v1/subscriptions")["subscriptionDefinitions"]
            },
            "marketing_emails": lambda: {
                str(one["id"]): {}
                for one in self.get("/marketing-emails/v1/emails/with-statistics", limit=300)["objects"]
            },
            "engagements": lambda: {id: {} for kind in ENGAGEMENTS for id in self._objects(kind)},
            "schemas": lambda: {one["id"]: {} for one in self.pages("/crm/v3/schemas")},
            "owners": lambda: {one["id"]: {"email": one["email"]} for one in self.pages("/crm/v3/owners")},
            "owners:archived": lambda: {one["id"]: {} for one in self.pages("/crm/v3/owners", archived="true")},
        }

    def rows(self, stream: str, found: Rows) -> Rows:
        """The rows that a peer must have for a stream; what it found says how much of a history it asked for."""
        if stream in self._named:
            return self._named[stream]()
        name, _, way = stream.partition(":")
        if way == "write":
            return WRITTEN
        if way == "incremental":
            return CHANGED
        if name in ("properties", "pipelines", "stages", "history"):
            return self._about(name, way, found)
        if ">" in name:
            return self._pairs(*name.split(">"))
        if way == "since":
            return self._objects(name, since=SINCE)
        return self._objects(name, archived="true" if way == "archived" else "false")

    def get(self, path: str, **query: Any) -> Any:
        """One answer."""
        answer = self._session.get(self._url + path, params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any, method: str = "POST") -> Any:
        """One answer to a body; None if it is empty."""
        answer = self._session.request(method, self._url + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All results of a route that pages by `after`."""
        after: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **after)
            yield from page["results"]
            if "next" not in page.get("paging", {}):
                return
            after = {"after": page["paging"]["next"]["after"]}

    def offsets(self, path: str, key: str) -> Iterator[dict[str, Any]]:
        """All results of a route that pages by `offset`."""
        offset: dict[str, str] = {}
        while True:
            page = self.get(path, limit=500, **offset)
            yield from page[key]
            if not page.get("hasMore"):
                return
            offset = {"offset": page["offset"]}

    def lists(self) -> list[dict[str, Any]]:
        """All lists."""
        return list(self.post("/crm/v3/lists/search", {"count": 500, "query": ""})["lists"])

    def _objects(self, kind: str, archived: str = "false", since: str = "") -> Rows:
        query = {"limit": 100, "archived": archived}
        query["properties"] = ",".join(one["name"] for one in self.pages(f"/crm/v3/properties/{kind}"))
        found = self.pages(f"/crm/v3/objects/{kind}", **query)
        return {one["id"]: _lasting(one["properties"]) for one in found if one["updatedAt"] >= since}

    def _pairs(self, kind: str, to: str) -> Rows:
        ids = [{"id": id} for id in self._objects(kind)]
        found: Rows = {}
        for start in range(0, len(ids), 1000):
            answer = self.post(f"/crm/v4/associations/{kind}/{to}/batch/read", {"inputs": ids[start : start + 1000]})
            for one in answer["results"]:
                assert "paging" not in one, "more associations than one answer holds: let the portal be smaller"
                found |= {f"{one['from']['id']}>{link['toObjectId']}": {} for link in one["to"]}
        return found

    def _about(self, what: str, kind: str, found: Rows) -> Rows:
        if what == "properties":
            return {one["name"]: {"type": one["type"]} for one in self.pages(f"/crm/v3/properties/{kind}")}
        if what == "history":
            return self._history(kind, sorted({key.split("|")[1] for key in found}))
        pipelines = list(self.pages(f"/crm/v3/pipelines/{kind}"))
        if what == "pipelines":
            return {one["id"]: {} for one in pipelines}
        return {f"{one['id']}/{stage['id']}": {"label": stage["label"]} for one in pipelines for stage in one["stages"]}

    def _history(self, kind: str, names: list[str]) -> Rows:
        found: Rows = {}
        for start in range(0, len(names), 100):
            asked = ",".join(names[start : start + 100])
            for one in self.pages(f"/crm/v3/objects/{kind}", limit=50, propertiesWithHistory=asked):
                for name, revisions in one["propertiesWithHistory"].items():
                    found |= {f"{one['id']}|{name}|{each['timestamp']}": {"value": each["value"]} for each in revisions}
        return found

    def _memberships(self) -> Rows:
        return {
            f"{one['listId']}>{member['recordId']}": {}
            for one in self.lists()
            for member in self.pages(f"/crm/v3/lists/{one['listId']}/memberships", limit=250)
        }

    def _submissions(self) -> Rows:
        return {
            f"{form['id']}|{one['submittedAt']}": {}
            for form in self.pages("/marketing/v3/forms")
            for one in self.pages(f"/form-integrations/v1/submissions/forms/{form['id']}", limit=50)
        }

    def _views(self) -> Iterator[dict[str, Any]]:
        return self.pages("/events/v3/events", objectType="contact", eventType="e_visited_page", limit=1000)

    def _contact_flows(self) -> Iterator[dict[str, Any]]:
        return (one for one in self.pages("/automation/v4/flows") if one["objectTypeId"] == "0-1")

    def _subscriptions(self) -> Rows:
        found = self.offsets("/email/public/v1/subscriptions/timeline", "timeline")
        return {f"{one['recipient']}|{one['timestamp']}": {} for one in found}


def _lasting(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in CHANGED_AMID}


def plain(value: Any) -> str:
    """A value as every program can say it: no type, no trailing zeros, a moment in milliseconds."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    text = str(value).strip()
    if text.lower() == "nan":
        return ""
    try:
        return format(Decimal(text).normalize(), "f")
    except InvalidOperation:
        pass
    if len(text) == 10 and text[4] == text[7] == "-":
        text += "T00:00:00+00:00"
    if len(text) >= 19 and text[4:5] == "-" and text[10:11] in ("T", " "):
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return str(round(moment.timestamp() * 1000)) if moment.tzinfo else text
    return text


def _same(one: Any, other: Any) -> bool:
    """Whether two values say the same; of a date that somebody wrote as a moment, a typed program keeps the day."""
    said, heard = plain(one), plain(other)
    if said != heard and len(str(other)) == 10 and said.isdigit() and heard.isdigit():
        return int(said) // DAY_MS == int(heard) // DAY_MS
    return said == heard


def plain_key(key: str) -> str:
    """A row's id, each of its parts plain."""
    return "|".join(plain(part) for part in key.split("|"))


def differences(expected: Rows, found: Rows) -> list[str]:
    """What is missing, too much or different; only the values that both give are compared."""
    wanted = {plain_key(key): row for key, row in expected.items()}
    had = {plain_key(key): row for key, row in found.items()}
    said = [f"missing {len(wanted.keys() - had.keys())}: {sorted(wanted.keys() - had.keys())[:3]}"] * bool(
        wanted.keys() - had.keys()
    )
    if had.keys() - wanted.keys():
        said.append(f"unexpected {len(had.keys() - wanted.keys())}: {sorted(had.keys() - wanted.keys())[:3]}")
    for key in sorted(wanted.keys() & had.keys()):
        for name in wanted[key].keys() & had[key].keys():
            if not _same(wanted[key][name], had[key][name]):
                said.append(f"{key}.{name}: {had[key][name]!r} for {wanted[key][name]!r}")
    return said

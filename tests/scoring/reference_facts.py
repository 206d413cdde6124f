"""The facts of the reference scorer: configuration, portal, names, signals and events in plain Python."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from reference_language import Node, Now, Parser, constant, read, read_text
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
WORDS_BY_TYPE = {
    "bool": "is_customer is_target need_confirmed budget_confirmed has_authority opted_out"
    " resembles_adopters trial_unused speaks_for_us sponsors_us has_left",
    "text": "industry_name country_name role plan csm_owner renewal_pipeline persona topics_researched",
    "number": "employees revenue arr seats_used seats_total features_used jurisdictions outcomes days_to_pay",
    "date": "customer_since renewal_date churned_on",
    "datetime": "last_action_at",
}
WORDS = {word: kind for kind, words in WORDS_BY_TYPE.items() for word in words.split()}
DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
DIRECTIONS = {("contacts", "companies"), ("deals", "contacts"), ("deals", "companies")}


# The portal and the configuration


@dataclass
class Record:
    """One record: HubSpot's raw text by property."""

    properties: dict[str, str | None] = field(default_factory=dict)
    created_at: datetime | None = None


@dataclass
class Event:
    """One event that reached a record."""

    record_id: str
    kind: str
    occurred_at: datetime
    attributes: dict[str, str | None] = field(default_factory=dict)
    value: Decimal | None = None
    currency: str | None = None
    times: int = 1


@dataclass
class Portal:
    """What the scoring relations hold: per object, and per pair of objects (from, to, is primary).

    `events` are those up to now, `coming` those from today on.
    """

    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    links: dict[tuple[str, str], list[tuple[str, str, bool]]] = field(default_factory=dict)
    coming: dict[str, list[Event]] = field(default_factory=dict)


@dataclass
class Sources:
    """Which source feeds a kind (an id, or None for none), from when on, which are overdue, which only watched."""

    active: dict[str, str | None] = field(default_factory=dict)
    starts: dict[str, datetime] = field(default_factory=dict)
    overdue: frozenset[str] = frozenset()
    watched: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Config:
    """The configuration as YAML gives it."""

    events: dict[str, Any]
    signals: dict[str, Any]
    words: dict[str, Any]
    properties: dict[str, dict[str, str]]
    models: dict[str, dict[str, Any]]


def read_config(folder: Path, customers_are: str | None = None) -> Config:
    """Read a configuration folder."""
    yaml = YAML(typ="safe")
    events, signals, portal = (yaml.load(folder / f"{name}.yaml") for name in ("events", "signals", "portal"))
    models = {}
    for file in sorted((folder / "models").glob("*.yaml")):
        model = yaml.load(file)
        if model["object"] == "customers":
            model["object"] = customers_are or portal["customers_are"]
        models[model["model"]] = model
    properties: dict[str, dict[str, str]] = {}
    with (ROOT / "hubsync/catalog/standard_properties.tsv").open() as lines:
        for line in csv.DictReader(lines, delimiter="\t"):
            properties.setdefault(line["object"], {})[line["name"]] = line["type"]
    for object_, own in portal["properties"].items():
        properties.setdefault(object_, {}).update(own)
    return Config(events, signals, portal["words"], properties, models)


def subject_of(source: Mapping[str, Any]) -> str:
    """The object whose records the events of a source happen to."""
    key = next(iter(source.get("subject", {"contacts": ""})))
    return str(source.get("object", {"email": "contacts", "domain": "companies"}.get(key, key)))


KNOWN_BY = {"forms": "email", "email_events": "hs_email_delivered"}
"""What a contact must have so that no event of these sources means that none happened."""

CARRIED = {"forms": ("form", "url"), "email_events": ("url", "campaign", "device", "user_agent")}


def attributes_of(source: Mapping[str, Any]) -> set[str]:
    """The attributes that the events of a source have."""
    carried = set(CARRIED.get(source["from"], source.get("attributes", {})))
    return carried - {"url"} if source.get("type") == "OPEN" else carried


def reaches(of: str, object_: str) -> bool:
    """Whether events of one object count for another: contacts pass them to companies, deals to both."""
    passed_on = {
        "contacts": ("contacts", "companies"),
        "companies": ("companies",),
        "deals": ("contacts", "companies", "deals"),
    }
    return object_ in passed_on.get(of, ("contacts", "companies"))


def duration(text: Any) -> int:
    """Whole days."""
    if isinstance(text, int):
        return text
    count, unit = str(text).split()
    return int(count) * DAYS[unit.rstrip("s")]


def share(text: Any) -> Decimal:
    """A share between 0 and 1."""
    raw = str(text).strip()
    return Decimal(raw.rstrip("% ")) / 100 if raw.endswith("%") else Decimal(raw)


def exact(value: Any) -> Decimal:
    """A number of points."""
    return Decimal(str(value))


def six(value: Fraction | Decimal) -> Decimal:
    """Rounded to six decimals, halves away from zero."""
    if isinstance(value, Fraction):
        sign = -1 if value < 0 else 1
        return Decimal(sign * int(abs(value) * 10**6 + Fraction(1, 2))) / 10**6
    return value.quantize(Decimal("0.000001"), ROUND_HALF_UP)


class Facts:
    """What is known about the records of a portal: names, signals and events, as of one moment."""

    def __init__(self, config: Config, portal: Portal, now: Now, sources: Sources | None = None) -> None:
        self.config, self.portal, self.now, self.sources = config, portal, now, sources or Sources()
        self.nodes: dict[tuple[str, str], Node] = {}

    def number(self, model: str, record_id: str) -> float | None:
        """A model's score as a number."""
        raise NotImplementedError

    def records(self, object_: str) -> Mapping[str, Record]:
        """The records of an object."""
        return self.portal.records.get(object_, {})

    # Names

    def expression(self, text: Any, object_: str) -> Node:
        """What an expression says about records of an object; its nodes take the record's id."""
        return Parser(str(text), lambda name: self.name(name, object_), self.now).parse()

    def name(self, name: str, object_: str) -> Node:
        """A signal, a model's score, a word or a property."""
        key = (object_, name)
        if key not in self.nodes:
            if name in self.config.signals:
                self.nodes[key] = self.signal(self.config.signals[name], object_)
            elif name in self.config.models:
                self.nodes[key] = Node("number", lambda id_: self.number(name, id_))
            else:
                self.nodes[key] = self.word(name, object_) if name in WORDS else self.property(name, object_)
        return self.nodes[key]

    def word(self, name: str, object_: str) -> Node:
        """A word as portal.yaml maps it; its names are properties first, then words."""
        text = (self.config.words.get(name) or {}).get(object_)
        if text is None:
            return constant(WORDS[name], None)
        properties = self.config.properties.get(object_, {})
        node = Parser(
            str(text), lambda n: self.property(n, object_) if n in properties else self.word(n, object_), self.now
        ).parse()
        if node.type == WORDS[name]:
            return node
        if WORDS[name] == "date":
            return Node("date", lambda id_: v.date() if (v := node.value(id_)) else None)
        assert (node.type, WORDS[name]) == ("date", "datetime")
        return Node("datetime", lambda id_: datetime(v.year, v.month, v.day) if (v := node.value(id_)) else None)

    def property(self, name: str, object_: str) -> Node:
        """A property of the record, read by its type."""
        kind = self.config.properties[object_][name]
        return Node(kind, lambda id_: read(self.records(object_)[id_].properties.get(name), kind))

    # Signals

    def signal(self, signal: Mapping[str, Any], object_: str) -> Node:
        """A named fact."""
        if "value" in signal:
            return self.expression(signal["value"], object_)
        if "of" in signal:
            return self.rollup(signal)
        if kind := signal.get("count") or signal.get("sum") or signal.get("since"):
            events = Events(self, kind, object_, signal)
            return Node("number", lambda id_: events.fact(signal, id_), events.available)
        return self.trend_of_events(signal, object_)

    def trend_of_events(self, signal: Mapping[str, Any], object_: str) -> Node:
        """A fact that compares what happened with what came before, or looks ahead."""
        raise NotImplementedError

    def rollup(self, signal: Mapping[str, Any]) -> Node:
        """One number from the associated records."""
        own, over, take = signal["object"], signal["over"], str(signal["take"])
        inner = self.name(signal["of"], over)
        forward = (over, own) in DIRECTIONS
        links = self.portal.links.get((over, own) if forward else (own, over), [])
        near: dict[str, list[str]] = {}
        for from_id, to_id, primary in links:
            here, there = (to_id, from_id) if forward else (from_id, to_id)
            if (primary or signal.get("via") != "primary") and there in self.records(over):
                near.setdefault(here, []).append(there)
        return Node(
            "number", lambda id_: reduced(take, [(inner.value(o), o) for o in near.get(id_, [])]), inner.available
        )


def reduced(take: str, values: list[tuple[float | bool | None, str]]) -> float | None:
    """max, min, avg, sum, count, or `top N` of avg and sum; unknown values are left out."""
    known = [(float(value), other) for value, other in values if value is not None]
    if take == "count":
        return float(sum(1 for value, _ in known if value != 0))
    if take.startswith("top"):
        _, count, take = take.split()
        known = sorted(exact_ones(known), key=lambda pair: (-pair[0], pair[1]))[: int(count)]
    if take in ("sum", "avg"):
        known = exact_ones(known)
    numbers = [value for value, _ in known]
    if not numbers:
        return None
    if take in ("max", "min"):
        return max(numbers) if take == "max" else min(numbers)
    total = float(sum((six(Decimal(repr(value))) for value in numbers), Decimal(0)))
    return total if take == "sum" else total / len(numbers)


def exact_ones(values: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The values that fit an exact sum; others are unknown."""
    return [pair for pair in values if abs(pair[0]) < 1e11]


class Events:
    """The events of one kind that a signal or a rule counts."""

    def __init__(self, facts: Facts, kind: str, object_: str, filters: Mapping[str, Any]) -> None:
        self.facts, self.kind, self.object, self.now = facts, kind, object_, facts.now
        self.within = duration(filters["within"]) if filters.get("within") else None
        self.url, self.where = filters.get("url_contains"), filters.get("where")
        self.possible = {name for source in self.declared for name in attributes_of(source)}
        self.condition = Parser(self.where, self.attribute, self.now).parse() if self.where else None

    @property
    def declared(self) -> list[dict[str, Any]]:
        """All sources of the kind."""
        return list(self.facts.config.events[self.kind]["sources"])

    @cached_property
    def source(self) -> tuple[str, dict[str, Any]] | None:
        """The source in use with its id."""
        ids, seen = {}, dict[str, int]()
        for source in self.declared:
            number = seen[source["from"]] = seen.get(source["from"], 0) + 1
            ids[f"{self.kind}/{source['from']}{number if number > 1 else ''}"] = source
        active = self.facts.sources.active.get(self.kind, next(iter(ids)))
        return (active, ids[active]) if active is not None else None

    def attribute(self, name: str) -> Node:
        """What a condition on an event may name."""
        if name == "value":
            return Node("number", lambda event: float(event.value) if event.value is not None else None)
        if name == "currency":
            return Node("text", lambda event: event.currency)
        assert name in self.possible
        carried = self.source is not None and name in attributes_of(self.source[1])
        return Node("text", lambda event: read_text(event.attributes.get(name)), carried)

    @property
    def available(self) -> bool:
        """Whether a source is in use that reaches the object and carries what the filters look at."""
        if self.source is None or not reaches(subject_of(self.source[1]), self.object):
            return False
        if self.url is not None and "url" not in attributes_of(self.source[1]):
            return False
        return self.condition is None or self.condition.available

    @property
    def overdue(self) -> bool:
        """Whether the source is late, so that nothing it says is believed."""
        return self.source is not None and self.source[0] in self.facts.sources.overdue

    def found(self, record_id: str) -> list[Event]:
        """The record's events that pass the filters."""
        return [event for event in self.by_record.get(record_id, []) if self.passes(event)]

    @cached_property
    def by_record(self) -> dict[str, list[Event]]:
        """All events of the kind."""
        result: dict[str, list[Event]] = {}
        for event in self.facts.portal.events.get(self.object, []):
            if event.kind == self.kind:
                result.setdefault(event.record_id, []).append(event)
        return result

    def passes(self, event: Event) -> bool:
        """Whether an event is in the window and fits the filters."""
        if self.within is not None and event.occurred_at < self.now.day_start - timedelta(days=self.within):
            return False
        if self.url is not None and self.url not in (read_text(event.attributes.get("url")) or ""):
            return False
        return self.condition is None or self.condition.value(event) is True

    def covered(self, record_id: str) -> bool:
        """Whether no event in the window means that none happened."""
        assert self.source is not None
        start = self.facts.sources.starts.get(self.source[0])
        if start is not None and self.within is not None and start > self.now.day_start - timedelta(days=self.within):
            return False
        return self.known_about(record_id)

    def known_about(self, record_id: str) -> bool:
        """Whether the source knows about the record, or about one whose events reach it."""
        assert self.source is not None
        source = self.source[1]
        if source["from"] == "objects" and "covers" not in source:
            return True
        of = subject_of(source)
        if of == self.object:
            return self.holds(source, of, record_id)
        primary_only = (of, self.object) == ("contacts", "companies")
        return any(
            self.holds(source, of, from_id)
            for from_id, to_id, primary in self.facts.portal.links.get((of, self.object), [])
            if to_id == record_id and (primary or not primary_only) and from_id in self.facts.records(of)
        )

    def holds(self, source: Mapping[str, Any], of: str, record_id: str) -> bool:
        """Whether the source covers one record of its subject."""
        if "covers" in source:
            scoped = Parser(source["covers"], lambda n: self.facts.name(n, of), self.now).parse()
            return scoped.value(record_id) is True
        if name := source.get("count") or KNOWN_BY.get(source["from"]):
            return self.facts.property(name, of).value(record_id) is not None
        if source["from"] == "tables":
            events = self.facts.portal.events.get(of, [])
            return any(event.kind == self.kind and event.record_id == record_id for event in events)
        return True

    def blocks(self, events: list[Event], period: str) -> int:
        """How many blocks of days, counted back from today, have an event."""
        return len({int(max((self.now.age(event.occurred_at) or 0) - 1, 0) // DAYS[period]) for event in events})

    def fact(self, signal: Mapping[str, Any], record_id: str) -> float | None:
        """The number a count, sum or since makes of the record's events."""
        if not self.available or self.overdue:
            return None
        events = self.found(record_id)
        if "since" in signal:
            return self.silence(events, record_id)
        if not events:
            return 0.0 if self.covered(record_id) else None
        if "sum" in signal:
            values = [event.value for event in events if event.value is not None]
            return float(sum(values)) if len(values) == len(events) else None
        if signal.get("once_per"):
            return float(self.blocks(events, signal["once_per"]))
        return float(sum(event.times for event in events))

    def silence(self, events: list[Event], record_id: str) -> float | None:
        """Days since the last event; without one, since the record or the source began."""
        if events:
            return self.now.age(max(event.occurred_at for event in events))
        created = self.facts.records(self.object)[record_id].created_at
        if not self.covered(record_id) or created is None:
            return None
        start = self.facts.sources.starts.get(self.source[0]) if self.source else None
        return self.now.age(max(created, start) if start is not None else created)

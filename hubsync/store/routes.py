"""How events reach records: directly, by email or domain, and over associations; never from company to contact.

An event has one subject, so the distinct pairs of subject and record say everything: an event joins them once,
whichever ways lead from one to the other.
"""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from hubsync.store import identity, sql
from hubsync.types import AsOf

SCORED = ("contacts", "companies", "deals")
PRIMARY = {"contacts": (1, 2), "deals": (5, 6), "tickets": (26, 25)}
"""Type ids of the primary company, from the record to the company and back."""

OTHER_EMAILS = "hs_additional_emails"
"""What a contact was called beside its email, of its own or by a merge."""

_TEXTS = {"email": ("contacts", "email"), "domain": ("companies", "domain")}
_SILENT = frozenset({("contacts", "deals"), ("companies", "contacts"), ("companies", "deals")})
"""What happened to these does not reach those."""

_EVENT = "source, kind, occurred_at, times, value, currency, CAST(attributes AS VARCHAR) AS attributes, known_at"


@dataclass(frozen=True, slots=True)
class Survey:
    """What the database holds, so that views join only what occurs.

    `sources` are the active ones with events, `subjects` their subject types, `links` all pairs of objects with
    associations in either direction, `merged` the objects with merged records.
    """

    objects: frozenset[str]
    sources: tuple[str, ...]
    subjects: frozenset[str]
    links: frozenset[tuple[str, str]]
    merged: frozenset[str]


def survey(connection: duckdb.DuckDBPyConnection, as_of: AsOf, sources: Sequence[str]) -> Survey:
    """Look once at what occurs, and resolve chains of merges into the table `identities`."""
    connection.execute(f"CREATE TABLE identities AS {identity.chains(as_of)}")
    occurring = connection.execute(
        f"SELECT DISTINCT source, subject_type FROM portal.event WHERE source IN {sql.one_of(sources)}"
    ).fetchall()
    pairs = connection.execute("SELECT DISTINCT from_object, to_object FROM portal.association").fetchall()
    return Survey(
        objects=frozenset(r[0] for r in connection.execute("SELECT DISTINCT object FROM portal.record").fetchall()),
        sources=tuple(sorted({source for source, _ in occurring})),
        subjects=frozenset(subject for _, subject in occurring),
        links=frozenset(pair for a, b in pairs for pair in ((a, b), (b, a))),
        merged=frozenset(r[0] for r in connection.execute("SELECT DISTINCT object FROM identities").fetchall()),
    )


def links(pair: tuple[str, str], as_of: AsOf, found: Survey) -> str:
    """Return the pairs of associated records, whichever direction was pulled; `is_primary` is the company's view.

    A link is primary when HubSpot says so, or when the record has no other one; towards companies and from them
    it is always the other record's primary company that counts.
    """
    here, there = pair
    now = sql.moment(as_of.now)
    alive = f"(since IS NULL OR since <= {now}) AND (until IS NULL OR until > {now})"
    side, child = ("to_id", there) if here == "companies" else ("from_id", here)
    types = PRIMARY.get(child, ()) if "companies" in pair else ()
    flagged = f"bool_or(type_id IN ({', '.join(map(str, types))}))" if types else "false"
    raw = (
        f"SELECT from_id, to_id, type_id FROM portal.association WHERE from_object = {sql.text(here)}"
        f" AND to_object = {sql.text(there)} AND {alive} UNION ALL"
        f" SELECT to_id, from_id, type_id FROM portal.association WHERE from_object = {sql.text(there)}"
        f" AND to_object = {sql.text(here)} AND {alive}"
    )
    ids = {"f": "a.from_id", "t": "a.to_id"}
    joins = ""
    for alias, object_name in (("f", here), ("t", there)):
        if object_name in found.merged:
            joins += (
                f" LEFT JOIN identities {alias} ON {alias}.object = {sql.text(object_name)}"
                f" AND {alias}.old_id = {ids[alias]}"
            )
            ids[alias] = f"coalesce({alias}.record_id, {ids[alias]})"
    return (
        f"SELECT from_id, to_id, flagged OR count(*) OVER (PARTITION BY {side}) = 1 AS is_primary FROM ("
        f" SELECT {ids['f']} AS from_id, {ids['t']} AS to_id, {flagged} AS flagged FROM ({raw}) a{joins}"
        " GROUP BY ALL)"
    )


def relinked(object_name: str, as_of: AsOf, found: Survey) -> str:
    """Return when an association of each record last came or went, and for a company, one of its contacts.

    What the first look at a new record showed came with that look.
    """
    now, quoted = sql.moment(as_of.now), sql.text(object_name)
    moved = f"greatest(CASE WHEN since <= {now} THEN since END, CASE WHEN until <= {now} THEN until END)"
    ways = [
        f"SELECT from_id AS record_id, {moved} AS moved_at FROM portal.association WHERE from_object = {quoted}",
        f"SELECT to_id AS record_id, {moved} AS moved_at FROM portal.association WHERE to_object = {quoted}",
        "SELECT a.to_id AS record_id, k.known_at AS moved_at FROM portal.association a JOIN portal.looked k"
        " ON k.object = a.from_object AND k.record_id = a.from_id AND k.to_object = a.to_object"
        f" WHERE a.to_object = {quoted} AND a.since IS NULL AND k.known_at <= {now}"
        " AND k.known_at > (SELECT min(known_at) FROM portal.looked)",
    ]
    if object_name == "companies" and ("contacts", "companies") in found.links:
        ways.append(
            f"SELECT l.to_id AS record_id, c.moved_at FROM ({relinked('contacts', as_of, found)}) c"
            " JOIN links_contacts_companies l ON l.from_id = c.record_id"
        )
    rows, key = f"({' UNION ALL '.join(ways)}) a", "a.record_id"
    if object_name in found.merged:
        rows += f" LEFT JOIN identities i ON i.object = {quoted} AND i.old_id = a.record_id"
        key = "coalesce(i.record_id, a.record_id)"
    return (
        f"SELECT {key} AS record_id, max(a.moved_at) AS moved_at FROM {rows} WHERE a.moved_at IS NOT NULL GROUP BY ALL"
    )


def reach(object_name: str, found: Survey) -> str:
    """Return the distinct (subject_type, subject, record_id) beyond the object's own events; empty if none."""
    texts = [subject for subject in sorted(found.subjects) if _TEXTS.get(subject, ("",))[0] == object_name]
    ways = [way for subject in texts for way in _by_text(subject, found)]
    ways += [
        f"SELECT {sql.text(subject)} AS subject_type, from_id AS subject, to_id AS record_id"
        f" FROM {sql.name(f'links_{subject}_{object_name}')}"
        for subject in sorted(found.subjects - {object_name})
        if (subject, object_name) in found.links
        and (subject, object_name) not in _SILENT
        and (subject, object_name) != ("contacts", "companies")
    ]
    if object_name == "companies" and ("contacts", "companies") in found.links:
        ways += _through_contacts(found)
    return " UNION ".join(ways)


def _by_text(subject: str, found: Survey) -> list[str]:
    """By the email or domain of a record, and by those of the records that were merged into it."""
    object_name, name = _TEXTS[subject]
    kind, text = f"{sql.text(subject)} AS subject_type", "lower(trim({})) AS subject"
    own = text.format(f"json_extract_string(properties, '$.{name}')")
    ways = [f"SELECT {kind}, {own}, record_id FROM {sql.name(f'records_{object_name}')}"]
    if subject == "email":
        others = f"string_split(json_extract_string(properties, '$.{OTHER_EMAILS}'), ';')"
        ways.append(
            f"SELECT {kind}, {text.format('other')}, record_id FROM (SELECT record_id, unnest({others}) AS other"
            " FROM records_contacts)"
        )
    if object_name in found.merged:
        old = text.format(f"json_extract_string(r.properties, '$.{name}')")
        ways.append(
            f"SELECT {kind}, {old}, i.record_id FROM identities i JOIN portal.record r"
            f" ON r.object = i.object AND r.record_id = i.old_id WHERE i.object = {sql.text(object_name)}"
        )
    return ways


def _through_contacts(found: Survey) -> list[str]:
    """What reaches a contact goes on to the contact's primary company, the first one if several are marked."""
    primary = "(SELECT from_id, min(to_id) AS to_id FROM links_contacts_companies WHERE is_primary GROUP BY from_id)"
    ways = []
    if "contacts" in found.subjects:
        ways.append(f"SELECT 'contacts' AS subject_type, from_id AS subject, to_id AS record_id FROM {primary}")
    if reach("contacts", found):
        ways.append(
            f"SELECT r.subject_type, r.subject, p.to_id AS record_id FROM reach_contacts r JOIN {primary} p"
            " ON p.from_id = r.record_id"
        )
    return ways


def events(object_name: str, as_of: AsOf, found: Survey) -> str:
    """Return the events of an object's records up to now, each once per record."""
    return _dated(object_name, f"occurred_at <= {sql.moment(as_of.now)}", as_of, found)


def coming(object_name: str, as_of: AsOf, found: Survey) -> str:
    """Return the events of an object's records from today on that are known already, each once per record."""
    return _dated(object_name, f"occurred_at >= {sql.moment(as_of.day_start)}", as_of, found)


def _dated(object_name: str, dates: str, as_of: AsOf, found: Survey) -> str:
    sources = sql.one_of(found.sources)
    known = f"{dates} AND known_at <= {sql.moment(as_of.now)} AND source IN {sources} AND bot IS NULL"
    kinds = sql.one_of(sorted(found.subjects - {object_name}))
    ways = []
    if object_name in found.subjects or not reach(object_name, found):
        ways.append(_direct(object_name, known, found))
    if reach(object_name, found):
        ways.append(
            f"SELECT w.record_id, {_EVENT} FROM ({_resolved(f'{known} AND subject_type IN {kinds}', found)}) e"
            f" JOIN {sql.name(f'reach_{object_name}')} w ON w.subject_type = e.subject_type AND w.subject = e.subject"
        )
    return " UNION ALL ".join(ways)


def _direct(object_name: str, known: str, found: Survey) -> str:
    mine = f"{known} AND subject_type = {sql.text(object_name)}"
    return f"SELECT subject AS record_id, {_EVENT} FROM ({_resolved(mine, found)})"


def _resolved(condition: str, found: Survey) -> str:
    """Events with the subject's id of today; without merges there is nothing to look up."""
    plain = f"SELECT * FROM portal.event WHERE {condition}"
    if not found.merged & found.subjects:
        return plain
    return (
        f"SELECT e.* REPLACE (coalesce(i.record_id, e.subject) AS subject) FROM ({plain}) e"
        " LEFT JOIN identities i ON i.object = e.subject_type AND i.old_id = e.subject"
    )

"""What may be written: every value is checked against its property's type before anything changes.

The codes PROPERTY_DOESNT_EXIST, INVALID_OPTION, INVALID_INTEGER and INVALID_EMAIL and their texts are HubSpot's;
the other codes and texts, and the required properties of the 2026-09 version, are unverified.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any, NamedTuple

from hubsync.emulator.clock import read_datetime, to_iso
from hubsync.emulator.definitions import Definition
from hubsync.emulator.errors import Problem, Refusal, conflict, contact_exists, invalid_values, required_missing
from hubsync.emulator.records import ENGAGEMENTS, OBJECT_TYPES, Rec
from hubsync.emulator.state import Portal

LONGEST_TEXT = 65_536

_EMAIL = re.compile(r"[^@\s,;<>()\[\]\"]+@[^@\s,;<>()\[\]\"]+\.[^@\s.,;<>()\[\]\"]{2,}")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")

# Each group needs one of its names (api-facts §4).
REQUIRED: dict[str, tuple[tuple[str, ...], ...]] = {
    "contacts": (("email", "firstname", "lastname"),),
    "companies": (("name", "domain"),),
    "deals": (("dealname",), ("dealstage",), ("pipeline",)),
    "tickets": (("subject",), ("hs_pipeline",), ("hs_pipeline_stage",)),
    "subscriptions": (("hs_name",),),
    "commerce_payments": (("hs_initial_amount",), ("hs_initiated_date",)),
    "emails": (("hs_timestamp",), ("hs_email_direction",)),
    "communications": (("hs_timestamp",), ("hs_communication_channel_type",)),
    **dict.fromkeys(("calls", "meetings", "notes", "tasks"), (("hs_timestamp",),)),
}

_LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)

STAGES = {"deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage")}


class Checked(NamedTuple):
    """The outcome of a check: the values to store, or why not."""

    values: dict[str, str]
    refusal: Refusal | None


def check(portal: Portal, object: str, given: Mapping[str, Any], version: str, rec: Rec | None) -> Checked:
    """Check the properties of a new record (`rec` is None) or of a change."""
    properties = portal.properties[object]
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for name, raw in given.items():
        text = _text(raw)
        definition = properties.live.get(name)
        # Guides say that activities ignore what others refuse (api-facts §3).
        lenient = object in ENGAGEMENTS and rec is not None
        if definition is None:
            if not lenient:
                problems.append(Problem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif properties.read_only(name):
            if not lenient:
                problems.append(
                    Problem(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
                )
        elif text == "":
            values[name] = ""
        else:
            found = _CHECKS.get(definition["type"], _check_text)(definition, text, rec)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                values[name] = found
    problems += _bad_references(portal, object, values, rec)
    if problems:
        return Checked({}, invalid_values(problems, portal.portal_id))
    _keep_lifecycle(values, rec)
    return Checked(values, _missing(portal, object, values, version, rec) or _clash(portal, object, values, rec))


def _text(raw: Any) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw)


def _check_text(definition: Definition, text: str, rec: Rec | None) -> str | Problem:
    del rec
    name = definition["name"]
    if len(text) > LONGEST_TEXT:
        return Problem(name, "PROPERTY_VALUE_TOO_LONG", f"{name} has more than {LONGEST_TEXT} characters")
    if name == "email" and not _EMAIL.fullmatch(text.strip()):
        return Problem(name, "INVALID_EMAIL", f"Email address {text} is invalid")
    return text.strip().lower() if name == "email" else text


def _check_number(definition: Definition, text: str, rec: Rec | None) -> str | Problem:
    del rec
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped) or not math.isfinite(float(stripped)):
        return Problem(definition["name"], "INVALID_INTEGER", f"{definition['name']} was not a valid number")
    return stripped


def _check_bool(definition: Definition, text: str, rec: Rec | None) -> str | Problem:
    del rec
    if text.lower() not in ("true", "false"):
        return Problem(
            definition["name"], "INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]"
        )
    return text.lower()


def _check_date(definition: Definition, text: str, rec: Rec | None) -> str | Problem:
    del rec
    moment = read_datetime(text)
    if moment is None:
        return Problem(definition["name"], "INVALID_DATE", f"{text} was not a valid date")
    if moment.time() != time.min:
        return Problem(definition["name"], "INVALID_DATE", f"{text} is not midnight UTC")
    return moment.date().isoformat()


def _check_datetime(definition: Definition, text: str, rec: Rec | None) -> str | Problem:
    del rec
    moment = read_datetime(text)
    if moment is None:
        return Problem(definition["name"], "INVALID_DATE", f"{text} was not a valid date")
    return to_iso(moment)


def _check_options(definition: Definition, text: str, rec: Rec | None) -> str | Problem:
    if definition["externalOptions"]:
        return text
    allowed = [option["value"] for option in definition["options"]]
    appended = text.startswith(";")
    several = definition["fieldType"] == "checkbox"
    chosen = [part for part in text.split(";") if part] if several or appended else [text]
    for value in chosen:
        if value not in allowed:
            return Problem(
                definition["name"],
                "INVALID_OPTION",
                f"{value} was not one of the allowed options: [{', '.join(allowed)}]",
            )
    if appended and rec is not None:
        before = [part for part in rec.properties.get(definition["name"], "").split(";") if part]
        chosen = before + chosen
    return ";".join(dict.fromkeys(chosen))


_CHECKS: dict[str, Callable[[Definition, str, Rec | None], str | Problem]] = {
    "number": _check_number,
    "bool": _check_bool,
    "date": _check_date,
    "datetime": _check_datetime,
    "enumeration": _check_options,
}


def _bad_references(portal: Portal, object: str, values: Mapping[str, str], rec: Rec | None) -> list[Problem]:
    """Owners, pipelines and stages that the portal does not have."""
    problems = []
    owner = values.get("hubspot_owner_id", "")
    if owner and owner not in portal.directory.owners:
        problems.append(Problem("hubspot_owner_id", "INVALID_OWNER_ID", f"Owner {owner} does not exist"))
    if object in STAGES:
        pipeline_name, stage_name = STAGES[object]
        pipelines = list(portal.directory.pipelines[object])
        pipeline = values.get(pipeline_name) or (rec.properties.get(pipeline_name, "") if rec else "")
        stage = values.get(stage_name, "")
        if values.get(pipeline_name) and pipeline not in pipelines:
            problems.append(
                Problem(
                    pipeline_name,
                    "INVALID_OPTION",
                    f"{pipeline} was not one of the allowed options: [{', '.join(pipelines)}]",
                )
            )
        elif stage:
            stages = portal.directory.stage_ids(object, pipeline or None)
            if stage not in stages:
                problems.append(
                    Problem(
                        stage_name,
                        "INVALID_OPTION",
                        f"{stage} was not one of the allowed options: [{', '.join(stages)}]",
                    )
                )
    return problems


def _keep_lifecycle(values: dict[str, str], rec: Rec | None) -> None:
    """The lifecycle stage only moves forward unless it is cleared; HubSpot says nothing about it."""
    wanted = values.get("lifecyclestage", "")
    current = rec.properties.get("lifecyclestage", "") if rec else ""
    if wanted in _LIFECYCLE and current in _LIFECYCLE and _LIFECYCLE.index(wanted) < _LIFECYCLE.index(current):
        del values["lifecyclestage"]


def _missing(portal: Portal, object: str, values: dict[str, str], version: str, rec: Rec | None) -> Refusal | None:
    after = dict(rec.properties if rec else {}) | values
    missing = [
        group[0] for group in REQUIRED.get(object, ()) if rec is None and not any(after.get(name) for name in group)
    ]
    if version == "2026-09":
        missing += [
            rule.name
            for rule in portal.requirements.get(object, ())
            if not after.get(rule.name)
            and all(after.get(name) == want for name, want in rule.when.items())
            and (rec is None or rule.when.keys() & values.keys() or rule.name in values)
        ]
    return required_missing(OBJECT_TYPES[object].singular.upper(), missing) if missing else None


def _clash(portal: Portal, object: str, values: Mapping[str, str], rec: Rec | None) -> Refusal | None:
    """Another record has the same value in a property whose values are unique."""
    for name in portal.properties[object].unique & values.keys():
        holder = portal.find(object, name, values[name])
        if holder is not None and (rec is None or holder != rec.id):
            return (
                contact_exists(holder)
                if name == "email"
                else conflict(f"A record with {name} {values[name]} already exists. Existing ID: {holder}")
            )
    return None

"""airbyte-source-hubspot 5: python airbyte_source.py URL TOKEN [STREAM...]."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from say import run

NAMES = {
    "contact_lists": "lists",
    "deal_pipelines": "pipelines:deals",
    "ticket_pipelines": "pipelines:tickets",
    "form_submissions": "submissions",
    "engagements_calls": "calls",
    "engagements_emails": "emails",
    "engagements_meetings": "meetings",
    "engagements_notes": "notes",
    "engagements_tasks": "tasks",
    "deals_archived": "deals:archived",
    "owners_archived": "owners:archived",
    "contacts_property_history": "history:contacts",
    "companies_property_history": "history:companies",
    "deals_property_history": "history:deals",
    "goals": "goal_targets",
}
SINCE = "2020-01-01T00:00:00Z"


def main(url: str, token: str, *only: str) -> None:
    """Discover, read all streams whole, then contacts and deals from a state."""
    credentials = {"credentials_title": "Private App Credentials", "access_token": token}
    config = _file({"start_date": SINCE, "credentials": credentials})
    found = [one["catalog"]["streams"] for one in airbyte(url, "discover", "--config", config) if "catalog" in one]
    streams = [one for one in found[0] if one["name"] in (only or [each["name"] for each in found[0]])]
    for stream, work in read(url, config, streams).items():
        run(NAMES.get(stream, stream), work)
    changed = [one for one in streams if one["name"] in ("contacts", "deals")]
    for stream, work in read(url, config, changed, since="2026-01-01T00:00:00.000000Z").items():
        run(f"{stream}:since", work)


def read(url: str, config: str, streams: list[dict[str, Any]], since: str = "") -> dict[str, Any]:
    """What each stream brings, as work that gives its rows or raises its error."""
    mode = "incremental" if since else "full_refresh"
    catalog = [{"stream": one, "sync_mode": mode, "destination_sync_mode": "append"} for one in streams]
    given = ["--config", config, "--catalog", _file({"streams": catalog})]
    if since:
        states = [{"stream_descriptor": {"name": one["name"]}, "stream_state": {"updatedAt": since}} for one in streams]
        given += ["--state", _file([{"type": "STREAM", "stream": one} for one in states])]
    records: dict[str, list[dict[str, Any]]] = {one["name"]: [] for one in streams}
    errors: dict[str, str] = {}
    for one in airbyte(url, "read", *given):
        if one["type"] == "RECORD":
            records[one["record"]["stream"]].append(one["record"]["data"])
        elif one["type"] == "TRACE" and one["trace"]["type"] == "ERROR":
            error = one["trace"]["error"]
            name = (error.get("stream_descriptor") or {}).get("name", "")
            errors.setdefault(name, error.get("internal_message") or error["message"])

    def work(name: str) -> dict[str, dict[str, Any]]:
        if name in errors:
            raise RuntimeError(errors[name])
        return rows(name, records[name])

    return {name: partial(work, name) for name in records}


def airbyte(url: str, *arguments: str) -> list[dict[str, Any]]:
    """What the connector says to its platform; it runs in a process of its own, as there."""
    start = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from address import send_to; send_to({url!r})"
    )
    start += "; from source_hubspot.run import run; run()"
    ended = subprocess.run([sys.executable, "-c", start, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]


def rows(name: str, records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Records as rows, in the words of the comparison."""
    if name.endswith("_property_history"):
        own = {"contacts": "vid", "companies": "companyId", "deals": "dealId"}[name.split("_", 1)[0]]
        return {f"{one[own]}|{one['property']}|{one['timestamp']}": {"value": one["value"]} for one in records}
    if name == "form_submissions":
        return {f"{one['formId']}|{one['submittedAt']}": {} for one in records}
    if name == "subscription_changes":
        return {f"{one['recipient']}|{one['timestamp']}": {} for one in records}
    own = {"contact_lists": "listId", "deal_pipelines": "pipelineId"}.get(name, "id")
    prefix = "properties_"
    return {
        str(one[own]): {label.removeprefix(prefix): value for label, value in one.items() if label.startswith(prefix)}
        for one in records
    }


def _file(content: Any) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(content, file)
    return str(Path(file.name))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Workflows on what hubsync writes: only records that the plan named are enrolled, each once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from thread_given import Thread

from hubsync.emulator import EmulatorServer, Options
from hubsync.journal import RunResult
from hubsync.provision import provision
from hubsync.types import Change
from hubsync.workspace import Workspace

TIERS = {"combined": "hubsync_lead_tier", "customer": "hubsync_customer_tier"}
SCORE = "hubsync_engagement_score"
WATCHED = {
    "hubsync_lead_tier": "0-1",
    "hubsync_lead_tier_changed": "0-1",
    SCORE: "0-1",
    "hubsync_customer_tier": "0-2",
    "hubsync_customer_tier_changed": "0-2",
}
"""The properties on whose every change a workflow enrols, and the type of their records."""

RISK = "enters risk"

Enrolled = dict[str, dict[str, int]]


def _changed(name: str) -> dict[str, Any]:
    """Criteria that enrol a record whenever this property is set, however often."""
    operation = {"operationType": "STRING", "operator": "IS_EQUAL_TO", "value": name}
    filters = [{"filterType": "PROPERTY", "property": "hs_name", "operation": operation}]
    branch = {"filterBranchType": "UNIFIED_EVENTS", "eventTypeId": "4-655002", "operator": "HAS_COMPLETED",
              "filterBranches": [], "filters": filters}  # fmt: skip
    return {"type": "EVENT_BASED", "shouldReEnroll": True, "eventFilterBranches": [branch]}


def _meets_risk() -> dict[str, Any]:
    """Criteria that enrol a company when it comes to be at risk."""
    operation = {"operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": ["risk"]}
    filters = [{"filterType": "PROPERTY", "property": "hubsync_customer_tier", "operation": operation}]
    group = {"filterBranchType": "AND", "filterBranches": [], "filters": filters}
    branch = {"filterBranchType": "OR", "filters": [], "filterBranches": [group]}
    return {"type": "LIST_BASED", "shouldReEnroll": False, "listFilterBranch": branch}


def _make_flow(thread: Thread, name: str, type_id: str, criteria: dict[str, Any]) -> None:
    body: dict[str, Any] = {
        "type": "CONTACT_FLOW" if type_id == "0-1" else "PLATFORM_FLOW", "flowType": "WORKFLOW", "name": name,
        "objectTypeId": type_id, "isEnabled": True, "actions": [], "enrollmentCriteria": criteria,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {thread.server.token}"}
    requests.post(f"{thread.server.url}/automation/v4/flows", json=body, headers=headers, timeout=30).raise_for_status()


def _enrolled(thread: Thread) -> Enrolled:
    """How often each workflow has enrolled each record so far."""
    with thread.server.portal.lock:
        flows = thread.server.portal.tools.flows.live.values()
        return {str(flow.body["name"]): dict(flow.enrolled) for flow in flows}


@dataclass(frozen=True)
class Chapter:
    """One run: what its plan said, and whom the workflows enrolled meanwhile."""

    result: RunResult
    changes: list[Change]
    enrolled: Enrolled

    @property
    def planned(self) -> Enrolled:
        """Whom the plan's values enrol, each once, by the property of the workflow."""
        return {
            name: {each.record_id: 1 for each in self.changes if each.property == name}
            for name in WATCHED
        }  # fmt: skip

    @property
    def moves(self) -> dict[str, int]:
        """How many records change their tier, by the header of the plan."""
        assert self.result.plan is not None
        return {
            TIERS[model]: sum(count for (old, new), count in moves.items() if old != new)
            for model, moves in self.result.plan.tier_moves.items()
            if model in TIERS
        }


def _chapter(thread: Thread) -> Chapter:
    """Run, accept what a guard held, and see whom that enrolled."""
    before = _enrolled(thread)
    result = thread.run()
    if result.status == "held":
        result = thread.accept(run_id=result.run_id)
    assert result.status == "ok", result.reason
    with thread.store.read() as reader:
        changes = reader.plan_changes(result.run_id)
    new = {
        name: {id_: times - before[name].get(id_, 0) for id_, times in each.items() if times != before[name].get(id_)}
        for name, each in _enrolled(thread).items()
    }
    return Chapter(result, changes, new)


@dataclass(frozen=True)
class Story:
    """A portal's first sync, the run after it, one after two weeks, and one with models of other versions."""

    first: Chapter
    again: Chapter
    later: Chapter
    nudged: set[str]
    """Contacts whose score moved in the two weeks by less than is written."""
    renewed: Chapter


def _edit(thread: Thread, model: str, old: str, new: str) -> None:
    path = thread.config / "models" / f"{model}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _nudged(thread: Thread, before: dict[str, dict[str, str | None]]) -> set[str]:
    with thread.scored() as (scratch, _):
        now = dict(scratch.execute("SELECT record_id, score FROM scores_engagement WHERE score IS NOT NULL"))
    had = {id_: int(values[SCORE] or 0) for id_, values in before.items() if values[SCORE]}
    return {id_ for id_ in had.keys() & now.keys() if 0 < abs(now[id_] - had[id_]) < 3}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The shipped models on a portal with workflows on what they write."""
    with EmulatorServer(Options(port=0, contacts=40, plan="enterprise")) as server:
        thread = Thread(tmp_path_factory.mktemp("storm"), server)
        with Workspace.open(thread.settings) as workspace:
            provision(workspace.writer, workspace.catalog, dry_run=False)
        for name, type_id in WATCHED.items():
            _make_flow(thread, name, type_id, _changed(name))
        _make_flow(thread, RISK, "0-2", _meets_risk())
        first, again = _chapter(thread), _chapter(thread)
        thread.live(14)
        before = thread.in_hubspot("contacts", (SCORE,))
        later = _chapter(thread)
        nudged = _nudged(thread, before)
        _edit(thread, "combined", "fit: {A: 70, B: 40, C: 0}", "fit: {A: 60, B: 30, C: 0}")
        _edit(thread, "customer", "starts_at: 54", "starts_at: 50")
        yield Story(first, again, later, nudged, _chapter(thread))


def test_the_first_sync_enrols_whom_its_plan_named(story: Story) -> None:
    """A workflow on a tier or on its date enrols each record that gets one, once; the plan said how many."""
    first = story.first
    assert {name: first.enrolled[name] for name in WATCHED} == first.planned
    assert {name: len(first.enrolled[name]) for name in TIERS.values()} == first.moves
    assert min(first.moves.values()) > 5
    risk = [
        each.record_id for each in first.changes if (each.property, each.after) == ("hubsync_customer_tier", "risk")
    ]
    assert first.enrolled[RISK] == dict.fromkeys(risk, 1)


def test_a_second_run_enrols_nobody(story: Story) -> None:
    """Nothing is written again, so that no workflow sees anything."""
    assert not any(story.again.enrolled.values())
    assert story.again.changes == []


def test_after_two_weeks_only_tiers_that_the_plan_moved_enrol(story: Story) -> None:
    """Whoever changed tier is enrolled once, and nobody else, whatever else moved in the portal."""
    later = story.later
    assert {name: later.enrolled[name] for name in WATCHED} == later.planned
    given = {name: sum(each.property == name and each.after != "" for each in later.changes) for name in TIERS.values()}
    assert given == later.moves
    assert 0 < sum(later.moves.values()) < sum(story.first.moves.values()) / 2
    assert later.result.plan is not None and story.first.result.plan is not None
    assert later.result.plan.records_changed < story.first.result.plan.records_changed


def test_a_score_that_moved_less_than_the_least_enrols_nobody(story: Story) -> None:
    """Scores that only crept by a point or two are not written, so that a workflow on the score itself rests."""
    assert len(story.nudged) > 2
    assert story.nudged.isdisjoint(story.later.enrolled[SCORE])
    assert story.later.enrolled[SCORE]


def test_a_new_version_enrols_only_the_moves_that_its_plan_named(story: Story) -> None:
    """Models that were changed write all their scores; a tier that stays what it was is not written again."""
    renewed = story.renewed
    assert renewed.result.plan is not None
    assert {"combined", "customer"} <= set(renewed.result.plan.new_models)
    assert {name: renewed.enrolled[name] for name in WATCHED} == renewed.planned
    assert {name: len(renewed.enrolled[name]) for name in TIERS.values()} == renewed.moves
    assert min(renewed.moves.values()) > 0
    written = {each.record_id for each in renewed.changes if each.property == "hubsync_customer_score"}
    assert len(written) > len(renewed.enrolled["hubsync_customer_tier"])

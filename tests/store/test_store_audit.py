from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from store_given import DAY, NOON, contact, moment, pull, table

from hubsync.errors import StoreError
from hubsync.store import VALUES_HASH, Expected, Published, Scratch, SourceState, Store, Writer
from hubsync.types import Change, Guard, Outcome, Plan, Update

PLAN = Plan(
    run_id="r1",
    as_of=NOON,
    hash="abc",
    records_scored=3,
    changes=4,
    records_changed=2,
    first_write=True,
    tier_moves={"m": {("", "risk"): 2, ("risk", "steady"): 1}},
    guards=(Guard("tier_changes", held=True, message="too many", value=0.5, limit=0.05),),
    new_models=("m",),
)


def change(record_id: str, name: str, after: str | None, run_id: str = "r1", **more: Any) -> dict[str, Any]:
    row = {"run_id": run_id, "object": "contacts", "record_id": record_id, "model": "m", "property": name}
    return {**row, "before": "1", "after": after, **more}


def plan_changes(store: Store, *rows: dict[str, Any]) -> None:
    with store.write() as writer:
        assert writer.append("change", rows) == len(rows)


def settle(store: Store, *outcomes: Outcome, run_id: str = "r1", at: Any = NOON) -> None:
    with store.write() as writer:
        writer.settle(run_id, "contacts", outcomes, at)


def own(store: Store, record_id: str) -> tuple[Any, ...]:
    with store.read() as reader:
        found = reader.find_record("contacts", record_id)
    assert found is not None
    return dict(found.own), found.updated_at


def test_a_run_is_written_down(store: Store) -> None:
    """Begin and end, counts, calls and reason; the last good one is found behind later ones."""
    with store.write() as writer:
        assert writer.last_run() is None
        writer.start_run("r1", "sync", NOON, NOON, full=True)
        writer.finish_run("r1", "ok", ended_at=NOON + DAY / 24, counts={"written": 5}, calls=12)
        writer.start_run("r2", "plan", NOON + DAY, NOON + DAY, full=False)
        writer.finish_run("r2", "held", ended_at=NOON + DAY, counts={}, calls=3, reason="a guard")
    with store.read() as reader:
        good, last = reader.last_good_run(), reader.last_run()
        assert good is not None
        assert last is not None
        assert (good.run_id, good.full, good.counts, good.ended_at) == ("r1", True, {"written": 5}, NOON + DAY / 24)
        assert (last.run_id, last.status, last.reason, last.calls) == ("r2", "held", "a guard", 3)
        assert [run.run_id for run in reader.runs()] == ["r2", "r1"]
        assert (reader.calls_since(NOON), reader.calls_since(NOON + DAY)) == (15, 3)
        assert reader.run("none") is None


def test_the_last_written_plan_is_what_guards_compare_with(store: Store) -> None:
    """A plan counts of which something was written, or that was accepted with nothing to write; no other does."""
    free = replace(PLAN, guards=(replace(PLAN.guards[0], held=False),))
    runs = [
        ("r1", free, "failed", 5, "r1"), ("r2", free, "ok", 0, "r1"), ("r3", PLAN, "held", 0, "r1"),
        ("r3", PLAN, "ok", 0, "r3"), ("r4", free, "partial", 0, "r3"),
    ]  # fmt: skip
    for run_id, plan, status, written, expected in runs:
        with store.write() as writer:
            if writer.run(run_id) is None:
                writer.start_run(run_id, "sync", NOON, NOON + int(run_id[1]) * DAY, full=False)
            writer.save_plan(replace(plan, run_id=run_id))
            writer.finish_run(run_id, status, ended_at=NOON, counts={"written": written}, calls=1)  # type: ignore[arg-type]
            found = writer.last_written_plan()
        assert found is not None
        assert found.run_id == expected


def test_a_run_that_was_cut_off_is_failed_by_the_next(store: Store) -> None:
    """Only one run goes at a time, so whatever still runs when the next begins did not end."""
    with store.write() as writer:
        writer.start_run("r1", "sync", NOON, NOON, full=True)
        writer.start_run("r2", "sync", NOON, NOON + DAY, full=True)
        assert [(run.run_id, run.status) for run in writer.runs()] == [("r2", "running"), ("r1", "failed")]


def test_a_plan_comes_back_as_it_was(store: Store) -> None:
    """Header, guards, tier moves and rows; a run without a plan has none."""
    plan_changes(store, change("2", "score", "5"), change("1", "score", None))
    with store.write() as writer:
        writer.start_run("r1", "plan", NOON, NOON, full=True)
        assert (writer.plan("r1"), writer.last_planned_run()) == (None, None)
        writer.save_plan(PLAN)
    with store.read() as reader:
        assert reader.plan("r1") == PLAN
        planned = reader.last_planned_run()
        assert planned is not None
        assert planned.plan_hash == "abc"
        rows = [Change("contacts", "1", "m", "score", "1", None), Change("contacts", "2", "m", "score", "1", "5")]
        assert reader.plan_changes("r1") == rows
        assert reader.plan_changes("r1", limit=1) == rows[:1]


def test_a_run_that_planned_is_resumed(store: Store) -> None:
    """Its calls add up and its counts stay; while it goes on it says so, and one that was cut off is marked."""
    with store.write() as writer:
        writer.start_run("r1", "plan", NOON, NOON, full=False)
        writer.finish_run("r1", "held", ended_at=NOON, counts={"scores": 7}, calls=12, reason="a guard")
        writer.start_run("r2", "sync", NOON, NOON, full=False)
        writer.resume_run("r1", NOON + DAY)
        assert [(run.status, run.reason[:11]) for run in writer.runs()] == [("failed", "The process"), ("running", "")]
        writer.finish_run("r1", "ok", ended_at=NOON + DAY, counts={"written": 5}, calls=3)
    with store.read() as reader:
        run = reader.run("r1")
    assert run is not None
    assert (run.status, run.counts, run.calls) == ("ok", {"scores": 7, "written": 5}, 15)


def test_changes_of_archived_records_are_left_out(store: Store) -> None:
    """What is archived after it was planned is not written, and says why."""
    pull(store, contact("1"), contact("2"))
    plan_changes(store, change("1", "score", "5"), change("2", "score", "6"))
    with store.write() as writer:
        writer.archive("contacts", ["1"], NOON)
        writer.skip_archived("r1", "gone", NOON)
    assert waiting(store) == [[Update("2", {"score": "6"})]]


def waiting(store: Store) -> list[list[Update]]:
    return list(store.planned("r1").updates("contacts", 2))


def test_updates_are_what_is_planned_and_not_settled(store: Store) -> None:
    """One per record with all its properties; cleared ones are empty text; settled ones are not given again."""
    pull(store, contact("1"), contact("2"), contact("3"))
    plan_changes(
        store,
        change("2", "score", "5"),
        change("2", "tier", "a"),
        change("1", "score", None),
        change("3", "score", "1"),
    )
    assert waiting(store) == [
        [Update("1", {"score": ""}), Update("2", {"score": "5", "tier": "a"})],
        [Update("3", {"score": "1"})],
    ]
    settle(store, Outcome("1", written=True), Outcome("2", written=False, message="no"))
    assert waiting(store) == [[Update("3", {"score": "1"})]]
    with store.write() as writer:
        writer.skip("r1", "too many were refused", NOON)
        assert writer.change_counts("r1") == {"written": 1, "rejected": 1, "skipped": 1}
    assert waiting(store) == []


def test_what_is_planned_waits_without_the_file(store: Store) -> None:
    """While updates are sent the file can be written; what was found in each property is told beside them."""
    plan_changes(store, {**change("1", "score", "5"), "before": None}, {**change("1", "tier", "a"), "before": "b"})
    planned = store.planned("r1")
    assert (planned.objects, planned.changes) == (["contacts"], 2)
    pages = planned.expected("contacts", 100)
    assert next(pages) == [Expected("1", {"score": None, "tier": "b"})]
    with store.write() as writer:
        writer.skip("r1", "sent elsewhere", NOON)
    assert list(pages) == []


def test_a_large_plan_is_read_in_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every record comes once and whole, wherever a piece ends."""
    monkeypatch.setattr("hubsync.store.planned._PIECE", 3)
    plan_changes(store, *(change(str(i), name, "1") for i in range(10, 31) for name in ("score", "tier")))
    found = [update for page in store.planned("r1").updates("contacts", 4) for update in page]
    assert found == [Update(str(i), {"score": "1", "tier": "1"}) for i in range(10, 31)]


def test_a_written_change_is_in_the_snapshot_at_once(store: Store) -> None:
    """Written values and HubSpot's updatedAt are taken over; cleared ones go; refused ones change nothing."""
    both = {"contacts": frozenset({"hubsync_score", "old_why"})}
    pull(store, contact("1", hubsync_score="1", old_why="x"), contact("2", hubsync_score="1"), own=both)
    plan_changes(
        store,
        change("1", "hubsync_score", None),
        change("1", "tier", "a"),
        change("1", "old_why", ""),
        change("2", "hubsync_score", "9"),
    )
    settle(store, Outcome("1", written=True, updated_at=NOON + DAY), Outcome("2", written=False, message="no"))
    assert own(store, "1") == ({"tier": "a"}, NOON + DAY)
    assert own(store, "2") == ({"hubsync_score": "1"}, NOON)
    pull(store, contact("1", at=NOON, hubsync_score="1"), at=NOON + DAY)
    assert own(store, "1") == ({"tier": "a"}, NOON + DAY)


def test_a_reject_is_remembered_until_it_is_written(store: Store) -> None:
    """The same refusal keeps its first time, another one starts anew, a success forgets it."""
    pull(store, contact("1"))
    answers = [("r1", "5", "no"), ("r2", "5", "no"), ("r3", "5", "another"), ("r4", "6", "another")]
    firsts = []
    for number, (run_id, value, words) in enumerate(answers):
        plan_changes(store, change("1", "score", value, run_id))
        at = NOON + number * DAY
        settle(store, Outcome("1", written=False, message=words, category="V"), run_id=run_id, at=at)
        with store.read() as reader:
            (reject,) = reader.rejects()
        assert (reject.message, reject.category, reject.last_at, reject.changed_at) == (words, "V", at, NOON)
        firsts.append((reject.first_at - NOON) // DAY)
    assert firsts == [0, 0, 2, 3]
    hashes = table(store, f"SELECT {VALUES_HASH} FROM portal.change WHERE run_id = 'r4'")
    assert hashes == [(reject.values_hash,)]
    plan_changes(store, change("1", "score", "7", "r5"))
    settle(store, Outcome("1", written=True), run_id="r5")
    with store.read() as reader:
        assert reader.rejects() == []


def history(score: str, days: int, **more: Any) -> dict[str, Any]:
    row = {"object": "contacts", "record_id": "1", "model": "m", "version": "v1", "score": Decimal(score)}
    when = {"as_of": NOON + days * DAY, "published_at": NOON + days * DAY}
    return {**row, "tier": "a", "why": "because", "run_id": "r1", **when, **more}


def test_published_is_the_last_row_as_of_a_moment(store: Store) -> None:
    """Per record and model, by as_of; a past moment sees what was published by then."""
    with store.write() as writer:
        writer.append(
            "score_history",
            [history("12.5", 2), history("7", 0, published_at=NOON + 9 * DAY), history("9", 1, model="other")],
        )
    last = Published("contacts", "1", "m", "v1", Decimal("12.5"), "a", NOON + 2 * DAY, "because")
    with store.read() as reader:
        assert reader.published("contacts", "1") == [
            last,
            replace(last, model="other", score=Decimal(9), as_of=NOON + DAY),
        ]
    with store.scratch(moment(NOON + DAY), []) as scoring:
        query = "SELECT model, score FROM published ORDER BY model"
        assert scoring.execute(query) == [("m", Decimal(7)), ("other", Decimal(9))]


def test_a_decision_is_published_unless_it_says_the_same(store: Store) -> None:
    """What was published and is only written again enters the history once; a code beside the score is new as well."""
    said = {"object": "contacts", "record_id": "1", "model": "m", "version": "v1", "score": "7", "why": "because"}
    published = []
    for number, code in enumerate(("511", "511", "512")):
        run_id, at = f"r{number}", NOON + number * DAY
        with store.write() as writer:
            writer.start_run(run_id, "sync", at, at, full=False)
            writer.append("decision", [{**said, "run_id": run_id, "extras": f'{{"code":"{code}"}}'}])
            published.append(writer.publish(run_id, at))
    with store.read() as reader:
        codes = [each.extras["code"] for each in reader.life("contacts", "1").publications]

    assert (published, codes) == ([1, 0, 1], ["511", "512"])


def test_sources_and_models_are_remembered(store: Store) -> None:
    """A state replaces the former one but keeps a known start; a model's version is new once."""
    with store.write() as writer:
        writer.save_sources([SourceState("a", "login", "active", NOON, starts_at=NOON - DAY, last_event_at=NOON)])
        writer.save_sources([SourceState("a", "login", "failed", NOON + DAY, reason="403")])
        assert writer.save_model("m", "v1", "{}", NOON)
        assert not writer.save_model("m", "v1", "{}", NOON)
        expected = SourceState("a", "login", "failed", NOON + DAY, "403", NOON - DAY, NOON)
        assert writer.sources() == [expected]
        writer.set_cursor("s", {"after": 1}, NOON)
        writer.drop_cursor("s")
        assert writer.cursors() == {}


def test_results_go_from_memory_into_the_file(store: Store) -> None:
    """Rows computed while scoring are copied in one transaction, with their header; then the file is free."""
    pull(store, contact("1"), contact("2"))
    with store.write() as writer:
        writer.start_run("r1", "plan", NOON, NOON, full=True)
    with store.scratch(moment(NOON), []) as scoring:
        compute(scoring)
        scoring.detach()
        with store.write() as other:
            other.set_cursor("free", {}, NOON)
        with scoring.writing() as writer:
            assert writer.insert("change", "SELECT * FROM changes") == 2
            writer.save_plan(PLAN)
        with store.write() as other:
            assert other.change_counts("r1") == {"planned": 2}
        scoring.attach()
        assert scoring.execute("SELECT count(*) FROM records_contacts") == [(2,)]
        assert list(scoring.stream("SELECT record_id FROM changes ORDER BY 1", size=1)) == [[("1",)], [("2",)]]
        assert scoring.columns("own_contacts") == ["record_id", "own"]


def test_an_error_while_results_are_written_leaves_none(store: Store) -> None:
    """Header and rows are one transaction."""
    pull(store, contact("1"))
    with store.scratch(moment(NOON), []) as scoring:
        compute(scoring)
        with pytest.raises(StoreError, match="nowhere"), scoring.writing() as writer:
            insert_half(writer)
    with store.read() as reader:
        assert reader.change_counts("r1") == {}


def insert_half(writer: Writer) -> None:
    writer.insert("change", "SELECT * FROM changes")
    writer.insert("change", "SELECT * FROM nowhere")


def compute(scoring: Scratch) -> None:
    scoring.execute(
        "CREATE TABLE changes AS SELECT 'r1' AS run_id, 'contacts' AS object, record_id, 'm' AS model,"
        " 'score' AS property, CAST(NULL AS VARCHAR) AS before, '9' AS after FROM records_contacts"
    )

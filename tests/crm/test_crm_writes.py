"""Batches of updates: every record gets its outcome, whatever one of them does to the batch."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from crm_wire import BASE, bodies, error_body, utc

from hubsync.crm import Client
from hubsync.crm.writes import GONE
from hubsync.errors import RefusedError, RemoteError, ScopeError
from hubsync.types import Update

URL = f"{BASE}/crm/objects/2026-09/contacts/batch/update"
PACKED = "reports was not one of the allowed options: [PRODUCT_ISSUE, BILLING_ISSUE, FEATURE_REQUEST, GENERAL_INQUIRY]"
UPDATED = "2026-11-21T14:00:00.123Z"


def updates(count: int) -> list[Update]:
    return [Update(str(number), {"score": str(number)}) for number in range(count)]


def result(item: dict, **more) -> dict:
    return {"id": item["id"], "properties": {}, "updatedAt": UPDATED, **more}


def answering(wire, answer: Callable[[list[dict]], tuple[int, dict]]) -> None:
    """Lets a function of the inputs answer each batch."""

    def callback(request):
        status, body = answer(orjson.loads(request.body)["inputs"])
        return status, {}, orjson.dumps(body)

    wire.add_callback("POST", URL, callback)


def test_all_written(client: Client, wire) -> None:
    """Each update is sent in batches of 100 with a trace id of its own, and its outcome knows HubSpot's time."""
    answering(wire, lambda inputs: (200, {"results": [result(item) for item in reversed(inputs)]}))

    outcomes = client.batch_update("contacts", updates(250), "run7")

    assert [outcome.record_id for outcome in outcomes] == [str(number) for number in range(250)]
    assert all(outcome.written for outcome in outcomes)
    assert outcomes[0].updated_at == utc(2026, 11, 21, 14, 0, 0, 123000)
    sent = [item for body in bodies(wire) for item in body["inputs"]]
    assert [len(body["inputs"]) for body in bodies(wire)] == [100, 100, 50]
    assert len({item["objectWriteTraceId"] for item in sent}) == 250
    assert all(item["objectWriteTraceId"].startswith("run7-") for item in sent)


def test_duplicate_ids_are_merged_before_sending(client: Client, wire) -> None:
    """Two updates of one record become one; HubSpot refuses batches with duplicate ids."""
    answering(wire, lambda inputs: (200, {"results": [result(item) for item in inputs]}))

    outcomes = client.batch_update(
        "contacts", [Update("1", {"a": "1", "b": "1"}), Update("2", {}), Update("1", {"b": "2"})], "t"
    )

    assert [outcome.record_id for outcome in outcomes] == ["1", "2"]
    assert bodies(wire)[0]["inputs"][0]["properties"] == {"a": "1", "b": "2"}


def test_207_errors_find_their_record_by_trace_id_or_id(client: Client, wire) -> None:
    """In a 207 an error names its record by trace id or by id, and the others are written."""

    def answer(inputs: list[dict]) -> tuple[int, dict]:
        by_trace = {
            **error_body("400_invalid_option"),
            "context": {"objectWriteTraceId": [inputs[0]["objectWriteTraceId"]]},
        }
        by_id = {**error_body("207_batch_partial")["errors"][0], "context": {"ids": [inputs[1]["id"]]}}
        return 207, {"results": [result(item) for item in inputs[2:]], "numErrors": 2, "errors": [by_trace, by_id]}

    answering(wire, answer)

    first, second, *others = client.batch_update("contacts", updates(100), "t")

    assert (first.written, first.category) == (False, "VALIDATION_ERROR")
    assert first.message == "reports was not one of the allowed options: [...]"
    assert (second.written, second.category) == (False, "OBJECT_NOT_FOUND")
    assert all(outcome.written for outcome in others)
    assert len(wire.calls) == 1


def test_ids_silently_left_out_were_merged_or_are_gone(client: Client, wire) -> None:
    """An id that is in neither results nor errors is told as merged or gone, without asking again."""
    answering(wire, lambda inputs: (200, {"results": [result(item) for item in inputs[1:]]}))

    first, second = client.batch_update("contacts", updates(2), "t")

    assert (first.written, first.category) == (False, GONE)
    assert "merged" in first.message
    assert second.written
    assert len(wire.calls) == 1


def test_a_silent_no_op_is_not_success(client: Client, wire) -> None:
    """COMPLETE with no results has written nothing."""
    answering(wire, lambda _: (200, {"status": "COMPLETE", "results": []}))

    assert not any(outcome.written for outcome in client.batch_update("contacts", updates(3), "t"))


def test_a_record_answered_under_another_id_is_written(client: Client, wire) -> None:
    """HubSpot may answer with the id of the record that survived a merge; the trace id tells whose it is."""
    answering(
        wire,
        lambda inputs: (
            200,
            {"results": [{**result(inputs[0], objectWriteTraceId=inputs[0]["objectWriteTraceId"]), "id": "900"}]},
        ),
    )

    (outcome,) = client.batch_update("contacts", updates(1), "t")

    assert (outcome.record_id, outcome.written) == ("0", True)
    assert "900" in outcome.message


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("bad", [{0}, {37}, {99}, {3, 4, 80}])
def test_a_batch_refused_for_one_is_resolved_to_it(client: Client, wire, status: int, bad: set[int]) -> None:
    """When HubSpot refuses a whole batch, the records at fault are found and all others are written."""
    names = {str(number) for number in bad}

    def answer(inputs: list[dict]) -> tuple[int, dict]:
        if names & {item["id"] for item in inputs}:
            return status, {"message": "x is not valid", "category": "VALIDATION_ERROR"}
        return 200, {"results": [result(item) for item in inputs]}

    answering(wire, answer)

    outcomes = client.batch_update("contacts", updates(100), "t")

    assert {outcome.record_id for outcome in outcomes if not outcome.written} == names
    assert {outcome.message for outcome in outcomes if not outcome.written} == {"x is not valid"}
    assert len(wire.calls) <= 1 + 14 * len(bad)
    traces = [item["objectWriteTraceId"] for body in bodies(wire) for item in body["inputs"]]
    assert len(traces) == len(set(traces))


def test_a_property_that_does_not_exist_is_not_searched_for(client: Client, wire) -> None:
    """A fault of a property is a fault of all records that carry it; the others are sent again at once."""

    def answer(inputs: list[dict]) -> tuple[int, dict]:
        if any("testproperty" in item["properties"] for item in inputs):
            return 400, error_body("400_property_does_not_exist")
        return 200, {"results": [result(item) for item in inputs]}

    answering(wire, answer)
    bad = [Update(f"b{number}", {"testproperty": "1"}) for number in range(60)]

    outcomes = client.batch_update("contacts", [*bad, *updates(40)], "t")

    assert [outcome.written for outcome in outcomes] == [False] * 60 + [True] * 40
    assert "does not exist" in outcomes[0].message
    assert len(wire.calls) == 2


def test_207_errors_without_a_name_are_resolved(client: Client, wire) -> None:
    """An error that names no record is tracked down by sending again what was left out."""

    def answer(inputs: list[dict]) -> tuple[int, dict]:
        good = [result(item) for item in inputs if item["id"] not in ("3", "7")]
        errors = [{"message": "bad", "category": "X"}] if len(good) < len(inputs) else []
        return (207 if errors else 200), {"results": good, "errors": errors}

    answering(wire, answer)

    outcomes = client.batch_update("contacts", updates(10), "t")

    assert {outcome.record_id: outcome.message for outcome in outcomes if not outcome.written} == {
        "3": "bad",
        "7": "bad",
    }


def test_errors_that_are_texts_are_resolved_too(client: Client, wire) -> None:
    """A 207 whose errors are a list of texts is tracked down to its records, which are refused in these words."""

    def answer(inputs: list[dict]) -> tuple[int, dict]:
        good = [result(item) for item in inputs if item["id"] != "3"]
        return 207, {"results": good, "errors": ["score may not be null"] if len(good) < len(inputs) else None}

    answering(wire, answer)

    outcomes = client.batch_update("contacts", updates(10), "t")

    assert [(each.record_id, each.message) for each in outcomes if not each.written] == [("3", "score may not be null")]


@pytest.mark.parametrize(
    "body",
    [{}, [], None, {"results": None}, {"results": [{}]}, {"results": [3]}, {"results": [], "errors": "no"},
     {"results": [], "errors": [None]}, {"results": [], "errors": [{"context": "no"}]}],
)  # fmt: skip
def test_an_answer_to_a_write_that_says_nothing_leaves_it_open(client: Client, wire, body) -> None:
    """Nothing counts as written or refused; the sentence says that the next run looks."""
    wire.post(URL, json=body)

    with pytest.raises(RemoteError, match=r"write of contacts.*not known: the next run looks") as told:
        client.batch_update("contacts", updates(2), "t")

    assert "Error" not in str(told.value)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(("status", "error"), [(403, ScopeError), (404, RefusedError), (414, RefusedError)])
def test_what_concerns_no_record_is_raised(client: Client, wire, status: int, error: type[Exception]) -> None:
    """A missing scope or path is not pinned on the records."""
    wire.post(URL, status=status, json={"message": "no"})

    with pytest.raises(error):
        client.batch_update("contacts", updates(4), "t")

    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**error_body("400_invalid_option"), "errors": []}, PACKED),
        ({"message": 'odd: [{"'}, 'odd: [{"'),
        ({}, "HubSpot gave no reason"),
        ({"errors": ["a text"], "message": "m"}, "m"),
    ],
)
def test_the_outcome_says_why_in_plain_words(client: Client, wire, body: dict, words: str) -> None:
    """HubSpot packs its reasons as JSON into a text; the outcome has the words alone."""
    wire.post(URL, status=400, json=body)

    (outcome,) = client.batch_update("contacts", updates(1), "t")

    assert outcome.message == words


def test_nothing_to_write_makes_no_call(client: Client, wire) -> None:
    """An empty list of updates is no call."""
    assert client.batch_update("contacts", [], "t") == []
    assert len(wire.calls) == 0


def test_a_rule_that_refuses_every_record_is_not_asked_for_each(client: Client, wire) -> None:
    """When spread records alone are refused in the same words and none is written, the rest is rejected with them."""
    answering(wire, lambda _: (400, {"message": "a rule says no", "category": "VALIDATION_ERROR"}))

    outcomes = client.batch_update("contacts", updates(100), "t")

    assert {outcome.message for outcome in outcomes} == {"a rule says no"}
    assert not any(outcome.written for outcome in outcomes)
    assert len(wire.calls) <= 25


def test_a_rule_about_some_properties_keeps_others_from_nothing(client: Client, wire) -> None:
    """Records that carry other properties than those refused alike are asked about and written."""

    def answer(inputs: list[dict]) -> tuple[int, dict]:
        if any("score" in item["properties"] for item in inputs):
            return 400, {"message": "a rule says no"}
        return 200, {"results": [result(item) for item in inputs]}

    answering(wire, answer)
    others = [Update(f"o{number}", {"tier": "a"}) for number in range(50)]

    outcomes = client.batch_update("contacts", [*updates(50), *others], "t")

    assert [outcome.written for outcome in outcomes] == [False] * 50 + [True] * 50


@pytest.mark.parametrize("good", [set(range(0, 100, 7)), set(range(10, 100)), {*range(100)} - {0, 64, 32, 96, 16}])
def test_a_rule_that_lets_some_through_is_resolved_to_the_record(client: Client, wire, good: set[int]) -> None:
    """Where one of the spread records is written, every other one is asked about by itself."""
    names = {str(number) for number in good}

    def answer(inputs: list[dict]) -> tuple[int, dict]:
        if {item["id"] for item in inputs} <= names:
            return 200, {"results": [result(item) for item in inputs]}
        return 400, {"message": "no"}

    answering(wire, answer)

    outcomes = client.batch_update("contacts", updates(100), "t")

    assert {outcome.record_id for outcome in outcomes if outcome.written} == names

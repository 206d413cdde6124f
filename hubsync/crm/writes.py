"""A batch of updates, and what became of each record in it.

HubSpot may answer 200, 207 with some errors, or refuse all for the sake of one. Every update carries its own
objectWriteTraceId, so that an error finds its record; a batch refused as a whole is halved until the records
at fault stand alone. Halves take every other record, so that those which stand alone first are spread over the
batch: when a rule of the portal refuses all of them in the same words, it is taken to refuse the rest too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from hubsync.crm.failures import error_codes, reason, text_of
from hubsync.crm.times import parse_time
from hubsync.crm.translate import understood
from hubsync.errors import RefusedError, RemoteError
from hubsync.types import Outcome, Update

GONE = "MERGED_OR_GONE"
"""Category of an outcome whose record HubSpot silently left out."""

_WHOLE_BATCH = (400, 409)

# So many records alone refused alike, and none written, that the rest need not be asked one by one.
_ENOUGH = 5

# A property at fault by itself is at fault in every record. (mem) READ_ONLY_VALUE is as remembered.
_FAULT_OF_PROPERTY = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})


class Call(Protocol):
    """Sends one operation by its name."""

    def __call__(self, name: str, query: Any = (), body: Any = None, *, object_type: str = "") -> Any:
        """The answer."""


def merged(updates: Iterable[Update]) -> list[Update]:
    """The updates with one for each record; of two for the same property the later counts."""
    by_id: dict[str, dict[str, str]] = {}
    for update in updates:
        by_id.setdefault(update.record_id, {}).update(update.properties)
    return [Update(record_id, properties) for record_id, properties in by_id.items()]


class Batch:
    """Writes up to 100 updates of one object."""

    def __init__(self, call: Call, object_type: str, trace: str) -> None:
        self._call = call
        self._object = object_type
        self._trace = trace
        self._sent = 0
        self._alike: Counter[tuple[str, frozenset[str]]] = Counter()
        self._taken: set[frozenset[str]] = set()

    def write(self, updates: Sequence[Update]) -> list[Outcome]:
        """The outcome of each update, in their order."""
        found = self._write(updates)
        return [found[update.record_id] for update in updates]

    def _write(self, updates: Sequence[Update]) -> dict[str, Outcome]:
        if not updates:
            return {}
        traces = {self._next_trace(): update for update in updates}
        inputs = [
            {"id": update.record_id, "properties": dict(update.properties), "objectWriteTraceId": trace}
            for trace, update in traces.items()
        ]
        try:
            data = self._call("objects.batch_update", body={"inputs": inputs}, object_type=self._object).data
        except RefusedError as error:
            if error.status not in _WHOLE_BATCH and error.category != "OBJECT_NOT_FOUND":
                raise
            return self._after_refusal(updates, error)
        outcomes, unclear = self._understood(data, traces)
        written = {outcome.record_id for outcome in outcomes.values() if outcome.written}
        self._taken |= {_kind(update) for update in updates if update.record_id in written}
        left = [update for update in updates if update.record_id not in outcomes]
        return outcomes | self._left_out(left, unclear, alone=len(updates) == 1)

    def _understood(
        self, data: Any, traces: Mapping[str, Update]
    ) -> tuple[dict[str, Outcome], list[Mapping[str, Any]]]:
        """Outcomes, and errors that name no record; an answer that tells neither leaves open what was written."""
        try:
            with understood("objects.batch_update"):
                outcomes = _written(data, traces)
                return outcomes, _refused(data, traces, outcomes)
        except RemoteError as error:
            raise RemoteError(
                f"HubSpot's answer to a write of {self._object} has another shape than hubsync knows, so what became of"
                " these records is not known: the next run looks, and writes what is missing; see if there is a newer"
                " hubsync, or if a proxy on the way to HubSpot changes answers"
            ) from error

    def _next_trace(self) -> str:
        self._sent += 1
        return f"{self._trace}-{self._sent}"

    def _after_refusal(self, updates: Sequence[Update], error: RefusedError) -> dict[str, Outcome]:
        if len(updates) == 1:
            self._alike[reason(error.body), _kind(updates[0])] += 1
            return {updates[0].record_id: _rejected(updates[0], error.body)}
        if self._is_a_rule(updates, error):
            return {update.record_id: _rejected(update, error.body) for update in updates}
        codes = error_codes(error.body)
        bad = {name for code, names in codes if code in _FAULT_OF_PROPERTY for name in names}
        at_fault = [update for update in updates if not bad.isdisjoint(update.properties)]
        if at_fault:
            rest = [update for update in updates if bad.isdisjoint(update.properties)]
            rejected = {update.record_id: _rejected(update, error.body) for update in at_fault}
            return rejected | self._write(rest)
        return self._halved(updates)

    def _halved(self, updates: Sequence[Update]) -> dict[str, Outcome]:
        return self._write(updates[::2]) | self._write(updates[1::2])

    def _is_a_rule(self, updates: Sequence[Update], error: RefusedError) -> bool:
        said = reason(error.body)
        kinds = {_kind(update) for update in updates}
        return self._taken.isdisjoint(kinds) and all(self._alike[said, kind] >= _ENOUGH for kind in kinds)

    def _left_out(self, left: Sequence[Update], unclear: Sequence[Any], *, alone: bool) -> dict[str, Outcome]:
        if not unclear:
            return {update.record_id: _gone(update) for update in left}
        if alone:
            return {update.record_id: _rejected(update, unclear[0]) for update in left}
        return self._halved(left) if len(left) > 1 else self._write(left)


def _kind(update: Update) -> frozenset[str]:
    return frozenset(update.properties)


def _written(data: Mapping[str, Any], traces: Mapping[str, Update]) -> dict[str, Outcome]:
    ids = {update.record_id for update in traces.values()}
    outcomes = {}
    for raw in data["results"]:
        answered = str(raw["id"])
        update = traces.get(raw.get("objectWriteTraceId") or "")
        asked = update.record_id if update else answered
        if asked in ids:
            updated_at = parse_time(raw.get("updatedAt"))
            note = "" if asked == answered else f"HubSpot wrote it to record {answered}"
            outcomes[asked] = Outcome(asked, written=True, updated_at=updated_at, message=note)
    return outcomes


def _refused(
    data: Mapping[str, Any], traces: Mapping[str, Update], outcomes: dict[str, Outcome]
) -> list[Mapping[str, Any]]:
    by_id = {update.record_id: update for update in traces.values()}
    unclear = []
    errors = data.get("errors") or []
    if not isinstance(errors, list):
        raise TypeError("the errors are no list")
    for each in errors:
        # A list of texts has been seen in the place of a list of errors.
        error: Mapping[str, Any] = {"message": each} if isinstance(each, str) else each
        context = error.get("context") or {}
        named = [traces.get(each) for each in _texts(context.get("objectWriteTraceId"))]
        ids = *_texts(context.get("ids")), *_texts(context.get("id"))
        named = named or [by_id.get(each) for each in ids]
        known = [update for update in named if update is not None]
        for update in known:
            outcomes.setdefault(update.record_id, _rejected(update, error))
        if not known:
            unclear.append(error)
    return unclear


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    return [] if value is None else [str(value)]


def _rejected(update: Update, body: Any) -> Outcome:
    codes = [code for code, _ in error_codes(body) if code]
    return Outcome(
        update.record_id,
        written=False,
        message=reason(body),
        category=text_of(body, "category") or (codes[0] if codes else ""),
    )


def _gone(update: Update) -> Outcome:
    return Outcome(
        update.record_id,
        written=False,
        message="HubSpot left the record out of its answer: it was merged into another one or is gone",
        category=GONE,
    )

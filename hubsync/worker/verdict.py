"""What a run that ended means: its status, and which causes of alerts it shows to be there or gone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hubsync.errors import BusyError, RunningError
from hubsync.scoring.unattended import Cause
from hubsync.worker.child import Ended
from hubsync.worker.facts import Facts

Status = Literal["ok", "partial", "held", "failed", "hung", "stopped", "busy"]

_HELD, _NO_ACCESS, _INTERRUPTED = 3, 4, 130
_BUSY = (BusyError.__name__, RunningError.__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A run's status, and per cause that it can judge what is wrong, or None for nothing."""

    status: Status
    message: str
    causes: Mapping[Cause, str | None] = field(default_factory=dict)


def judge(ended: Ended, facts: Facts | None, *, busy_before: bool = False) -> Verdict:
    """What a run says; a cause that it did not get as far as to see is left as it was."""
    if ended.end in ("silent", "long"):
        message = _hung(ended)
        return Verdict("hung", message, {"hung": message})
    if ended.end == "stopped" or ended.code == _INTERRUPTED:
        return Verdict("stopped", "The run was stopped; the next one goes on from there.")
    if ended.report.get("kind") in _BUSY and not busy_before:
        return Verdict("busy", _sentence(ended))
    if ended.code == _NO_ACCESS:
        return Verdict("failed", _sentence(ended), {"token": _sentence(ended), "hung": None})
    if ended.code == _HELD:
        return _held(ended)
    if ended.code in (0, 1) and ended.report.get("status") in ("ok", "partial"):
        return _done(ended, facts)
    return Verdict("failed", _sentence(ended), {"failure": _sentence(ended), "hung": None})


def _held(ended: Ended) -> Verdict:
    message = _sentence(ended)
    is_guard = any(guard["held"] for guard in ended.report.get("guards") or ())
    causes: dict[Cause, str | None] = {
        "failure": None, "token": None, "hung": None,
        "held": message if is_guard else None, "first_write": None if is_guard else message,
    }  # fmt: skip
    return Verdict("held", message, causes)


def _done(ended: Ended, facts: Facts | None) -> Verdict:
    is_partial = ended.report["status"] == "partial"
    held_models = ended.report.get("models_held") or {}
    causes: dict[Cause, str | None] = {
        "failure": _sentence(ended) if is_partial and not held_models else None,
        "token": None, "hung": None, "held": None, "first_write": None,
    }  # fmt: skip
    if facts is not None:
        causes["stale"] = _stale(held_models, facts)
        causes["rejects"] = _rejects(facts)
    return Verdict("partial" if is_partial else "ok", _sentence(ended) if is_partial else "", causes)


def _stale(held_models: Mapping[str, Any], facts: Facts) -> str | None:
    parts = []
    if facts.stale:
        parts.append(f"Sources that give nothing new: {', '.join(facts.stale)}.")
    if held_models:
        parts.append(f"Models whose old values stay: {', '.join(sorted(held_models))}.")
    return f"{' '.join(parts)} `hubsync status` says why." if parts else None


def _rejects(facts: Facts) -> str | None:
    if not facts.rejects:
        return None
    records = "1 record" if facts.rejects == 1 else f"{facts.rejects:,} records"
    return f"HubSpot refuses values of {records}; `hubsync status` has its words."


def _hung(ended: Ended) -> str:
    minutes = f"{ended.seconds / 60:,.0f} minutes"
    if ended.end == "silent":
        return f"The run gave no sign of life any more and was ended after {minutes}; the next one goes on from there."
    return f"The run took longer than 'longest_run' and was ended after {minutes}; the next one goes on from there."


def _sentence(ended: Ended) -> str:
    said = ended.report.get("error") or ended.report.get("reason")
    if said:
        return str(said)
    if ended.code < 0:
        return f"The run was ended by signal {-ended.code}; 9 is often a lack of memory."
    return f"The run ended with exit code {ended.code} and did not say why."

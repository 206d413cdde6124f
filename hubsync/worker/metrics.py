"""The figures of `/metrics`, in Prometheus's text format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hubsync.worker.standing import Standing

Value = Callable[[Standing], float | None]


def _reported(key: str) -> Value:
    def value(standing: Standing) -> float | None:
        found: Any = standing.last.report.get(key) if standing.last else None
        return float(found) if isinstance(found, int | float) else None

    return value


_GAUGES: Sequence[tuple[str, str, Value]] = (
    ("last_good_run_timestamp_seconds", "When the last good run ended.",
     lambda each: each.good_at.timestamp() if each.good_at else None),
    ("good_run_due_timestamp_seconds", "When the next good run must have ended.",
     lambda each: each.deadline.timestamp()),
    ("healthy", "1 when the last good run is as young as it should be.",
     lambda each: float(each.is_healthy(datetime.now(UTC)))),
    ("running", "1 while a run goes on.", lambda each: float(each.running_since is not None)),
    ("last_run_duration_seconds", "How long the last run took.",
     lambda each: each.last.seconds if each.last else None),
    ("last_run_calls", "API calls of the last run.", _reported("calls")),
    ("calls_left_today", "API calls left today for hubsync after the last run.", _reported("calls_left_today")),
    ("last_run_records_scored", "Records that the last run scored.", _reported("records_scored")),
    ("last_run_changes", "Values that the last run planned to change.", _reported("changes")),
    ("last_run_written", "Records that the last run wrote.", _reported("written")),
    ("last_run_rejected", "Records that HubSpot refused in the last run.", _reported("rejected")),
    ("rejects", "Records whose values HubSpot refuses now.", lambda each: float(each.facts.rejects)),
    ("sources_stale", "Sources of events that failed or are overdue.", lambda each: float(len(each.facts.stale))),
    ("held", "1 while a guard, or the first write, waits for a decision.",
     lambda each: float({"held", "first_write"} & set(each.alerts) != set())),
    ("database_bytes", "Size of the database file.", lambda each: float(each.facts.bytes)),
)  # fmt: skip


def render(standings: Iterable[Standing]) -> bytes:
    """All figures as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(list(standings)))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, standings: list[Standing]) -> None:
        self._standings = standings

    def collect(self) -> Iterator[Metric]:
        """Every figure of every portal; one that is not known is left out."""
        for name, text, value in _GAUGES:
            gauge = GaugeMetricFamily(f"hubsync_{name}", text, labels=["portal"])
            for standing in self._standings:
                if (found := value(standing)) is not None:
                    gauge.add_metric([standing.name], found)
            yield gauge
        runs = CounterMetricFamily("hubsync_runs", "Runs since the worker began.", labels=["portal", "status"])
        alerts = GaugeMetricFamily("hubsync_alert", "1 while a cause of alerts is there.", labels=["portal", "cause"])
        for standing in self._standings:
            for status, count in sorted(standing.runs.items()):
                runs.add_metric([standing.name, status], count)
            for cause in standing.alerts:
                alerts.add_metric([standing.name, cause], 1)
        yield from (runs, alerts)

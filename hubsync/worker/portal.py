"""One portal under the worker: its runs, what is remembered of them, and who is told."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from hubsync.catalog import load
from hubsync.errors import ConfigError, StoreError
from hubsync.scoring.configuration import Main
from hubsync.scoring.unattended import Schedule
from hubsync.settings import Settings, advised
from hubsync.worker import alerts
from hubsync.worker.alerts import Notice
from hubsync.worker.channels import Channels
from hubsync.worker.child import Child, Ended, sync_command
from hubsync.worker.facts import Facts, read_facts
from hubsync.worker.memory import Memory
from hubsync.worker.schedule import due_by, first_run, zone_of
from hubsync.worker.standing import Last, Standing
from hubsync.worker.verdict import Verdict, judge

_log = logging.getLogger(__name__)


def present() -> datetime:
    """The moment, by the clock of the machine."""
    return datetime.now(UTC)


class ServedPortal:
    """One portal; `run` is called by one thread at a time, `standing` may be read by any."""

    def __init__(
        self,
        settings: Settings,
        shared: Settings,
        stopping: threading.Event,
        *,
        now: Callable[[], datetime] = present,
    ) -> None:
        self.name = settings.portal or "default"
        self._settings = settings
        self._channels = Channels.of(settings, shared)
        self._stopping = stopping
        self._now = now
        self._started = now()
        self._memory = Memory.load(settings.data)
        self._main = Main(models=())
        self.mistakes: ConfigError | None = None
        self._read_configuration()
        self.standing = Standing(self.name, self._started)
        self._look(read_facts(settings))

    @property
    def schedule(self) -> Schedule:
        """When this portal runs."""
        return self._main.schedule

    @property
    def zone(self) -> tzinfo:
        """The portal's time zone; UTC before its first run."""
        return zone_of(self.standing.facts.time_zone)

    def first_run(self) -> datetime:
        """When to run first."""
        return first_run(self.schedule, self.zone, self.standing.good_at, self._now())

    def tell_mistakes(self) -> None:
        """Log what is wrong with the configuration, if anything is."""
        if self.mistakes is None:
            return
        for mistake in self.mistakes.mistakes:
            _log.warning("%s: %s", self.name, mistake)
        said = advised("`hubsync check` says it again", self._settings.portal)
        _log.warning("%s: %s; runs fail until that is mended, and %s", self.name, self.mistakes, said)

    def run(self) -> int:
        """Run once, to the end, and return the exit code; nothing is started once the worker ends."""
        if self._stopping.is_set():
            return 0
        self.standing = replace(self.standing, running_since=self._now())
        try:
            ended = Child(self.schedule, self._stopping, self._hear).follow(sync_command(self._settings.portal))
            self._take(ended)
        finally:
            self.standing = replace(self.standing, running_since=None)
        # A signal has no exit code of its own.
        return max(ended.code, 0) or int(ended.code < 0)

    def _hear(self, line: str) -> None:
        _log.info("%s: %s", self.name, line)

    def _read_configuration(self) -> None:
        """Take the schedule and the alerts as they are now; a broken configuration leaves them as they were."""
        try:
            self._main, self.mistakes = load(self._settings.config).main, None
        except ConfigError as error:
            self.mistakes = error

    def _look(self, facts: Facts | None) -> None:
        """Bring the standing up to date; runs that were started by hand count too."""
        facts = facts or self.standing.facts
        good_run, good_at = self._memory.good_run, self._memory.good_at
        # Run ids sort by time.
        if facts.good_at is not None and facts.good_run > good_run:
            good_run, good_at = facts.good_run, facts.good_at
        # HubSpot's clock may be ahead of this machine's, which may have been set back.
        good_at = min(good_at, self._now()) if good_at else None
        self.standing = replace(self.standing, facts=facts, good_run=good_run, good_at=good_at)
        self.standing = replace(
            self.standing,
            deadline=due_by(self.schedule, self.zone, good_at, self._started),
            alerts=tuple(sorted(self._memory.alerts)),
        )

    def _take(self, ended: Ended) -> None:
        facts = read_facts(self._settings)
        verdict = judge(ended, facts, busy_before=self._memory.busy)
        self._read_configuration()
        _log.info("%s: %s", self.name, advised(_summary(verdict, ended), self._settings.portal))
        self._remember(verdict, str(ended.report.get("run_id") or ""))
        last = Last(verdict.status, self._now(), ended.seconds, ended.report)
        runs = Counter(self.standing.runs) + Counter([verdict.status])
        self.standing = replace(self.standing, last=last, runs=runs)
        self._look(facts)
        left = self._channels.tell(self.title, self._memory.owed, self._stopping)
        self._keep(self._memory.model_copy(update={"owed": left}))
        if verdict.status == "ok":
            self._channels.beat(self.name)

    @property
    def title(self) -> str:
        """What people are told about: the portal's name, or its id where there is only one."""
        return self._settings.portal or self.standing.facts.portal_id or self.name

    def _remember(self, verdict: Verdict, run_id: str) -> None:
        known, on, now = self._memory.alerts, self._main.alerts.on, self._now()
        owed = list(self._memory.owed)
        turns = list(alerts.turns(known, verdict.causes, on))
        if turns and not self._channels.addresses:
            _log.warning("%s: nobody is alerted: HUBSYNC_SLACK_URL and HUBSYNC_WEBHOOK_URL are not set", self.name)
        for cause, turn, message in turns:
            for channel in self._channels.addresses:
                _log.warning("%s: alert to %s %s: %s", self.name, channel, turn, cause)
                said = advised(message, self._settings.portal)
                notice = Notice(channel=channel, cause=cause, state=turn, message=said, run_id=run_id, at=now)
                owed = alerts.owe(owed, notice)
        update: dict[str, object] = {
            "alerts": alerts.after(known, verdict.causes, on), "owed": tuple(owed), "busy": verdict.status == "busy",
        }  # fmt: skip
        if verdict.status == "ok":
            update |= {"good_run": run_id, "good_at": now}
        self._keep(self._memory.model_copy(update=update))

    def _keep(self, memory: Memory) -> None:
        """Remember; where that can't be written, it is remembered until the worker ends."""
        if memory == self._memory:
            return
        self._memory = memory
        try:
            memory.save(self._settings.data)
        except StoreError as error:
            _log.warning("%s: %s", self.name, error)


def _summary(verdict: Verdict, ended: Ended) -> str:
    report = ended.report
    counts = [
        f"{report[key]:,} {words}"
        for key, words in (("records_scored", "scored"), ("written", "written"), ("calls", "calls"))
        if isinstance(report.get(key), int)
    ]
    run = f"run {report['run_id']} " if report.get("run_id") else "run "
    return f"{run}{verdict.status}: {', '.join([*counts, f'{ended.seconds:.1f} s'])}. {verdict.message}".strip()

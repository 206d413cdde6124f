"""The moving portal of a software company: every day follows from the days before and from the seed."""

from __future__ import annotations

from datetime import timedelta

from hubsync.emulator.state import Portal
from hubsync.emulator.world import schema
from hubsync.emulator.world.billing import Billing
from hubsync.emulator.world.calendar import DAY, Calendar
from hubsync.emulator.world.evaluation import Evaluation
from hubsync.emulator.world.habits import Habits
from hubsync.emulator.world.lives import Lives
from hubsync.emulator.world.marketing import Marketing
from hubsync.emulator.world.population import HISTORY_DAYS
from hubsync.emulator.world.product import Product
from hubsync.emulator.world.sales import Sales
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Truth
from hubsync.emulator.world.success import Success
from hubsync.emulator.world.support import Support
from hubsync.emulator.world.touches import Touches

_DRIFT = 31


class World:
    """A vendor, its contacts and its customers, lived into a portal day by day."""

    def __init__(self, portal: Portal, *, seed: int, contacts: int) -> None:
        self._contacts = contacts
        now = portal.now.replace(second=0, microsecond=0)
        self._scene = scene = Scene(portal, Calendar(now - timedelta(days=HISTORY_DAYS)), seed)
        self._day = 0
        self._billing = Billing(scene)
        touches, marketing = Touches(scene), Marketing(scene)
        success = Success(scene, self._billing)
        self._lives = Lives(scene, marketing, success)
        sales = Sales(scene, touches, success, Evaluation(scene, marketing, touches))
        self._habits = Habits(scene, marketing, Product(scene), touches, sales, Support(scene))

    @property
    def truth(self) -> Truth:
        """The hidden states and causes, which no portal shows."""
        return self._scene.truth

    def populate(self) -> None:
        """Define what the vendor defined, and live all days up to the portal's present."""
        schema.define(self._scene.portal)
        self._billing.stock(-1000 * DAY)
        self._lives.settle(self._contacts, HISTORY_DAYS)
        self._scene.play_until(0)
        self._scene.flush()
        while self._day < HISTORY_DAYS:
            self._live_day()
            if self._day % 7 == 0:
                self._scene.flush()

    def live(self, days: int) -> None:
        """Live the next days, and move the portal's clock by as many."""
        scene = self._scene
        before = scene.portal.now
        lag = before - scene.calendar.moment(self._day * DAY)
        scene.floor = self._day * DAY + round(lag / timedelta(milliseconds=1))
        for _ in range(days):
            self._lives.arrive(self._day, self._contacts)
            self._live_day()
            scene.flush()
        scene.portal.now = before + timedelta(days=days)

    def _live_day(self) -> None:
        if self._day % 7 == 0:
            self._habits.plan_week(self._day // 7)
        self._drift()
        self._day += 1
        self._scene.play_until(self._day * DAY)

    def _drift(self) -> None:
        health = self.truth.health
        for company in self._scene.companies.values():
            if company.status != "customer":
                continue
            company.drift(self._scene.dice(_DRIFT, company.key, self._day))
            health[company.id] = company.health

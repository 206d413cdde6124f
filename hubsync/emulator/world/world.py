"""The moving portal of a software company: every day follows from the days before and from the seed.

A day is planned when it begins, and played as far as the portal's clock: moved by an hour, the portal holds what
happened within that hour, with its own dates. How often the clock is moved does not change what happens.
"""

from __future__ import annotations

from datetime import timedelta

from hubsync.emulator.state import Portal
from hubsync.emulator.world import schema
from hubsync.emulator.world.adoption import Adoption
from hubsync.emulator.world.audiences import Audiences
from hubsync.emulator.world.billing import Billing
from hubsync.emulator.world.calendar import DAY, Calendar
from hubsync.emulator.world.evaluation import Evaluation
from hubsync.emulator.world.habits import Habits
from hubsync.emulator.world.lives import Lives
from hubsync.emulator.world.marketing import Marketing
from hubsync.emulator.world.past import Past
from hubsync.emulator.world.population import HISTORY_DAYS
from hubsync.emulator.world.product import Product
from hubsync.emulator.world.research import Research
from hubsync.emulator.world.reviews import Reviews
from hubsync.emulator.world.sales import Sales
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Truth
from hubsync.emulator.world.success import Success
from hubsync.emulator.world.support import Support
from hubsync.emulator.world.touches import Touches
from hubsync.emulator.world.trials import Trials

_DRIFT = 31


class World:
    """A vendor, its contacts and its customers, lived into a portal day by day."""

    def __init__(self, portal: Portal, *, seed: int, contacts: int) -> None:
        self._contacts = contacts
        now = portal.now.replace(second=0, microsecond=0)
        self._scene = scene = Scene(portal, Calendar(now - timedelta(days=HISTORY_DAYS)), seed)
        self._day = 0
        self._billing = Billing(scene)
        self._audiences = Audiences(scene)
        marketing = Marketing(scene, self._audiences)
        touches, product, adoption = Touches(scene), Product(scene), Adoption(scene)
        research, reviews = Research(scene, marketing), Reviews(scene, touches, adoption)
        success = Success(scene, self._billing, adoption, Past(scene, self._billing))
        self._lives = Lives(scene, marketing, success, self._audiences)
        evaluation = Evaluation(scene, marketing, touches, research, Trials(scene, product))
        sales = Sales(scene, touches, success, evaluation, research)
        self._habits = Habits(scene, marketing, product, touches, sales, Support(scene), research, reviews)

    @property
    def truth(self) -> Truth:
        """The hidden states and causes, which no portal shows."""
        return self._scene.truth

    def populate(self) -> None:
        """Define what the vendor defined, and live all days up to the portal's present."""
        schema.define(self._scene.portal)
        self._audiences.define()
        self._billing.stock(-1000 * DAY)
        self._lives.settle(self._contacts, HISTORY_DAYS)
        self._scene.play_until(0)
        self._scene.flush()
        while self._day < HISTORY_DAYS:
            self._begin_day()
            self._scene.play_until(self._day * DAY)
            if self._day % 7 == 0:
                self._scene.flush()

    def live(self, span: timedelta) -> None:
        """Live on for a while, and move the portal's clock by as much."""
        scene = self._scene
        before = scene.portal.now
        scene.floor = scene.calendar.world_time(before)
        self._lives.notice(scene.floor)
        end = scene.calendar.world_time(before + span)
        self._play(min(end, self._day * DAY))
        while self._day * DAY < end:
            self._lives.arrive(self._day, self._contacts)
            self._begin_day()
            self._play(min(end, self._day * DAY))
        scene.portal.now = before + span

    def _play(self, end: int) -> None:
        self._scene.play_until(end)
        self._scene.flush()

    def _begin_day(self) -> None:
        if self._day % 7 == 0:
            self._habits.plan_week(self._day // 7)
        self._drift()
        self._day += 1

    def _drift(self) -> None:
        health = self.truth.health
        for company in self._scene.companies.values():
            if company.status != "customer":
                continue
            company.drift(self._scene.dice(_DRIFT, company.key, self._day))
            health[company.id] = company.health

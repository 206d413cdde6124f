"""What people plan for a week, given what they are and how their company fares."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import schema, words
from hubsync.emulator.world.calendar import DAY, HOUR, MINUTE, QUARTER_WEEKS, WEEK
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.lifecycle import advance
from hubsync.emulator.world.marketing import Marketing
from hubsync.emulator.world.product import Product
from hubsync.emulator.world.research import Research
from hubsync.emulator.world.reviews import Reviews
from hubsync.emulator.world.sales import Sales
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person
from hubsync.emulator.world.support import Support
from hubsync.emulator.world.touches import Touches

_WEEK, _COMPANY_WEEK, _COMPANY_BESIDES = 90, 91, 92
_MAIL_WHEN_ACTIVE, _MAIL_WHEN_QUIET = 0.36, 0.002


class Habits:
    """Plans the weeks of all people and companies."""

    def __init__(self, scene: Scene, marketing: Marketing, product: Product, touches: Touches, sales: Sales,
                 support: Support, research: Research, reviews: Reviews) -> None:  # fmt: skip
        self._scene = scene
        self._marketing = marketing
        self._product = product
        self._touches = touches
        self._sales = sales
        self._support = support
        self._research = research
        self._reviews = reviews

    def plan_week(self, week: int) -> None:
        """Plan what happens in the seven days that begin now."""
        for company in self._scene.companies.values():
            if company.status == "customer":
                self._customer_week(week, company)
                self._support.week(week, company)
                dice = self._scene.dice(_COMPANY_BESIDES, company.key, week)
                self._research.week(week, company, dice)
                self._product.deliver(week, company, dice)
            elif company.status == "prospect":
                self._prospect_week(week, company)
        for person in self._scene.people:
            if person.present:
                self._person_week(week, person)

    def _customer_week(self, week: int, company: Company) -> None:
        scene = self._scene
        dice = scene.dice(_COMPANY_WEEK, company.key, week)
        t = self._some_time(dice, week)
        people = company.present()
        if not people:
            return
        if company.growing_until < week * 7 and dice.chance(0.017 * exp(0.6 * company.usage + 0.3 * company.mood)):
            scene.plan(t, self._sales.grow, company)
        pace = company.traits.review_weeks
        if pace and (week + company.key) % pace == 0 and dice.chance(0.8):
            scene.plan(t + HOUR, self._reviews.hold, company)
        elif dice.chance(0.05):
            scene.plan(t + HOUR, self._touches.any, dice.pick(people[:3]), schema.keeper(company.key))
        weeks_left = company.renewal // WEEK - week
        if dice.chance((0.18 if weeks_left < 2 * QUARTER_WEEKS else 0.07) / (1 + exp(2.3 + 1.7 * company.health))):
            scene.plan(t + 2 * HOUR, self._marketing.visit, people[0], ("/help/billing", "/cancel"))

    def _prospect_week(self, week: int, company: Company) -> None:
        dice = self._scene.dice(_COMPANY_WEEK, company.key, week)
        fresh = company.traits.born > week * 7 - 21
        if dice.chance(0.10 if fresh else 0.001 + 0.037 * company.traits.fit):
            self._scene.plan(self._some_time(dice, week), self._sales.wake, company)

    def _person_week(self, week: int, person: Person) -> None:
        scene, company = self._scene, person.company
        dice = scene.dice(_WEEK, person.key, week)
        likely = self._likely(week, person)
        if not dice.chance(likely):
            if dice.chance(_MAIL_WHEN_QUIET):
                scene.plan(self._some_time(dice, week), self._marketing.mail, person)
            return
        if company and company.status == "customer":
            self._use(week, person, company, dice)
        else:
            self._browse(week, person, dice)
        if dice.chance(_MAIL_WHEN_ACTIVE):
            scene.plan(self._some_time(dice, week), self._marketing.mail, person)

    def _likely(self, week: int, person: Person) -> float:
        company, role = person.company, person.traits.role
        if company is None:
            return 0.009
        if company.status == "customer":
            return self._customer_likely(week, person, company)
        if company.status == "former":
            return 0.006
        if company.buying_until > week * 7:
            return 0.50 if person.traits.place < 3 else 0.08
        return 0.009 if role == "passive" else 0.015

    def _customer_likely(self, week: int, person: Person, company: Company) -> float:
        share = {"champion": 1.0, "user": 0.09, "executive": 0.04}.get(person.traits.role, 0.008)
        if len(company.people) > 40:
            share *= 0.6
        if company.traits.quarterly:
            return share * (0.95 if (week + company.key) % QUARTER_WEEKS == 0 else 0.015)
        habit = -0.25 + 0.8 * company.traits.usage_habit + 2.0 * company.usage
        return share / (1 + exp(-habit))

    def _use(self, week: int, person: Person, company: Company, dice: Dice) -> None:
        scene = self._scene
        for _ in range(1 + dice.poisson(0.7)):
            t = self._some_time(dice, week)
            if person.traits.role != "passive":
                scene.plan(t, self._product.session, person)
        growing = company.growing_until >= week * 7
        if dice.chance(0.5 if growing else 0.12):
            pages = _growth_pages(company) if growing or dice.chance(0.1) else words.HELP_PAGES
            scene.plan(self._some_time(dice, week), self._marketing.visit, person, _walk(pages, dice))
        if dice.chance(0.004 + 0.01 * max(0.0, company.mood)):
            scene.plan(self._some_time(dice, week), self._marketing.visit, person, ("/referral",))

    def _browse(self, week: int, person: Person, dice: Dice) -> None:
        scene, company = self._scene, person.company
        buying = company is not None and company.buying_until > week * 7
        pages = words.BUYING_PAGES if buying else words.BLOG_PAGES
        t = self._some_time(dice, week)
        scene.plan(t, self._marketing.visit, person, _walk(pages, dice), dice.pick(words.REFERRERS))
        if dice.chance(0.22 if buying else 0.06):
            form = words.FORMS[1] if buying and dice.chance(0.4) else dice.pick(words.FORMS)
            scene.plan(t + 10 * MINUTE, self._marketing.submit, person, form)
            stage = "marketingqualifiedlead" if buying else "lead"
            scene.plan(t + 11 * MINUTE, lambda at: advance(scene, at, person, stage))
        if buying and company and dice.chance(0.35):
            scene.plan(t + DAY, self._touches.any, person, schema.seller(company.key))

    def _some_time(self, dice: Dice, week: int) -> int:
        return self._scene.calendar.in_week(dice, week)


def _growth_pages(company: Company) -> tuple[str, ...]:
    return ("/pricing", words.ADDONS[company.wish].page) if company.wish else words.GROWTH_PAGES


def _walk(pages: tuple[str, ...], dice: Dice) -> tuple[str, ...]:
    return tuple(dice.pick(pages) for _ in range(1 + dice.poisson(1.1)))

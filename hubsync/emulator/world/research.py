"""What people read, on our site and elsewhere, before they buy more, buy at all, or leave.

Elsewhere means third-party intent: what a review site tells its customers about who researches which topic.
"""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import words
from hubsync.emulator.world.adoption import MANY_JURISDICTIONS
from hubsync.emulator.world.calendar import DAY, HOUR, QUARTER_WEEKS, WEEK
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.marketing import Marketing
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person

_WISH, _COMPARE = 52, 53
_FULL = 0.8


class Research:
    """Plans the research of customers and prospects."""

    def __init__(self, scene: Scene, marketing: Marketing) -> None:
        self._scene = scene
        self._marketing = marketing

    def wish(self, t: int, company: Company) -> None:
        """A customer begins to want more: decide whether of the same or an add-on, and let its people look for it."""
        dice = self._scene.dice(_WISH, company.key, t)
        company.wish = _wish(company, dice)
        people = company.present()[:3]
        if not people:
            return
        for _ in range(1 + dice.poisson(0.9)):
            at = t + int(dice.between(0.5, 24) * DAY)
            if company.wish:
                self._look_for(at, dice.pick(people), company.wish, dice)
            else:
                pages = ("/features", "/upgrade") if dice.chance(0.5) else ("/upgrade", "/enterprise")
                self._scene.plan(at, self._marketing.visit, dice.pick(people), pages)

    def week(self, week: int, company: Company, dice: Dice) -> None:
        """Plan what a customer's people read besides: doubts when things go badly, curiosity now and then."""
        soon = company.renewal // WEEK - week < 2 * QUARTER_WEEKS
        doubt = (0.07 if soon else 0.03) / (1 + exp(1.5 + 1.3 * company.health))
        chance = dice.uniform()
        if chance > doubt + 0.004:
            return
        people = company.present()[:4]
        if not people:
            return
        t, person = self._scene.calendar.in_week(dice, week), dice.pick(people)
        if chance >= doubt:
            self._look_for(t, person, dice.pick(sorted(words.ADDONS)), dice)
        elif dice.chance(0.5):
            self._scene.plan(t, self._marketing.visit, person, (words.CANCEL_HELP_PAGE,))
        else:
            self._scene.plan(t, self._signal, person, *words.OWN_MARKET)

    def compare(self, t: int, company: Company, person: Person, days: int) -> None:
        """A prospect's person compares products like ours within these days."""
        dice = self._scene.dice(_COMPARE, company.key, t)
        for _ in range(dice.poisson(0.8)):
            self._scene.plan(t + int(dice.between(0, days) * DAY), self._signal, person, *words.OWN_MARKET)

    def _look_for(self, t: int, person: Person, wish: str, dice: Dice) -> None:
        addon = words.ADDONS[wish]
        if addon.topic and dice.chance(0.55):
            self._scene.plan(t + HOUR, self._signal, person, addon.topic, addon.vendor)
        reads = (words.TAX_PAGE,) if wish == "tax_compliance" and dice.chance(0.6) else ()
        self._scene.plan(t, self._marketing.visit, person, (*reads, addon.page))

    def _signal(self, t: int, person: Person, topic: str, vendor: str) -> None:
        scene, company = self._scene, person.company
        if not person.present or company is None:
            return
        scene.tell(t, person, "intent", {"topic": topic, "vendor": vendor})
        scene.count(company, t, "intent_signals", "last_intent_at")
        if topic not in company.topics:
            company.topics.add(topic)
            scene.change(company, t, {"intent_topics": ";".join(sorted(company.topics))})


def _wish(company: Company, dice: Dice) -> str:
    missing = [addon for addon in words.ADDONS if addon not in company.addons]
    if not missing or dice.chance(0.85 if company.seat_share > _FULL else 0.58):
        return ""
    if "tax_compliance" in missing and company.jurisdictions >= MANY_JURISDICTIONS and dice.chance(0.7):
        return "tax_compliance"
    return dice.pick(missing)

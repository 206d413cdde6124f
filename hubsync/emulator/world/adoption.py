"""How far a customer has come with the product: milestones, add-ons, the places where it is installed."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import words
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company

_BEGIN, _SPREAD, _MILESTONE = 57, 58, 59
_STEPS = ((12, 0.95), (25, 0.9), (60, 0.75), (80, 0.65))
"""Usual days from one milestone to the next, and how often it is reached at all."""
_KNOWN = 0.86
MANY_JURISDICTIONS = 8
"""From here on taxes become a burden."""


class Adoption:
    """Follows a customer from its first day."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def begin(self, t: int, company: Company) -> None:
        """A company becomes a customer; one of before the history has add-ons and outcomes already."""
        dice = self._scene.dice(_BEGIN, company.key)
        company.jurisdictions = company.traits.jurisdictions
        if t < 0:
            company.outcomes = min(dice.poisson(1.3 * exp(0.5 * company.health)), 6)
            wanted = 0.15 * exp(0.25 * company.baseline[0])
            likely = dict.fromkeys(words.ADDONS, wanted)
            likely["tax_compliance"] = wanted * (2.2 if company.jurisdictions >= MANY_JURISDICTIONS else 0.5)
            company.addons.update(addon for addon, chance in likely.items() if dice.chance(min(chance, 0.6)))
        self._scene.count(company, t, "milestones_reached", by=0)
        self.note_outcomes(t, company)
        self._note(t, company)
        self._aim(t, company, 0)

    def buy(self, t: int, company: Company, addon: str) -> None:
        """A customer begins to use an add-on."""
        company.addons.add(addon)
        self._note(t, company)

    def spread(self, t: int, company: Company) -> None:
        """Let a month pass over the places where the product is installed."""
        dice = self._scene.dice(_SPREAD, company.key, t)
        if dice.chance(0.10 * exp(0.4 * company.usage)):
            company.jurisdictions += 1 + dice.poisson(0.5 + company.jurisdictions / 12)
            self._note(t, company)

    def note_outcomes(self, t: int, company: Company) -> None:
        """Write down how many of the agreed outcomes a customer has achieved."""
        if self._is_known(company, 1):
            self._scene.change(company, t, {"outcomes_achieved": str(company.outcomes)})

    def _note(self, t: int, company: Company) -> None:
        if self._is_known(company, 2):
            self._scene.change(company, t, {"tax_jurisdictions": str(company.jurisdictions)})
        if company.addons and self._is_known(company, 3):
            self._scene.change(company, t, {"products_owned": ";".join(sorted(company.addons))})

    def _is_known(self, company: Company, what: int) -> bool:
        return self._scene.dice(_BEGIN, company.key, what).chance(_KNOWN)

    def _aim(self, t: int, company: Company, place: int) -> None:
        if place == len(_STEPS):
            return
        dice = self._scene.dice(_MILESTONE, company.key, place)
        days, share = _STEPS[place]
        if dice.chance(min(share + 0.10 * company.baseline[0], 0.98)):
            wait = days * exp(-0.5 * company.usage) * dice.between(0.5, 1.8)
            self._scene.plan(t + int((1 + wait) * DAY), self._reach, company, place)

    def _reach(self, t: int, company: Company, place: int) -> None:
        if company.status != "customer":
            return
        scene = self._scene
        scene.count(company, t, "milestones_reached", "last_milestone_at")
        person = company.contact()
        if person:
            scene.tell(t, person, "milestone", {"milestone": words.MILESTONES[place]})
        self._aim(t, company, place + 1)

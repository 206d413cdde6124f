"""Business reviews: customers and those who look after them take stock."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import schema
from hubsync.emulator.world.adoption import Adoption
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person
from hubsync.emulator.world.touches import Touches

_REVIEW = 75
_OUTCOMES = 6


class Reviews:
    """Holds the reviews of customers at the pace that each agreed to."""

    def __init__(self, scene: Scene, touches: Touches, adoption: Adoption) -> None:
        self._scene = scene
        self._touches = touches
        self._adoption = adoption

    def hold(self, t: int, company: Company) -> None:
        """Review with the main contact; a sponsor comes along as long as things go well."""
        person = company.contact()
        if person is None or company.status != "customer":
            return
        dice = self._scene.dice(_REVIEW, company.key, t)
        sponsor = _sponsor(company, person)
        comes = sponsor is not None and dice.chance(1 / (1 + exp(-0.8 - 0.7 * company.mood)))
        held = self._touches.review(t, person, schema.keeper(company.key), [sponsor] if sponsor and comes else [])
        if held and company.outcomes < _OUTCOMES and dice.chance(1 / (1 + exp(0.6 - 0.9 * company.health))):
            company.outcomes += 1
            self._adoption.note_outcomes(t, company)


def _sponsor(company: Company, beside: Person) -> Person | None:
    if not company.traits.sponsored:
        return None
    executives = (one for one in company.present() if one.traits.role == "executive" and one is not beside)
    return next(executives, None)

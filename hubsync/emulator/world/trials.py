"""Free trials: prospects who try the product before they decide, or only sign up for it."""

from __future__ import annotations

from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.product import Product
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person

_TRIAL = 34
_LASTS = 14


class Trials:
    """Lets prospects try."""

    def __init__(self, scene: Scene, product: Product) -> None:
        self._scene = scene
        self._product = product

    def begin(self, t: int, company: Company, person: Person) -> None:
        """Somebody signs up for a trial; for whom the product is made, they mostly use it too."""
        if company.status != "prospect" or company.on_trial or not person.present:
            return
        scene = self._scene
        dice = scene.dice(_TRIAL, company.key, t)
        company.on_trial = True
        scene.change(company, t, {"trial_started_on": scene.calendar.date(t)})
        scene.tell(t, person, "trial_started", {})
        if not dice.chance(0.15 + 0.7 * company.traits.fit):
            return
        first = int(dice.between(0.1, 5) * DAY)
        for at in (first, *(int(dice.between(first / DAY, _LASTS) * DAY) for _ in range(dice.poisson(4)))):
            scene.plan(t + at, self._try, company, person)

    def _try(self, t: int, company: Company, person: Person) -> None:
        if self._product.try_out(t, person) and not company.activated:
            company.activated = True
            self._scene.change(company, t, {"trial_activated_on": self._scene.calendar.date(t)})

"""What the portal knows of a customer's time before the history: its trial and the deals it was won with since."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import schema, words
from hubsync.emulator.world.billing import Billing
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.deals import EXPANSION, NEW, attach, stage
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company

_PAST, _DEAL = 77, 78
_EXPANSIONS_A_YEAR = 0.7


class Past:
    """Puts the deals into the portal that long-standing customers made."""

    def __init__(self, scene: Scene, billing: Billing) -> None:
        self._scene = scene
        self._billing = billing

    def tell(self, t: int, company: Company) -> None:
        """Plan what happened from the first day of a customer, a negative `t`, until the history begins."""
        scene = self._scene
        dice = scene.dice(_PAST, company.key)
        if dice.chance(0.7):
            started = t - int(dice.between(14, 45) * DAY)
            trial = {"trial_started_on": scene.calendar.date(started)}
            if dice.chance(1 / (1 + exp(-1.1 - 0.9 * company.baseline[0]))):
                trial["trial_activated_on"] = scene.calendar.date(started + dice.below(9) * DAY)
            scene.change(company, t, trial)
        self._win(t, company, NEW)
        for addon in sorted(company.addons):
            scene.plan(int(t * dice.between(0.05, 0.9)), self._win, company, EXPANSION, addon)
        pace = _EXPANSIONS_A_YEAR * exp(0.6 * company.baseline[0] + 0.3 * company.baseline[1])
        for _ in range(dice.poisson(pace * -t / (365 * DAY))):
            scene.plan(int(t * dice.between(0.05, 0.9)), self._win, company, EXPANSION)
        for renewal in range(t + company.traits.term * DAY, 0, company.traits.term * DAY):
            scene.plan(renewal, self._win, company, "renewal")

    def _win(self, t: int, company: Company, kind: str, addon: str = "") -> None:
        scene = self._scene
        dice = scene.dice(_DEAL, company.key, t)
        grown = dice.between(0.5, 1.0)
        amount = int(company.arr * (grown * company.traits.term / 365 if kind == "renewal" else 0.6 * grown))
        purpose = "New" if kind == NEW else "Expansion"
        known = {"pipeline": "default", **stage("closedwon", "1.0")}
        if kind == "renewal":
            purpose = f"Renewal {scene.calendar.date(t)[:7]}"
            known = {"pipeline": schema.RENEWALS, **stage("renewal_won", "1.0")}
        elif kind == EXPANSION:
            amount = max(words.ADDONS[addon].price, amount // 6) if addon else amount // 3
            known["expansion_type"] = "cross_sell" if addon else "upsell"
        deal = scene.create("deals", t, {
            "dealname": f"{company.traits.name} - {purpose}",
            "amount": str(amount),
            "dealtype": NEW if kind == NEW else EXPANSION,
            "deal_currency_code": "USD",
            "closedate": scene.iso(t),
            "hubspot_owner_id": schema.seller(company.key),
            **known,
        }, "IMPORT")  # fmt: skip
        attach(scene, t, deal, company, company.present()[:1])
        if kind != "renewal":
            self._billing.line(t, deal, addon or company.plan, amount)

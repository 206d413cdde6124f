"""Deals: prospects who look for a product, customers who want more of it."""

from __future__ import annotations

from hubsync.emulator.world import schema, words
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.deals import attach, stage
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.evaluation import Evaluation, confirm
from hubsync.emulator.world.lifecycle import advance
from hubsync.emulator.world.research import Research
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person
from hubsync.emulator.world.success import Success
from hubsync.emulator.world.touches import Touches

_DEAL, _BUYING = 50, 51
_STAGES: tuple[tuple[str, str], ...] = (
    ("appointmentscheduled", "0.2"),
    ("qualifiedtobuy", "0.4"),
    ("presentationscheduled", "0.6"),
    ("decisionmakerboughtin", "0.8"),
    ("contractsent", "0.9"),
)
_LOST_REASONS = ("Price", "No decision", "Chose another vendor", "No budget")


class Sales:
    """Opens deals and moves them from stage to stage."""

    def __init__(self, scene: Scene, touches: Touches, success: Success, evaluation: Evaluation,
                 research: Research) -> None:  # fmt: skip
        self._scene = scene
        self._touches = touches
        self._success = success
        self._evaluation = evaluation
        self._research = research
        self._addons: dict[str, str] = {}
        """What the open deals are about that sell an add-on."""

    def wake(self, t: int, company: Company) -> None:
        """A prospect begins to look for a product."""
        dice = self._scene.dice(_BUYING, company.key, t)
        if company.status != "prospect" or company.buying_until * DAY > t:
            return
        company.buying_until = t // DAY + 28 + dice.below(35)
        self._evaluation.begin(t, company)
        if dice.chance(0.6):
            self._scene.plan(t + int(dice.between(5, 20) * DAY), self._open, company, "newbusiness")

    def grow(self, t: int, company: Company) -> None:
        """A customer begins to want more seats, a higher plan or an add-on."""
        dice = self._scene.dice(_BUYING, company.key, t)
        company.growing_until = t // DAY + 28 + dice.below(28)
        self._research.wish(t, company)
        self._scene.plan(t + int(dice.between(10, 30) * DAY), self._open, company, "existingbusiness")

    def _open(self, t: int, company: Company, kind: str) -> None:
        scene = self._scene
        wanted = "prospect" if kind == "newbusiness" else "customer"
        involved = company.buyers if kind == "newbusiness" else company.people
        people = [person for person in involved if person.alive and not person.left]
        if company.status != wanted or not people:
            return
        dice = scene.dice(_DEAL, company.key, t)
        amount = _amount(company, kind, dice)
        owner = schema.seller(company.key)
        deal = scene.create("deals", t, {
            "dealname": f"{company.traits.name} - {'New' if kind == 'newbusiness' else 'Expansion'}",
            "amount": _soiled(str(amount), dice),
            "pipeline": "default",
            "dealtype": kind,
            **_expansion(kind, company.wish),
            "deal_currency_code": "EUR" if company.traits.country == "Germany" else "USD",
            "closedate": scene.iso(t + 60 * DAY),
            "hubspot_owner_id": owner,
            **stage(*_STAGES[0]),
        })  # fmt: skip
        contacts = people[: 1 + dice.below(3)]
        attach(scene, t, deal, company, contacts)
        for person in contacts:
            advance(scene, t, person, "opportunity")
            if kind == "newbusiness":
                scene.change(person, t, {"hs_lead_status": "OPEN_DEAL"})
        scene.count(company, t, "hs_num_open_deals")
        if kind == "newbusiness":
            scene.change(company, t, {"lifecyclestage": "opportunity"})
        elif company.wish:
            self._addons[deal] = company.wish
        confirm(scene, t, contacts[0])
        self._plan_step(t, company, deal, kind, contacts, amount, 0, dice)

    def _plan_step(self, t: int, company: Company, deal: str, kind: str, contacts: list[Person], amount: int,
                   place: int, dice: Dice) -> None:  # fmt: skip
        wait = int(dice.between(4, 15) * DAY)
        for _ in range(1 + dice.below(3)):
            self._scene.plan(t + int(wait * dice.uniform()), self._touches.any, dice.pick(contacts),
                             schema.seller(company.key), deal)  # fmt: skip
        self._scene.plan(t + wait, self._step, company, deal, kind, contacts, amount, place + 1, dice)

    def _step(self, t: int, company: Company, deal: str, kind: str, contacts: list[Person], amount: int,
              place: int, dice: Dice) -> None:  # fmt: skip
        wanted = "prospect" if kind == "newbusiness" else "customer"
        lasting = _chance_to_last(company, kind, contacts)
        if company.status != wanted or not dice.chance(lasting):
            self._close(t, company, deal, won=False, dice=dice)
        elif place < len(_STAGES):
            self._scene.alter("deals", deal, t, stage(*_STAGES[place]))
            self._plan_step(t, company, deal, kind, contacts, amount, place, dice)
        else:
            self._close(t, company, deal, won=True, dice=dice)
            self._sell(t, company, deal, kind, amount)

    def _close(self, t: int, company: Company, deal: str, *, won: bool, dice: Dice) -> None:
        scene = self._scene
        properties = stage("closedwon", "1.0") if won else stage("closedlost", "0.0")
        properties["closedate"] = scene.iso(t)
        if not won:
            properties["closed_lost_reason"] = dice.pick(_LOST_REASONS)
            company.buying_until = company.growing_until = t // DAY
        scene.alter("deals", deal, t, properties)
        scene.count(company, t, "hs_num_open_deals", by=-1)

    def _sell(self, t: int, company: Company, deal: str, kind: str, amount: int) -> None:
        addon = self._addons.pop(deal, "")
        self._success.line(t, deal, company, amount, addon)
        if kind == "newbusiness":
            self._success.begin(t, company)
        else:
            self._success.extend(t, company, amount, addon)


def _expansion(kind: str, wish: str) -> dict[str, str]:
    return {"expansion_type": "cross_sell" if wish else "upsell"} if kind == "existingbusiness" else {}


def _amount(company: Company, kind: str, dice: Dice) -> int:
    if kind == "existingbusiness":
        return max(int(company.arr * dice.between(0.1, 0.5)), 500)
    return 1_000 + int(company.traits.employees**0.7 * dice.between(60, 200))


def _chance_to_last(company: Company, kind: str, contacts: list[Person]) -> float:
    if kind == "existingbusiness":
        return min(max(0.90 + 0.05 * company.health, 0.6), 0.98)
    seniority = max(person.traits.seniority for person in contacts)
    return 0.70 + 0.22 * company.traits.fit + 0.06 * seniority


def _soiled(value: str, dice: Dice) -> str:
    return dice.pick(words.NO_NUMBERS) if dice.chance(0.03) else value

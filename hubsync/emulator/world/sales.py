"""Deals: prospects who look for a product, customers who want more of it."""

from __future__ import annotations

from dataclasses import dataclass

from hubsync.emulator.world import schema, words
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.deals import EXPANSION, NEW, attach, stage
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
_SOLD_TO = {NEW: "prospect", EXPANSION: "customer"}
_LOST_REASONS = ("Price", "No decision", "Chose another vendor", "No budget")


@dataclass(frozen=True, slots=True)
class _Deal:
    """A deal that is open; `addon` is what it sells, if that is one."""

    id: str
    kind: str
    company: Company
    contacts: list[Person]
    amount: int
    addon: str
    dice: Dice


class Sales:
    """Opens deals and moves them from stage to stage."""

    def __init__(self, scene: Scene, touches: Touches, success: Success, evaluation: Evaluation,
                 research: Research) -> None:  # fmt: skip
        self._scene = scene
        self._touches = touches
        self._success = success
        self._evaluation = evaluation
        self._research = research

    def wake(self, t: int, company: Company) -> None:
        """A prospect begins to look for a product."""
        dice = self._scene.dice(_BUYING, company.key, t)
        if company.status != "prospect" or company.buying_until * DAY > t:
            return
        company.buying_until = t // DAY + 28 + dice.below(35)
        self._evaluation.begin(t, company)
        if dice.chance(0.6):
            self._scene.plan(t + int(dice.between(5, 20) * DAY), self._open, company, NEW)

    def grow(self, t: int, company: Company) -> None:
        """A customer begins to want more seats, a higher plan or an add-on."""
        dice = self._scene.dice(_BUYING, company.key, t)
        company.growing_until = t // DAY + 28 + dice.below(28)
        self._research.wish(t, company)
        self._scene.plan(t + int(dice.between(10, 30) * DAY), self._open, company, EXPANSION)

    def _open(self, t: int, company: Company, kind: str) -> None:
        involved = company.buyers if kind == NEW else company.people
        people = [person for person in involved if person.present]
        if company.status != _SOLD_TO[kind] or not people:
            return
        scene = self._scene
        dice = scene.dice(_DEAL, company.key, t)
        addon = company.wish if kind == EXPANSION else ""
        amount = _amount(company, kind, dice)
        deal = scene.create("deals", t, {
            "dealname": f"{company.traits.name} - {'New' if kind == NEW else 'Expansion'}",
            "amount": words.soiled(str(amount), dice),
            "pipeline": "default",
            "dealtype": kind,
            **_expansion(kind, addon),
            "deal_currency_code": "EUR" if company.traits.country == "Germany" else "USD",
            "closedate": scene.iso(t + 60 * DAY),
            "hubspot_owner_id": schema.seller(company.key),
            **stage(*_STAGES[0]),
        })  # fmt: skip
        contacts = people[: 1 + dice.below(3)]
        attach(scene, t, deal, company, contacts)
        self._note_open(t, company, contacts, kind)
        self._plan_step(t, _Deal(deal, kind, company, contacts, amount, addon, dice), 0)

    def _note_open(self, t: int, company: Company, contacts: list[Person], kind: str) -> None:
        scene = self._scene
        for person in contacts:
            advance(scene, t, person, "opportunity")
            if kind == NEW:
                scene.change(person, t, {"hs_lead_status": "OPEN_DEAL"})
        scene.count(company, t, "hs_num_open_deals")
        if kind == NEW:
            scene.change(company, t, {"lifecyclestage": "opportunity"})
        confirm(scene, t, contacts[0])

    def _plan_step(self, t: int, deal: _Deal, place: int) -> None:
        dice, seller = deal.dice, schema.seller(deal.company.key)
        wait = int(dice.between(4, 15) * DAY)
        for _ in range(1 + dice.below(3)):
            at = t + int(wait * dice.uniform())
            self._scene.plan(at, self._touches.any, dice.pick(deal.contacts), seller, deal.id)
        self._scene.plan(t + wait, self._step, deal, place + 1)

    def _step(self, t: int, deal: _Deal, place: int) -> None:
        if deal.company.status != _SOLD_TO[deal.kind] or not deal.dice.chance(_chance_to_last(deal)):
            self._close(t, deal, won=False)
        elif place < len(_STAGES):
            self._scene.alter("deals", deal.id, t, stage(*_STAGES[place]))
            self._plan_step(t, deal, place)
        else:
            self._close(t, deal, won=True)
            self._sell(t, deal)

    def _close(self, t: int, deal: _Deal, *, won: bool) -> None:
        scene, company = self._scene, deal.company
        properties = stage("closedwon", "1.0") if won else stage("closedlost", "0.0")
        properties["closedate"] = scene.iso(t)
        if not won:
            properties["closed_lost_reason"] = deal.dice.pick(_LOST_REASONS)
            company.buying_until = company.growing_until = t // DAY
        scene.alter("deals", deal.id, t, properties)
        scene.count(company, t, "hs_num_open_deals", by=-1)

    def _sell(self, t: int, deal: _Deal) -> None:
        company = deal.company
        self._success.line(t, deal.id, company, deal.amount, deal.addon)
        if deal.kind == NEW:
            self._success.begin(t, company)
        else:
            self._success.extend(t, company, deal.amount, deal.addon)


def _expansion(kind: str, addon: str) -> dict[str, str]:
    return {"expansion_type": "cross_sell" if addon else "upsell"} if kind == EXPANSION else {}


def _amount(company: Company, kind: str, dice: Dice) -> int:
    if kind == EXPANSION:
        return max(int(company.arr * dice.between(0.1, 0.5)), 500)
    return 1_000 + int(company.traits.employees**0.7 * dice.between(60, 200))


def _chance_to_last(deal: _Deal) -> float:
    if deal.kind == EXPANSION:
        return min(max(0.90 + 0.05 * deal.company.health, 0.6), 0.98)
    seniority = max(person.traits.seniority for person in deal.contacts)
    return 0.70 + 0.22 * deal.company.traits.fit + 0.06 * seniority

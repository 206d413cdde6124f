"""Customers: contracts, renewals and churn, seats, surveys."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import schema, words
from hubsync.emulator.world.adoption import Adoption
from hubsync.emulator.world.billing import Billing
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.deals import EXPANSION, attach, stage
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.feedback import NPS, submit
from hubsync.emulator.world.lifecycle import advance, register
from hubsync.emulator.world.past import Past
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Decision, Person

_CONTRACT, _RENEWAL, _SURVEY, _SEATS, _FIRST_SURVEY = 70, 71, 72, 73, 74
_NOTICE = 90 * DAY
"""A renewal deal is opened this long before the date."""

_CHURN_AT_ZERO, _CHURN_SLOPE = -1.9, 1.55
_SURVEY_EVERY = 182 * DAY


class Success:
    """Leads customers from contract to contract."""

    def __init__(self, scene: Scene, billing: Billing, adoption: Adoption, past: Past) -> None:
        self._scene = scene
        self._billing = billing
        self._adoption = adoption
        self._past = past

    def begin(self, t: int, company: Company) -> None:
        """A company becomes a customer."""
        scene, traits = self._scene, company.traits
        dice = scene.dice(_CONTRACT, company.key)
        company.status, company.since = "customer", t
        company.renewal = t + traits.term * DAY
        while company.renewal < 0:
            company.renewal += traits.term * DAY
        company.plan = _plan_for(traits.employees, dice)
        seats, price = schema.PLANS[company.plan]
        company.seats = max(3, int(seats * dice.between(0.6, 1.6)))
        company.arr = int(company.seats * price * dice.between(0.8, 1.1))
        company.features.update(("dashboards",) if t >= 0 else ("dashboards", "alerts", "exports"))
        self._note_contract(t, company, dice)
        for person in company.people:
            advance(scene, t, person, "customer")
            register(scene, t, person)
        if traits.instrumented:
            for name in ("product_logins", "product_minutes", "skipped_deliveries"):
                scene.count(company, t, name, by=0)
            scene.count(company, t, "features_used", by=len(company.features))
        self._adoption.begin(t, company)
        if t < 0:
            self._past.tell(t, company)
        self._date_renewal(t, company, dice)
        self._billing.subscribe(t, company)
        now = max(t, 0)
        scene.plan(max(company.renewal - _NOTICE, now), self._offer, company)
        scene.plan(now + int(dice.between(5, 30) * DAY), self._count_seats, company)
        scene.plan(now + int(scene.dice(_FIRST_SURVEY, company.key).between(20, 182) * DAY), self._survey, company)

    def _note_contract(self, t: int, company: Company, dice: Dice) -> None:
        known = {
            "lifecyclestage": "customer",
            "customer_since": self._scene.calendar.date(t),
            "hubspot_owner_id": schema.keeper(company.key),
        }
        for name, value in (
            ("contract_plan", company.plan),
            ("seats_total", company.seats),
            ("arr", company.arr),
        ):
            if not dice.chance(0.14):
                known[name] = words.soiled(str(value), dice) if name != "contract_plan" else str(value)
        self._scene.change(company, t, known)

    def extend(self, t: int, company: Company, amount: int, addon: str) -> None:
        """A customer bought more of the same, or an add-on."""
        company.arr += amount
        if addon:
            self._adoption.buy(t, company, addon)
            self._scene.change(company, t, {"arr": str(company.arr)})
            return
        company.seats += max(1, amount // schema.PLANS[company.plan][1])
        plans = list(schema.PLANS)
        if company.seats > 1.5 * schema.PLANS[company.plan][0] and company.plan != plans[-1]:
            company.plan = plans[plans.index(company.plan) + 1]
        self._scene.change(company, t, {
            "arr": str(company.arr), "seats_total": str(company.seats), "contract_plan": company.plan,
        })  # fmt: skip

    def line(self, t: int, deal: str, company: Company, amount: int, addon: str) -> None:
        """What a deal that was won consists of."""
        self._billing.line(t, deal, addon or company.plan, amount)

    def _date_renewal(self, t: int, company: Company, dice: Dice) -> None:
        scene = self._scene
        if dice.chance(0.1):
            return
        form = scene.calendar.epoch_ms if dice.chance(0.03) else scene.calendar.date
        scene.change(company, t, {"renewal_date": form(company.renewal)})

    def _offer(self, t: int, company: Company) -> None:
        if company.status != "customer":
            return
        scene = self._scene
        deal = scene.create("deals", t, {
            "dealname": f"{company.traits.name} - Renewal {scene.calendar.date(company.renewal)[:7]}",
            "amount": str(company.arr * company.traits.term // 365),
            "pipeline": schema.RENEWALS,
            **stage("renewal_open", "0.6"),
            "dealtype": EXPANSION,
            "deal_currency_code": "USD",
            "closedate": scene.iso(company.renewal),
            "hubspot_owner_id": schema.keeper(company.key),
        })  # fmt: skip
        attach(scene, t, deal, company, company.present()[:1])
        scene.count(company, t, "hs_num_open_deals")
        half, negotiation = (t + company.renewal) // 2, stage("renewal_negotiation", "0.75")
        scene.plan(half, lambda at: scene.alter("deals", deal, at, negotiation))
        scene.plan(max(company.renewal, t + DAY), self._decide, company, deal, company.health)

    def _decide(self, t: int, company: Company, deal: str, health_before: float) -> None:
        scene = self._scene
        dice = scene.dice(_RENEWAL, company.key, t)
        probability = 1 / (1 + exp(-_CHURN_AT_ZERO + _CHURN_SLOPE * company.health))
        churned = dice.chance(probability)
        scene.truth.decisions.append(Decision(
            company.id, scene.calendar.moment(t), churned, probability, company.health, health_before,
        ))  # fmt: skip
        scene.alter("deals", deal, t, {
            **(stage("renewal_lost", "0.0") if churned else stage("renewal_won", "1.0")),
            "closedate": scene.iso(t),
        })  # fmt: skip
        scene.count(company, t, "hs_num_open_deals", by=-1)
        if churned:
            self._end(t, company)
        else:
            company.renewal += company.traits.term * DAY
            self._date_renewal(t, company, dice)
            scene.plan(company.renewal - _NOTICE, self._offer, company)

    def _end(self, t: int, company: Company) -> None:
        scene = self._scene
        company.status = "former"
        scene.truth.health.pop(company.id, None)
        scene.change(company, t, {"churned_on": scene.calendar.date(t), "lifecyclestage": "other"})
        for person in company.people:
            if person.alive and person.stage == "customer":
                person.stage = "other"
                scene.change(person, t, {"lifecyclestage": "other"})
        self._billing.cancel(t, company)

    def _count_seats(self, t: int, company: Company) -> None:
        if company.status != "customer":
            return
        dice = self._scene.dice(_SEATS, company.key, t)
        share = 0.66 + 0.10 * company.usage + 0.14 * company.traits.usage_habit + 0.05 * dice.normal()
        company.seat_share = share
        self._adoption.spread(t, company)
        used = str(max(1, round(company.seats * min(max(share, 0.1), 1.05))))
        if company.traits.instrumented:
            self._scene.change(company, t, {"seats_used": words.soiled(used, dice)})
        self._scene.plan(t + 30 * DAY, self._count_seats, company)

    def _survey(self, t: int, company: Company) -> None:
        if company.status != "customer":
            return
        dice = self._scene.dice(_SURVEY, company.key, t)
        for person in company.present():
            if dice.chance(0.75 if person.traits.place == 0 else 0.16):
                self._scene.plan(t + int(dice.between(1, 10) * DAY), self._answer, person, company)
        self._scene.plan(t + _SURVEY_EVERY, self._survey, company)

    def _answer(self, t: int, person: Person, company: Company) -> None:
        scene = self._scene
        if not person.present:
            return
        dice = scene.dice(_SURVEY, person.key, t)
        rating = NPS.rating(6.5 + 2.0 * company.mood + 1.8 * dice.normal())
        submit(scene, t, person, NPS, rating, dice.pick(words.COMMENTS))
        scene.seen(person, t, "hs_feedback_last_survey_date")
        scene.change(person, t, {"hs_feedback_last_nps_rating": str(rating)})


def _plan_for(employees: int, dice: Dice) -> str:
    size = employees * dice.between(0.5, 2.0)
    return "starter" if size < 40 else "team" if size < 250 else "business" if size < 2500 else "enterprise"

"""Subscriptions, their payments, the product catalogue and the lines of deals."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import schema
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person

_SUBSCRIBE, _PAY = 80, 81
_PERIODS = {"monthly": 30, "quarterly": 91, "annually": 365}


class Billing:
    """Charges customers; a payment that fails is tried again, and the subscription falls behind."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._products: dict[str, str] = {}

    def stock(self, t: int) -> None:
        """Fill the product catalogue."""
        for plan, (_, price) in schema.PLANS.items():
            self._products[plan] = self._scene.create("products", t, {
                "name": f"Plan {plan.capitalize()}", "price": str(price), "hs_sku": f"PLAN-{plan.upper()}",
                "hs_recurring_billing_period": "P12M",
            })  # fmt: skip

    def line(self, t: int, deal: str, plan: str, amount: int) -> None:
        """Say what a deal consists of."""
        price = schema.PLANS[plan][1]
        line = self._scene.create("line_items", t, {
            "name": f"Plan {plan.capitalize()}", "hs_product_id": self._products[plan], "price": str(price),
            "quantity": str(max(1, amount // price)), "amount": str(amount), "recurringbillingfrequency": "annually",
        })  # fmt: skip
        self._scene.link("line_items", line, t, ("deals", deal, (20,)))

    def subscribe(self, t: int, company: Company) -> None:
        """Begin to charge a customer."""
        scene = self._scene
        dice = scene.dice(_SUBSCRIBE, company.key, t)
        rhythm = dice.weighted((("monthly", 0.45), ("quarterly", 0.35), ("annually", 0.2)))
        period = _PERIODS[rhythm] * DAY
        first = t + ((-t // period) + 1) * period if t < 0 else t + DAY
        company.subscription = scene.create("subscriptions", t, {
            "hs_name": f"Plan {company.plan.capitalize()}",
            "hs_status": "active",
            "hs_currency_code": "USD",
            "hs_recurring_billing_frequency": rhythm,
            "hs_recurring_billing_start_date": scene.calendar.date(t),
            "hs_next_payment_due_date": scene.calendar.date(first),
            "hs_next_payment_amount": str(company.arr * _PERIODS[rhythm] // 365),
        }, "PAYMENTS")  # fmt: skip
        payer = _payer(company)
        scene.link("subscriptions", company.subscription, t, ("companies", company.id, ()),
                   ("contacts", payer.id if payer else "", (295,)))  # fmt: skip
        scene.plan(first, self._charge, company, rhythm, company.subscription)

    def cancel(self, t: int, company: Company) -> None:
        """Stop charging."""
        ended = {"hs_status": "canceled", "hs_canceled_at": self._scene.iso(t)}
        self._scene.alter("subscriptions", company.subscription, t, ended)

    def _charge(self, t: int, company: Company, rhythm: str, subscription: str) -> None:
        if company.status != "customer":
            return
        period = _PERIODS[rhythm]
        self._pay(t, company, company.arr * period // 365, subscription, self._scene.calendar.date(t + period * DAY))
        self._scene.plan(t + period * DAY, self._charge, company, rhythm, subscription)

    def _pay(self, t: int, company: Company, amount: int, subscription: str, next_due: str) -> None:
        if company.status != "customer":
            return
        scene = self._scene
        dice = scene.dice(_PAY, company.key, t)
        again = 2.2 * min(company.failed_payments, 1)
        failed = dice.chance(1 / (1 + exp(2.6 + 1.8 * company.money - again)))
        payer = _payer(company)
        payment = scene.create("commerce_payments", t, {
            "hs_initial_amount": str(amount),
            "hs_initiated_date": scene.iso(t),
            "hs_latest_status": "failed" if failed else "succeeded",
            "hs_currency_code": "USD",
            "hs_customer_email": payer.traits.email if payer else "",
            **({"hs_failure_reason": "insufficient_funds"} if failed else {}),
        }, "PAYMENTS")  # fmt: skip
        scene.link("commerce_payments", payment, t, ("companies", company.id, ()),
                   ("contacts", payer.id if payer else "", (387,)))  # fmt: skip
        company.failed_payments = company.failed_payments + 1 if failed else 0
        state = {"hs_last_payment_amount": str(amount), "hs_last_payment_date": scene.iso(t)}
        state |= {"hs_next_payment_due_date": next_due}
        state["hs_status"] = "past_due" if company.failed_payments >= 2 else "active"
        scene.alter("subscriptions", subscription, t, {"hs_status": state["hs_status"]} if failed else state)
        if failed and company.failed_payments < 4:
            scene.plan(t + int(dice.between(4, 8) * DAY), self._pay, company, amount, subscription, next_due)


def _payer(company: Company) -> Person | None:
    return next((person for person in company.people if person.alive and not person.left), None)

"""Subscriptions, their payments, the product catalogue and the lines of deals."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import schema, words
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company

_SUBSCRIBE, _PAY, _TERMS = 80, 81, 82
_RETRY_DAYS = 6
_PERIODS = {"monthly": 30, "quarterly": 91, "annually": 365}


class Billing:
    """Charges customers; a payment that fails is tried again, and the subscription falls behind."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._products: dict[str, dict[str, str]] = {}

    def stock(self, t: int) -> None:
        """Fill the product catalogue."""
        for product, known in _catalogue().items():
            known |= {"hs_recurring_billing_period": "P12M"}
            self._products[product] = known | {"hs_product_id": self._scene.create("products", t, known)}

    def line(self, t: int, deal: str, product: str, amount: int) -> None:
        """Say what a deal consists of: a plan or an add-on."""
        known = self._products[product]
        line = self._scene.create("line_items", t, known | {
            "quantity": str(max(1, amount // int(known["price"]))), "amount": str(amount),
            "recurringbillingfrequency": "annually",
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
        payer = company.contact()
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
        payer = company.contact()
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
        if not failed:
            late = _RETRY_DAYS * company.failed_payments
            self._note_delay(t, company, late + round(dice.exponential(8.0 * exp(-0.45 * company.money))))
        company.failed_payments = company.failed_payments + 1 if failed else 0
        state = {"hs_last_payment_amount": str(amount), "hs_last_payment_date": scene.iso(t)}
        state |= {"hs_next_payment_due_date": next_due}
        state["hs_status"] = "past_due" if company.failed_payments >= 2 else "active"
        scene.alter("subscriptions", subscription, t, {"hs_status": state["hs_status"]} if failed else state)
        if failed and company.failed_payments < 4:
            scene.plan(t + int(dice.between(4, 8) * DAY), self._pay, company, amount, subscription, next_due)

    def _note_delay(self, t: int, company: Company, days: int) -> None:
        company.payments += 1
        company.days_to_pay += days
        if self._scene.dice(_TERMS, company.key).chance(0.86):
            average = str(round(company.days_to_pay / company.payments, 1))
            self._scene.change(company, t, {"average_days_to_pay": average})


def _catalogue() -> dict[str, dict[str, str]]:
    plans = {
        plan: {"name": f"Plan {plan.capitalize()}", "hs_sku": f"PLAN-{plan.upper()}", "price": str(price)}
        for plan, (_, price) in schema.PLANS.items()
    }
    addons = {
        addon: {"name": one.label, "hs_sku": one.sku, "price": str(one.price)} for addon, one in words.ADDONS.items()
    }
    return plans | addons

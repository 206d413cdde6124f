"""What the vendor added to its portal: properties, owners, the renewal pipeline, the product catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from hubsync.emulator.clock import to_iso
from hubsync.emulator.state import Portal
from hubsync.emulator.world import words

Options = tuple[tuple[str, str], ...]

GROUP = "product_data"
RENEWALS = "renewals"
OWNERS = 8
"""Owners 0 to 4 sell, 5 to 7 look after customers."""

_FIRST_OWNER = 41_629_700
_DECISION_ROLES = (("decision_maker", "Decision maker"), ("influencer", "Influencer"), ("user", "User"))
PLANS: dict[str, tuple[int, int]] = {
    "starter": (5, 300),
    "team": (20, 360),
    "business": (60, 480),
    "enterprise": (250, 540),
}
"""Each plan's usual number of seats and its price of a seat and year."""


def _plainly(values: Iterable[str]) -> Options:
    """Choices whose labels are their values in plain words."""
    return tuple((value, value.replace("_", " ").capitalize()) for value in values)


_CONTACTS: tuple[tuple[str, str, str], ...] = (
    ("product_logins", "Product logins", "number"),
    ("product_last_login_at", "Last login to the product", "datetime"),
    ("budget_confirmed", "Budget confirmed", "bool"),
    ("need_confirmed", "Need confirmed", "bool"),
    ("is_champion", "Champion", "bool"),
    ("left_company_on", "Left the company on", "date"),
)
_COMPANIES: tuple[tuple[str, str, str], ...] = (
    ("customer_since", "Customer since", "date"),
    ("renewal_date", "Renewal date", "date"),
    ("churned_on", "Churned on", "date"),
    ("seats_total", "Seats bought", "number"),
    ("seats_used", "Seats used", "number"),
    ("arr", "Annual recurring revenue", "number"),
    ("product_logins", "Product logins", "number"),
    ("product_last_login_at", "Last login to the product", "datetime"),
    ("features_used", "Features used", "number"),
    ("last_feature_started_at", "Last feature started", "datetime"),
    ("api_calls", "API calls", "number"),
    ("last_api_call_at", "Last API call", "datetime"),
    ("users_invited", "Users invited", "number"),
    ("last_user_invited_at", "Last user invited", "datetime"),
    ("referrals", "Referrals", "number"),
    ("last_referral_at", "Last referral", "datetime"),
    ("product_minutes", "Minutes in the product", "number"),
    ("skipped_deliveries", "Deliveries skipped", "number"),
    ("last_skipped_delivery_at", "Last delivery skipped", "datetime"),
    ("milestones_reached", "Milestones reached", "number"),
    ("last_milestone_at", "Last milestone", "datetime"),
    ("outcomes_achieved", "Outcomes achieved", "number"),
    ("average_days_to_pay", "Average days to pay", "number"),
    ("tax_jurisdictions", "Tax jurisdictions", "number"),
    ("trial_started_on", "Trial started on", "date"),
    ("trial_activated_on", "Trial activated on", "date"),
    ("intent_signals", "Intent signals", "number"),
    ("last_intent_at", "Last intent signal", "datetime"),
)
_EVENTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("login", "Login", ("minutes",)),
    ("feature_used", "Feature used", ("feature", "first_use")),
    ("api_call", "API call", ("calls",)),
    ("user_invited", "User invited", ()),
    ("referral", "Referral", ("campaign",)),
    ("intent", "Third-party intent", ("topic", "vendor")),
    ("milestone", "Milestone", ("milestone",)),
    ("trial_started", "Trial started", ()),
)
_FIELD_TYPES = {"number": "number", "date": "date", "datetime": "date", "bool": "booleancheckbox"}
_YES_NO = (("true", "Yes"), ("false", "No"))
_CHOICES: tuple[tuple[str, str, str, Options], ...] = (
    ("contacts", "decision_role", "Role in decisions", _DECISION_ROLES),
    ("contacts", "persona", "Persona", _plainly(words.FAVOURITES)),
    ("companies", "contract_plan", "Plan", _plainly(PLANS)),
    ("tickets", "ticket_satisfaction", "Satisfaction with the answer", _plainly(("satisfied", "unsatisfied"))),
    ("deals", "expansion_type", "Kind of expansion", (("upsell", "Upsell"), ("cross_sell", "Cross-sell"))),
)
_SEVERAL_CHOICES: tuple[tuple[str, str, str, Options], ...] = (
    ("companies", "products_owned", "Products owned", tuple((name, one.label) for name, one in words.ADDONS.items())),
    ("companies", "intent_topics", "Topics researched", _plainly(words.TOPICS)),
)
_OWNER_NAMES = ("Alex Seller", "Bo Quota", "Cam Closer", "Dee Dealer", "Eve Pitcher", "Fay Keeper", "Gus Carer",
                "Hal Helper")  # fmt: skip


def define(portal: Portal) -> None:
    """Define all of it."""
    for kind, rows in (("contacts", _CONTACTS), ("companies", _COMPANIES)):
        for name, label, type_ in rows:
            _property(portal, kind, name, label, type_, _YES_NO if type_ == "bool" else ())
    for choices, field in ((_CHOICES, "select"), (_SEVERAL_CHOICES, "checkbox")):
        for kind, name, label, options in choices:
            _property(portal, kind, name, label, "enumeration", options, field)
    stages = (("renewal_open", "Open", "0.6"), ("renewal_negotiation", "Negotiation", "0.75"),
              ("renewal_won", "Renewed", "1.0"), ("renewal_lost", "Churned", "0.0"))  # fmt: skip
    portal.directory.add_pipeline("deals", RENEWALS, "Renewals", stages)
    for place, name in enumerate(_OWNER_NAMES):
        first, last = name.split()
        team = ("368389", "Sales") if place < 5 else ("368390", "Customer Success")
        email = f"{first}.{last}@vendor.example".lower()
        portal.directory.add_owner(owner(place), email, first, last, user_id=9_586_500 + place, teams=[team])
    _tools(portal)


def _tools(portal: Portal) -> None:
    at = to_iso(portal.now - timedelta(days=900))
    for form in words.FORMS:
        portal.tools.forms.define(form.partition(": ")[2], at=at)
    for name, label, properties in _EVENTS:
        fields = [{"name": one, "label": one.capitalize(), "type": "string"} for one in properties]
        portal.tools.events.define(portal.portal_id, name, at=at, label=label, properties=fields)


def owner(place: int) -> str:
    """The id of an owner."""
    return str(_FIRST_OWNER + 7 * (place % OWNERS))


def seller(number: int) -> str:
    """Who sells to this company."""
    return owner(number % 5)


def keeper(number: int) -> str:
    """Who looks after this customer."""
    return owner(5 + number % 3)


def _property(portal: Portal, kind: str, name: str, label: str, type_: str, options: Options, field: str = "") -> None:
    portal.define(
        kind,
        {
            "name": name,
            "label": label,
            "type": type_,
            "fieldType": field or _FIELD_TYPES[type_],
            "groupName": GROUP,
            "options": [{"value": value, "label": text} for value, text in options],
        },
    )

"""The words that models use for what each portal names differently.

`portal.yaml` maps each word, per object, to an expression over that object's properties. A word that is not
mapped is unknown; a word that is not in this table is a mistake (design §8). A word that was mapped once and is
not any more holds the models that use it, unless portal.yaml says `unknown` in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubsync.types import PropertyType

UNKNOWN = "unknown"
"""What portal.yaml says in place of an expression when nobody knows a word, and that is meant."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the vocabulary: the type of its value and what it means."""

    name: str
    type: PropertyType
    meaning: str


WORDS = {
    word.name: word
    for word in (
        Word("is_customer", "bool", "the record is, or belongs to, a paying customer"),
        Word("is_target", "bool", "the industry is one we sell to"),
        Word("industry_name", "text", "the industry"),
        Word("employees", "number", "number of employees"),
        Word("revenue", "number", "yearly revenue"),
        Word("country_name", "text", "the country"),
        Word("role", "text", "the job title or role"),
        Word("need_confirmed", "bool", "the problem we solve was confirmed in a conversation"),
        Word("budget_confirmed", "bool", "the budget was confirmed in a conversation"),
        Word("has_authority", "bool", "the person decides or signs"),
        Word("opted_out", "bool", "the person unsubscribed from email"),
        Word("last_action_at", "datetime", "the last time the person did something by themselves"),
        Word("customer_since", "date", "the day the customer relation began"),
        Word("renewal_date", "date", "the day of the next renewal"),
        Word("plan", "text", "the plan or edition of the product"),
        Word("arr", "number", "yearly recurring revenue"),
        Word("seats_used", "number", "seats or units in use"),
        Word("seats_total", "number", "seats or units paid for"),
        Word("features_used", "number", "number of features in use"),
        Word("churned_on", "date", "the day the customer left"),
        Word("resembles_adopters", "bool", "the record resembles customers who have the whole mix or the larger plan"),
        Word("trial_unused", "bool", "the free trial before the purchase was hardly used"),
        Word("jurisdictions", "number", "number of tax jurisdictions the customer sells in"),
        Word("persona", "text", "the persona in the product"),
        Word("topics_researched", "text", "what the record researches elsewhere, by third-party intent data"),
        Word("speaks_for_us", "bool", "the person speaks for us inside the company, and is still there"),
        Word("sponsors_us", "bool", "the person is our executive sponsor, and is still there"),
        Word("has_left", "bool", "the person left the company"),
        Word("outcomes", "number", "number of agreed outcomes that the customer achieved"),
        Word("days_to_pay", "number", "days from the due date of an invoice to its payment, on average"),
        Word("csm_owner", "text", "the customer success manager's owner id"),
        Word("renewal_pipeline", "text", "the id of the pipeline of renewals"),
    )
}


def mapping(words: Mapping[str, Any], name: str, object_: str) -> str | None:
    """The expression that portal.yaml maps a word to for an object: None when it maps none, or `unknown`."""
    mapped = words.get(name)
    text = mapped.get(object_) if isinstance(mapped, Mapping) else UNKNOWN if mapped == UNKNOWN else None
    return None if text is None else str(text)

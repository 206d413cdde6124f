"""The words that models use for what each portal names differently.

`portal.yaml` maps each word, per object, to an expression over that object's properties. A word that is not
mapped is unknown; a word that is not in this table is a mistake (design §8).
"""

from __future__ import annotations

from dataclasses import dataclass

from hubsync.types import PropertyType


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
        Word("csm_owner", "text", "the customer success manager's owner id"),
        Word("renewal_pipeline", "text", "the id of the pipeline of renewals"),
    )
}

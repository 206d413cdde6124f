"""What all deals have in common: their stages, and the company and people they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person

NEW, EXPANSION = "newbusiness", "existingbusiness"
"""The types of deals: to become a customer, and to buy more or again."""


def stage(name: str, probability: str) -> dict[str, str]:
    """The properties of a deal that follow from its stage."""
    return {
        "dealstage": name,
        "hs_deal_stage_probability": probability,
        "hs_is_closed": "true" if probability in ("0.0", "1.0") else "false",
        "hs_is_closed_won": "true" if probability == "1.0" else "false",
    }


def attach(scene: Scene, t: int, deal: str, company: Company, contacts: Sequence[Person]) -> None:
    """Associate a new deal with its company and people, and count it there."""
    scene.link("deals", deal, t, ("companies", company.id, (5, 341)))
    for person in contacts:
        scene.link("deals", deal, t, ("contacts", person.id, (3,)))
        scene.count(person, t, "num_associated_deals")
    scene.count(company, t, "num_associated_deals")

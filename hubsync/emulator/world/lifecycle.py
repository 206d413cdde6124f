"""The lifecycle of contacts: stages that only move forward, and accounts in the product."""

from __future__ import annotations

from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Person

_PART = 17
_STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")


def advance(scene: Scene, t: int, person: Person, stage: str) -> None:
    """Move a contact forward in its lifecycle, never back."""
    if person.alive and _rank(stage) > _rank(person.stage):
        person.stage = stage
        scene.change(person, t, {"lifecyclestage": stage, **entered(scene, t, stage)})


def entered(scene: Scene, t: int, stage: str) -> dict[str, str]:
    """The property that dates the first day in a stage."""
    return {f"hs_lifecyclestage_{stage}_date": scene.iso(t)}


def register(scene: Scene, t: int, person: Person) -> None:
    """Give a customer's contact an account in the product; who never logs in is known to have no logins."""
    if person.company and person.company.traits.instrumented and person.traits.role != "passive":
        scene.count(person, t, "product_logins", by=0)
    note_part(scene, t, person)


def note_part(scene: Scene, t: int, person: Person) -> None:
    """Note whether somebody carries the product inside; of those with no part in it, nobody asks."""
    if person.traits.role != "passive" and scene.dice(_PART, person.key).chance(0.86):
        scene.change(person, t, {"is_champion": "true" if person.traits.role == "champion" else "false"})


def _rank(stage: str) -> int:
    return _STAGES.index(stage) if stage in _STAGES else len(_STAGES)

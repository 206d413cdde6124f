"""Use of the vendor's product: logins, features, API calls, invitations, referrals."""

from __future__ import annotations

from hubsync.emulator.world import words
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person

_SESSION = 30
_LATE_SHARE = 0.03
"""The nightly job that brings product usage into the CRM sometimes fails for days."""


class Product:
    """What people do in the product, and how the CRM gets to know it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._prefix = f"pe{scene.portal.portal_id}_"

    def session(self, t: int, person: Person) -> None:
        """A person logs in and does something."""
        company = person.company
        if person.left or not person.alive or company is None or company.status != "customer":
            return
        dice = self._scene.dice(_SESSION, person.key, t)
        self._tell(t, person, dice, "login", {})
        if dice.chance(0.30):
            self._use_feature(t, person, company, dice)
        if "api" in company.features and dice.chance(0.12):
            self._tell(t + 120_000, person, dice, "api_call", {"calls": str(20 + dice.below(400))})
        if company.health > 0 and dice.chance(0.018 + 0.025 * max(0.0, company.usage)):
            self._tell(t + 200_000, person, dice, "user_invited", {})
        if dice.chance(0.006 * max(0.0, company.mood)):
            self._tell(t + 300_000, person, dice, "referral", {"campaign": "friends"})

    def _use_feature(self, t: int, person: Person, company: Company, dice: Dice) -> None:
        new = [feature for feature in words.FEATURES if feature not in company.features]
        if new and dice.chance(0.10 + 0.05 * max(-1.0, min(company.usage, 2.0))):
            feature = new[company.key % len(new)]
        else:
            feature = dice.pick(sorted(company.features))
        first = feature not in company.features
        company.features.add(feature)
        details = {"feature": feature, "first_use": "true" if first else "false"}
        self._tell(t + 60_000, person, dice, "feature_used", details)

    def _tell(self, t: int, person: Person, dice: Dice, kind: str, details: dict[str, str]) -> None:
        late = dice.chance(_LATE_SHARE)
        known_at = (t // DAY + 1 + dice.below(4)) * DAY + 17 * DAY // 24 if late else t
        if late:
            self._scene.plan(known_at, self._arrive, person, kind, details, t)
        else:
            self._arrive(t, person, kind, details, t)

    def _arrive(self, known_at: int, person: Person, kind: str, details: dict[str, str], t: int) -> None:
        scene, company = self._scene, person.company
        if not person.alive or company is None:
            return
        scene.truth.late += known_at != t
        scene.occur(self._prefix + kind, person, t, scene.calendar.moment(t), details)
        if not company.traits.instrumented:
            return
        if kind == "login":
            self._count(known_at, t, person, "product_logins", "product_last_login_at")
            self._count(known_at, t, company, "product_logins", "product_last_login_at")
        elif kind == "feature_used" and details["first_use"] == "true":
            self._count(known_at, t, company, "features_used", "last_feature_started_at")
        elif kind == "api_call":
            self._count(known_at, t, company, "api_calls", "last_api_call_at", int(details["calls"]))
        elif kind == "user_invited":
            self._count(known_at, t, company, "users_invited", "last_user_invited_at")
        elif kind == "referral":
            self._count(known_at, t, company, "referrals", "last_referral_at")

    def _count(self, known_at: int, t: int, who: Person | Company, name: str, last: str, by: int = 1) -> None:
        self._scene.count(who, known_at, name, by=by)
        if t >= who.latest.get(last, t):
            who.latest[last] = t
            self._scene.change(who, known_at, {last: self._scene.iso(t)})
